"""The fixed-point vocabulary: the only arithmetic that ``evaluate`` may use, word for word that of ``lnn_fx.h``.

Each word runs on NumPy integers (the twin), on intervals, and on what a tape has recorded (the proof, and the lines of
the certificate). Every result must fit int32, the width of the machine word it stands for; what does not fit raises
``Unproven`` at once, on every carrier: nothing ever wraps.
"""

from collections.abc import Callable
from functools import wraps

import numpy as np

from lnncc import interval
from lnncc.interval import Interval, Unproven
from lnncc.ir import Array
from lnncc.tape import Recorded

__all__ = ["Carrier", "Unproven"]

Plain = Array | Interval
Carrier = Plain | Recorded
INT32 = (-(1 << 31), (1 << 31) - 1)
INT16 = (-(1 << 15), (1 << 15) - 1)
MOST_SHIFT = 30
FRACTION_BITS = 15  # of the position between two table nodes; difference (17 bits) x fraction must fit int32


def _word(function: Callable[..., Plain]) -> Callable[..., Carrier]:
    """A word of the vocabulary: if a tape has recorded one of its operands, it is a line on that tape too."""

    @wraps(function)
    def word(*operands: Carrier | int) -> Carrier:
        tape = next((x.tape for x in operands if isinstance(x, Recorded)), None)
        return function(*operands) if tape is None else tape.record(function, operands)

    return word


def _fits(x: Plain, word: str) -> Plain:
    low, high = (x.low, x.high) if isinstance(x, Interval) else (x, x)
    if low.size and (low.min() < INT32[0] or high.max() > INT32[1]):
        worst = int(high.max()) if high.max() > INT32[1] else int(low.min())
        raise Unproven(f"{word} can reach {worst}, outside int32")
    return x


def _lift(x: Plain) -> Interval:
    return x if isinstance(x, Interval) else interval.point(x)


def _any_interval(*xs: Plain) -> bool:
    return any(isinstance(x, Interval) for x in xs)


@_word
def add(a: Plain, b: Plain) -> Plain:
    return _add(a, b)


def _add(a: Plain, b: Plain) -> Plain:
    if _any_interval(a, b):
        return _fits(interval.add(_lift(a), _lift(b)), "add")
    return _fits(a + b, "add")  # type: ignore[operator]  # both are arrays here


@_word
def sub(a: Plain, b: Plain) -> Plain:
    if _any_interval(a, b):
        other = _lift(b)
        return _fits(interval.add(_lift(a), Interval(-other.high, -other.low)), "sub")
    return _fits(a - b, "sub")  # type: ignore[operator]


@_word
def mul(a: Plain, b: Plain) -> Plain:
    return _mul(a, b)


def _mul(a: Plain, b: Plain) -> Plain:
    if _any_interval(a, b):
        return _fits(interval.multiply(_lift(a), _lift(b)), "mul")
    return _fits(a * b, "mul")  # type: ignore[operator]


@_word
def abs(x: Plain) -> Plain:
    if isinstance(x, Interval):
        least = np.maximum(np.maximum(x.low, -x.high), 0)
        return _fits(Interval(least, x.magnitude), "abs")
    return _fits(np.abs(x), "abs")


@_word
def mac(acc: Plain, a: Plain, b: Plain) -> Plain:
    """acc + a · b, one multiply-accumulate."""
    return _add(acc, _mul(a, b))


def _monotone(function: object, x: Plain) -> Plain:
    if isinstance(x, Interval):
        return Interval(function(x.low), function(x.high))  # type: ignore[operator]
    return function(x)  # type: ignore[operator]


@_word
def rshift(x: Plain, shift: Plain | int) -> Plain:
    """Round half up: (x + half) >> shift, arithmetic; ``shift`` = 0 changes nothing."""
    if isinstance(shift, Interval):
        return _corners(lambda v, s: _rshift(v, s, "rshift"), x, shift)
    return _monotone(lambda v: _rshift(v, np.asarray(shift, np.int64), "rshift"), x)


