"""stimulus: inputs for a model of which no recording is at hand, drawn from a fixed seed within the declared ranges."""

from collections.abc import Callable

import numpy as np

from lnncc.ir import Array
from lnncc.plan.interface import Interface, Signal

SEED = 0
MEMORY, SPREAD = 0.9, 1 / 3  # of the process: share that stays from step to step; deviation by half range


def noise(interface: Interface, steps: int) -> dict[str, Array]:
    """Uniform over the ranges, (1, steps, size) by label, in the user's units."""
    return _drawn(interface, steps, _uniform)


def wandering(interface: Interface, steps: int) -> dict[str, Array]:
    """x' = 0.9 x + noise, about the middle of the range and clipped to it: slow and fast, small and large."""
    return _drawn(interface, steps, _wander)


def _drawn(
    interface: Interface, steps: int, draw: Callable[[np.random.Generator, Signal, int], Array]
) -> dict[str, Array]:
    generator = np.random.default_rng(SEED)
    drawn = {s.label: draw(generator, s, steps) for s in interface.inputs}
    return drawn if interface.dt is None else drawn | {interface.dt.label: _times(generator, interface.dt, steps)}


def _times(generator: np.random.Generator, dt: Signal, steps: int) -> Array:
    """Elapsed times of all magnitudes in the range."""
    ratio = generator.uniform(0.0, np.log(dt.high / dt.low), (1, steps, 1))
    return dt.low * 2.0**-dt.frac * np.exp(ratio)


def _uniform(generator: np.random.Generator, signal: Signal, steps: int) -> Array:
    unit = 2.0**-signal.frac
    return generator.uniform(signal.low * unit, signal.high * unit, (1, steps, signal.size))


def _wander(generator: np.random.Generator, signal: Signal, steps: int) -> Array:
    middle, half = (signal.high + signal.low) / 2, (signal.high - signal.low) / 2
    kicks = generator.normal(0.0, SPREAD * np.sqrt(1 - MEMORY**2), (steps, signal.size))
    x, path = np.zeros(signal.size), np.empty((1, steps, signal.size))
    for k, kick in enumerate(kicks):
        x = MEMORY * x + kick
        path[0, k] = x
    return (middle + half * np.clip(path, -1.0, 1.0)) * 2.0**-signal.frac
