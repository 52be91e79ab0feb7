"""Plants that are driven by one command and seen by a position alone, at irregular times.

The controller hears the position, never the speed, and a reference; samples come when they come: jitter, and now
and then a lost one.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

PERIOD, JITTER, LOST = 0.02, 0.3, 0.1  # s; share of the period; share of samples
SHORTEST, LONGEST = 0.01, 0.1  # s between two samples
INPUTS = 2  # position and reference, both in scales of the plant
Acceleration = Callable[..., "jax.Array | np.ndarray"]


class Plant(NamedTuple):
    """``acceleration(np, position, speed, command)`` in units a second², of a command in [-1, 1]; jnp in place of np to
    train through.

    A network is told positions in ``scale`` units, of an encoder that counts in ``tick``; one unit is
    shown as ``shown`` of ``unit``.
    """

    name: str
    acceleration: Acceleration
    scale: float
    tick: float
    shown: float
    unit: str
    called: str


OMEGA2, DAMPING, GAIN = 25.0, 0.5, 20.0  # 1/s², 1/s, rad/s² for u = 1


def _pendulum(xp, angle, speed, command):  # type: ignore[no-untyped-def]
    """θ'' = ω²·sin θ - d·θ' + k·u, θ = 0 upright.

    Åström and Furuta, Swinging up a pendulum by energy control, Automatica 36, 2000.
    """
    return OMEGA2 * xp.sin(angle) - DAMPING * speed + GAIN * command


PENDULUM = Plant("pendulum", _pendulum, 0.5, 2 * np.pi / 4096, 180 / np.pi, "°", "angle")


class Run(NamedTuple):
    """Of one run: what the controller was given, [n, 2] in scales and intervals [n] in s; times [n] in s, positions and
    references [n] in units of the plant, commands [n].
    """

    inputs: np.ndarray
    intervals: np.ndarray
    times: np.ndarray
    positions: np.ndarray
    references: np.ndarray
    commands: np.ndarray


def advance(plant: Plant, state: jax.Array, command: jax.Array, dt: jax.Array, steps: int = 4) -> jax.Array:
    """[position, speed] after ``dt`` under a constant command, by Heun's method; to train through."""

    def slope(s: jax.Array) -> jax.Array:
        return jnp.stack([s[1], plant.acceleration(jnp, s[0], s[1], command)])

    h = dt / steps
    for _ in range(steps):
        first = slope(state)
        state = state + h * (first + slope(state + h * first)) / 2
    return state


def intervals(generator: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Times between samples in s: a jittered period, twice or three times that where samples are lost."""
    lost = generator.random((*shape, 2)) < LOST
    periods = 1 + lost[..., 0] + (lost[..., 0] & lost[..., 1])
    jitter = 1 + JITTER * generator.uniform(-1, 1, shape)
    return np.clip(PERIOD * periods * jitter, SHORTEST, LONGEST)


def simulate(
    plant: Plant,
    controller: Callable[[np.ndarray, float], float],
    dts: np.ndarray,
    references: np.ndarray,
    start: float,
    kicks: np.ndarray,
) -> Run:
    """One run of the true plant, integrated by scipy between samples; ``kicks`` are added to the speed.

    ``controller(x, dt)`` gets [position, reference] in scales and the time since the sample before, in s.
    """
    state, time, inputs, rows = np.array([start, 0.0]), 0.0, [], []
    for dt, reference, kick in zip(dts, references, kicks, strict=True):
        seen = np.round(state[0] / plant.tick) * plant.tick
        x = np.array([seen, reference]) / plant.scale
        command = float(np.clip(controller(x, dt), -1, 1))
        inputs.append(x)
        rows.append((time, state[0], reference, command))
        state = _integrated(plant, state[0], state[1] + kick, command, dt)
        time += dt
    return Run(np.array(inputs), dts, *np.array(rows).T)


def _integrated(plant: Plant, position: float, speed: float, command: float, dt: float) -> np.ndarray:
    def slope(_: float, state: np.ndarray) -> list[float]:
        return [state[1], plant.acceleration(np, state[0], state[1], command)]

    return solve_ivp(slope, (0.0, dt), (position, speed), rtol=1e-8, atol=1e-10).y[:, -1]
