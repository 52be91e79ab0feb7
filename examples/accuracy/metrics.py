"""Metrics of a task: model outputs [n, T, O] against targets, in the units that papers print."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from examples.accuracy.task import Part

Outputs = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Metric:
    """``of(outputs, part, unit)``; fixed point may lose ``tolerance`` (16-bit, 8-bit): points, or a share of it."""

    name: str
    of: "Callable[[Outputs, Part, Outputs], float]"
    higher: bool  # is better
    tolerance: tuple[float, float] | None

    def renamed(self, name: str) -> "Metric":
        return replace(self, name=name)

    def better(self, one: float, other: float) -> bool:
        return one > other if self.higher else one < other

    def worse(self, exact: float, found: float) -> float:
        """How much worse ``found`` is: in points where higher is better, else in percent of ``exact``."""
        return exact - found if self.higher else 100 * (found / exact - 1)


def _accuracy(outputs: Outputs, part: "Part", unit: Outputs) -> float:
    right = outputs.argmax(-1) == part.targets
    return 100 * float(right[part.judged].mean())


def squared(outputs: Outputs, part: "Part", unit: Outputs) -> float:
    """Mean squared error in the units of the data."""
    error = ((outputs.astype(np.float64) - part.targets) * unit)[part.judged]
    return float((error**2).mean())


def _root(outputs: Outputs, part: "Part", unit: Outputs) -> float:
    return squared(outputs, part, unit) ** 0.5


ACCURACY = Metric("accuracy, %", _accuracy, higher=True, tolerance=(0.1, 0.5))
MSE = Metric("MSE", squared, higher=False, tolerance=(1.0, 5.0))
RMSE = Metric("RMSE", _root, higher=False, tolerance=(0.5, 2.5))  # half as many percent as of its square
