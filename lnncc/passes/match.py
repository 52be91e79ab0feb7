"""match: what a row is. By these rules alone rows become blends, means, diagonals or matrices."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lnncc import expr
from lnncc.expr import Expr
from lnncc.passes.atoms import Pool, Row, combined, lateness

MAX_DIAGONAL = 4  # terms of a row that is still computed element by element
TINY = 1e-12  # relative; what folding leaves of a weight that is exactly zero in mathematics
NOTHING = Row(0.0, (), ())
UNIT = Row(1.0, (), ())
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
    """(leak·rest + Σ g·e + p·z) / (leak + Σ g + p): all weights non-negative; ``z`` is None where p = 0.

    Unless ``later`` is None, the weight of z is p / (dt + later).
    """

    leak: float
    rest: float
    synapses: tuple[Synapse, ...]
    z: int | None
    p: float
    later: float | None = None


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


def lapse(pool: Pool, row: Row) -> tuple[Row, Row] | None:
    """(rest, x) with row = rest + x · dt, if dt is a running value that the row has."""
    factors = {c: _times_dt(pool, c) for c in row.cols} if pool.dt is not None else {}
    if not any(factors.values()):
        return None
    rest = [(c, v) for c, v in zip(row.cols, row.coefs, strict=True) if factors[c] is None]
    x = combined([(v, f) for c, v in zip(row.cols, row.coefs, strict=True) if (f := factors[c]) is not None])
    return Row(row.offset, tuple(c for c, _ in rest), tuple(v for _, v in rest)), x


class Decay(NamedTuple):
    """f · e^(-dt (c + |f|)), f being a row."""

    f: Row
    c: float


def decay(pool: Pool, col: int) -> Decay | None:
    """A product of a value and of an exponential that falls with the elapsed time and the value's magnitude."""
    if pool.dt is None or pool.atoms[col].kind != "product":
        return None
    for f in pool.atoms[col].payload:
        assert isinstance(f, int)
        other = _other(pool, col, f)
        if pool.function(other) != ("exp", expr.VAR) or pool.atoms[pool.base(other)].kind != "form":
            continue
        (row,) = pool.atoms[pool.base(other)].payload
        assert isinstance(row, Row)
        found = lapse(pool, row)
        if found is not None and found[0] == NOTHING and all(pool.base(c) == f for c in found[1].cols):
            c = _falling(pool, found[1])
            return None if c is None else Decay(pool.row(f), c)
    return None


def _falling(pool: Pool, row: Row) -> float | None:
    """c if the row is -(c + |x|) with c >= 0, x being the variable of all its functions."""
    x = np.array([-3.0, -1.0, 0.0, 0.5, 2.0])
    terms = [v * expr.evaluate(pool.function(c), x) for c, v in zip(row.cols, row.coefs, strict=True)]
    total = row.offset + np.sum(terms, axis=0)
    same = len(terms) > 0 and np.allclose(total, row.offset - np.abs(x), rtol=TINY, atol=TINY)
    return -row.offset if same and row.offset <= 0.0 else None


def _times_dt(pool: Pool, col: int) -> Row | None:
    """What the elapsed time is multiplied by in an atom, if it is such a product."""
    atom = pool.atoms[col]
    if col == pool.dt:
        return Row(1.0, (), ())
    if atom.kind != "product" or pool.dt not in atom.payload:
        return None
    assert pool.dt is not None
    return pool.row(_other(pool, col, pool.dt))


class Power(NamedTuple):
    """x / √d, or x / d if it is no ``root``: x an atom, d a row."""

    x: int
    d: Row
    root: bool


def power(pool: Pool, col: int) -> Power | None:
    """A product with the inverse of another value's root, which may be far above 1 where that value is small."""
    if pool.atoms[col].kind != "product":
        return None
    for f in pool.atoms[col].payload:
        assert isinstance(f, int)
        function = pool.function(f)
        inner = expr.as_affine(function[1]) if function[0] == "rsqrt" and isinstance(function[1], tuple) else None
        if inner is not None and pool.atoms[pool.base(f)].kind != "one":
            slope, offset = inner
            return Power(_other(pool, col, f), combined([(slope, pool.row(pool.base(f))), (offset, UNIT)]), True)
    return None


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
    if any(_is_rate(pool, c) for c in weights):
        return _timed(pool, numerator, denominator)
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


def _is_rate(pool: Pool, col: int) -> bool:
    return pool.dt is not None and pool.base(col) == pool.dt and lateness(pool.function(col)) is not None


def _timed(pool: Pool, numerator: Row, denominator: Row) -> Mean | None:
    """A mean in which something weighs p / (dt + later): the rest is a mean without it."""
    rate = next(c for c in denominator.cols if _is_rate(pool, c))
    weights = dict(zip(denominator.cols, denominator.coefs, strict=True))
    pulled = {c: v for c, v in zip(numerator.cols, numerator.coefs, strict=True) if _has_factor(pool, c, rate)}
    p = weights[rate]
    if len(pulled) != 1 or p <= 0.0:
        return None
    ((product, value),) = pulled.items()
    rest = mean(pool, _without(numerator, product), _without(denominator, rate))
    if rest is None or rest.z is not None or not math.isclose(p, value, rel_tol=TINY):
        return None
    return rest._replace(z=_other(pool, product, rate), p=p, later=lateness(pool.function(rate)))


def _has_factor(pool: Pool, col: int, factor: int) -> bool:
    return pool.atoms[col].kind == "product" and factor in pool.atoms[col].payload


def _without(row: Row, col: int) -> Row:
    kept = [(c, v) for c, v in zip(row.cols, row.coefs, strict=True) if c != col]
    return Row(row.offset, tuple(c for c, _ in kept), tuple(v for _, v in kept))


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
        if len(row.cols) == 1:
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
