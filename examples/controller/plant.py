"""The plant: an inverted pendulum driven by a motor at its pivot, seen by an encoder alone, at irregular times.

    θ'' = ω²·sin θ - d·θ' + k·u        θ = 0 upright, u in [-1, 1]

Åström and Furuta, Swinging up a pendulum by energy control, Automatica 36, 2000, for the equation. The controller hears
the angle, never its speed, and a reference angle; samples come when they come: jitter, and now and then a lost one.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

OMEGA2, DAMPING, GAIN = 25.0, 0.5, 20.0  # 1/s², 1/s, rad/s² for u = 1
PERIOD, JITTER, LOST = 0.02, 0.3, 0.1  # s; share of the period; share of samples
SHORTEST, LONGEST = 0.01, 0.1  # s between two samples
TICK = 2 * np.pi / 4096  # rad of the encoder
INPUTS = 2  # angle and reference, both in units of ANGLE
ANGLE = 0.5  # rad


class Run(NamedTuple):
    """Of one run: what the controller was given, [n, 2] in units of ANGLE and intervals [n] in s; times [n] in s,
    angles and references [n] in rad, commands [n].
    """

    inputs: np.ndarray
    intervals: np.ndarray
    times: np.ndarray
    angles: np.ndarray
    references: np.ndarray
    commands: np.ndarray


def acceleration(angle: jax.Array, speed: jax.Array, command: jax.Array) -> jax.Array:
    return OMEGA2 * jnp.sin(angle) - DAMPING * speed + GAIN * command


def advance(state: jax.Array, command: jax.Array, dt: jax.Array, steps: int = 4) -> jax.Array:
    """[angle, speed] after ``dt`` under a constant command, by Heun's method; to train through."""

    def slope(s: jax.Array) -> jax.Array:
        return jnp.stack([s[1], acceleration(s[0], s[1], command)])

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


def seen(angle: float) -> float:
    """As the encoder gives it."""
    return float(np.round(angle / TICK) * TICK)


def simulate(
    controller: Callable[[np.ndarray, float], float],
    dts: np.ndarray,
    references: np.ndarray,
    start: float,
    kicks: np.ndarray,
) -> Run:
    """One run of the true plant, integrated by scipy between samples; ``kicks`` in rad/s are added to the speed.

    ``controller(x, dt)`` gets [angle, reference] in units of ANGLE and the time since the sample before, in s.
    """
    state, time, inputs, rows = np.array([start, 0.0]), 0.0, [], []
    for dt, reference, kick in zip(dts, references, kicks, strict=True):
        x = np.array([seen(state[0]), reference]) / ANGLE
        command = float(np.clip(controller(x, dt), -1, 1))
        inputs.append(x)
        rows.append((time, state[0], reference, command))
        state = _integrated(state[0], state[1] + kick, command, dt)
        time += dt
    return Run(np.array(inputs), dts, *np.array(rows).T)


def _integrated(angle: float, speed: float, command: float, dt: float) -> np.ndarray:
    def slope(_: float, state: np.ndarray) -> list[float]:
        return [state[1], OMEGA2 * np.sin(state[0]) - DAMPING * state[1] + GAIN * command]

    return solve_ivp(slope, (0.0, dt), (angle, speed), rtol=1e-8, atol=1e-10).y[:, -1]
