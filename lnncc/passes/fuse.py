"""fuse: from the frontends' many spellings to the few ops that make liquid networks fast and provable.

Scalarised rows are matched backwards from the results, so that only what is needed is computed (a synapse that a mean
swallows never becomes a value, one of weight zero never existed), then written out forwards as vectors.
"""

from dataclasses import replace

import numpy as np

from lnncc.ir import DT, Array, Attr, Body, Graph, Node, Port, State, Value
from lnncc.passes import match
from lnncc.passes.atoms import Atom, Batch, Pool, Row, dependencies, grouped
from lnncc.passes.scalarise import Loop, Scalariser

MAX_RUNS = 8  # pieces a vector is put together from by slices; more of them become one gather


def fuse(graph: Graph) -> Graph:
    """The same step on 1-D vectors in the ops of ``lnncc.ops``.

    Raises:
        LnnccError: E0306 where a value has no fixed-point form, at the user's line.
    """
    scalars = Scalariser(graph)
    roots = [scalars.rows(s.after) for s in graph.states] + [scalars.rows(p.value) for p in graph.outputs]
    wanted = _Demand(scalars).of(roots)
    return _Writer(graph, scalars, wanted).graph(roots)


class _Demand:
    """Which atoms are needed as values, found backwards in order of creation."""

    def __init__(self, scalars: Scalariser) -> None:
        self.pool, self.loops = scalars.pool, scalars.loops
        self.wanted: set[int] = set()
        self.carries: set[tuple[int, int]] = set()

    def of(self, roots: list[tuple[Row, ...]]) -> "_Demand":
        self._live_carries([c for rows in roots for row in rows for c in row.cols])
        for rows in roots:
            self._want_rows(rows)
        for position in range(len(self.pool.batches), -1, -1):
            for number, loop in enumerate(self.loops):
                if loop.batch == position:
                    self._want_loop(number, loop)
            if position > 0:
                self._want_batch(self.pool.batches[position - 1])
        return self

    def _live_carries(self, stack: list[int]) -> None:
        """Loop carries that any result depends on, through any number of trips; a counter nobody reads is none."""
        leaves = {
            (name, i): (number, carry)
            for number, loop in enumerate(self.loops)
            for carry, name in enumerate(loop.params)
            for i in range(len(loop.initial[carry]))
        }
        seen: set[int] = set()
        while stack:
            col = stack.pop()
            if col in seen:
                continue
            seen.add(col)
            atom = self.pool.atoms[col]
            stack += dependencies(atom)
            carry = self._carry(atom, leaves)
            if carry is not None and carry not in self.carries:
                self.carries.add(carry)
                loop = self.loops[carry[0]]
                for row in loop.initial[carry[1]] + loop.results[carry[1]]:
                    stack += row.cols

    @staticmethod
    def _carry(atom: Atom, leaves: dict[tuple[str, int], tuple[int, int]]) -> tuple[int, int] | None:
        if atom.kind == "loop":
            return atom.payload[0], atom.payload[1]  # type: ignore[return-value]  # a loop atom's numbers
        return leaves.get(atom.payload) if atom.kind == "leaf" else None  # type: ignore[call-overload]

    def _want_loop(self, number: int, loop: Loop) -> None:
        for carry in range(len(loop.params)):
            if (number, carry) in self.carries:
                self._want_rows(loop.initial[carry])
                self._want_rows(loop.results[carry])

    def _want_rows(self, rows: tuple[Row, ...]) -> None:
        for row in rows:
            found = match.blend(self.pool, row) if match.lapse(self.pool, row) is None else None
            if found is None:
                self._want_linear(row)
            else:
                self.wanted.update(found)

    def _want_linear(self, row: Row) -> None:
        lapse = match.lapse(self.pool, row)
        if lapse is None:
            self.wanted.update(row.cols)
            return
        assert self.pool.dt is not None
        self.wanted.add(self.pool.dt)
        for part in lapse:
            self._want_linear(part)

    def _want_quotient(self, atom: Atom) -> None:
        found = _mean(self.pool, atom)
        if found is None:
            n, d = _quotient(atom)
            self._want_rows((n,))
            self._want_linear(d)
            return
        self.wanted.update(s.source for s in found.synapses)
        self.wanted.update([] if found.z is None else [found.z])
        self.wanted.update([self.pool.dt] if found.later is not None and self.pool.dt is not None else [])

    def _want_batch(self, batch: Batch) -> None:
        for col in batch.cols:
            if col in self.wanted:
                self._want_atom(col)

    def _want_atom(self, col: int) -> None:
        atom = self.pool.atoms[col]
        if atom.kind == "form":
            self._want_rows(atom.payload)  # type: ignore[arg-type]  # a form's payload is one row
        elif atom.kind == "quotient":
            self._want_quotient(atom)
        elif atom.kind in ("softmax", "argmax"):
            self._want_rows(grouped(atom))
        elif atom.kind == "product" and self.pool.dt in atom.payload:
            self._want_linear(_alone(col))
        elif (power := match.power(self.pool, col)) is not None:
            self.wanted.add(power.x)
            self._want_linear(power.d)
        elif (decay := match.decay(self.pool, col)) is not None:
            assert self.pool.dt is not None
            self.wanted.add(self.pool.dt)
            self._want_linear(decay.f)
        else:
            self.wanted.update(dependencies(atom))


