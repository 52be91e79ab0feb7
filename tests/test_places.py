"""Places: a step carried out in the memory that the plan gives it, where whatever is overwritten too early is lost."""

from collections.abc import Iterable, Mapping

import numpy as np
import pytest
from integer_graphs import FULL, Builder, drawn
from test_machine_kernels import inputs

from lnncc import target, twin
from lnncc.ir import Array, Graph
from lnncc.kit.graphs import gated
from lnncc.ops import OPS
from lnncc.plan import plan
from lnncc.plan.copies import Copy, schedule
from lnncc.plan.neurons import parted
from lnncc.plan.packing import pack
from lnncc.plan.places import Place, Places, places
from lnncc.plan.program import Loop
from lnncc.plan.stack import stacked
from lnncc.plan.strips import stripped
from lnncc.plan.timeline import Execute, Instruction, Moves, Ref, Repeat, Timeline, timeline

HOST = target.load(target.HOST)


class Machine:
    """Memory by names of arrays in C, and what a step does to it."""

    def __init__(self, graph: Graph, *, thrifty: bool) -> None:
        self.graph, self.line = graph, timeline(graph)
        self.where: Places = places(graph, self.line, thrifty=thrifty)
        self.copies: Mapping[int, list[Copy]] = schedule(self.line, self.where)
        self.names, buffers = pack(self.where.blocks, self.line.lives)
        self.memory = {b.name: np.zeros(b.size, np.int64) for b in buffers}
        roots = (b for b in self.where.blocks.values() if b.root is not None)
        self.memory.update({str(b.root): np.zeros(b.size, np.int64) for b in roots})
        for i, state in enumerate(graph.states):
            self.memory[f"s->s{i}"][:] = state.initial

    def step(self, xs: tuple[Array, ...]) -> tuple[list[Array], list[Array]]:
        roots = [f"x{i}" for i in range(len(self.graph.inputs))] + (["&dt"] if self.graph.dt is not None else [])
        for root, x in zip(roots, xs, strict=True):
            self.memory[root][:] = x
        self._run(self.line.instructions)
        ends = ("s->s", len(self.graph.states)), ("y", len(self.graph.outputs))
        states, outputs = ([self.memory[f"{root}{i}"].copy() for i in range(n)] for root, n in ends)
        return states, outputs

    def _run(self, instructions: Iterable[Instruction]) -> None:
        for each in instructions:
            if isinstance(each, Execute):
                self._execute(each)
            elif isinstance(each, Repeat):
                for _ in range(each.trips):
                    self._run(each.body)
            elif isinstance(each, Moves):
                for copy in self.copies[each.time]:
                    source = (
                        self._read(copy.source) if isinstance(copy.source, Ref) else self._at(copy.source, copy.size)
                    )
                    self._at(copy.to, copy.size)[:] = source

    def _execute(self, each: Execute) -> None:
        names = zip(each.node.inputs, each.inputs, strict=True)
        xs = [self._read(ref).reshape(self.graph.values[name].shape) for name, ref in names]
        made = OPS[each.node.op].evaluate(each.node.attrs, *xs)
        assert isinstance(made, np.ndarray)
        self._at(self.where.of(each.output), each.output.size)[:] = made.reshape(-1)

    def _read(self, ref: Ref) -> Array:
        if ref.value in self.graph.constants:
            return self.graph.constants[ref.value].reshape(-1)[ref.start : ref.start + ref.size]
        return self._at(self.where.of(ref), ref.size).copy()

    def _at(self, place: Place, size: int) -> Array:
        found = self.memory[self.names[place.block]][place.start : place.start + size]
        assert len(found) == size, "beyond an array"
        return found


def same(graph: Graph, *, thrifty: bool) -> bool:
    machine, xs = Machine(graph, thrifty=thrifty), inputs(graph)
    expected = twin.run(graph, xs)
    for k in range(xs[0].shape[1]):
        found = machine.step(tuple(x[0, k] for x in xs))
        for side, known in zip(found, expected, strict=True):
            if not all(np.array_equal(a, b[0, k]) for a, b in zip(side, known, strict=True)):
                return False
    return True


