"""Atoms and rows: every number of a step as a sparse linear combination of the few numbers that are not linear.

However a front end spells a cell, each scalar of it is a *row*: a constant plus coefficients times *atoms*. Atoms are
inputs, states, functions of one variable, products, quotients and loop results, each known once (hash-consed). Masks,
transposes, einsums, broadcasts and reshapes all vanish into rows, and what is left to recognise is mathematics.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from lnncc import expr
from lnncc.errors import Source
from lnncc.expr import VAR, Expr

INVERSE: Expr = ("div", expr.const(1.0), VAR)  # 1 / x
ONE = 0  # the column of the constant 1
KINDS = ("leaf", "loop", "form", "fn", "softmax", "argmax", "quotient", "product")
KEY_DIGITS = 12  # rows whose ratios agree to so many digits are multiples of each other


def inverse(later: float) -> Expr:
    """1 / (x + later)."""
    return INVERSE if later == 0.0 else ("div", expr.const(1.0), ("add", VAR, expr.const(later)))


def lateness(function: Expr) -> float | None:
    """What ``later`` is if the function is such an ``inverse``."""
    match function:
        case ("div", ("const", 1.0), ("var",)):
            return 0.0
        case ("div", ("const", 1.0), ("add", ("var",), ("const", float(later)))):
            return later
        case _:
            return None


class Row(NamedTuple):
    """offset + Σ coefficient · atom, columns ascending, no zero coefficient."""

    offset: float
    cols: tuple[int, ...]
    coefs: tuple[float, ...]


def combined(terms: Sequence[tuple[float, Row]]) -> Row:
    """Σ factor · row."""
    total: dict[int, float] = {}
    for factor, row in terms:
        for c, v in zip(row.cols, row.coefs, strict=True):
            total[c] = total.get(c, 0.0) + factor * v
    live = sorted((c, v) for c, v in total.items() if v != 0.0)
    return Row(sum(f * r.offset for f, r in terms), tuple(c for c, _ in live), tuple(v for _, v in live))


class Atom(NamedTuple):
    """``kind``: leaf (value, index) | form (row) | fn (expr, base) | product (a, b) | quotient (n, d) |
    softmax (i, rows) | argmax (rows) | loop (id, carry, i)."""

    kind: str
    payload: tuple[object, ...]
    scope: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Atoms of one kind and scope that one primitive made: they become one vector."""

    kind: str
    scope: int
    cols: tuple[int, ...]
    source: Source | None


