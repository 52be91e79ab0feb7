"""demand: which atoms a step needs as values; one that another swallows never becomes one."""

from lnncc.passes import match
from lnncc.passes.atoms import Atom, Batch, Row, alone, dependencies, grouped, quotient
from lnncc.passes.scalarise import Loop, Scalariser


class Demand:
    """Which atoms are needed as values, found backwards in order of creation."""

    def __init__(self, scalars: Scalariser) -> None:
        self.pool, self.loops = scalars.pool, scalars.loops
        self.wanted: set[int] = set()
        self.carries: set[tuple[int, int]] = set()

    def of(self, roots: list[tuple[Row, ...]]) -> "Demand":
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
        found = match.mean(self.pool, *quotient(atom))
        if found is None:
            n, d = quotient(atom)
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
            self._want_linear(alone(col))
        elif (power := match.power(self.pool, col)) is not None:
            self.wanted.add(power.x)
            self._want_linear(power.d)
        elif (decay := match.decay(self.pool, col)) is not None:
            assert self.pool.dt is not None
            self.wanted.add(self.pool.dt)
            self._want_linear(decay.f)
        else:
            self.wanted.update(dependencies(atom))
