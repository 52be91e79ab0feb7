"""enclose: rigorous bounds of a function of one variable and of its slope, over intervals.

Interval arithmetic through the expression, values and derivatives together (R. E. Moore, Interval Analysis, 1966, and
forward-mode differentiation of it). Every result is widened by MARGIN, which is far more than what float64 arithmetic
and the library's elementary functions can be off by. Where a function has a kink its slope is all between the
one-sided ones, so that |f(x) - f(y)| <= max |slope| · |x - y| holds throughout.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import expr, interval, primitives
from lnncc.expr import Expr
from lnncc.interval import Interval
from lnncc.ir import Array, Attr

MARGIN = 2.0**-44  # relative, of every operation: 256 units in the last place
JUMP = 1e-12  # relative; what rounding makes of a select whose branches meet
CELLS = 64  # that an interval is cut into, for tighter bounds


class Unbounded(ArithmeticError):  # noqa: N818  # reads as what it says
    """No finite bound follows from the rules there are."""


@dataclass(frozen=True, slots=True, eq=False)
class Enclosure:
    """``value`` and ``slope`` of a function over an interval of its variable, elementwise."""

    value: Interval
    slope: Interval


def over(function: Expr, x: Interval) -> Enclosure:
    """Bounds of ``function`` and of its derivative over each interval of ``x``, in CELLS pieces.

    Raises:
        Unbounded: where the function has a pole, or an operator for which there is no rule.
    """
    ends = cells(x, CELLS)
    found = _enclosed(function, Enclosure(ends, interval.point(np.ones(ends.shape))))
    return Enclosure(_joined(found.value), _joined(found.slope))


def within(function: Expr, x: Interval) -> Enclosure:
    """As ``over``, without cutting."""
    return _enclosed(function, Enclosure(x, interval.point(np.ones(x.shape))))


def cells(x: Interval, count: int) -> Interval:
    """Each interval cut into ``count`` equal ones, along a new last axis."""
    share = np.linspace(0.0, 1.0, count + 1)
    edges = x.low[..., None] + (x.high - x.low)[..., None] * share
    edges[..., -1] = x.high
    return Interval(edges[..., :-1], edges[..., 1:])


def widened(x: Interval) -> Interval:
    slack = MARGIN * x.magnitude + np.finfo(np.float64).tiny
    return Interval(x.low - slack, x.high + slack)


def _joined(x: Interval) -> Interval:
    return Interval(x.low.min(axis=-1), x.high.max(axis=-1))


def _enclosed(function: Expr, x: Enclosure) -> Enclosure:
    op, args = str(function[0]), function[1:]
    if op == "var":
        return x
    if op == "const":
        known = np.full(x.value.shape, args[0])
        return Enclosure(interval.point(known), interval.point(np.zeros(x.value.shape)))
    if op == "select":
        predicate, yes, no = args
        return _select(predicate, yes, no, x)
    inner = [_enclosed(arg, x) for arg in args if isinstance(arg, tuple)]
    rule = _RULES.get(op)
    if rule is None:
        raise Unbounded(f"there is no bound of the slope of {op}")
    with np.errstate(all="ignore"):
        found = rule(*inner)
    if not all(np.all(np.isfinite(e)) for part in (found.value, found.slope) for e in (part.low, part.high)):
        raise Unbounded(f"{op} or its slope is not bounded here")
    return Enclosure(widened(found.value), widened(found.slope))


def _select(predicate: Attr, yes: Attr, no: Attr, x: Enclosure) -> Enclosure:
    """It must not jump where its predicate changes; away from there one of the branches is the function."""
    assert isinstance(predicate, tuple) and isinstance(yes, tuple) and isinstance(no, tuple)
    if predicate[0] == "ne" and predicate[1] == predicate[2]:
        return _enclosed(no, x)  # a guard against NaN, which no value here is
    at = _threshold(predicate)
    a, b = (float(expr.evaluate(branch, np.array(at))) for branch in (yes, no))
    if not abs(a - b) <= JUMP * max(abs(a), abs(b), 1.0):
        raise Unbounded(f"a select that jumps at {at:g} has no slope")
    first, second = _enclosed(yes, x), _enclosed(no, x)
    both = (x.value.low <= at) & (at <= x.value.high)
    true = expr.evaluate(predicate, (x.value.low + x.value.high) / 2) != 0
    value = _chosen(both, true, first.value, second.value)
    return Enclosure(value, _chosen(both, true, first.slope, second.slope))


def _chosen(both: Array, first: Array, a: Interval, b: Interval) -> Interval:
    joined = interval.join(a, b)
    low = np.where(both, joined.low, np.where(first, a.low, b.low))
    return Interval(low, np.where(both, joined.high, np.where(first, a.high, b.high)))


def _threshold(predicate: Expr) -> float:
    """Where the comparison of two straight lines changes."""
    sides = [expr.as_affine(side) for side in predicate[1:] if isinstance(side, tuple)]
    if predicate[0] not in ("gt", "ge", "lt", "le") or len(sides) != 2 or None in sides:
        raise Unbounded(f"a select by {predicate[0]} may jump")
    (a, b), (c, d) = sides  # type: ignore[misc]  # None was excluded
    if a == c:
        raise Unbounded("a select by a comparison that never changes")
    return (d - b) / (a - c)


def _chain(
    values: Callable[[Array], Array], slopes: Callable[[Interval, Interval], Interval], sign: int = 1
) -> "_Rule":
    """A monotone function: its values at the ends; ``slopes(x, f(x))`` bounds its derivative."""

    def rule(x: Enclosure) -> Enclosure:
        low, high = (values(end) for end in (x.value.low, x.value.high)[::sign])
        y = Interval(low, high)
        return Enclosure(y, interval.multiply(slopes(x.value, y), x.slope))

    return rule


_Rule = Callable[..., Enclosure]


def _even(y: Interval, function: Callable[[Array], Array], center: float) -> Interval:
    """Of a function that rises to ``center`` and falls after it."""
    a, b = function(y.low), function(y.high)
    inside = (y.low <= center) & (center <= y.high)
    return Interval(np.minimum(a, b), np.where(inside, function(np.array(center)), np.maximum(a, b)))


def _inverse(x: Interval) -> Interval:
    if np.any((x.low <= 0) & (x.high >= 0)):
        raise Unbounded("a divisor can be zero")
    return Interval(1 / x.high, 1 / x.low)


def _positive(x: Interval) -> Interval:
    if np.any(x.low <= 0):
        raise Unbounded("a logarithm or root of what can be zero or negative")
    return x


def _scaled(x: Interval, factor: float) -> Interval:
    return interval.multiply(x, interval.point(np.array(factor)))


def _neg(x: Enclosure) -> Enclosure:
    return Enclosure(_scaled(x.value, -1.0), _scaled(x.slope, -1.0))


def _add(a: Enclosure, b: Enclosure) -> Enclosure:
    return Enclosure(interval.add(a.value, b.value), interval.add(a.slope, b.slope))


def _sub(a: Enclosure, b: Enclosure) -> Enclosure:
    return _add(a, _neg(b))


def _mul(a: Enclosure, b: Enclosure) -> Enclosure:
    slope = interval.add(interval.multiply(a.value, b.slope), interval.multiply(a.slope, b.value))
    return Enclosure(interval.multiply(a.value, b.value), slope)


def _div(a: Enclosure, b: Enclosure) -> Enclosure:
    inverse = _inverse(b.value)
    square = interval.multiply(inverse, inverse)
    return _mul(a, Enclosure(inverse, interval.multiply(_scaled(square, -1.0), b.slope)))


def _abs(x: Enclosure) -> Enclosure:
    found = _max(x, _neg(x))
    return Enclosure(Interval(np.maximum(found.value.low, 0.0), found.value.high), found.slope)


def _max(a: Enclosure, b: Enclosure) -> Enclosure:
    value = Interval(np.maximum(a.value.low, b.value.low), np.maximum(a.value.high, b.value.high))
    one, other = a.value.low > b.value.high, b.value.low > a.value.high
    return Enclosure(value, _chosen(~(one | other), one, a.slope, b.slope))


def _min(a: Enclosure, b: Enclosure) -> Enclosure:
    return _neg(_max(_neg(a), _neg(b)))


def _bell(y: Interval) -> Interval:
    """σ' = σ·(1 - σ), of y = σ(x)."""
    return _even(y, lambda s: s * (1 - s), 0.5)


