"""scalarise: run a float graph on rows instead of numbers, which leaves atoms and linear combinations of them."""

# pyright: reportOptionalSubscript=false, reportAttributeAccessIssue=false, reportIndexIssue=false
# pyright: reportArgumentType=false, reportCallIssue=false
# SciPy's stubs do not know that products, stacks and rows of CSR matrices are CSR matrices.

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import sparse

from lnncc import primitives
from lnncc.ir import Array, Graph, Node
from lnncc.passes.algebra import Algebra, row_of
from lnncc.passes.atoms import ONE, Pool, Row

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
        self.algebra = Algebra(self.pool)
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
        right = self._lift(b)
        shape = np.broadcast_shapes(left.shape, right.shape)
        x, y = self._spread(left, shape), self._spread(right, shape)
        total = x + y if op == "add" else x - y
        total.eliminate_zeros()
        return Form(self._collapsed(total), shape)

    def _collapsed(self, matrix: sparse.csr_matrix) -> sparse.csr_matrix:
        """Rows that are one function of one variable written as that."""
        few = np.flatnonzero((np.diff(matrix.indptr) > 1) & (np.diff(matrix.indptr) <= MAX_COLLAPSED))
        short = self._rows(matrix[few]) if few.size else ()
        found = {i: c for i, row in zip(few.tolist(), short, strict=True) if (c := self.algebra.collapsed(row)) != row}
        return self._matrix([found.get(i, row) for i, row in enumerate(self._rows(matrix))]) if found else matrix

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
            factors = zip(self._rows(a.matrix[x_at]), self._rows(b.matrix[y_at]), strict=True)
            products = self._matrix([self.algebra.product(x, y) for x, y in factors])
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
        return self._matrix([self.algebra.single(row) for row in self._rows(matrix)])

    # Elementwise primitives: functions of one variable, products and quotients of rows.

    def _elementwise(self, node: Node, args: list[Form | Array]) -> Form:
        shape = np.broadcast_shapes(*(a.shape for a in args))
        if node.op == "mul" and not all(isinstance(a, Form) for a in args):
            return self._scaled(args, shape)
        if node.op == "div" and not isinstance(args[1], Form):
            return self._scaled([args[0], 1.0 / args[1]], shape)
        operands = [self._rows(self._spread(self._lift(a), shape)) for a in args]
        return Form(self._matrix(self.algebra.elementwise(node, operands)), shape)

    def _scaled(self, args: list[Form | Array], shape: tuple[int, ...]) -> Form:
        form, factors = (args[0], args[1]) if isinstance(args[0], Form) else (args[1], args[0])
        assert isinstance(form, Form)
        scale = sparse.diags(np.broadcast_to(factors, shape).ravel().astype(np.float64))  # type: ignore[arg-type]
        matrix = sparse.csr_matrix(scale @ self._spread(form, shape))
        matrix.eliminate_zeros()
        return Form(matrix, shape)

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
        return tuple(row_of(dict(zip(cols[a:b], data[a:b], strict=True))) for a, b in pairwise(starts))

    def _matrix(self, rows: list[Row]) -> sparse.csr_matrix:
        owner = [i for i, r in enumerate(rows) for _ in range(1 + len(r.cols))]
        cols = [c for r in rows for c in (ONE, *r.cols)]
        data = [v for r in rows for v in (r.offset, *r.coefs)]
        matrix = sparse.csr_matrix((data, (owner, cols)), (len(rows), len(self.pool.atoms)))
        matrix.eliminate_zeros()
        return matrix


def _positions(labels: list[int], sizes: Mapping[int, int], every: list[int], joint: tuple[int, ...]) -> Array:
    """Flat position, in the array with ``labels``, of each element of the joint index space."""
    shape = [sizes[label] for label in labels]
    index = np.arange(int(np.prod(shape, dtype=np.int64))).reshape(shape)
    order = sorted(range(len(labels)), key=lambda i: every.index(labels[i]))
    index = index.transpose(order).reshape([sizes[label] if label in labels else 1 for label in every])
    return np.broadcast_to(index, joint).ravel()
