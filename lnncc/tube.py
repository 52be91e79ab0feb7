"""tube: where two runs of the same model can be, and how far apart, element by element.

The two are the float model and the chip. ``span`` holds what a value can be in either; ``error`` bounds the distance of
one from the other at the same step. Rules of ops carry tubes through the float meaning of an op; the roundings of the
chip are added from outside, as if they were inputs.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lnncc import interval
from lnncc.interval import Interval
from lnncc.ir import Array


@dataclass(frozen=True, slots=True, eq=False)
class Tube:
    """Of a vector: ``span`` and ``error`` have its shape, error >= 0, in the user's units."""

    span: Interval
    error: Array

    def moved(self, move: Callable[[Array], Array]) -> "Tube":
        """With its elements picked, in whatever order ``move`` picks them."""
        return Tube(Interval(move(self.span.low), move(self.span.high)), move(self.error))


def point(x: Array) -> Tube:
    return Tube(interval.point(np.asarray(x, np.float64)), np.zeros(np.shape(x)))


def concat(tubes: Sequence[Tube]) -> Tube:
    low, high = (np.concatenate(ends) for ends in ([t.span.low for t in tubes], [t.span.high for t in tubes]))
    return Tube(Interval(low, high), np.concatenate([t.error for t in tubes]))