def _rshift(x: Array, shift: Array, word: str) -> Array:
    if shift.size and (shift.min() < 0 or shift.max() > MOST_SHIFT):
        raise Unproven(f"{word} by {int(shift.min())} to {int(shift.max())}")
    raised = _fits(x + (np.left_shift(1, shift) >> 1), word)
    assert isinstance(raised, np.ndarray)
    return raised >> shift


def _corners(function: Callable[[Array, Array], Array], x: Plain, y: Plain) -> Interval:
    """Of a function that rises or falls in each operand, whatever the other is."""
    x, y = _lift(x), _lift(y)
    ends = [function(a, b) for a in (x.low, x.high) for b in (y.low, y.high)]
    return Interval(np.minimum.reduce(ends), np.maximum.reduce(ends))


@_word
def norm(x: Plain) -> Plain:
    """How far to the left brings x > 0 into [2**30, 2**31): its leading zeros without the sign."""
    low = x.low if isinstance(x, Interval) else x
    if low.size and low.min() <= 0:
        raise Unproven(f"norm of a number down to {int(low.min())}")
    return Interval(_norm(x.high), _norm(x.low)) if isinstance(x, Interval) else _norm(x)


def _norm(x: Array) -> Array:
    return 31 - np.frexp(x.astype(np.float64))[1].astype(np.int64)  # int32 is exact in float64


@_word
def mantissa(x: Plain) -> Plain:
    """The 16 leading bits of x > 0, rounded: x is about mantissa · 2**(15 - norm)."""
    low = x.low if isinstance(x, Interval) else x
    if low.size and low.min() <= 0:
        raise Unproven(f"mantissa of a number down to {int(low.min())}")
    if not isinstance(x, Interval):
        return _mantissa(x)
    crossed = _norm(x.low) != _norm(x.high)  # a power of two lies between, and below the last of them the greatest
    below = np.left_shift(1, 30 - _norm(x.high)) - 1
    most = np.maximum(_mantissa(x.high), _mantissa(np.maximum(below, x.low)))
    return Interval(np.where(crossed, 1 << 15, _mantissa(x.low)), np.where(crossed, most, _mantissa(x.high)))


def _mantissa(x: Array) -> Array:
    return np.minimum(((x << _norm(x) >> 14) + 1) >> 1, 65535)


@_word
def scale16(x: Plain, m: Plain) -> Plain:
    """x · m / 2**16, rounded half up, for 0 <= m < 2**16: between 0 and x."""
    low, high = (m.low, m.high) if isinstance(m, Interval) else (m, m)
    if low.size and (low.min() < 0 or high.max() >= 1 << 16):
        raise Unproven(f"scale16 by a factor from {int(low.min())} to {int(high.max())}")
    if _any_interval(x, m):
        return _corners(_scale16, x, m)
    return _scale16(x, m)  # type: ignore[arg-type]  # both are arrays here


def _scale16(x: Array, m: Array) -> Array:
    return (x * m + (1 << 15)) >> 16


@_word
def shift_by(x: Plain, left: Plain) -> Plain:
    """x · 2**left, rounded half up; ``left`` from -30 to 30."""
    if _any_interval(x, left):
        return _fits(_corners(_shift_by, x, left), "shift_by")
    return _fits(_shift_by(x, left), "shift_by")  # type: ignore[arg-type]


@_word
def sat_shift(x: Plain, left: Plain, limit: int) -> Plain:
    """x · 2**left, rounded half up, saturated at ±``limit``; ``left`` from -30 to 30."""
    if _any_interval(x, left):
        return _clip(_corners(_shift_by, x, left), -limit, limit)
    return _clip(_shift_by(x, left), -limit, limit)  # type: ignore[arg-type]


def _shift_by(x: Array, left: Array) -> Array:
    if left.size and left.max() > MOST_SHIFT:
        raise Unproven(f"a shift by {int(left.max())}")
    return _rshift(x, np.maximum(-left, 0), "a shift to the right") << np.maximum(left, 0)


