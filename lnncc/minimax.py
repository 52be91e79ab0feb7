"""Integer nodes of a table with the least worst error, by a shortest path through the nodes' candidates.

A table is tried at points of each interval between two nodes: at all its inputs, or at evenly spaced ones. What lies
between two tried inputs is bounded, not tried, for functions that are convex or concave over any three of them: such a
function leaves its secants by no more than its second difference.
"""

from dataclasses import dataclass

import numpy as np

from lnncc import fx
from lnncc.ir import Array

REACH = 2  # candidates on each side of a node; the best node lies well within
ALL = 1 << 17  # inputs that are tried one by one; of tables with more, some in each interval
SOME = 64
FORBIDDEN = 1e18


@dataclass(frozen=True, slots=True, eq=False)
class Trials:
    """``offsets`` (inputs from the interval's first) and wanted values (intervals, offsets) in ULP.

    ``slack`` of each interval bounds what lies between the tried inputs; it is 0 where all were tried.
    """

    offsets: Array
    wanted: Array
    slack: Array
    shift: int

    @property
    def exhaustive(self) -> bool:
        return len(self.offsets) == 1 << self.shift


def offsets(intervals: int, shift: int) -> Array:
    """Inputs to try of an interval of 2**shift; the first of the next one too where not all are."""
    size = 1 << shift
    if intervals * size <= ALL:
        return np.arange(size, dtype=np.int64)
    return np.arange(SOME + 1, dtype=np.int64) * (size // SOME)


def trials(wanted: Array, tried: Array, shift: int) -> Trials:
    """Of the values wanted at ``tried`` of each interval, (intervals, len(tried))."""
    if len(tried) == 1 << shift:
        return Trials(tried, wanted, np.zeros(len(wanted)), shift)
    bend = np.abs(np.diff(wanted, 2, axis=1)).max(axis=1)
    around = np.maximum(bend, np.maximum(np.append(bend[1:], 0), np.append(0, bend[:-1])))
    return Trials(tried, wanted, around, shift)


def linear(case: Trials, ends: Array) -> tuple[Array, Array]:
    """Nodes for ``fx.lookup``, and a bound of the worst error in each interval, in ULP.

    ``ends`` are the values wanted at the nodes. Monotone if what is wanted is, and never beyond its extremes.
    """
    candidates = np.rint(_start(case, ends) + 0.25)[:, None] + np.arange(-REACH, REACH + 1)  # lookup rounds down
    extremes = np.append(case.wanted.ravel(), ends)
    candidates = np.clip(candidates, np.floor(extremes.min()), np.ceil(extremes.max())).astype(np.int64)
    cost = _costs(case, candidates) + _forbidden(candidates, _direction(case.wanted))
    return _path(candidates, cost)


def direct(case: Trials) -> tuple[Array, Array]:
    """One value an interval for ``fx.direct``: midway between the extremes of what is wanted there."""
    low, high = case.wanted.min(axis=1), case.wanted.max(axis=1)
    nodes = np.clip(np.rint((low + high) / 2), *fx.INT16)
    return nodes.astype(np.int64), np.maximum(high - nodes, nodes - low) + case.slack


def _start(case: Trials, ends: Array) -> Array:
    """Real nodes near the best: chords moved to err equally on both sides, then joined where they meet."""
    left, right, u = ends[:-1, None], ends[1:, None], case.offsets / (1 << case.shift)
    off = case.wanted - (left + (right - left) * u)
    moved = (off.max(axis=1) + off.min(axis=1)) / 2
    return ends + (np.append(moved[:1], moved) + np.append(moved, moved[-1:])) / 2


def _costs(case: Trials, candidates: Array) -> Array:
    """Worst error of every interval between every candidate of its left node and every one of its right."""
    left, rise = candidates[:-1, :, None, None], candidates[1:, None, :, None] - candidates[:-1, :, None, None]
    wanted = case.wanted[:, None, None, :]
    bits = min(case.shift, fx.FRACTION_BITS)
    if case.exhaustive:
        fraction = case.offsets >> (case.shift - bits)
        return np.abs(left + (rise * fraction >> bits) - wanted).max(axis=-1)
    over = left + rise * (case.offsets / (1 << case.shift)) - wanted
    cut = np.abs(rise[..., 0]) * (2.0**-bits - 2.0**-case.shift) + case.slack[:, None, None]  # what the fraction loses
    down = np.where(rise[..., 0] == 0, 0.0, 1.0)  # what rounding down may take
    return np.maximum(over.max(axis=-1), down - over.min(axis=-1)) + cut


def _direction(wanted: Array) -> int:
    """1 for a function that never falls, -1 for one that never rises, else 0."""
    steps = np.diff(wanted.ravel())
    return int(np.all(steps >= -1e-9)) or -int(np.all(steps <= 1e-9))


def _forbidden(candidates: Array, direction: int) -> Array:
    """Rises that are no int16, or against the direction of the function."""
    rise = candidates[1:, None, :] - candidates[:-1, :, None]
    return np.where((np.abs(rise) > fx.INT16[1]) | (rise * direction < 0), FORBIDDEN, 0.0)


def _path(candidates: Array, cost: Array) -> tuple[Array, Array]:
    """Through one candidate a node: least worst cost, and of those paths the least sum of squares."""
    worst = _least(cost, np.maximum)[0].min()
    allowed = np.where(cost <= worst, cost**2, FORBIDDEN**2)
    totals, steps = _least(allowed, np.add)
    at = [int(totals.argmin())]
    for came in reversed(steps):
        at.append(int(came[at[-1]]))
    at = np.array(at[::-1])
    return candidates[np.arange(len(candidates)), at], cost[np.arange(len(cost)), at[:-1], at[1:]]


def _least(cost: Array, join: np.ufunc) -> tuple[Array, list[Array]]:
    """Dynamic programming over the intervals: cost of the best path to each last candidate, and whence it came."""
    best, steps = np.zeros(cost.shape[1]), []
    for here in cost:
        reached = join(best[:, None], here)
        steps.append(reached.argmin(axis=0))
        best = reached.min(axis=0)
    return best, steps