def _rise(y: Interval) -> Interval:
    """tanh' = 1 - tanh², of y = tanh(x)."""
    return _even(y, lambda t: 1 - t * t, 0.0)


_RULES: Mapping[str, _Rule] = {
    "neg": _neg,
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "abs": _abs,
    "max": _max,
    "min": _min,
    "logistic": _chain(primitives.UNARY["logistic"], lambda x, y: _bell(y)),
    "tanh": _chain(np.tanh, lambda x, y: _rise(y)),
    "exp": _chain(np.exp, lambda x, y: y),
    "exp2": _chain(np.exp2, lambda x, y: _scaled(y, np.log(2.0))),
    "expm1": _chain(np.expm1, lambda x, y: interval.add(y, interval.point(np.array(1.0)))),
    "log": _chain(np.log, lambda x, y: _inverse(_positive(x))),
    "log1p": _chain(np.log1p, lambda x, y: _inverse(_positive(interval.add(x, interval.point(np.array(1.0)))))),
    "sqrt": _chain(np.sqrt, lambda x, y: _scaled(_inverse(_positive(y)), 0.5)),
    "atan": _chain(np.arctan, lambda x, y: _even(x, lambda v: 1 / (1 + v * v), 0.0)),
    "asinh": _chain(np.arcsinh, lambda x, y: _even(x, lambda v: 1 / np.sqrt(1 + v * v), 0.0)),
    "erf": _chain(primitives.UNARY["erf"], lambda x, y: _even(x, lambda v: 2 / np.sqrt(np.pi) * np.exp(-v * v), 0.0)),
    "erfc": _chain(
        primitives.UNARY["erfc"],
        lambda x, y: _scaled(_even(x, lambda v: 2 / np.sqrt(np.pi) * np.exp(-v * v), 0.0), -1.0),
        sign=-1,
    ),
}
