"""The fixed-point vocabulary: the only arithmetic that ``evaluate`` may use, word for word that of ``lnn_fx.h``.

Each word runs on NumPy integers (the twin) and on intervals (the proof). Every result must fit int32, the width of
the machine word it stands for; what does not fit raises ``Unproven`` at once, on either carrier: nothing ever wraps.
"""

import numpy as np

from lnncc import interval
from lnncc.interval import Interval
from lnncc.ir import Array

Carrier = Array | Interval
INT32 = (-(1 << 31), (1 << 31) - 1)
INT16 = (-(1 << 15), (1 << 15) - 1)
FRACTION_BITS = 15  # of the position between two table nodes; difference (17 bits) x fraction must fit int32


class Unproven(ArithmeticError):  # noqa: N818  # reads as what it says
    """A word whose result may leave int32: on intervals a refused proof, on integers a wrap."""


def _fits(x: Carrier, word: str) -> Carrier:
    low, high = (x.low, x.high) if isinstance(x, Interval) else (x, x)
    if low.size and (low.min() < INT32[0] or high.max() > INT32[1]):
        worst = int(high.max()) if high.max() > INT32[1] else int(low.min())
        raise Unproven(f"{word} can reach {worst}, outside int32")
    return x


def _lift(x: Carrier) -> Interval:
    return x if isinstance(x, Interval) else interval.point(x)


def _any_interval(*xs: Carrier) -> bool:
    return any(isinstance(x, Interval) for x in xs)


def add(a: Carrier, b: Carrier) -> Carrier:
    if _any_interval(a, b):
        return _fits(interval.add(_lift(a), _lift(b)), "add")
    return _fits(a + b, "add")  # type: ignore[operator]  # both are arrays here


def sub(a: Carrier, b: Carrier) -> Carrier:
    if _any_interval(a, b):
        other = _lift(b)
        return _fits(interval.add(_lift(a), Interval(-other.high, -other.low)), "sub")
    return _fits(a - b, "sub")  # type: ignore[operator]


def mul(a: Carrier, b: Carrier) -> Carrier:
    if _any_interval(a, b):
        return _fits(interval.multiply(_lift(a), _lift(b)), "mul")
    return _fits(a * b, "mul")  # type: ignore[operator]


def mac(acc: Carrier, a: Carrier, b: Carrier) -> Carrier:
    """acc + a · b, one multiply-accumulate."""
    return add(acc, mul(a, b))


def _monotone(function: object, x: Carrier) -> Carrier:
    if isinstance(x, Interval):
        return Interval(function(x.low), function(x.high))  # type: ignore[operator]
    return function(x)  # type: ignore[operator]


def rshift(x: Carrier, shift: Array | int) -> Carrier:
    """Round half up: (x + half) >> shift, arithmetic; ``shift`` = 0 changes nothing."""
    half = np.left_shift(1, np.asarray(shift, np.int64)) >> 1
    return _monotone(lambda v: v >> np.asarray(shift, np.int64), add(x, np.broadcast_to(half, x.shape)))


def clip(x: Carrier, low: int, high: int) -> Carrier:
    return _monotone(lambda v: np.clip(v, low, high), x)


def sat16(x: Carrier) -> Carrier:
    return clip(x, *INT16)