@_word
def clip(x: Plain, low: int, high: int) -> Plain:
    return _clip(x, low, high)


def _clip(x: Plain, low: int, high: int) -> Plain:
    return _monotone(lambda v: np.clip(v, low, high), x)


@_word
def sat16(x: Plain) -> Plain:
    return _clip(x, *INT16)


@_word
def narrow(x: Plain) -> Plain:
    """An int32 that is known to fit 16 bits."""
    low, high = (x.low, x.high) if isinstance(x, Interval) else (x, x)
    if low.size and (low.min() < INT16[0] or high.max() > INT16[1]):
        raise Unproven("narrow of what may leave int16")
    return x


@_word
def div(n: Plain, d: Plain) -> Plain:
    """floor((2n + d) / (2d)), the only division there is; 0 < d < 2**16, and the quotient must fit int16.

    It is the same number as floor((n + (d >> 1)) / d), and in that form adding 2**15 d makes the dividend an unsigned
    word. On intervals only the bounds of d are checked: that the quotient fits, the tape's lemma of means shows.
    """
    low, high = (d.low, d.high) if isinstance(d, Interval) else (d, d)
    if d.shape[-1] and (low.min() <= 0 or high.max() >= 1 << 16):
        raise Unproven(f"div by a divisor from {int(low.min())} to {int(high.max())}")
    if _any_interval(n, d):
        return _corners(_div, n, d)
    quotient = _div(n, d)  # type: ignore[arg-type]  # both are arrays here
    if quotient.size and (quotient.min() < INT16[0] or quotient.max() > INT16[1]):
        raise Unproven("div whose quotient leaves int16")
    return quotient


def _div(n: Array, d: Array) -> Array:
    raised = _fits(n + (d >> 1), "div")
    assert isinstance(raised, np.ndarray)
    return raised // d


@_word
def lookup(nodes: Array, x: Plain, low: int, shift: int) -> Plain:
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
    first, last = (np.clip(end, low, low + (intervals << shift) - 1) - low for end in (x.low, x.high))
    spans = zip((first >> shift).ravel(), (last >> shift).ravel(), strict=True)
    ends = np.stack([_lookup(nodes, end, low, shift) for end in (x.low, x.high)], axis=-1).reshape(-1, 2)
    between = [np.concatenate([e, nodes[i + 1 : j + 1]]) for e, (i, j) in zip(ends, spans, strict=True)]
    return _extremes(between, x.shape)


@_word
def direct(nodes: Array, x: Plain, low: int, shift: int) -> Plain:
    """The element of ``nodes`` for the interval of 2**shift that x lies in, the first from ``low`` on; flat beyond."""
    top = low + (len(nodes) << shift) - 1
    if not isinstance(x, Interval):
        return nodes[(np.clip(x, low, top) - low) >> shift]
    first, last = ((np.clip(end, low, top) - low) >> shift for end in (x.low, x.high))
    if np.all(np.diff(nodes) >= 0):
        return Interval(nodes[first], nodes[last])
    return _extremes([nodes[i : j + 1] for i, j in zip(first.ravel(), last.ravel(), strict=True)], x.shape)


def _extremes(parts: list[Array], shape: tuple[int, ...]) -> Interval:
    ends = np.array([(part.min(), part.max()) for part in parts], np.int64).reshape(*shape, 2)
    return Interval(ends[..., 0], ends[..., 1])


def _lookup(nodes: Array, x: Array, low: int, shift: int) -> Array:
    offset = np.clip(x, low, low + ((len(nodes) - 1) << shift) - 1) - low
    index = offset >> shift
    bits = min(shift, FRACTION_BITS)
    fraction = (offset >> (shift - bits)) & ((1 << bits) - 1)
    return nodes[index] + ((nodes[index + 1] - nodes[index]) * fraction >> bits)


