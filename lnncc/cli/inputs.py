"""The inputs that verify and run feed to a build: the user's file, or seeded noise over the declared ranges."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lnncc import calibration
from lnncc.build import Build
from lnncc.cli import csvs
from lnncc.cli.answer import note
from lnncc.ir import Array
from lnncc.plan.interface import Signal

SEED, STEPS = 0, 256
MEMORY, SPREAD = 0.9, 1 / 3  # of the process: share that stays from step to step; deviation by half range


def read(build: Build, path: str | None, steps: int | None = None) -> Mapping[str, Array]:
    """Real inputs (streams, steps, size) by label; with ``steps``, a file's are repeated until there are so many.

    Raises:
        LnnccError: E04xx for a file that does not suit the model.
    """
    if path is not None:
        data = _file(build, Path(path))
        return data if steps is None else {label: _repeated(x, steps) for label, x in data.items()}
    kind = "uniform noise" if steps is None else "an autoregressive process"
    note(f"no --data: {steps or STEPS} steps of {kind} in the declared ranges (seed {SEED})")
    generator, io = np.random.default_rng(SEED), build.interface
    drawn = {s.label: _noise(generator, s) if steps is None else _wander(generator, s, steps) for s in io.inputs}
    return drawn if io.dt is None else drawn | {io.dt.label: _times(generator, io.dt, steps or STEPS)}


def _file(build: Build, path: Path) -> Mapping[str, Array]:
    if path.suffix.lower() == ".csv":
        return csvs.read(build, path)
    return calibration.read_npz(path, build.model, timed=build.settings.dt_range is not None)


def _times(generator: np.random.Generator, dt: Signal, steps: int) -> Array:
    """Elapsed times of all magnitudes in the range."""
    ratio = generator.uniform(0.0, np.log(dt.high / dt.low), (1, steps, 1))
    return dt.low * 2.0**-dt.frac * np.exp(ratio)


def _repeated(x: Array, steps: int) -> Array:
    return np.take(x, np.arange(steps) % x.shape[1], axis=1)


def _noise(generator: np.random.Generator, signal: Signal) -> Array:
    unit = 2.0**-signal.frac
    return generator.uniform(signal.low * unit, signal.high * unit, (1, STEPS, signal.size))


def _wander(generator: np.random.Generator, signal: Signal, steps: int) -> Array:
    """x' = 0.9 x + noise, about the middle of the range and clipped to it: slow and fast, small and large."""
    middle, half = (signal.high + signal.low) / 2, (signal.high - signal.low) / 2
    kicks = generator.normal(0.0, SPREAD * np.sqrt(1 - MEMORY**2), (steps, signal.size))
    x, path = np.zeros(signal.size), np.empty((1, steps, signal.size))
    for k, kick in enumerate(kicks):
        x = MEMORY * x + kick
        path[0, k] = x
    return (middle + half * np.clip(path, -1.0, 1.0)) * 2.0**-signal.frac