def div(n: Carrier, d: Carrier) -> Carrier:
    """floor((2n + d) / (2d)), the only division there is; 0 < d < 2**16, and the quotient must fit int16.

    It is the same number as floor((n + (d >> 1)) / d), and in that form adding 2**15 d makes the dividend an unsigned
    word. On intervals only the bounds of d are checked: that the quotient fits, its caller's hull rule shows.
    """
    low, high = (d.low, d.high) if isinstance(d, Interval) else (d, d)
    if d.shape[-1] and (low.min() <= 0 or high.max() >= 1 << 16):
        raise Unproven(f"div by a divisor from {int(low.min())} to {int(high.max())}")
    if isinstance(n, Interval) or isinstance(d, Interval):
        n, d = _lift(n), _lift(d)
        top = _lift(add(n, Interval(d.low >> 1, d.high >> 1)))
        corners = np.stack([top.low // d.low, top.low // d.high, top.high // d.low, top.high // d.high])
        return Interval(corners.min(axis=0), corners.max(axis=0))
    quotient = _fits(n + (d >> 1), "div") // d  # type: ignore[operator]  # both are arrays here
    if quotient.size and (quotient.min() < INT16[0] or quotient.max() > INT16[1]):
        raise Unproven("div whose quotient leaves int16")
    return quotient


def lookup(nodes: Array, x: Carrier, low: int, shift: int) -> Carrier:
    """Linear interpolation between ``nodes``, the first at ``low``, one every 2**shift; flat beyond the ends.

    Rounds down between nodes, which saves an addition in the hottest loops; ``lut`` chooses nodes with that in mind.
    """
    intervals = len(nodes) - 1
    if not isinstance(x, Interval):
        return _lookup(nodes, x, low, shift)
    spread = Interval(nodes[1:] - nodes[:-1], nodes[1:] - nodes[:-1])
    if np.abs(spread.low).max(initial=0) > INT16[1]:
        raise Unproven("lookup in a table that rises by more than int16 between two nodes")
    if np.all(np.diff(nodes) >= 0):
        return _monotone(lambda v: _lookup(nodes, v, low, shift), x)
    first = (np.clip(x.low, low, low + (intervals << shift) - 1) - low) >> shift
    last = (np.clip(x.high, low, low + (intervals << shift) - 1) - low) >> shift
    spans = [nodes[i : j + 2] for i, j in zip(first.ravel(), last.ravel(), strict=True)]
    ends = np.array([(s.min(), s.max()) for s in spans], np.int64).reshape(*x.shape, 2)
    return Interval(ends[..., 0], ends[..., 1])


def _lookup(nodes: Array, x: Array, low: int, shift: int) -> Array:
    offset = np.clip(x, low, low + ((len(nodes) - 1) << shift) - 1) - low
    index = offset >> shift
    bits = min(shift, FRACTION_BITS)
    fraction = (offset >> (shift - bits)) & ((1 << bits) - 1)
    return nodes[index] + ((nodes[index + 1] - nodes[index]) * fraction >> bits)


def dot(weights: Array, x: Carrier) -> Carrier:
    """weights (rows, cols) times x (..., cols); no partial sum, in any order, leaves int32."""
    if isinstance(x, Interval):
        _fits(interval.point(np.abs(weights) @ x.magnitude), "dot")
        return interval.matvec(weights, x)
    # int16 operands and fewer than 2**22 columns: every partial sum is an integer below 2**53, exact in float64,
    # and BLAS is much faster than NumPy's integer product.
    exact = x.astype(np.float64) @ weights.T.astype(np.float64)
    return _fits(exact.astype(np.int64), "dot")


def segment_sum(start: Carrier, terms: Carrier, counts: Array) -> Carrier:
    """start[j] plus the next counts[j] of ``terms``, for each j in turn; no partial sum leaves int32."""
    edges = np.concatenate([[0], np.cumsum(counts)])
    if _any_interval(start, terms):
        start, terms = _lift(start), _lift(terms)
        _fits(interval.point(start.magnitude + _segments(terms.magnitude, edges)), "sum")
        return Interval(start.low + _segments(terms.low, edges), start.high + _segments(terms.high, edges))
    return _fits(start + _segments(terms, edges), "sum")  # type: ignore[operator, arg-type]


def _segments(terms: Array, edges: Array) -> Array:
    total = np.concatenate([np.zeros((*terms.shape[:-1], 1), np.int64), np.cumsum(terms, axis=-1)], axis=-1)
    return total[..., edges[1:]] - total[..., edges[:-1]]


def take(x: Carrier, index: Array | int) -> Carrier:
    """Elements of the last axis: loads, no arithmetic."""
    return x[..., index]


def stack(a: Carrier, b: Carrier) -> Carrier:
    """A pair: (..., n) and (..., n) to (..., n, 2)."""
    if isinstance(a, Interval) or isinstance(b, Interval):
        a, b = _lift(a), _lift(b)
        return Interval(np.stack([a.low, b.low], axis=-1), np.stack([a.high, b.high], axis=-1))
    return np.stack([a, b], axis=-1)
