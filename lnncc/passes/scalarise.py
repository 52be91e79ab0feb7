"""scalarise: run a float graph on rows instead of numbers, which leaves atoms and linear combinations of them."""

# pyright: reportOptionalSubscript=false, reportAttributeAccessIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false
# SciPy's stubs do not know that products, stacks and rows of CSR matrices are CSR matrices.

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from lnncc import expr, primitives
from lnncc.expr import Expr
from lnncc.ir import Array, Graph, Node
from lnncc.passes import several
from lnncc.passes.atoms import ONE, Pool, Row, inverse

MAX_EXPANDED = 2  # a factor with more terms than this is made an atom before it is multiplied out
MAX_FUNCTIONS = 4  # a batch with more different functions than this keeps its slopes and offsets in forms instead
ROUNDING = 1e-12  # relative: what two terms that cancel may leave
MAX_COLLAPSED = 6  # terms, the constant among them, of a sum that is tried as one function


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """An array of rows: ``matrix`` is CSR (elements, columns), column 0 the constant 1."""

    matrix: sparse.csr_matrix
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """A loop in rows: per carry the leaves on entry, the initial rows, and the rows after one trip."""

    scope: int
    parent: int
    trips: int
    params: tuple[str, ...]
    initial: tuple[tuple[Row, ...], ...]
    results: tuple[tuple[Row, ...], ...]
    outputs: tuple[tuple[int, ...], ...]
    batch: int  # outputs come right before pool.batches[batch]


Env = dict[str, Form | Array]


