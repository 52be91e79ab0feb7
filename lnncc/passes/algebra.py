"""algebra: products, quotients and functions of rows, which are rows again, over a pool of atoms."""

from collections.abc import Mapping, Sequence

import numpy as np

from lnncc import expr
from lnncc.expr import Expr
from lnncc.ir import Node
from lnncc.passes import several
from lnncc.passes.atoms import ONE, Pool, Row, inverse

MAX_EXPANDED = 2  # a factor with more terms than this is made an atom before it is multiplied out
MAX_FUNCTIONS = 4  # a batch with more different functions than this keeps its slopes and offsets in forms instead
ROUNDING = 1e-12  # relative: what two terms that cancel may leave


class Algebra:
    """What primitives that are not linear make of rows; atoms that they need are added to ``pool``."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def elementwise(self, node: Node, operands: Sequence[Sequence[Row]]) -> list[Row]:
        """``node.op`` of the first row of each operand, of the second ones, ...; operands are equally long.

        Raises:
            LnnccError: E0306 for what has no meaning for rows of several variables.
        """
        if node.op == "mul":
            return [self.product(x, y) for x, y in zip(*operands, strict=True)]
        if node.op == "div" and self._are_rates(*operands):
            return [self._by_time(n, d) for n, d in zip(*operands, strict=True)]
        if node.op == "exp":
            return self._exponentials(node, operands[0])
        return self._functions(node, list(zip(*operands, strict=True)))

    def product(self, x: Row, y: Row) -> Row:
        """Multiplied out term by term, so that a + t·(b - a) and a·(1 - t) + t·b come to the same row."""
        x, y = self._factor(x), self._factor(y)
        terms: dict[int, float] = {}
        for i, p in zip((ONE, *x.cols), (x.offset, *x.coefs), strict=True):
            for j, q in zip((ONE, *y.cols), (y.offset, *y.coefs), strict=True):
                if p * q != 0.0:
                    col = j if i == ONE else i if j == ONE else self.pool.product(i, j)
                    parts = {col: 1.0} if ONE in (i, j) else self._straightened(col)
                    for c, v in parts.items():
                        total = terms.get(c, 0.0) + p * q * v
                        terms[c] = 0.0 if abs(total) <= ROUNDING * abs(p * q * v) else total
        return row_of(terms)

    def _factor(self, row: Row) -> Row:
        if len(row.cols) < 2:
            return row
        known = self.pool.known_form(row)
        if known is not None:
            return Row(0.0, (known[0],), (known[1],))
        return row if len(row.cols) <= MAX_EXPANDED else self.single(row)

    def single(self, row: Row) -> Row:
        """The same with at most one term: a row with more becomes an atom."""
        if len(row.cols) <= 1:
            return row
        col, factor = self.pool.form(row)
        return Row(0.0, (col,), (factor,))

    def collapsed(self, row: Row) -> Row:
        """A sum of several functions of one variable made one function of it: softplus, gelu and their kin."""
        if len(row.cols) < 2 or len({self.pool.base(c) for c in row.cols}) > 1:
            return row
        function, base = self._one_variable(Row(0.0, row.cols, row.coefs), exact=False)
        return Row(row.offset, (self.pool.fn(function, base),), (1.0,))

    def function_of(self, op: str, rows: tuple[Row, ...]) -> Row:
        """``op`` of rows that together are a function of one variable, or of one row made a variable."""
        node = Node(op, (), ())
        return self._applied(node, rows, self._function(node, rows, exact=False))

    def _are_rates(self, numerators: Sequence[Row], denominators: Sequence[Row]) -> bool:
        """Whether multiples of the elapsed time divide; or of it and some more, and what they divide is constant."""
        if self.pool.dt is None or any(d.cols != (self.pool.dt,) or d.coefs[0] < 0 for d in denominators):
            return False
        return not any(d.offset for d in denominators) or not (
            any(n.cols for n in numerators) or any(d.offset < 0 for d in denominators)
        )

    def _by_time(self, numerator: Row, denominator: Row) -> Row:
        """n / (k dt + c) = n/k · 1 / (dt + c/k): one function of the elapsed time, whatever is divided by it."""
        assert self.pool.dt is not None
        (factor,) = denominator.coefs
        rate = self.pool.fn(inverse(denominator.offset / factor), self.pool.dt)
        return self.product(numerator, Row(0.0, (rate,), (1 / factor,)))

    def _exponentials(self, node: Node, rows: Sequence[Row]) -> list[Row]:
        """exp(offset + r) = exp(offset) · exp(r): so that one table serves elements with different offsets."""
        plain = self._functions(node, [(Row(0.0, r.cols, r.coefs),) for r in rows])
        factors = np.exp([r.offset for r in rows]).tolist()
        return [
            Row(factor * r.offset, r.cols, tuple(factor * v for v in r.coefs))
            for factor, r in zip(factors, plain, strict=True)
        ]

    def _functions(self, node: Node, elements: Sequence[tuple[Row, ...]]) -> list[Row]:
        """``op`` of rows that are all functions of one variable; of more than one only ``div`` has a meaning."""
        found = [self._function(node, rows, exact=False) for rows in elements]
        if len({f[0] for f in found if f is not None}) > MAX_FUNCTIONS:
            found = [self._function(node, rows, exact=True) for rows in elements]
        return [self._applied(node, rows, f) for rows, f in zip(elements, found, strict=True)]

    def _function(self, node: Node, rows: tuple[Row, ...], *, exact: bool) -> tuple[Expr, int] | None:
        """(function, variable) of op(rows), or None where the rows have several variables."""
        parts = [self._one_variable(row, exact=exact) for row in rows]
        bases = {base for _, base in parts if base != ONE}
        if len(bases) > 1:
            return None
        functions = [function for function, _ in parts]
        if node.op == "select" and functions[1:] == [expr.const(1.0), expr.const(0.0)]:
            return parts[0]  # a truth is the number 0 or 1
        return expr.apply(node.op, *functions), next(iter(bases), ONE)

    def _one_variable(self, row: Row, *, exact: bool) -> tuple[Expr, int]:
        """(function, variable) that a row is; one of several variables is itself made one."""
        pool = self.pool
        bases = {pool.base(c) for c in row.cols}
        if not bases:
            return expr.const(row.offset), ONE
        if len(bases) == 1 and not exact:
            total = expr.const(row.offset)
            terms = [expr.affine(pool.function(c), w, 0.0) for c, w in zip(row.cols, row.coefs, strict=True)]
            for term in terms:
                total = term if total == expr.const(0.0) else expr.apply("add", term, total)
            return total, next(iter(bases))
        col, factor = pool.form(row, exact=exact)
        return expr.affine(pool.function(col), factor, 0.0), pool.base(col)

    def _applied(self, node: Node, rows: tuple[Row, ...], found: tuple[Expr, int] | None) -> Row:
        if found is None:
            return several.of(self, node, rows)
        function, base = found
        if function[0] == "const":
            return Row(float(function[1]), (), ())  # type: ignore[arg-type]  # a constant's payload is its value
        return row_of(self._straightened(self.pool.fn(function, base)))

    def _straightened(self, col: int) -> dict[int, float]:
        """Coefficients by atom that come to an atom: itself, but for a function whose straight tails are steeper."""
        function, base = self.pool.function(col), self.pool.base(col)
        if base == col:
            return {col: 1.0}
        plain, factor, slope = expr.straightened(function)
        found = {self.pool.fn(plain, base): factor}
        return found | {base: slope} if slope else found


def row_of(terms: Mapping[int, float]) -> Row:
    """The row with these coefficients by atom, of which that of ``ONE`` is the offset."""
    live = sorted((c, v) for c, v in terms.items() if v != 0.0 and c != ONE)
    return Row(terms.get(ONE, 0.0), tuple(c for c, _ in live), tuple(v for _, v in live))
