"""words: how far each word of the vocabulary takes its result from that of real numbers, by its operands' errors."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import fx
from lnncc.enclose import Unbounded
from lnncc.interval import Interval
from lnncc.ir import Array

FAR = 1 << 40  # beyond every word
HALF = 0.5  # of a unit: what rounding to an integer is off by, at most


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A raw value: its proven interval, and how far it is from the real number that it stands for.

    The error of a table's nodes is (error, slope, tail, tail): of what is read from it, that of its function, and of
    what is read for inputs beyond its two ends, in raw units.
    """

    bounds: Interval
    error: Array

    @property
    def reach(self) -> Array:
        return self.bounds.magnitude.astype(np.float64)


# From a result's proven interval and the operands to the bound of its error, in raw units; raises ``Unbounded``.
Rule = Callable[..., Array]


def _sum(y: Interval, a: Known, b: Known) -> Array:
    return _error(a) + _error(b)


def _product(y: Interval, a: Known, b: Known) -> Array:
    """âb̂ - ab = â·(b̂ - b) + (â - a)·b."""
    return _reach(a) * _error(b) + _error(a) * (_reach(b) + _error(b))


def _mac(y: Interval, acc: Known, a: Known, b: Known) -> Array:
    return _error(acc) + _product(y, a, b)


def _rshift(y: Interval, x: Known, shift: Known | int) -> Array:
    if not isinstance(shift, int):
        _require_known(shift)
    by = np.asarray(shift if isinstance(shift, int) else shift.bounds.low)
    return x.error * 2.0**-by + HALF * (by > 0)


def _same(y: Interval, x: Known) -> Array:
    return x.error


def _norm(y: Interval, x: Known) -> Array:
    """Within an octave it is a number, and no rounding of anything."""
    if np.any(y.low != y.high):
        raise Unbounded("a time of more than one octave")
    return np.zeros(y.shape)


def _mantissa(y: Interval, x: Known) -> Array:
    """Half a unit, and up to one where the largest would be 2^16."""
    return x.error * 2.0 ** (_norms(x.bounds) - 15) + 1.0


def _norms(x: Interval) -> Array:
    found = fx.norm(x)
    assert isinstance(found, Interval)
    return found.high


def _scale16(y: Interval, x: Known, m: Known) -> Array:
    return _product(y, x, m) * 2.0**-16 + HALF


def _shift_by(y: Interval, x: Known, left: Known) -> Array:
    _require_known(left)
    return x.error * np.exp2(left.bounds.low) + HALF * (left.bounds.low < 0)


def _require_known(shift: Known) -> None:
    if np.any(shift.bounds.low != shift.bounds.high) or np.any(shift.error > 0):
        raise Unbounded("a shift that is not known")


def _sat_shift(y: Interval, x: Known, left: Known, limit: int) -> Array:
    """From what it would be in an unlimited word, clipped at the limit: ``timed.beyond`` has the rest."""
    return _shift_by(y, x, left)


def _saturated(y: Interval, x: Known, low: int, high: int) -> Array:
    return x.error + np.maximum(np.maximum(x.bounds.high - high, low - x.bounds.low), 0)


def _clip(y: Interval, x: Known, low: int, high: int) -> Array:
    """An end at zero is the function's own, a ramp's; another one saturates."""
    return _saturated(y, x, low or -FAR, high or FAR)


def _peak(y: Interval, x: Known, low: int, high: int) -> Array:
    """What ``decay`` gives is never beyond the ends in real numbers, so that clipping there takes it no further off."""
    return _clip(y, x, low, high) if (low, high) == (-fx.MOST_SHIFT, fx.MOST_SHIFT) else x.error


def _sat16(y: Interval, x: Known) -> Array:
    return _saturated(y, x, *fx.INT16)


def _div(y: Interval, n: Known, d: Known) -> Array:
    """(n̂/d̂ - n/d) = ((n̂ - n) - n/d · (d̂ - d)) / d̂, and n/d is as far from the quotient as this bound says."""
    least = d.bounds.low.astype(np.float64)
    if np.any(d.error >= least):
        raise Unbounded("a divisor is not known well enough")
    return ((n.error + y.magnitude * d.error) / least + HALF) / (1 - d.error / least)


