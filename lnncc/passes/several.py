"""several: what an elementwise primitive of different running values comes down to.

Larger, smaller and comparisons are functions of one difference, truths multiply, a choice is a blend by 0 or 1. A
quotient whose divisor sums exponentials is made of softmaxes, one by a root multiplies by its inverse.
"""

import math
from collections.abc import Callable, Mapping
from typing import Protocol

from lnncc.errors import LnnccError
from lnncc.ir import Node
from lnncc.passes.atoms import ONE, Pool, Row, combined

ZERO = Row(0.0, (), ())


class Scalars(Protocol):
    """What is needed of an ``Algebra``."""

    pool: Pool

    def product(self, x: Row, y: Row) -> Row: ...
    def function_of(self, op: str, rows: tuple[Row, ...]) -> Row: ...


def of(scalars: Scalars, node: Node, rows: tuple[Row, ...]) -> Row:
    """``node.op`` of ``rows``, which are functions of more than one variable.

    Raises:
        LnnccError: E0306 for a primitive that has no meaning for these.
    """
    if node.op in RULES:
        return RULES[node.op](scalars, *rows)
    if node.op in COMPARED:
        return _difference(scalars, node.op, *rows)
    raise LnnccError(
        "E0306",
        f"`{node.op}` of two different running values has no fixed-point form",
        source=node.source,
        helps=("rewrite it with sums, products, functions of one value, blends or weighted means",),
    )


def _difference(scalars: Scalars, op: str, a: Row, b: Row) -> Row:
    """op(a - b, 0)."""
    return scalars.function_of(op, (combined([(1.0, a), (-1.0, b)]), ZERO))


def _max(scalars: Scalars, a: Row, b: Row) -> Row:
    return combined([(1.0, b), (1.0, _difference(scalars, "max", a, b))])


def _min(scalars: Scalars, a: Row, b: Row) -> Row:
    return combined([(1.0, b), (1.0, _difference(scalars, "min", a, b))])


def _and(scalars: Scalars, p: Row, q: Row) -> Row:
    return scalars.product(p, q)


def _or(scalars: Scalars, p: Row, q: Row) -> Row:
    return combined([(1.0, p), (1.0, q), (-1.0, scalars.product(p, q))])


def _select(scalars: Scalars, p: Row, a: Row, b: Row) -> Row:
    return combined([(1.0, b), (1.0, scalars.product(a, p)), (-1.0, scalars.product(b, p))])


def _div(scalars: Scalars, n: Row, d: Row) -> Row:
    pool = scalars.pool
    found = _softmax(scalars, n, d)
    if found is not None:
        return found
    if len(d.cols) == 1 and d.offset == 0.0 and pool.function(d.cols[0])[0] == "sqrt":
        function, base = pool.function(d.cols[0]), pool.base(d.cols[0])
        return scalars.product(n, Row(0.0, (pool.fn(("rsqrt", *function[1:]), base),), (1 / d.coefs[0],)))
    return Row(0.0, (pool.quotient(n, d),), (1.0,))


def _softmax(scalars: Scalars, n: Row, d: Row) -> Row | None:
    """n / d where d = Σ w e^a, all w > 0, and every term of n has one of these e^a as its factor."""
    pool = scalars.pool
    weights = dict(zip(d.cols, d.coefs, strict=True))
    if len(weights) < 2 or d.offset != 0.0 or any(w <= 0 or pool.function(c)[0] != "exp" for c, w in weights.items()):
        return None
    chosen = dict(zip(weights, pool.softmax(_arguments(pool, weights)), strict=True))
    factors = [_factors(pool, c, chosen) for c in n.cols]
    if n.offset != 0.0 or any(f is None for f in factors):
        return None
    pairs = zip(n.coefs, (f for f in factors if f is not None), strict=True)
    return combined([(v / weights[raised], _times(pool, chosen[raised], rest)) for v, (raised, rest) in pairs])


def _times(pool: Pool, a: int, b: int) -> Row:
    return Row(0.0, (a if b == ONE else pool.product(a, b),), (1.0,))


def _factors(pool: Pool, col: int, raised: Mapping[int, int]) -> tuple[int, int] | None:
    """(the exponential in an atom, what it multiplies there)."""
    if col in raised:
        return col, ONE
    if pool.atoms[col].kind != "product":
        return None
    a, b = pool.atoms[col].payload
    assert isinstance(a, int) and isinstance(b, int)
    return (a, b) if a in raised else (b, a) if b in raised else None


def _arguments(pool: Pool, weights: Mapping[int, float]) -> tuple[Row, ...]:
    """log w + a of each w e^a, less what all of them have in common, which changes nothing."""
    rows = [_argument(pool, c, w) for c, w in weights.items()]
    first, *others = (dict(zip(r.cols, r.coefs, strict=True)) for r in rows)
    common = sorted(c for c, v in first.items() if all(math.isclose(o.get(c, 0.0), v) for o in others))
    shared = Row(0.0, tuple(common), tuple(first[c] for c in common))
    return tuple(combined([(1.0, row), (-1.0, shared)]) for row in rows)


def _argument(pool: Pool, col: int, weight: float) -> Row:
    _, inner = pool.function(col)
    assert isinstance(inner, tuple)
    row = pool.row(pool.fn(inner, pool.base(col)))
    return row._replace(offset=row.offset + math.log(weight))


COMPARED = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})
RULES: Mapping[str, Callable[..., Row]] = {
    "max": _max,
    "min": _min,
    "and": _and,
    "or": _or,
    "select": _select,
    "div": _div,
}
