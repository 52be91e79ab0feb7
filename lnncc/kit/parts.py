"""parts: what a kit is made of: the words, and models that hold between them every call written for a target."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lnncc.emit import emit
from lnncc.emit.render import render
from lnncc.ir import Array, Graph
from lnncc.kit import expected, graphs, words
from lnncc.kit.words import Word
from lnncc.packages import fnv1a
from lnncc.plan import Plan, plan
from lnncc.plan.layout import BALANCED, LANES, SIZE, SPEED
from lnncc.plan.program import Table
from lnncc.target import Target

BLOCK = 4  # streams in a block, and one more in the next; twice as many where registers hold them
FOLDER = "parts"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the kit's answer: ``function`` gives a hash, which must be ``expected``."""

    name: str
    function: str
    expected: int


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """What may be built alone: its C by name inside the kit, and what it must give. ``about`` says what it covers."""

    name: str
    about: str
    checks: tuple[Check, ...]
    sources: Mapping[str, str]
    table_bytes: int
    plan: Plan | None = None  # of a model


def parts(target: Target) -> tuple[Part, ...]:
    """Every part of the kit for ``target``."""
    models = [_model(name, made, target) for name, made in graphs.GRAPHS.items()]
    models += [
        _model("synapses_fast", graphs.tables, target, "the same for speed: a destination a call", SPEED),
        _model("synapses_small", graphs.neurons, target, "synapses for size: kernels that are not inlined", SIZE),
        _model("strips", graphs.gated, target, "rows in strips, for size", SIZE),
    ]
    streams = [] if target.split else [_streams(target)]  # whose constants no such kernel would reach
    return (_words(target, literal=False), _words(target, literal=True), *models, *streams)


def _model(name: str, made: graphs.Made, target: Target, about: str = "", optimise: str = BALANCED) -> Part:
    graph, wanted = _wanted(made)
    layout = plan(graph, name, {}, target, optimise)
    check = Check(name, f"kit_{name}", wanted)
    text = render("kit/part.c", interface=layout.interface, name=name)
    told = about or _sentence(made)
    return Part(name, told, (check,), {**emit(layout), f"{name}_check.c": text}, layout.table_bytes, layout)


@functools.cache
def _wanted(made: graphs.Made, streams: int = 1) -> tuple[Graph, int]:
    """The graph and its hash, which are the same for every target."""
    graph = made()
    return graph, expected.of(graph) if streams == 1 else expected.of_streams(graph, streams)


def _streams(target: Target) -> Part:
    name, block = "streams", 2 * BLOCK if LANES in target.isa else BLOCK
    graph, wanted = _wanted(graphs.streamed, block + 1)
    layout = plan(graph, name, {}, target, lanes=block)
    assert layout.batch is not None
    text = render("kit/streams.c", interface=layout.interface, name=name, streams=block + 1)
    size = layout.table_bytes + sum(table.bytes for table in layout.batch.tables)
    sources = {**emit(layout), f"{name}_check.c": text}
    return Part(name, _sentence(graphs.streamed), (Check(name, f"kit_{name}", wanted),), sources, size, layout)


def _sentence(made: graphs.Made) -> str:
    text = " ".join((made.__doc__ or "").split()).rstrip(".")
    return text[:1].lower() + text[1:]


@dataclass(frozen=True, slots=True)
class Axis:
    """A table of operands in C, and how many it has."""

    table: str
    size: int


@dataclass(frozen=True, slots=True)
class Loops:
    """A word in C: over its axes, or over the first, for each of the ``literals``; where the ``mask`` allows it."""

    call: str
    axes: tuple[Axis, ...]
    mask: str
    literals: tuple[int, ...]


@dataclass(slots=True)
class _Tables:
    """Tables by content: equal ones are one."""

    known: dict[tuple[str, bytes], Table] = field(default_factory=dict[tuple[str, bytes], Table])

    def name(self, values: Array, kind: str) -> str:
        rows = values.reshape(len(values), -1)
        key = kind, rows.tobytes()
        if key not in self.known:
            self.known[key] = Table(f"t{len(self.known)}", kind, rows, "")
        return self.known[key].name


def _words(target: Target, *, literal: bool) -> Part:
    """The words; or those that C knows an operand of when it is compiled, of which it makes other code."""
    name = "literals" if literal else "words"
    groups = words.by_name([word for word in words.words() if word.literal or not literal])
    checks = tuple(
        Check(f"{name} {word}", f"kit_{name}_{word}", _hash(group, literal)) for word, group in groups.items()
    )
    tables = _Tables()
    loops = [tuple(_loops(word, tables, literal) for word in group) for group in groups.values()]
    about = "words with an operand known to the compiler" if literal else "every word, at the corners of its range"
    text = render(
        "kit/words.c",
        about=about,
        isa=target.isa[0],
        tables=tuple(tables.known.values()),
        checks=tuple({"function": c.function, "loops": all_of_it} for c, all_of_it in zip(checks, loops, strict=True)),
    )
    return Part(name, about, checks, {f"{name}.c": text}, sum(t.bytes for t in tables.known.values()))


def _hash(group: Sequence[Word], literal: bool) -> int:
    return fnv1a(b"".join(word.ordered(literal).astype("<i4").tobytes() for word in group))


def _loops(word: Word, tables: _Tables, literal: bool) -> Loops:
    axes = tuple(Axis(tables.name(axis, "int32_t"), len(axis)) for axis in (word.axes[:1] if literal else word.axes))
    mask = "" if word.valid.all() else tables.name(word.mask, "uint8_t")
    call = word.call if word.table is None else word.call.replace("TABLE", tables.name(word.table, word.kind))
    return Loops(call, axes, mask, tuple(word.axes[-1].tolist()) if literal else ())
