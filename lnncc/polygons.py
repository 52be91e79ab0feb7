"""Polygons: functions of a 16-bit number by straight lines between evenly spaced nodes, in least squares."""

from collections.abc import Callable

import numpy as np

from lnncc.ir import Array

SAMPLES = 32  # of an interval
OUTSIDE = 1e-6  # weight of inputs that are not reached


def fitted(functions: Callable[[Array], Array], spans: Array, intervals: int) -> Array:
    """(functions, intervals + 1) integer nodes over all of int16.

    ``functions`` maps raw inputs (n,) to (n, functions); ``spans`` holds the (low, high) that the input of each
    reaches: elsewhere the polygon is hardly bound to it. No node leaves the range of its function.
    """
    width = (1 << 16) // intervals
    raw = np.arange(-(1 << 15), 1 << 15, max(width // SAMPLES, 1))
    left, part = np.divmod(raw + (1 << 15) + 0.5, width)  # the word ``interpolate`` takes the middle of the last place
    hats = np.zeros((len(raw), intervals + 1))
    rows, at, part = np.arange(len(raw)), left.astype(int), part / width
    hats[rows, at], hats[rows, at + 1] = 1 - part, part
    y = functions(raw)
    inside = (raw[:, None] >= spans[0] - 1) & (raw[:, None] <= spans[1] + 1)
    return np.stack([_polygon(hats, y[:, k], np.where(inside[:, k], 1.0, OUTSIDE)) for k in range(y.shape[1])])


def _polygon(hats: Array, y: Array, weights: Array) -> Array:
    weighted = hats * weights[:, None]
    nodes = np.linalg.solve(weighted.T @ hats, weighted.T @ y)
    return np.rint(np.clip(nodes, y.min(), y.max())).astype(np.int64)