def _lookup(y: Interval, nodes: Known, x: Known, low: int, shift: int) -> Array:
    return _table(nodes, x, low, low + (len(nodes.bounds.low) - 1 << shift), 1 << shift)


def _direct(y: Interval, nodes: Known, x: Known, low: int, shift: int) -> Array:
    return _table(nodes, x, low, low + (len(nodes.bounds.low) << shift), 1 << shift)


def _table(nodes: Known, x: Known, low: int, end: int, width: int) -> Array:
    """Of inputs beyond the table: what the function does there, or, up to ``width`` away, how steep it can be."""
    error, slope, *tails = nodes.error
    total = np.full(x.bounds.shape, error)
    for over, tail in zip((low - x.bounds.low, x.bounds.high - (end - 1)), tails, strict=True):
        near = np.where(over <= width, error + slope * np.maximum(over, 1), np.inf)
        away = np.where(over > 0, np.minimum(tail, near), 0.0)
        if np.any(np.isinf(away) | (np.isinf(tail) & (over + x.error > width))):
            raise Unbounded("an input can leave its table where the function is not flat")
        total = np.maximum(total, away)
    total = total + np.where(x.error > 0, slope, 0.0) * x.error
    if np.any(np.isinf(total)):
        raise Unbounded("there is no bound of the slope of a table's function")
    return total


def _own_tables(y: Interval, nodes: Known, x: Known, shift: int) -> Array:
    """Each made for the inputs that its source was said to reach."""
    error, low, high, worst = nodes.error.T
    if np.any(x.error > 0):
        raise Unbounded("a table of one synapse takes its source as it is")
    return np.where((low <= x.bounds.low) & (x.bounds.high <= high), error, worst)


def _dot(y: Interval, w: Known, x: Known) -> Array:
    return _reach(w) @ x.error + w.error @ (x.reach + x.error)


def _segment_sum(y: Interval, start: Known, terms: Known, counts: Known) -> Array:
    edges = np.concatenate([[0], np.cumsum(counts.bounds.low)])
    total = np.concatenate([[0.0], np.cumsum(np.broadcast_to(terms.error, terms.bounds.shape))])
    return start.error + np.diff(total[edges])


def _take(y: Interval, x: Known, index: Known) -> Array:
    return x.error[..., index.bounds.low]


def _part(y: Interval, x: Known, start: int, n: int) -> Array:
    return x.error[..., start : start + n]


def _repeat(y: Interval, x: Known, counts: Known | int) -> Array:
    return np.repeat(x.error, counts if isinstance(counts, int) else counts.bounds.low)


def _concat(y: Interval, *xs: Known) -> Array:
    return np.concatenate([x.error for x in xs], axis=-1)


def _column(y: Interval, x: Known, k: int) -> Array:
    return x.error[..., k]


def _stack(y: Interval, a: Known, b: Known) -> Array:
    return np.stack([a.error, b.error], axis=-1)


def _reach(x: Known | int) -> Array:
    return np.asarray(abs(x), np.float64) if isinstance(x, int) else x.reach


def _error(x: Known | int) -> Array:
    return np.zeros(()) if isinstance(x, int) else x.error


RULES: Mapping[str, Rule] = {
    "add": _sum,
    "sub": _sum,
    "mul": _product,
    "mac": _mac,
    "rshift": _rshift,
    "clip": _clip,
    "sat16": _sat16,
    "narrow": _same,
    "abs": _same,
    "norm": _norm,
    "mantissa": _mantissa,
    "scale16": _scale16,
    "shift_by": _shift_by,
    "sat_shift": _sat_shift,
    "div": _div,
    "lookup": _lookup,
    "direct": _direct,
    "interpolate": _own_tables,
    "dot": _dot,
    "segment_sum": _segment_sum,
    "take": _take,
    "part": _part,
    "repeat": _repeat,
    "concat": _concat,
    "column": _column,
    "stack": _stack,
}
OWN: Mapping[str, Mapping[str, Rule]] = {"decay": {**RULES, "clip": _peak}}
"""By op, where a word means more than it does elsewhere."""
