"""Intervals over arrays: what a value can be, element by element. Integer ends make proofs, float ends estimates."""

from dataclasses import dataclass

import numpy as np

from lnncc.ir import Array


class Unproven(ArithmeticError):  # noqa: N818  # reads as what it says
    """A word whose result may leave its width: on intervals a refused proof, on integers a wrap."""


@dataclass(frozen=True, slots=True, eq=False)
class Interval:
    """low <= value <= high, elementwise; both ends have the value's shape.

    ``hull`` travels with the estimate of a pair (Σ g·e, Σ g): that of the e, in which the quotient must lie.
    """

    low: Array
    high: Array
    hull: "Interval | None" = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.low.shape

    def __getitem__(self, index: object) -> "Interval":
        return Interval(self.low[index], self.high[index])  # type: ignore[index]  # any NumPy index

    @property
    def magnitude(self) -> Array:
        """Largest absolute value, elementwise."""
        return np.maximum(np.abs(self.low), np.abs(self.high))


def point(x: Array) -> Interval:
    return Interval(x, x)


def join(a: Interval, b: Interval) -> Interval:
    """The smallest interval that holds both."""
    hull = a.hull if b.hull is None else b.hull if a.hull is None else join(a.hull, b.hull)
    return Interval(np.minimum(a.low, b.low), np.maximum(a.high, b.high), hull)


def contains(outer: Interval, inner: Interval) -> bool:
    return bool(np.all(outer.low <= inner.low) and np.all(inner.high <= outer.high))


def add(a: Interval, b: Interval) -> Interval:
    return Interval(a.low + b.low, a.high + b.high)


def multiply(a: Interval, b: Interval) -> Interval:
    corners = np.stack(np.broadcast_arrays(a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high))
    return Interval(corners.min(axis=0), corners.max(axis=0))


def matvec(weights: Array, x: Interval) -> Interval:
    """weights @ x for a constant matrix (rows, cols)."""
    plus, minus = np.maximum(weights, 0), np.minimum(weights, 0)
    return Interval(plus @ x.low + minus @ x.high, plus @ x.high + minus @ x.low)