@pytest.mark.parametrize("thrifty", [False, True])
@pytest.mark.parametrize("seed", range(60))
def test_nothing_is_overwritten_that_is_read_later(seed: int, thrifty: bool) -> None:
    """Graphs of all ops and loops."""
    assert same(drawn(seed), thrifty=thrifty)


@pytest.mark.parametrize("rows", [32, 45, 64])
def test_nor_in_strips(rows: int) -> None:
    assert same(parted(stripped(stacked(gated(rows), 31))), thrifty=True)


def test_a_place_that_is_taken_is_seen() -> None:
    """By the machine above."""
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(4), b.state(rng.integers(-FULL, FULL, 4))
    first = b.gather(x, [3, 2, 1, 0])
    b.becomes(h, b.gather(b.multiply(first, h, 15), [1, 2, 3, 0]))
    b.output(h)
    machine, xs = Machine(b.graph(), thrifty=True), inputs(b.graph())
    machine.names[machine.where.values[first].block] = "s->s0"
    states, _ = machine.step(tuple(x[0, 5] for x in xs))
    assert same(b.graph(), thrifty=True) and not np.array_equal(
        states[0], twin.run(b.graph(), tuple(x[:, 5:6] for x in xs))[0][0][0, 0]
    )


def filled(graph: Graph) -> tuple[list[str], Timeline]:
    """Values that lie in a state because there was room."""
    line = timeline(graph)
    before, after = places(graph, line), places(graph, line, thrifty=True)
    states = [name for name, block in after.blocks.items() if (block.root or "").startswith("s->")]
    moved = [v for v, place in after.values.items() if place.block in states and before.values[v].block not in states]
    return moved, line


def test_temporaries_lie_in_a_state_that_was_read_for_the_last_time() -> None:
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(4), b.state(rng.integers(-FULL, FULL, 8))
    first = b.multiply(x, b.slice(h, 0, 4), 15)
    second = b.gather(first, [3, 2, 1, 0])
    b.becomes(h, b.concat(second, b.multiply(second, x, 15)))
    b.output(b.slice(x, 0, 1))
    moved, _ = filled(b.graph())
    assert moved == [first]
    whole, thrifty = (plan(b.graph(), "m", {}, HOST, goal) for goal in ("balanced", "size"))
    assert [buffer.size for buffer in whole.buffers] == [4] and thrifty.buffers == ()


@pytest.mark.parametrize("kept", ["all", "late"])
def test_a_state_that_is_read_again_has_no_room(kept: str) -> None:
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(4), b.state(rng.integers(-FULL, FULL, 4))
    first = b.gather(b.multiply(x, x, 15), [3, 2, 1, 0])
    b.output(b.gather(b.multiply(first, h, 15), [1, 1, 1, 1]))
    b.becomes(h, h if kept == "all" else b.gather(first, [0, 0, 0, 0]))
    moved, _ = filled(b.graph())
    assert first not in moved


def test_sums_of_32_bits_lie_in_no_state() -> None:
    moved, line = filled(stripped(gated(64)))
    assert moved and all(line.lives[name].bits == 16 for name in moved)


def test_loops_count_as_one_time() -> None:
    """A state that each trip reads has no room in the loop, though one trip is done with it."""
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(4), b.state(rng.integers(-FULL, FULL, 4))
    [u] = b.loop((x,))
    other = b.gather(b.multiply(u, h, 15), [3, 2, 1, 0])
    after = b.multiply(b.gather(other, [1, 0, 3, 2]), x, 15)
    [done] = b.end((x,), (u,), (after,), trips=3)
    b.becomes(h, done)
    graph = b.graph()
    moved, _ = filled(graph)
    assert other not in moved and same(graph, thrifty=True)
    assert any(isinstance(s, Loop) for s in plan(graph, "m", {}, HOST, "size").statements)