@dataclass(slots=True)
class Pool:
    """All atoms of a graph in order of creation, which is a topological order, and the batches they came in."""

    atoms: list[Atom] = field(default_factory=lambda: [Atom("one", (), 0)])
    batches: list[Batch] = field(default_factory=list)
    depth: dict[int, int] = field(default_factory=lambda: {0: 0})  # nesting of each scope
    source: Source | None = None  # of the primitive being translated
    dt: int | None = None  # the elapsed time, where it is a running value
    _known: dict[object, tuple[int, float]] = field(default_factory=dict)
    _fresh: dict[tuple[str, int], list[int]] = field(default_factory=dict)

    def close_batch(self) -> None:
        """Everything made since the last call becomes one batch for each kind and scope.

        What one primitive makes depends on what it made before of another kind in this order alone.
        """
        for (kind, scope), cols in sorted(self._fresh.items(), key=lambda item: (KINDS.index(item[0][0]), item[1][0])):
            self.batches.append(Batch(kind, scope, tuple(cols), self.source))
        self._fresh.clear()

    def leaf(self, value: str, index: int, scope: int) -> int:
        return self._add(Atom("leaf", (value, index), scope))

    def loop(self, loop: int, carry: int, index: int, scope: int) -> int:
        return self._add(Atom("loop", (loop, carry, index), scope))

    def fn(self, function: Expr, base: int) -> int:
        """The atom of ``function`` of atom ``base``; the identity is the base itself."""
        if function == VAR:
            return base
        return self._intern(Atom("fn", (function, base), self.atoms[base].scope))

    def product(self, a: int, b: int) -> int:
        """a · b; of two functions of the same variable, one function of it."""
        if self.base(a) == self.base(b):
            return self.fn(expr.apply("mul", self.function(a), self.function(b)), self.base(a))
        a, b = min(a, b), max(a, b)
        return self._intern(Atom("product", (a, b), self._scope((a, b))))

    def quotient(self, n: Row, d: Row) -> int:
        return self._intern(Atom("quotient", (n, d), self._scope(n.cols + d.cols)))

    def softmax(self, rows: tuple[Row, ...]) -> list[int]:
        """e^row / Σ e^row for each of ``rows``."""
        scope = self._scope(tuple(c for row in rows for c in row.cols))
        return [self._intern(Atom("softmax", (i, rows), scope)) for i in range(len(rows))]

    def argmax(self, rows: tuple[Row, ...]) -> list[int]:
        """Which of ``rows`` is the largest, the first of equals: one atom."""
        return [self._intern(Atom("argmax", (rows,), self._scope(tuple(c for row in rows for c in row.cols))))]

    def form(self, row: Row, *, exact: bool = False) -> tuple[int, float]:
        """(atom, factor) with row = factor · atom: the row made an atom, or a multiple of one known already."""
        if len(row.cols) == 1 and row.offset == 0.0 and (not exact or row.coefs[0] == 1.0):
            return row.cols[0], row.coefs[0]
        found = self.known_form(row)
        if found is not None and (not exact or found[1] == 1.0):
            return found
        col = self._add(Atom("form", (row,), self._scope(row.cols)))
        self._known[_proportions(row)] = col, row.coefs[0]
        return col, 1.0

    def known_form(self, row: Row) -> tuple[int, float] | None:
        found = self._known.get(_proportions(row))
        return None if found is None else (found[0], row.coefs[0] / found[1])

    def row(self, col: int) -> Row:
        """An atom as a row that is written wide: a form as what it stands for."""
        if self.atoms[col].kind != "form":
            return Row(0.0, (col,), (1.0,))
        (row,) = self.atoms[col].payload
        assert isinstance(row, Row)
        return row

    def base(self, col: int) -> int:
        """The variable that the atom is a function of: itself unless it is an ``fn``."""
        atom = self.atoms[col]
        return atom.payload[1] if atom.kind == "fn" else col  # type: ignore[return-value]  # an fn's base is a column

    def function(self, col: int) -> Expr:
        atom = self.atoms[col]
        return atom.payload[0] if atom.kind == "fn" else VAR  # type: ignore[return-value]  # an fn's function

    def _scope(self, cols: tuple[int, ...]) -> int:
        """The innermost scope among the atoms': where the result changes, and no deeper."""
        return max((self.atoms[c].scope for c in cols), key=self.depth.__getitem__, default=0)

    def _intern(self, atom: Atom) -> int:
        found = self._known.get(atom)
        if found is None:
            found = self._known[atom] = self._add(atom), 1.0
        return found[0]

    def _add(self, atom: Atom) -> int:
        self.atoms.append(atom)
        self._fresh.setdefault((atom.kind, atom.scope), []).append(len(self.atoms) - 1)
        return len(self.atoms) - 1


def _proportions(row: Row) -> object:
    """Equal for rows that are multiples of each other."""
    lead = row.coefs[0]
    ratios = tuple(_rounded(c / lead) for c in row.coefs)
    return row.cols, ratios, _rounded(row.offset / lead)


def _rounded(x: float) -> float:
    if x == 0.0 or not math.isfinite(x):
        return x
    return round(x, KEY_DIGITS - 1 - math.floor(math.log10(abs(x))))


def dependencies(atom: Atom) -> tuple[int, ...]:
    """The columns an atom is computed from; a loop's are found through its results, not here."""
    if atom.kind == "form":
        (row,) = atom.payload
        assert isinstance(row, Row)
        return row.cols
    if atom.kind == "fn":
        base = atom.payload[1]
        assert isinstance(base, int)
        return (base,)
    if atom.kind == "product":
        a, b = atom.payload
        assert isinstance(a, int)
        assert isinstance(b, int)
        return a, b
    if atom.kind == "quotient":
        n, d = atom.payload
        assert isinstance(n, Row)
        assert isinstance(d, Row)
        return n.cols + d.cols
    if atom.kind in ("softmax", "argmax"):
        return tuple(c for row in grouped(atom) for c in row.cols)
    return ()


def grouped(atom: Atom) -> tuple[Row, ...]:
    """The rows that a softmax or an argmax compares."""
    rows = atom.payload[-1]
    assert isinstance(rows, tuple)
    return rows


def quotient(atom: Atom) -> tuple[Row, Row]:
    """Numerator and denominator."""
    n, d = atom.payload
    assert isinstance(n, Row) and isinstance(d, Row)
    return n, d


def alone(col: int) -> Row:
    """The row that is one atom."""
    return Row(0.0, (col,), (1.0,))
