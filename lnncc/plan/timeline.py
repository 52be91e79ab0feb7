"""The step as a line of time: what is executed when, what is copied when, and when each value is alive.

At time t an op reads at phase 2t and writes at phase 2t + 1; since kernels interleave both, what an op reads is alive
in phase 2t + 1 too, unless the result takes its very place. Simultaneous copies do read before they write.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from lnncc.ir import Array, Body, Graph, Node
from lnncc.ops import OPS

# Which wish for a common place comes first: a copy of a state costs most, a second buffer least.
STATE, CARRY, OUTPUT, PART, IN_PLACE = range(5)
FOREVER = 1 << 60  # no phase is as late


@dataclass(frozen=True, slots=True)
class Ref:
    """``size`` elements of ``value`` from ``start``."""

    value: str
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Move:
    """A copy that need not happen if both ends share a place."""

    to: Ref
    source: Ref


@dataclass(frozen=True, slots=True, eq=False)
class Execute:
    """One call of a kernel."""

    time: int
    node: Node
    inputs: tuple[Ref, ...]
    output: Ref


@dataclass(frozen=True, slots=True)
class Moves:
    """Copies that happen at once: all read before any writes."""

    time: int
    moves: tuple[Move, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Repeat:
    """A loop of fixed trips."""

    trips: int
    body: tuple["Instruction", ...]


@dataclass(frozen=True, slots=True)
class Tapped:
    """What ``name`` holds, copied out for the caller to see."""

    name: str
    source: Ref


Instruction = Execute | Moves | Repeat | Tapped


@dataclass(frozen=True, slots=True)
class Use:
    """Elements from ``start`` to before ``end`` are read at ``time``; by a ``copy``, or by a kernel."""

    time: int
    start: int
    end: int
    copy: bool = False


@dataclass(slots=True, eq=False)
class Life:
    """One value in time; ``births`` are phases. Equal numbers in ``content``: the same integer, wherever it lies."""

    bits: int
    size: int
    content: Array
    births: list[int]
    uses: list[Use] = field(default_factory=list[Use])

    @property
    def whole(self) -> tuple[int, int]:
        return 0, self.size

    def spans(
        self, part: tuple[int, int], replaced_at: int | None = None, *, copies_apart: bool = False
    ) -> list[tuple[int, int]]:
        """Phases (first, last) in which its place must hold the elements of ``part``, from start to before end.

        ``replaced_at``: the op at that time puts its result in this place. ``copies_apart``: it must also outlive the
        writing of the copies that read it.
        """
        uses = [use for use in self.uses if use.start < part[1] and part[0] < use.end]
        ends = [(2 * u.time, 0 if (u.copy and not copies_apart) or u.time == replaced_at else 1) for u in uses]
        limits = [*self.births[1:], FOREVER]
        return [
            (birth, max((read + after for read, after in ends if birth <= read < limit), default=birth))
            for birth, limit in zip(self.births, limits, strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The lowered step. ``wishes`` are (priority, move); states and outputs appear as the values of their fields."""

    instructions: tuple[Instruction, ...]
    lives: dict[str, Life]
    wishes: tuple[tuple[int, Move], ...]
    makers: dict[str, Execute]


def timeline(graph: Graph, taps: Sequence[str] = ()) -> Timeline:
    """Lower ``graph``: slices become references, concats, loops, states and outputs become copies to be avoided.

    Each of ``taps`` is copied out as soon as it is known.
    """
    return _Lowering(graph, taps).run()


def final(state: int) -> str:
    """The value that state number ``state`` holds after the step; no name of a graph looks like it."""
    return f"<s{state}>"


def result(output: int) -> str:
    return f"<y{output}>"


