"""Explicit solvers of fixed step for any vector field: what stands in for an adaptive one on a microcontroller.

Hairer, Nørsett, Wanner, Solving Ordinary Differential Equations I, II.1: the Butcher tables of Euler, Heun and the
classical Runge-Kutta method.
"""

from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeVar

import jax

Method = Literal["euler", "heun", "rk4"]
Y = TypeVar("Y")


class Tableau(NamedTuple):
    """Stage k starts from y + h · ``nodes[k]`` · slope of stage k - 1; the step is h · Σ ``weights`` · slopes."""

    nodes: tuple[float, ...]
    weights: tuple[float, ...]


TABLEAUS: Mapping[Method, Tableau] = {
    "euler": Tableau((0.0,), (1.0,)),
    "heun": Tableau((0.0, 1.0), (1 / 2, 1 / 2)),
    "rk4": Tableau((0.0, 1 / 2, 1 / 2, 1.0), (1 / 6, 1 / 3, 1 / 3, 1 / 6)),
}


def solve(
    field: Callable[[Y], Y], y: Y, dt: float | jax.Array, method: Method, substeps: int = 1, *, rolled: bool = True
) -> Y:
    """y after ``dt`` of dy/dt = ``field(y)``, in ``substeps`` equal steps of ``method``; y is any tree of arrays.

    ``rolled`` keeps the steps a loop. No explicit method bounds y for all inputs: compiling such a step needs
    calibration.

    Raises:
        ValueError: for an unknown method or fewer than one step.
    """
    require_solver(method, substeps)
    h, tableau = dt / substeps, TABLEAUS[method]

    def step(_: int | jax.Array, y: Y) -> Y:
        slopes: list[Y] = []
        for node in tableau.nodes:
            start = jax.tree.map(lambda a, k: a + h * node * k, y, slopes[-1]) if slopes else y  # noqa: B023  # at once
            slopes.append(field(start))
        total = jax.tree.map(lambda *k: sum(w * each for w, each in zip(tableau.weights, k, strict=True)), *slopes)
        return jax.tree.map(lambda a, k: a + h * k, y, total)

    if rolled and substeps > 1:
        return jax.lax.fori_loop(0, substeps, step, y)
    for i in range(substeps):
        y = step(i, y)
    return y


def require_solver(method: str, substeps: int) -> None:
    if method not in TABLEAUS:
        raise ValueError(f"method must be one of {', '.join(TABLEAUS)}; got {method!r}")
    if substeps < 1:
        raise ValueError(f"substeps must be at least 1, got {substeps}")