def _alone(col: int) -> Row:
    return Row(0.0, (col,), (1.0,))


def _quotient(atom: Atom) -> tuple[Row, Row]:
    n, d = atom.payload
    assert isinstance(n, Row) and isinstance(d, Row)
    return n, d


def _mean(pool: Pool, atom: Atom) -> match.Mean | None:
    return match.mean(pool, *_quotient(atom))


class _Writer:
    """Writes wanted atoms as vectors, batch after batch, each into the scope it belongs to."""

    def __init__(self, graph: Graph, scalars: Scalariser, demand: _Demand) -> None:
        self.source, self.scalars, self.pool = graph, scalars, scalars.pool
        self.wanted, self.carries = demand.wanted, demand.carries
        self.params = {scalars.loops[loop].params[carry] for loop, carry in demand.carries}
        self.values: dict[str, Value] = {}
        self.constants: dict[str, Array] = {}
        self.scopes: dict[int, list[Node]] = {scope: [] for scope in self.pool.depth}  # the nodes written so far
        self.at: dict[int, tuple[str, int]] = {}  # column -> (value, element)
        self.made: dict[tuple[object, ...], str] = {}

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
        return Graph(self.values, self.constants, inputs, states, outputs, tuple(self.scopes[0]), dt)

    def _input(self, value: str, stem: str = "x") -> str:
        """An input and its door; everything behind reads what came through the door."""
        size = self.source.values[value].size
        raw = self._declare(stem, size)
        door = self._write("door", (raw,), size, 0)
        self._place(self._leaf_cols(value), door)
        return raw

    def _leaf(self, value: str, stem: str) -> str:
        name = self._declare(stem, self.source.values[value].size)
        self._place(self._leaf_cols(value), name)
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
        before = len(self.scopes[batch.scope])
        if batch.kind == "form":
            self._place(cols, self._rows(tuple(a.payload[0] for a in atoms), batch.scope))  # type: ignore[misc]
        elif batch.kind == "fn":
            self._tables(cols, batch)
        elif batch.kind == "product":
            self._products(cols, batch.scope)
        elif batch.kind in ("softmax", "argmax"):
            self._grouped(cols, batch)
        else:
            self._quotients(cols, batch.scope)
        nodes = self.scopes[batch.scope]
        nodes[before:] = [replace(n, source=batch.source) for n in nodes[before:]]

    def _quotients(self, cols: list[int], scope: int) -> None:
        means = {c: _mean(self.pool, self.pool.atoms[c]) for c in cols}
        for later in dict.fromkeys(m.later for m in means.values() if m is not None):
            group = {c: m for c, m in means.items() if m is not None and m.later == later}
            self._place(list(group), self._means(list(group.values()), scope))
        others = [c for c in cols if means[c] is None]
        if others:
            n, d = zip(*(_quotient(self.pool.atoms[c]) for c in others), strict=True)
            self._place(others, self._divide(self._rows(n, scope), d, scope, root=False))

    def _divide(self, n: str, divisors: tuple[Row, ...], scope: int, *, root: bool) -> str:
        """Equal divisors are one."""
        each = list(dict.fromkeys(divisors))
        owner = self._constant("i", [float(each.index(d)) for d in divisors])
        d = self._linear(tuple(each), scope)
        return self._write("divide", (n, d, owner), len(divisors), scope, {"root": root})

    def _grouped(self, cols: list[int], batch: Batch) -> None:
        """Softmax and argmax: the groups of one primitive, those of equal length in one vector."""
        groups = dict.fromkeys(grouped(self.pool.atoms[c]) for c in cols)
        for n in dict.fromkeys(map(len, groups)):
            alike = [rows for rows in groups if len(rows) == n]
            x = self._rows(tuple(row for rows in alike for row in rows), batch.scope)
            known = self.pool.softmax if batch.kind == "softmax" else self.pool.argmax
            made = [c for rows in alike for c in known(rows)]
            self._place(made, self._write(batch.kind, (x,), len(made), batch.scope, {"count": n}))

    def _products(self, cols: list[int], scope: int) -> None:
        timed = [c for c in cols if match.lapse(self.pool, _alone(c)) is not None]
        if timed:
            self._place(timed, self._linear(tuple(map(_alone, timed)), scope))
        decays = {c: found for c in cols if (found := match.decay(self.pool, c)) is not None}
        if decays:
            self._place(list(decays), self._decay(list(decays.values()), scope))
        powers = {c: found for c in cols if (found := match.power(self.pool, c)) is not None and c not in decays}
        if powers:
            n = self._vector([p.x for p in powers.values()], scope)
            divided = self._divide(n, tuple(p.d for p in powers.values()), scope, root=True)
            self._place(list(powers), divided)
        plain = [c for c in cols if c not in timed and c not in decays and c not in powers]
        if plain:  # in the order in which their factors lie
            plain.sort(key=lambda c: [*zip(*(self.at[f] for f in self.pool.atoms[c].payload), strict=True)])  # type: ignore[index]
            factors = [self.pool.atoms[c].payload for c in plain]
            pair = [self._vector([f[k] for f in factors], scope) for k in (0, 1)]  # type: ignore[misc]
            self._place(plain, self._write("multiply", tuple(pair), len(plain), scope))

    def _tables(self, cols: list[int], batch: Batch) -> None:
        for function in dict.fromkeys(self.pool.function(c) for c in cols):
            group = [c for c in cols if self.pool.function(c) == function]
            x = self._vector([self.pool.base(c) for c in group], batch.scope)
            self._place(group, self._write("table", (x,), len(group), batch.scope, {"expr": function}))

    # Loops.

    def _loop(self, number: int, loop: Loop) -> None:
        carries = [k for k in range(len(loop.params)) if (number, k) in self.carries]
        if not carries:
            return
        initial = [self._rows(loop.initial[k], loop.parent) for k in carries]
        results = [self._rows(loop.results[k], loop.scope) for k in carries]
        params = tuple(self.at[self._leaf_cols(loop.params[k])[0]][0] for k in carries)
        body = Body(params, tuple(results), tuple(self.scopes[loop.scope]))
        outputs = tuple(self._declare("v", len(loop.outputs[k])) for k in carries)
        attrs: dict[str, Attr] = {"trips": loop.trips}
        self.scopes[loop.parent].append(Node("loop", tuple(initial), outputs, attrs, body))
        for k, name in zip(carries, outputs, strict=True):
            self._place(loop.outputs[k], name)

    # Vectors of rows.

    def _rows(self, rows: tuple[Row, ...], scope: int) -> str:
        key = ("rows", rows, scope)
        if key not in self.made:
            self.made[key] = self._mixed(rows, scope)
        return self.made[key]

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
        whole = self._write("concat", tuple(parts), len(rows), scope)
        if order == sorted(order):
            return whole
        return self._gather(whole, np.argsort(order).tolist(), scope)

    def _kind(self, row: Row) -> str:
        if match.lapse(self.pool, row) is not None:
            return "linear"
        if match.is_unit(row):
            return "unit"
        return "linear" if match.blend(self.pool, row) is None else "blend"

    def _uniform(self, kind: str, rows: tuple[Row, ...], scope: int) -> str:
        if kind == "unit":
            return self._vector([r.cols[0] for r in rows], scope)
        if kind == "linear":
            return self._linear(rows, scope)
        parts = [match.blend(self.pool, row) for row in rows]
        vectors = [self._vector([p[k] for p in parts if p is not None], scope) for k in range(3)]
        return self._write("blend", tuple(vectors), len(rows), scope)

    def _linear(self, rows: tuple[Row, ...], scope: int) -> str:
        """offset + Σ: element by element where that is cheaper, else matrix times vector, a segment for each source."""
        lapses = [match.lapse(self.pool, row) for row in rows]
        if any(lapses):
            rest, x = zip(
                *(found or (row, match.NOTHING) for found, row in zip(lapses, rows, strict=True)), strict=True
            )
            return self._lapse(rest, x, scope)
        acc = self._constant("b", [r.offset for r in rows])
        if not any(r.cols for r in rows):
            return self._write("concat", (acc,), len(rows), scope)
        if match.is_diagonal(rows):
            return self._diagonal(rows, acc, scope)
        for segment, start, stop in self._segments({c for r in rows for c in r.cols}):
            columns = {c: i - start for c, (v, i) in self.at.items() if v == segment and start <= i < stop}
            weights = np.zeros((len(rows), stop - start))
            for k, row in enumerate(rows):
                for c, value in zip(row.cols, row.coefs, strict=True):
                    if c in columns:
                        weights[k, columns[c]] = value
            x = self._slice(segment, start, stop - start, scope)
            acc = self._write("affine", (acc, x, self._constant("w", weights)), len(rows), scope)
        return acc

    def _lapse(self, rest: tuple[Row, ...], x: tuple[Row, ...], scope: int) -> str:
        """rest + x · dt."""
        assert self.pool.dt is not None
        acc, factor = (
            self._linear(rows, scope) if any(r.cols for r in rows) else self._constant("b", [r.offset for r in rows])
            for rows in (rest, x)
        )
        return self._write("elapse", (acc, factor, self.at[self.pool.dt][0]), len(rest), scope)

    def _decay(self, decays: list[match.Decay], scope: int) -> str:
        assert self.pool.dt is not None
        f, c = self._linear(tuple(d.f for d in decays), scope), self._constant("c", [d.c for d in decays])
        return self._write("decay", (f, c, self.at[self.pool.dt][0]), len(decays), scope)

    def _diagonal(self, rows: tuple[Row, ...], acc: str, scope: int) -> str:
        for k in range(max(len(r.cols) for r in rows)):
            spare = next(r.cols[k] for r in rows if len(r.cols) > k)
            cols = [r.cols[k] if len(r.cols) > k else spare for r in rows]
            factors = [r.coefs[k] if len(r.cols) > k else 0.0 for r in rows]
            x = self._vector(cols, scope)
            acc = self._write("diagonal", (acc, x, self._constant("c", factors)), len(rows), scope)
        return acc

    def _segments(self, cols: set[int]) -> list[tuple[str, int, int]]:
        """The vectors that hold ``cols``, each with the range of elements that is needed."""
        ranges: dict[str, tuple[int, int]] = {}
        for value, i in (self.at[c] for c in sorted(cols)):
            low, high = ranges.get(value, (i, i))
            ranges[value] = min(low, i), max(high, i)
        return [(value, low, high + 1) for value, (low, high) in ranges.items()]

    # Weighted means.

    def _means(self, means: list[match.Mean], scope: int) -> str:
        """Sources that do not change in the loop are summed outside it."""
        n, p = len(means), self._weights(means)
        pair = self._constant("n", np.array([[m.leak * m.rest, m.leak] for m in means]))
        functions = dict.fromkeys(s.function for m in means for s in m.synapses)
        sources = dict.fromkeys(self.at[s.source][0] for m in means for s in m.synapses)
        by_depth = sorted(sources, key=lambda v: self.pool.depth[self._scope_of(v)])
        for value in by_depth:
            for function in functions:
                chosen = [
                    [s for s in m.synapses if s.function == function and self.at[s.source][0] == value] for m in means
                ]
                if any(chosen):
                    pair = self._synapses(pair, value, function, chosen)
        z = self._vector([m.z for m in means], scope) if all(m.z is not None for m in means) else None  # type: ignore[misc]
        if z is None:
            z = self._resting(means, scope)
        return self._write("mean", (pair, z, p), n, scope)

    def _weights(self, means: list[match.Mean]) -> str:
        """Of the z; those that the elapsed time divides are the same for the whole step, however deep the loop."""
        later = means[0].later
        if later is None:
            return self._constant("p", [m.p for m in means])
        c = tuple(m.p for m in means)
        if ("inertia", c, later) not in self.made:
            inputs = self._elapsed(later), self._constant("c", c)
            self.made["inertia", c, later] = self._write("inertia", inputs, len(means), 0)
        return self.made["inertia", c, later]

    def _elapsed(self, later: float) -> str:
        """dt + later."""
        assert self.pool.dt is not None
        dt = self.at[self.pool.dt][0]
        if later == 0.0:
            return dt
        if ("elapsed", later) not in self.made:
            inputs = self._constant("b", [later]), self._constant("x", [1.0]), dt
            self.made["elapsed", later] = self._write("elapse", inputs, 1, 0)
        return self.made["elapsed", later]

    def _resting(self, means: list[match.Mean], scope: int) -> str:
        """Where some mean has no z, its weight is zero and any value does."""
        if all(m.z is None for m in means):
            return self._constant("z", [0.0] * len(means))
        spare = next(m.z for m in means if m.z is not None)
        return self._vector([spare if m.z is None else m.z for m in means], scope)

    def _synapses(self, pair: str, value: str, function: Attr, chosen: list[list[match.Synapse]]) -> str:
        flat = [s for group in chosen for s in group]
        columns = {
            "a": [s.a for s in flat],
            "b": [s.b for s in flat],
            "w": [s.w for s in flat],
            "e": [s.e for s in flat],
            "i": [float(self.at[s.source][1]) for s in flat],
            "k": [float(len(group)) for group in chosen],
        }
        names = tuple(self._constant(stem, data) for stem, data in columns.items())
        scope = self._scope_of(value)
        scope = max(scope, self._scope_of(pair), key=self.pool.depth.__getitem__)
        out = self._declare("n", (len(chosen), 2))
        self.scopes[scope].append(Node("synapses", (pair, value, *names), (out,), {"expr": function}))
        return out

    def _scope_of(self, value: str) -> int:
        """The scope in which a value is written; parameters of a loop belong to its body."""
        for scope, written in self.scopes.items():
            if any(value in node.outputs for node in written):
                return scope
        return next((self.pool.atoms[c].scope for c, (v, _) in self.at.items() if v == value), 0)

    # Vectors of atoms.

    def _vector(self, cols: list[int], scope: int) -> str:
        key = ("vector", tuple(cols), scope)
        if key not in self.made:
            self.made[key] = self._assembled([self.at[c] for c in cols], scope)
        return self.made[key]

    def _assembled(self, places: list[tuple[str, int]], scope: int) -> str:
        runs: list[list[tuple[str, int]]] = []
        for place in places:
            if runs and place == (runs[-1][-1][0], runs[-1][-1][1] + 1):
                runs[-1].append(place)
            else:
                runs.append([place])
        if len(runs) == 1:
            return self._slice(*runs[0][0], len(places), scope)
        if len(runs) <= MAX_RUNS:
            parts = tuple(self._slice(*run[0], len(run), scope) for run in runs)
            return self._write("concat", parts, len(places), scope)
        whole = list(dict.fromkeys(value for value, _ in places))
        starts = dict(zip(whole, np.cumsum([0] + [self.values[v].size for v in whole]).tolist(), strict=False))
        size = sum(self.values[v].size for v in whole)
        x = whole[0] if len(whole) == 1 else self._write("concat", tuple(whole), size, scope)
        return self._gather(x, [starts[v] + i for v, i in places], scope)

    def _slice(self, value: str, start: int, n: int, scope: int) -> str:
        if (start, n) == (0, self.values[value].size):
            return value
        return self._write("slice", (value,), n, scope, {"start": start, "n": n})

    def _gather(self, x: str, index: list[int], scope: int) -> str:
        return self._write("gather", (x, self._constant("i", [float(i) for i in index])), len(index), scope)

    # Names.

    def _place(self, cols: "tuple[int, ...] | list[int]", value: str) -> None:
        self.at.update((c, (value, i)) for i, c in enumerate(cols))

    def _declare(self, stem: str, shape: int | tuple[int, ...]) -> str:
        name = stem if stem not in self.values and stem[-1].isdigit() else f"{stem}{len(self.values)}"
        self.values[name] = Value(name, shape if isinstance(shape, tuple) else (shape,))
        return name

    def _constant(self, stem: str, data: object) -> str:
        array = np.asarray(data, np.float64)
        name = self._declare(f"c_{stem}", array.shape)
        self.constants[name] = array
        return name

    def _write(self, op: str, inputs: tuple[str, ...], n: int, scope: int, attrs: dict[str, Attr] | None = None) -> str:
        name = self._declare("v", n)
        self.scopes[scope].append(Node(op, inputs, (name,), attrs or {}))
        return name
