"""fuse: from the frontends' many spellings to the few ops that make liquid networks fast and provable.

What scalarised rows demand is found backwards from the results, so that only what is needed is computed (a synapse that
a mean swallows never becomes a value, one of weight zero never existed), then written out forwards as vectors.
"""

from dataclasses import replace

import numpy as np

from lnncc.ir import DT, Attr, Body, Graph, Node, Port, State
from lnncc.passes import match
from lnncc.passes.atoms import Batch, Row, alone, grouped, quotient
from lnncc.passes.averages import Averages
from lnncc.passes.demand import Demand
from lnncc.passes.scalarise import Loop, Scalariser
from lnncc.passes.vectors import Vectors


def fuse(graph: Graph) -> Graph:
    """The same step on 1-D vectors in the ops of ``lnncc.ops``.

    Raises:
        LnnccError: E0306 where a value has no fixed-point form, at the user's line.
    """
    scalars = Scalariser(graph)
    roots = [scalars.rows(s.after) for s in graph.states] + [scalars.rows(p.value) for p in graph.outputs]
    wanted = Demand(scalars).of(roots)
    return _Writer(graph, scalars, wanted).graph(roots)


class _Writer:
    """Writes wanted atoms as vectors, batch after batch, each into the scope it belongs to."""

    def __init__(self, graph: Graph, scalars: Scalariser, demand: Demand) -> None:
        self.source, self.scalars, self.pool = graph, scalars, scalars.pool
        self.wanted, self.carries = demand.wanted, demand.carries
        self.params = {scalars.loops[loop].params[carry] for loop, carry in demand.carries}
        self.out = Vectors(self.pool)

    def graph(self, roots: list[tuple[Row, ...]]) -> Graph:
        source = self.source
        inputs = tuple(Port(p.label, self._input(p.value)) for p in source.inputs)
        before = [self._leaf(s.before, f"s{i}") for i, s in enumerate(source.states)]
        dt = None if source.dt is None else self._input(source.dt, DT)
        for position in range(len(self.pool.batches) + 1):
            for number, loop in enumerate(self.scalars.loops):
                if loop.batch == position:
                    self._loop(number, loop)
            if position < len(self.pool.batches):
                self._batch(self.pool.batches[position])
        after = [self._rows(rows, 0) for rows in roots]
        states = tuple(
            State(s.label, name, result, np.asarray(s.initial, np.float64).ravel())
            for s, name, result in zip(source.states, before, after, strict=False)
        )
        outputs = tuple(Port(p.label, v) for p, v in zip(source.outputs, after[len(states) :], strict=True))
        return Graph(self.out.values, self.out.constants, inputs, states, outputs, tuple(self.out.scopes[0]), dt)

    def _input(self, value: str, stem: str = "x") -> str:
        """An input and its door; everything behind reads what came through the door."""
        size = self.source.values[value].size
        raw = self.out.declare(stem, size)
        door = self.out.write("door", (raw,), size, 0)
        self.out.place(self._leaf_cols(value), door)
        return raw

    def _leaf(self, value: str, stem: str) -> str:
        name = self.out.declare(stem, self.source.values[value].size)
        self.out.place(self._leaf_cols(value), name)
        return name

    def _leaf_cols(self, value: str) -> tuple[int, ...]:
        return next(
            b.cols for b in self.pool.batches if b.kind == "leaf" and self.pool.atoms[b.cols[0]].payload[0] == value
        )

    def _batch(self, batch: Batch) -> None:
        cols = [c for c in batch.cols if c in self.wanted]
        if batch.kind == "leaf" and self.pool.atoms[batch.cols[0]].payload[0] in self.params:
            self._leaf(str(self.pool.atoms[batch.cols[0]].payload[0]), "v")
        if not cols or batch.kind in ("leaf", "loop"):
            return
        atoms = [self.pool.atoms[c] for c in cols]
        before = len(self.out.scopes[batch.scope])
        if batch.kind == "form":
            self.out.place(cols, self._rows(tuple(a.payload[0] for a in atoms), batch.scope))  # type: ignore[misc]
        elif batch.kind == "fn":
            self._tables(cols, batch)
        elif batch.kind == "product":
            self._products(cols, batch.scope)
        elif batch.kind in ("softmax", "argmax"):
            self._grouped(cols, batch)
        else:
            self._quotients(cols, batch.scope)
        nodes = self.out.scopes[batch.scope]
        nodes[before:] = [replace(n, source=batch.source) for n in nodes[before:]]

    def _quotients(self, cols: list[int], scope: int) -> None:
        means = {c: match.mean(self.pool, *quotient(self.pool.atoms[c])) for c in cols}
        for later in dict.fromkeys(m.later for m in means.values() if m is not None):
            group = {c: m for c, m in means.items() if m is not None and m.later == later}
            self.out.place(list(group), Averages(self.pool, self.out).written(list(group.values()), scope))
        others = [c for c in cols if means[c] is None]
        if others:
            n, d = zip(*(quotient(self.pool.atoms[c]) for c in others), strict=True)
            self.out.place(others, self._divide(self._rows(n, scope), d, scope, root=False))

    def _divide(self, n: str, divisors: tuple[Row, ...], scope: int, *, root: bool) -> str:
        """Equal divisors are one."""
        each = list(dict.fromkeys(divisors))
        owner = self.out.constant("i", [float(each.index(d)) for d in divisors])
        d = self._linear(tuple(each), scope)
        return self.out.write("divide", (n, d, owner), len(divisors), scope, {"root": root})

    def _grouped(self, cols: list[int], batch: Batch) -> None:
        """Softmax and argmax: the groups of one primitive, those of equal length in one vector."""
        groups = dict.fromkeys(grouped(self.pool.atoms[c]) for c in cols)
        for n in dict.fromkeys(map(len, groups)):
            alike = [rows for rows in groups if len(rows) == n]
            x = self._rows(tuple(row for rows in alike for row in rows), batch.scope)
            known = self.pool.softmax if batch.kind == "softmax" else self.pool.argmax
            made = [c for rows in alike for c in known(rows)]
            self.out.place(made, self.out.write(batch.kind, (x,), len(made), batch.scope, {"count": n}))

    def _products(self, cols: list[int], scope: int) -> None:
        timed = [c for c in cols if match.lapse(self.pool, alone(c)) is not None]
        if timed:
            self.out.place(timed, self._linear(tuple(map(alone, timed)), scope))
        decays = {c: found for c in cols if (found := match.decay(self.pool, c)) is not None}
        if decays:
            self.out.place(list(decays), self._decay(list(decays.values()), scope))
        powers = {c: found for c in cols if (found := match.power(self.pool, c)) is not None and c not in decays}
        if powers:
            n = self.out.vector([p.x for p in powers.values()], scope)
            divided = self._divide(n, tuple(p.d for p in powers.values()), scope, root=True)
            self.out.place(list(powers), divided)
        plain = [c for c in cols if c not in timed and c not in decays and c not in powers]
        if plain:  # in the order in which their factors lie
            plain.sort(key=lambda c: [*zip(*(self.out.at[f] for f in self.pool.atoms[c].payload), strict=True)])  # type: ignore[index]
            factors = [self.pool.atoms[c].payload for c in plain]
            pair = [self.out.vector([f[k] for f in factors], scope) for k in (0, 1)]  # type: ignore[misc]
            self.out.place(plain, self.out.write("multiply", tuple(pair), len(plain), scope))

    def _tables(self, cols: list[int], batch: Batch) -> None:
        for function in dict.fromkeys(self.pool.function(c) for c in cols):
            group = [c for c in cols if self.pool.function(c) == function]
            x = self.out.vector([self.pool.base(c) for c in group], batch.scope)
            self.out.place(group, self.out.write("table", (x,), len(group), batch.scope, {"expr": function}))

    # Loops.

    def _loop(self, number: int, loop: Loop) -> None:
        carries = [k for k in range(len(loop.params)) if (number, k) in self.carries]
        if not carries:
            return
        initial = [self._rows(loop.initial[k], loop.parent) for k in carries]
        results = [self._rows(loop.results[k], loop.scope) for k in carries]
        params = tuple(self.out.at[self._leaf_cols(loop.params[k])[0]][0] for k in carries)
        body = Body(params, tuple(results), tuple(self.out.scopes[loop.scope]))
        outputs = tuple(self.out.declare("v", len(loop.outputs[k])) for k in carries)
        attrs: dict[str, Attr] = {"trips": loop.trips}
        self.out.scopes[loop.parent].append(Node("loop", tuple(initial), outputs, attrs, body))
        for k, name in zip(carries, outputs, strict=True):
            self.out.place(loop.outputs[k], name)

    # Vectors of rows.

    def _rows(self, rows: tuple[Row, ...], scope: int) -> str:
        key = ("rows", rows, scope)
        if key not in self.out.made:
            self.out.made[key] = self._mixed(rows, scope)
        return self.out.made[key]

    def _mixed(self, rows: tuple[Row, ...], scope: int) -> str:
        """Rows of different kinds are written apart and put together again."""
        kinds = [self._kind(row) for row in rows]
        if len(set(kinds)) == 1:
            return self._uniform(kinds[0], rows, scope)
        if "blend" not in kinds:
            return self._linear(rows, scope)
        groups = {kind: [i for i, k in enumerate(kinds) if k == kind] for kind in dict.fromkeys(kinds)}
        parts = [self._uniform(kind, tuple(rows[i] for i in group), scope) for kind, group in groups.items()]
        order = [i for group in groups.values() for i in group]
        whole = self.out.write("concat", tuple(parts), len(rows), scope)
        if order == sorted(order):
            return whole
        return self.out.gather(whole, np.argsort(order).tolist(), scope)

    def _kind(self, row: Row) -> str:
        if match.lapse(self.pool, row) is not None:
            return "linear"
        if match.is_unit(row):
            return "unit"
        return "linear" if match.blend(self.pool, row) is None else "blend"

    def _uniform(self, kind: str, rows: tuple[Row, ...], scope: int) -> str:
        if kind == "unit":
            return self.out.vector([r.cols[0] for r in rows], scope)
        if kind == "linear":
            return self._linear(rows, scope)
        parts = [match.blend(self.pool, row) for row in rows]
        vectors = [self.out.vector([p[k] for p in parts if p is not None], scope) for k in range(3)]
        return self.out.write("blend", tuple(vectors), len(rows), scope)

    def _linear(self, rows: tuple[Row, ...], scope: int) -> str:
        """offset + Σ: element by element where that is cheaper, else matrix times vector, a segment for each source."""
        lapses = [match.lapse(self.pool, row) for row in rows]
        if any(lapses):
            rest, x = zip(
                *(found or (row, match.NOTHING) for found, row in zip(lapses, rows, strict=True)), strict=True
            )
            return self._lapse(rest, x, scope)
        acc = self.out.constant("b", [r.offset for r in rows])
        if not any(r.cols for r in rows):
            return self.out.write("concat", (acc,), len(rows), scope)
        if match.is_diagonal(rows):
            return self._diagonal(rows, acc, scope)
        for segment, start, stop in self.out.segments({c for r in rows for c in r.cols}):
            columns = {c: i - start for c, (v, i) in self.out.at.items() if v == segment and start <= i < stop}
            weights = np.zeros((len(rows), stop - start))
            for k, row in enumerate(rows):
                for c, value in zip(row.cols, row.coefs, strict=True):
                    if c in columns:
                        weights[k, columns[c]] = value
            x = self.out.slice(segment, start, stop - start, scope)
            acc = self.out.write("affine", (acc, x, self.out.constant("w", weights)), len(rows), scope)
        return acc

    def _lapse(self, rest: tuple[Row, ...], x: tuple[Row, ...], scope: int) -> str:
        """rest + x · dt."""
        assert self.pool.dt is not None
        acc, factor = (
            self._linear(rows, scope) if any(r.cols for r in rows) else self.out.constant("b", [r.offset for r in rows])
            for rows in (rest, x)
        )
        return self.out.write("elapse", (acc, factor, self.out.at[self.pool.dt][0]), len(rest), scope)

    def _decay(self, decays: list[match.Decay], scope: int) -> str:
        assert self.pool.dt is not None
        f, c = self._linear(tuple(d.f for d in decays), scope), self.out.constant("c", [d.c for d in decays])
        return self.out.write("decay", (f, c, self.out.at[self.pool.dt][0]), len(decays), scope)

    def _diagonal(self, rows: tuple[Row, ...], acc: str, scope: int) -> str:
        for k in range(max(len(r.cols) for r in rows)):
            spare = next(r.cols[k] for r in rows if len(r.cols) > k)
            cols = [r.cols[k] if len(r.cols) > k else spare for r in rows]
            factors = [r.coefs[k] if len(r.cols) > k else 0.0 for r in rows]
            x = self.out.vector(cols, scope)
            acc = self.out.write("diagonal", (acc, x, self.out.constant("c", factors)), len(rows), scope)
        return acc
