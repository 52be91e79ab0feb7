"""plan: an integer graph as calls, tables and buffers; where every value lies, and nothing about the text of C."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lnncc import ir, options
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Node, State
from lnncc.plan import records
from lnncc.plan.calls import Writer
from lnncc.plan.constants import LIMITS
from lnncc.plan.copies import Copy, schedule
from lnncc.plan.fetch import fetched
from lnncc.plan.image import STRUCTURE_BYTES, Image, Kind, kept, laid_out
from lnncc.plan.interface import CLIPPED, COUNTERS, HASH_BYTES, Interface, Signal
from lnncc.plan.joined import joined
from lnncc.plan.neurons import parted
from lnncc.plan.once import once
from lnncc.plan.packing import pack
from lnncc.plan.places import Places, places
from lnncc.plan.program import Batch, Buffer, Call, Field, Plan, Statement, words_of
from lnncc.plan.stack import stacked
from lnncc.plan.strips import SHORT, stripped
from lnncc.plan.taps import tapped
from lnncc.plan.timeline import Timeline, timeline
from lnncc.target import Target

BALANCED, SPEED, SIZE = "balanced", "speed", "size"
MOST = LIMITS["ln_size"][1]
LANES = "lanes"  # what SIMD machines share in runtime/simd


def plan(
    graph: Graph,
    name: str,
    bounds: Mapping[str, Interval],
    target: Target,
    optimise: str = BALANCED,
    *,
    lanes: int | None = None,
    taps: Sequence[str] = (),
    updatable: bool = False,
) -> Plan:
    """Lay out ``graph`` as the C of model ``name`` for ``target``. ``bounds`` are the proven raw intervals by value.

    For ``speed``, kernels that can be are called once a destination; for ``size``, none with two calls is inlined, and
    long runs of rows go in strips.
    With ``lanes``, also for that many streams at once. With ``taps``, values that are copied out as they are computed;
    then every value of ``graph`` has a place, and nothing is put together that need not be. With ``updatable``, what
    comes from weights is in an image, and the code is the same for all weights of that structure.

    Raises:
        LnnccError: E0229 for a tap that is none, E0230 for a target that cannot read an image, E0340 for more elements
            or trips than C counts here, E0350 for an op without kernel for streams.
    """
    if updatable and target.split:
        raise options.not_updatable(f"{target.name} reads constants from a memory of their own, which has no pointers")
    _require_countable(graph)
    known, text = digest(graph), ir.text(_unlabelled(graph))
    seen, thrifty = tapped(graph, taps, bounds), optimise == SIZE or target.scarce
    graph = joined(graph if taps else once(graph))
    if not taps:
        graph = stripped(stacked(graph, SHORT)) if optimise == SIZE else stacked(graph)
    choices = (graph, parted(graph)) if thrifty and not taps else (graph,)
    laid = (_laid(each, target, taps, thrifty=thrifty) for each in choices)
    graph, memory = min(laid, key=lambda one: one[1].bytes)
    goal = {"unroll": optimise == SPEED, "shared": optimise == SIZE, "updatable": updatable}
    writer = Writer(graph, memory.where, memory.names, memory.copies, target.isa, **goal, taps=taps)
    statements = writer.statements(memory.line.instructions)
    made = Plan(
        interface=replace(_interface(graph, name, bounds), counters=_counters(statements), taps=seen),
        fields=tuple(_field(graph, i, s, bounds) for i, s in enumerate(graph.states)),
        tables=writer.constants.tables,
        buffers=(*memory.buffers, *writer.scratch.values()),
        statements=statements,
        kernels=tuple(sorted(writer.kernels)),
        isa=tuple(dict.fromkeys((*target.isa, "scalar"))),
        digest=known,
        shared=tuple(k for k, calls in writer.kernels.items() if calls > 1) if optimise == SIZE else (),
        batch=None if lanes is None else _batch(graph, memory, target, lanes),
        reads=writer.reads,
    )
    return _updatable(made, text) if updatable else made


def _updatable(made: Plan, text: str) -> Plan:
    """Nothing of what the code says of a model, ``text`` among it, depends on weights any more."""
    states, outputs = (tuple(map(_any, signals)) for signals in (made.interface.states, made.interface.outputs))
    interface = replace(made.interface, states=states, outputs=outputs)
    free = [t for t in (*made.tables, *words_of(made.fields)) if t.rule.kind is not Kind.FIXED]
    members = laid_out(tuple((t.name, t.type, t.values, t.label, t.rule) for t in free))
    tables = [(t.name, t.type, len(t.values), t.rule, kept(t.rule, t.data)) for t in made.tables]
    code = made.statements, made.buffers, made.kernels, made.isa, made.shared, tables, _nameless(interface), text
    image = Image(members, hashlib.sha256(repr(code).encode()).digest()[:STRUCTURE_BYTES], made.digest)
    return replace(made, interface=replace(interface, update_bytes=image.bytes), image=image)


def _any(signal: Signal) -> Signal:
    """With the bounds of its width: those that are proven may be others after an update."""
    return replace(signal, low=-(1 << signal.bits - 1), high=(1 << signal.bits - 1) - 1)


def _nameless(interface: Interface) -> Interface:
    """Without names that users gave, but for that of the code."""
    ports = {
        port: tuple(replace(s, label="") for s in getattr(interface, port))
        for port in ("inputs", "states", "outputs", "taps")
    }
    return replace(interface, **ports)


def _require_countable(graph: Graph) -> None:
    longest = max((v.size for name, v in graph.values.items() if name not in graph.constants), default=0)
    if longest > MOST:
        raise _uncountable(f"an array of {longest} elements")
    for node in graph.walk():
        if node.body is not None and node.trips > MOST:
            raise _uncountable(f"a loop of {node.trips} trips", node)


def _uncountable(what: str, node: Node | None = None) -> LnnccError:
    return LnnccError(
        "E0340",
        f"this step has {what}",
        source=None if node is None else node.source,
        notes=(f"the C counts in 16 bits, to {MOST}",),
        helps=("compute less in one step",),
    )


def _counters(statements: tuple[Statement, ...]) -> tuple[str, ...]:
    """That of everything, and those of the kinds that these statements count."""
    counted = {CLIPPED} | {s.counter for s in _calls(statements)}
    return tuple(counter for counter in COUNTERS if counter in counted)


def _calls(statements: tuple[Statement, ...]) -> Iterator[Call]:
    for statement in statements:
        if isinstance(statement, Call):
            yield statement
        else:
            yield from _calls(statement.body)


@dataclass(frozen=True, slots=True, eq=False)
class _Memory:
    """When everything is done and where everything lies."""

    line: Timeline
    where: Places
    copies: Mapping[int, list[Copy]]
    names: Mapping[int, str]
    buffers: tuple[Buffer, ...]

    @property
    def bytes(self) -> int:
        return sum(records.size(b.type) * b.size for b in self.buffers)


def _laid(graph: Graph, target: Target, taps: Sequence[str], *, thrifty: bool) -> tuple[Graph, _Memory]:
    graph = fetched(graph) if target.split else graph
    return graph, _memory(graph, taps, thrifty=thrifty)


def _memory(graph: Graph, taps: Sequence[str], *, thrifty: bool) -> _Memory:
    line = timeline(graph, taps)
    where = places(graph, line, thrifty=thrifty)
    return _Memory(line, where, schedule(line, where), *pack(where.blocks, line.lives))


def _batch(graph: Graph, memory: _Memory, target: Target, lanes: int) -> Batch:
    """Every value ``lanes`` wide, element by element; nothing else lies elsewhere than in the step of one stream."""
    writer = Writer(graph, memory.where, memory.names, memory.copies, target.isa, streams=lanes)
    statements = writer.statements(memory.line.instructions)
    isa = target.isa if LANES in target.isa else (LANES,)
    return Batch(
        lanes,
        writer.constants.tables,
        tuple(replace(b, size=b.size * lanes) for b in memory.buffers),
        statements,
        tuple(sorted(writer.kernels)),
        tuple(dict.fromkeys((*isa, "scalar"))),
    )


def digest(graph: Graph) -> bytes:
    """The first bytes of a hash of the whole integer graph: a state that was saved belongs to one model.

    Labels are left out: names that users gave leave no trace in the C.
    """
    found = hashlib.sha256(ir.text(_unlabelled(graph)).encode())
    arrays = dict(graph.constants) | {f"<{s.before}>": s.initial for s in graph.states}
    for name, array in sorted(arrays.items()):
        found.update(f"{name}{array.shape}".encode() + np.ascontiguousarray(array, "<i8").tobytes())
    return found.digest()[:HASH_BYTES]


def _unlabelled(graph: Graph) -> Graph:
    inputs, outputs = (tuple(replace(p, label="") for p in ports) for ports in (graph.inputs, graph.outputs))
    return graph.edited(
        inputs=inputs, outputs=outputs, labels={}, states=tuple(replace(s, label="") for s in graph.states)
    )


def _interface(graph: Graph, name: str, bounds: Mapping[str, Interval]) -> Interface:
    doors = {n.inputs[0]: (n.attrs["low"], n.attrs["high"]) for n in graph.walk() if n.op == "door"}
    inputs = (_signal(graph, f"x{i}", p.label, p.value, doors.get(p.value)) for i, p in enumerate(graph.inputs))
    states = (
        _signal(graph, f"s{i}", s.label, s.before, _hull(graph, s.before, bounds)) for i, s in enumerate(graph.states)
    )
    outputs = (
        _signal(graph, f"y{i}", p.label, p.value, _hull(graph, p.value, bounds)) for i, p in enumerate(graph.outputs)
    )
    dt = None if graph.dt is None else _signal(graph, ir.DT, ir.DT, graph.dt, doors.get(graph.dt))
    return Interface(name, tuple(inputs), tuple(states), tuple(outputs), dt)


def _signal(graph: Graph, key: str, label: str, name: str, ends: tuple[object, object] | None) -> Signal:
    value = graph.values[name]
    bits = 32 if name == graph.dt else 16
    assert value.format is not None and value.format.bits == bits, f"{label} is not of {bits} bits"
    low, high = ends or (value.format.lowest, value.format.highest)
    assert isinstance(low, int) and isinstance(high, int)
    return Signal(key, label, value.size, value.format.frac, low, high, bits)


def _hull(graph: Graph, name: str, bounds: Mapping[str, Interval]) -> tuple[int, int]:
    low, high = _ends(graph, name, bounds)
    return int(low.min()), int(high.max())


def _ends(graph: Graph, name: str, bounds: Mapping[str, Interval]) -> tuple[Array, Array]:
    if name in graph.constants:
        return graph.constants[name], graph.constants[name]
    if name in bounds:
        return bounds[name].low, bounds[name].high
    value = graph.values[name]
    assert value.format is not None
    return np.full(value.shape, value.format.lowest), np.full(value.shape, value.format.highest)


def _field(graph: Graph, index: int, state: State, bounds: Mapping[str, Interval]) -> Field:
    low, high = _ends(graph, state.before, bounds)
    assert np.all((low <= state.initial) & (state.initial <= high)), f"{state.label} starts outside its invariant"
    return Field(f"s{index}", state.initial, low, high)