class _Lowering:
    def __init__(self, graph: Graph, taps: Sequence[str]) -> None:
        self.graph, self.taps = graph, frozenset(taps)
        self.clock = count()
        self.contents = 0  # distinct elements so far
        self.views: dict[str, Ref] = {}
        self.lives: dict[str, Life] = {}
        self.home: dict[str, int] = {}
        self.open: list[set[str]] = []  # values from outside that each open loop reads
        self.wishes: list[tuple[int, Move]] = []
        self.makers: dict[str, Execute] = {}
        self.out: list[Instruction] = []
        self.awaited: dict[str, list[str]] = {}
        for i, port in enumerate(graph.outputs):
            self.awaited.setdefault(port.value, []).append(result(i))

    def run(self) -> Timeline:
        graph = self.graph
        given = [p.value for p in graph.inputs] + [s.before for s in graph.states]
        given += [] if graph.dt is None else [graph.dt]
        for name in [*graph.constants, *given]:
            self._declare(name, -1)
        for name in [*graph.constants, *given]:
            self._deliver(name)
        self._nodes(graph.nodes)
        time = next(self.clock)
        moves = [
            Move(Ref(final(i), 0, self._size(s.before)), self._use(s.after, time, copy=True))
            for i, s in enumerate(graph.states)
        ]
        self._move(moves, time, STATE)
        for i, _ in enumerate(graph.outputs):
            self._read(result(i), time)
        self.wishes.sort(key=lambda wish: wish[0])
        return Timeline(tuple(self.out), self.lives, tuple(self.wishes), self.makers)

    def _nodes(self, nodes: Iterable[Node]) -> None:
        for node in nodes:
            if node.body is not None:
                self._loop(node, node.body)
            elif node.op == "slice":
                source, start = self._ref(node.inputs[0]), node.attrs["start"]
                assert isinstance(start, int)
                self.views[node.outputs[0]] = Ref(source.value, source.start + start, self._size(node.outputs[0]))
            elif node.op == "concat":
                self._concat(node)
            else:
                self._execute(node)
            for name in node.outputs:
                self._deliver(name)

    def _execute(self, node: Node) -> None:
        time, [name] = next(self.clock), node.outputs
        inputs = tuple(self._use(x, time) for x in node.inputs)
        self._declare(name, 2 * time + 1)
        output = Ref(name, 0, self._size(name))
        self.makers[name] = Execute(time, node, inputs, output)
        self.out.append(self.makers[name])
        for position in getattr(OPS[node.op], "IN_PLACE", ()):
            if inputs[position].value not in self.graph.constants:
                self.wishes.append((IN_PLACE, Move(output, inputs[position])))

    def _concat(self, node: Node) -> None:
        time, [name] = next(self.clock), node.outputs
        sources = [self._use(x, time, copy=True) for x in node.inputs]
        moves, start = list[Move](), 0
        for source in sources:
            moves.append(Move(Ref(name, start, source.size), source))
            start += source.size
        self._move(moves, time, PART)

    def _loop(self, node: Node, body: Body) -> None:
        time, trips = next(self.clock), node.attrs["trips"]
        assert isinstance(trips, int)
        first = [self._use(x, time, copy=True) for x in node.inputs]
        self.open.append(set())
        params = [self._declare(p, 2 * time + 1) for p in body.params]
        outer, self.out = self.out, []
        self._nodes(body.nodes)
        end = next(self.clock)
        results = [self._use(x, end, copy=True) for x in body.results]
        for life in params:
            life.births.append(2 * end + 1)
        refs = [Ref(p, 0, self._size(p)) for p in body.params]
        self._place([Move(*pair) for pair in zip(refs, results, strict=True)], end, CARRY)
        for name in sorted(self.open.pop()):
            self._read(name, end)
        inner, self.out = self.out, outer
        self._place([Move(*pair) for pair in zip(refs, first, strict=True)], time, CARRY)
        self.out.append(Repeat(trips, tuple(inner)))
        after = next(self.clock)
        sources = [self._use(p, after, copy=True) for p in body.params]
        outs = [Ref(x, 0, self._size(x)) for x in node.outputs]
        self._move([Move(*pair) for pair in zip(outs, sources, strict=True)], after, CARRY)

    def _move(self, moves: list[Move], time: int, priority: int) -> None:
        """Copies into new values, which hold the content of their sources."""
        for name in dict.fromkeys(m.to.value for m in moves):
            parts = [self._content(m.source) for m in moves if m.to.value == name]
            self._declare(name, 2 * time + 1, np.concatenate(parts))
        self._place(moves, time, priority)

    def _place(self, moves: list[Move], time: int, priority: int) -> None:
        self.out.append(Moves(time, tuple(moves)))
        self.wishes += [(priority, m) for m in moves if m.source.value not in self.graph.constants]

    def _deliver(self, name: str) -> None:
        """An output gets its copy as soon as its value is known, so that nothing need wait for the end."""
        if name in self.taps:
            self.out.append(Tapped(name, self._use(name, next(self.clock))))
        for to in self.awaited.pop(name, ()):
            time = next(self.clock)
            source = self._use(name, time, copy=True)
            self._move([Move(Ref(to, 0, source.size), source)], time, OUTPUT)

    def _declare(self, name: str, birth: int, content: Array | None = None) -> Life:
        value = self.graph.values.get(name)
        size = len(content) if content is not None else self._size(name)
        if content is None:
            content = np.arange(self.contents, self.contents + size)
            self.contents += size
        form = None if value is None else value.format
        life = self.lives[name] = Life(16 if form is None else form.bits, size, content, [birth])
        self.home[name] = len(self.open)
        return life

    def _use(self, name: str, time: int, *, copy: bool = False) -> Ref:
        ref = self._ref(name)
        self.lives[ref.value].uses.append(Use(time, ref.start, ref.start + ref.size, copy))
        if self.home[ref.value] < len(self.open):
            self.open[self.home[ref.value]].add(ref.value)
        return ref

    def _read(self, name: str, time: int) -> None:
        """All of it, by none of the nodes here."""
        self.lives[name].uses.append(Use(time, *self.lives[name].whole))

    def _ref(self, name: str) -> Ref:
        return self.views.get(name) or Ref(name, 0, self._size(name))

    def _content(self, ref: Ref) -> Array:
        return self.lives[ref.value].content[ref.start : ref.start + ref.size]

    def _size(self, name: str) -> int:
        return self.graph.values[name].size
