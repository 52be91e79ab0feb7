"""match: what a row is. By these rules alone rows become blends, means, diagonals or matrices."""

from collections.abc import Sequence
from typing import NamedTuple

from lnncc import expr
from lnncc.expr import Expr
from lnncc.passes.atoms import Pool, Row

MAX_DIAGONAL = 4  # terms of a row that is still computed element by element
TINY = 1e-12  # relative; what folding leaves of a weight that is exactly zero in mathematics
EVERYWHERE = 2.0**12  # the range over which a function must keep its sign to be called non-negative


class Blend(NamedTuple):
    """a + t · (b - a), t in [0, 1]."""

    a: int
    b: int
    t: int


class Synapse(NamedTuple):
    """g = w · f(a · source + b) with reversal potential e."""

    function: Expr
    source: int
    a: float
    b: float
    w: float
    e: float


class Mean(NamedTuple):
    """(leak·rest + Σ g·e + p·z) / (leak + Σ g + p): all weights non-negative; ``z`` is None where p = 0."""

    leak: float
    rest: float
    synapses: tuple[Synapse, ...]
    z: int | None
    p: float


def is_unit(row: Row) -> bool:
    return row.offset == 0.0 and row.coefs == (1.0,)


def blend(pool: Pool, row: Row) -> Blend | None:
    """A row a - a·t + b·t, whatever way it was written."""
    if row.offset != 0.0 or len(row.cols) != 3:
        return None
    terms = dict(zip(row.cols, row.coefs, strict=True))
    products = [c for c in row.cols if pool.atoms[c].kind == "product"]
    rest = [c for c in row.cols if pool.atoms[c].kind != "product"]
    if len(products) != 2 or terms[rest[0]] != 1.0:
        return None
    a = rest[0]
    minus, plus = sorted(products, key=terms.__getitem__)
    if (terms[minus], terms[plus]) != (-1.0, 1.0) or a not in pool.atoms[minus].payload:
        return None
    t = _other(pool, minus, a)
    if t not in pool.atoms[plus].payload or not _within(pool, t, 0.0, 1.0):
        return None
    return Blend(a, _other(pool, plus, t), t)


def _other(pool: Pool, product: int, factor: int) -> int:
    x, y = pool.atoms[product].payload
    other = y if x == factor else x
    assert isinstance(other, int)
    return other


def _within(pool: Pool, col: int, low: float, high: float) -> bool:
    """Whether an atom is a function that stays in [low, high] over every input."""
    if pool.atoms[col].kind != "fn":
        return False
    ends = [expr.span(pool.function(col), -reach, reach) for reach in (8.0, EVERYWHERE)]
    return all(low <= a and b <= high for a, b in ends)


def mean(pool: Pool, numerator: Row, denominator: Row) -> Mean | None:
    """A quotient whose denominator is the sum of the weights in its numerator, all non-negative."""
    weights = dict(zip(denominator.cols, denominator.coefs, strict=True))
    values = dict(zip(numerator.cols, numerator.coefs, strict=True))
    synapses = [_synapse(pool, col, w, values.pop(col, 0.0)) for col, w in weights.items()]
    if len(values) > 1 or any(s is None for s in synapses):
        return None
    z, p = next(iter(values.items()), (None, 0.0))
    leak = denominator.offset - p
    if abs(leak) <= TINY * abs(denominator.offset):
        leak = 0.0
    if p < 0.0 or leak < 0.0 or (leak == 0.0 and numerator.offset != 0.0):
        return None
    rest = numerator.offset / leak if leak > 0.0 else 0.0
    return Mean(leak, rest, tuple(s for s in synapses if s is not None), z, p)


def _synapse(pool: Pool, col: int, w: float, we: float) -> Synapse | None:
    """The atom as a non-negative function of one source, or None."""
    if w <= 0.0 or pool.atoms[col].kind != "fn" or not _within(pool, col, 0.0, 1.0):
        return None
    function, base = pool.function(col), pool.base(col)
    outer, slope, offset = _peeled(function)
    source = base
    if pool.atoms[base].kind == "form":
        (row,) = pool.atoms[base].payload
        assert isinstance(row, Row)
        if len(row.cols) != 1:
            return None
        source, inner, shift = row.cols[0], row.coefs[0], row.offset
        slope, offset = slope * inner, slope * shift + offset
    return Synapse(outer, source, slope, offset, w, we / w)


def _peeled(function: Expr) -> tuple[Expr, float, float]:
    """f(slope·x + offset) as (f of x, slope, offset)."""
    if len(function) == 2 and isinstance(function[1], tuple):
        inner = expr.as_affine(function[1])
        if inner is not None:
            return (function[0], expr.VAR), *inner
    return function, 1.0, 0.0


def is_diagonal(rows: Sequence[Row]) -> bool:
    """Whether element by element is cheaper than a matrix: few terms a row, and hardly a source that rows share."""
    terms = max(len(r.cols) for r in rows)
    sources = len({c for r in rows for c in r.cols})
    return terms <= MAX_DIAGONAL and 2 * sources > len(rows) * terms and (terms == 1 or len(rows) > 1)