@_word
def interpolate(nodes: Array, x: Plain, shift: int) -> Plain:
    """Each element of x in a table of its own, ``nodes`` (elements, nodes) in half units, one every 2**shift of int16.

    The position is that of the middle of x's last place, so that both parts of an interval fit 15 bits.
    """
    low, high = (x.low, x.high) if isinstance(x, Interval) else (x, x)
    if x.shape[-1] and (low.min() < INT16[0] or high.max() > INT16[1]):
        raise Unproven("interpolate outside int16")
    if isinstance(x, Interval):
        left = (np.arange(nodes.shape[1] - 1) << shift)[:, None] + INT16[0]
        places = np.stack([low, high]), left, left + (1 << shift) - 1  # the last two are the ends of each interval
        at, starts, stops = (_interpolated(nodes, place, shift) for place in places)
        spans = zip((low - INT16[0]) >> shift, (high - INT16[0]) >> shift, strict=True)
        parts = [[at[:, k], starts[i + 1 : j + 1, k], stops[i:j, k]] for k, (i, j) in enumerate(spans)]
        return _extremes([np.concatenate(part) for part in parts], x.shape)
    return _interpolated(nodes, x, shift)


def _interpolated(nodes: Array, x: Array, shift: int) -> Array:
    left, index = (x - INT16[0]) >> shift, np.arange(len(nodes))
    part = ((x & ((1 << shift) - 1)) << (15 - shift)) + (1 << (14 - shift))
    return nodes[index, left] * ((1 << 15) - part) + nodes[index, left + 1] * part + (1 << 15) >> 16


@_word
def dot(weights: Array, x: Plain) -> Plain:
    """weights (rows, cols) times x (..., cols); no partial sum, in any order, leaves int32."""
    if isinstance(x, Interval):
        _fits(interval.point(np.abs(weights) @ x.magnitude), "dot")
        return interval.matvec(weights, x)
    # int16 operands and fewer than 2**22 columns: every partial sum is an integer below 2**53, exact in float64,
    # and BLAS is much faster than NumPy's integer product.
    exact = x.astype(np.float64) @ weights.T.astype(np.float64)
    return _fits(exact.astype(np.int64), "dot")


@_word
def segment_sum(start: Plain, terms: Plain, counts: Array) -> Plain:
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


@_word
def take(x: Plain, index: Array) -> Plain:
    """Elements of the last axis, in any order: loads, no arithmetic. So are the words below."""
    return x[..., index]


@_word
def part(x: Plain, start: int, n: int) -> Plain:
    """``n`` elements from ``start``."""
    return x[..., start : start + n]


@_word
def repeat(x: Plain, counts: Array | int) -> Plain:
    """Element j of the last axis ``counts[j]`` times, or each one ``counts`` times."""
    return _merged(lambda ends: np.repeat(ends[0], counts, axis=-1), x)


@_word
def concat(*xs: Plain) -> Plain:
    """Vectors one after the other; a constant among them has no leading axes."""
    return _merged(_concatenated, *xs)


def _concatenated(xs: list[Array]) -> Array:
    lead = np.broadcast_shapes(*(x.shape[:-1] for x in xs))
    return np.concatenate([np.broadcast_to(x, (*lead, x.shape[-1])) for x in xs], axis=-1)


@_word
def column(x: Plain, k: int) -> Plain:
    """(..., n, columns) to (..., n): one side of a pair, or a column of a constant matrix."""
    return x[..., k]


@_word
def stack(a: Plain, b: Plain) -> Plain:
    """A pair: (..., n) and (..., n) to (..., n, 2)."""
    return _merged(lambda ends: np.stack(np.broadcast_arrays(*ends), axis=-1), a, b)


def _merged(function: Callable[[list[Array]], Array], *xs: Plain) -> Plain:
    if not _any_interval(*xs):
        return function(list(xs))  # type: ignore[arg-type]  # all are arrays here
    lifted = [_lift(x) for x in xs]
    return Interval(function([x.low for x in lifted]), function([x.high for x in lifted]))