class Scalariser:
    """One run over a graph; ``pool`` and ``loops`` hold what it found."""

    def __init__(self, graph: Graph) -> None:
        self.graph, self.pool = graph, Pool()
        self.loops: list[Loop] = []
        self.scope = 0
        self.env: Env = dict(graph.constants)
        for name in [p.value for p in graph.inputs] + [s.before for s in graph.states]:
            self.env[name] = self._leaves(name)
        if graph.dt is not None:
            self.env[graph.dt] = self._leaves(graph.dt)
            self.pool.dt = len(self.pool.atoms) - 1
        self._run(graph.nodes)

    def rows(self, name: str) -> tuple[Row, ...]:
        """The rows of a value, in C order."""
        return self._rows(self._lift(self.env[name]).matrix)

    def _leaves(self, name: str) -> Form:
        size = self.graph.values[name].size
        cols = [self.pool.leaf(name, i, self.scope) for i in range(size)]
        self.pool.close_batch()
        return self._units(cols, self.graph.values[name].shape)

    def _units(self, cols: list[int], shape: tuple[int, ...]) -> Form:
        n = len(cols)
        return Form(sparse.csr_matrix((np.ones(n), (np.arange(n), cols)), (n, len(self.pool.atoms))), shape)

    def _run(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            self.pool.source = node.source
            if node.body is not None:
                self._loop(node)
                continue
            args = [self.env[name] for name in node.inputs]
            if all(isinstance(a, np.ndarray) for a in args):
                self.env[node.outputs[0]] = np.asarray(primitives.apply(node.op, node.attrs, *args), np.float64)  # type: ignore[arg-type]
            else:
                self.env[node.outputs[0]] = self._apply(node, args)
            self.pool.close_batch()

    def _apply(self, node: Node, args: list[Form | Array]) -> Form:
        if node.op in ("add", "sub", "neg"):
            return self._sum(node.op, *args)
        if node.op in primitives.ELEMENTWISE:
            return self._elementwise(node, args)
        if node.op == "dot":
            return self._dot(node, *args)
        if node.op == "sum":
            return self._reduce(node, self._lift(args[0]))
        if node.op == "argmax":
            return self._argmax(node, self._lift(args[0]))
        return self._move(node, [self._lift(a) for a in args])

    # Linear primitives: exact on rows.

    def _sum(self, op: str, a: Form | Array, b: Form | Array | None = None) -> Form:
        left = self._lift(a)
        if b is None:
            return Form(-left.matrix, left.shape)
        right, shape = (
            self._lift(b),
            np.broadcast_shapes(left.shape, np.shape(b) if not isinstance(b, Form) else b.shape),
        )
        x, y = self._spread(left, shape), self._spread(right, shape)
        total = x + y if op == "add" else x - y
        total.eliminate_zeros()
        return Form(self._collapsed(total), shape)

    def _collapsed(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        """Sums of several functions of one variable made one function of it: softplus, gelu and their kin."""
        few = np.flatnonzero((np.diff(matrix.indptr) > 1) & (np.diff(matrix.indptr) <= MAX_COLLAPSED))
        rows = dict(zip(few.tolist(), self._rows(matrix[few]), strict=True)) if few.size else {}
        rows = {i: r for i, r in rows.items() if len(r.cols) > 1 and len({self.pool.base(c) for c in r.cols}) == 1}
        if not rows:
            return matrix
        every = list(self._rows(matrix))
        for i, row in rows.items():
            function, base = self._one_variable(Row(0.0, row.cols, row.coefs), exact=False)
            every[i] = Row(row.offset, (self.pool.fn(function, base),), (1.0,))
        return self._matrix(every)

    def _move(self, node: Node, forms: list[Form]) -> Form:
        """Structural primitives move elements: run them on positions, then take the rows that stand there."""
        sizes = np.cumsum([0] + [f.matrix.shape[0] for f in forms])
        positions = [np.arange(a, b).reshape(f.shape) for a, b, f in zip(sizes, sizes[1:], forms, strict=False)]
        moved = primitives.apply(node.op, node.attrs, *positions)
        stacked = sparse.vstack([self._wide(f.matrix) for f in forms], format="csr")
        return Form(stacked[moved.ravel()], moved.shape)

    def _reduce(self, node: Node, x: Form) -> Form:
        axes = node.attrs["axes"]
        assert isinstance(axes, tuple)
        target = np.arange(x.matrix.shape[0]).reshape(x.shape)
        shape = primitives.apply("sum", node.attrs, target).shape
        kept = [a for a in range(len(x.shape)) if a not in axes]
        owner = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(
            [x.shape[a] if a in kept else 1 for a in range(len(x.shape))]
        )
        owner = np.broadcast_to(owner, x.shape).ravel()
        n = x.matrix.shape[0]
        operator = sparse.csr_matrix((np.ones(n), (owner, np.arange(n))), (int(np.prod(shape, dtype=np.int64)), n))
        return Form(operator @ x.matrix, shape)

    def _argmax(self, node: Node, x: Form) -> Form:
        """An atom for each group of elements along the axis."""
        axis = node.attrs["axis"]
        assert isinstance(axis, int)
        groups = np.moveaxis(np.arange(x.matrix.shape[0]).reshape(x.shape), axis, -1)
        rows = self._rows(x.matrix)
        chosen = [tuple(rows[i] for i in group) for group in groups.reshape(-1, x.shape[axis])]
        cols = [c for group in chosen for c in self.pool.argmax(group)]
        return self._units(cols, groups.shape[:-1])

    def _dot(self, node: Node, a: Form | Array, b: Form | Array) -> Form:
        """A constant operand makes a linear operator; two running operands multiply element by element."""
        shapes = [np.shape(v) if not isinstance(v, Form) else v.shape for v in (a, b)]
        (x_labels, out), (y_labels,) = primitives.dot_axes(node.attrs, len(shapes[0]), len(shapes[1]))
        sizes = dict(zip(x_labels + y_labels, shapes[0] + shapes[1], strict=True))
        every = out + [label for label in sizes if label not in out]
        joint = tuple(sizes[label] for label in every)
        result = tuple(sizes[label] for label in out)
        x_at, y_at, out_at = (_positions(labels, sizes, every, joint) for labels in (x_labels, y_labels, out))
        rows = int(np.prod(result, dtype=np.int64))
        if isinstance(a, Form) and isinstance(b, Form):
            products = self._products(a.matrix[x_at], b.matrix[y_at])
            adder = sparse.csr_matrix((np.ones(len(out_at)), (out_at, np.arange(len(out_at)))), (rows, len(out_at)))
            return Form(adder @ products, result)
        form, at, weights = (a, x_at, np.ravel(b)[y_at]) if isinstance(a, Form) else (b, y_at, np.ravel(a)[x_at])
        assert isinstance(form, Form)
        operator = sparse.csr_matrix((weights, (out_at, at)), (rows, form.matrix.shape[0]))
        operator.eliminate_zeros()
        return Form(self._compose(operator, form.matrix), result)

    def _compose(self, operator: sparse.csr_matrix, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        """operator @ rows, through new atoms where multiplying out would cost more weights than two products do."""
        direct = operator @ rows
        if direct.nnz <= operator.nnz + rows.nnz:
            return direct
        return operator @ self._as_atoms(rows)

    def _as_atoms(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        """The same rows with at most one term each: those with more become atoms."""
        rows = [self._single(row) for row in self._rows(matrix)]
        return self._matrix(rows)

    def _single(self, row: Row) -> Row:
        if len(row.cols) <= 1:
            return row
        col, factor = self.pool.form(row)
        return Row(0.0, (col,), (factor,))

    # Elementwise primitives: functions of one variable, products and quotients of rows.

    def _elementwise(self, node: Node, args: list[Form | Array]) -> Form:
        shape = np.broadcast_shapes(*(a.shape for a in args))
        if node.op == "mul" and not all(isinstance(a, Form) for a in args):
            return self._scaled(args, shape)
        if node.op == "div" and not isinstance(args[1], Form):
            return self._scaled([args[0], 1.0 / args[1]], shape)
        matrices = [self._spread(self._lift(a), shape) for a in args]
        if node.op == "mul":
            return Form(self._products(matrices[0], matrices[1]), shape)
        columns = [self._rows(m) for m in matrices]
        if node.op == "div" and self._is_rate(columns[0], columns[1]):
            return Form(self._matrix([self._by_time(n, d) for n, d in zip(*columns, strict=True)]), shape)
        if node.op == "exp":
            return Form(self._exponentials(columns[0]), shape)
        return Form(self._matrix(self._functions(node, list(zip(*columns, strict=True)))), shape)

    def _scaled(self, args: list[Form | Array], shape: tuple[int, ...]) -> Form:
        form, factors = (args[0], args[1]) if isinstance(args[0], Form) else (args[1], args[0])
        assert isinstance(form, Form)
        scale = sparse.diags(np.broadcast_to(factors, shape).ravel().astype(np.float64))  # type: ignore[arg-type]
        matrix = sparse.csr_matrix(scale @ self._spread(form, shape))
        matrix.eliminate_zeros()
        return Form(matrix, shape)

    def _is_rate(self, numerators: Sequence[Row], denominators: Sequence[Row]) -> bool:
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

    def _exponentials(self, rows: list[Row] | tuple[Row, ...]) -> sparse.csr_matrix:
        """exp(offset + r) = exp(offset) · exp(r): so that one table serves elements with different offsets."""
        node = Node("exp", (), ())
        plain = self._functions(node, [(Row(0.0, r.cols, r.coefs),) for r in rows])
        factors = np.exp([r.offset for r in rows])
        return sparse.csr_matrix(sparse.diags(factors) @ self._matrix(plain))

    def function_of(self, op: str, rows: tuple[Row, ...]) -> Row:
        """``op`` of rows that together are a function of one variable, or of one row made a variable."""
        node = Node(op, (), ())
        return self._applied(node, rows, self._function(node, rows, exact=False))

    def _functions(self, node: Node, elements: list[tuple[Row, ...]]) -> list[Row]:
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
        return _row(self._straightened(self.pool.fn(function, base)))

    def _products(self, a: sparse.csr_matrix, b: sparse.csr_matrix) -> sparse.csr_matrix:
        pairs = zip(self._rows(a), self._rows(b), strict=True)
        return self._matrix([self.product(x, y) for x, y in pairs])

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
        return _row(terms)

    def _straightened(self, col: int) -> dict[int, float]:
        """Coefficients by atom that come to an atom: itself, but for a function whose straight tails are steeper."""
        function, base = self.pool.function(col), self.pool.base(col)
        if base == col:
            return {col: 1.0}
        plain, factor, slope = expr.straightened(function)
        found = {self.pool.fn(plain, base): factor}
        return found | {base: slope} if slope else found

    def _factor(self, row: Row) -> Row:
        if len(row.cols) < 2:
            return row
        known = self.pool.known_form(row)
        if known is not None:
            return Row(0.0, (known[0],), (known[1],))
        return row if len(row.cols) <= MAX_EXPANDED else self._single(row)

    # Loops: carried values are leaves of a scope of their own; what does not depend on them stays outside.

    def _loop(self, node: Node) -> None:
        body, trips = node.body, node.attrs["trips"]
        assert body is not None
        assert isinstance(trips, int)
        parent, scope = self.scope, len(self.pool.depth)
        self.pool.depth[scope] = self.pool.depth[parent] + 1
        initial = tuple(self.rows(name) for name in node.inputs)
        self.scope = scope
        for name in body.params:
            self.env[name] = self._leaves(name)
        self._run(body.nodes)
        results = tuple(self.rows(name) for name in body.results)
        self.scope, outputs = parent, []
        for carry, name in enumerate(node.outputs):
            value = self.graph.values[name]
            cols = [self.pool.loop(len(self.loops), carry, i, parent) for i in range(value.size)]
            outputs.append(tuple(cols))
            self.env[name] = self._units(cols, value.shape)
        at = len(self.pool.batches)
        self.pool.close_batch()
        self.loops.append(Loop(scope, parent, trips, body.params, initial, results, tuple(outputs), at))

    # Rows and matrices.

    def _lift(self, value: Form | Array) -> Form:
        if isinstance(value, Form):
            return value
        flat = np.asarray(value, np.float64).ravel()
        matrix = sparse.csr_matrix((flat, (np.arange(flat.size), np.zeros(flat.size, int))), (flat.size, 1))
        matrix.eliminate_zeros()
        return Form(matrix, np.shape(value))

    def _wide(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        """With a column for every atom there is by now."""
        shape = (matrix.shape[0], len(self.pool.atoms))
        return sparse.csr_matrix((matrix.data, matrix.indices, matrix.indptr), shape)

    def _spread(self, form: Form, shape: tuple[int, ...]) -> sparse.csr_matrix:
        matrix = self._wide(form.matrix)
        if form.shape == shape:
            return matrix
        return matrix[np.broadcast_to(np.arange(matrix.shape[0]).reshape(form.shape), shape).ravel()]

    def _rows(self, matrix: sparse.csr_matrix) -> tuple[Row, ...]:
        matrix = matrix.copy()
        matrix.sum_duplicates()
        starts, cols, data = matrix.indptr.tolist(), matrix.indices.tolist(), matrix.data.tolist()
        return tuple(_row(dict(zip(cols[a:b], data[a:b], strict=True))) for a, b in pairwise(starts))

    def _matrix(self, rows: list[Row]) -> sparse.csr_matrix:
        owner = [i for i, r in enumerate(rows) for _ in range(1 + len(r.cols))]
        cols = [c for r in rows for c in (ONE, *r.cols)]
        data = [v for r in rows for v in (r.offset, *r.coefs)]
        matrix = sparse.csr_matrix((data, (owner, cols)), (len(rows), len(self.pool.atoms)))
        matrix.eliminate_zeros()
        return matrix


def _row(terms: Mapping[int, float]) -> Row:
    live = sorted((c, v) for c, v in terms.items() if v != 0.0 and c != ONE)
    return Row(terms.get(ONE, 0.0), tuple(c for c, _ in live), tuple(v for _, v in live))


def _positions(labels: list[int], sizes: Mapping[int, int], every: list[int], joint: tuple[int, ...]) -> Array:
    """Flat position, in the array with ``labels``, of each element of the joint index space."""
    shape = [sizes[label] for label in labels]
    index = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
    order = sorted(range(len(labels)), key=lambda i: every.index(labels[i]))
    index = index.transpose(order).reshape([sizes[label] if label in labels else 1 for label in every])
    return np.broadcast_to(index, joint).ravel()
