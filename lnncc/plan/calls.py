"""Calls: the instructions of a timeline as calls of kernels, with the constants that they read."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import numpy as np

from lnncc import fx
from lnncc.errors import LnnccError
from lnncc.ir import Attr, Graph, Node
from lnncc.plan import layouts, prototypes
from lnncc.plan.constants import LIMITS, SHIFTS, Constants
from lnncc.plan.copies import Copy
from lnncc.plan.interface import CLIPPED, DT_CLIPPED, SATURATED
from lnncc.plan.layouts import Packed
from lnncc.plan.places import Place, Places
from lnncc.plan.program import Buffer, Call, Loop, Statement
from lnncc.plan.prototypes import Parameter, Prototype
from lnncc.plan.timeline import Execute, Instruction, Moves, Ref, Repeat, Tapped

POINTED = {16: "int16_t", 32: "int32_t"}
SCRATCH = "scratch"  # the parameter of kernels that need memory while they run
HELD = "held"  # the parameter of those that may find there what a call before made of the same x
STREAMS = "streams"  # the machine of many streams in runtime/kernels
STREAM_ROWS = 4  # that its matrix kernel takes at a time


class Writer:
    """Writes statements; ``constants`` and ``kernels`` grow as tables and kernels are first used."""

    def __init__(
        self,
        graph: Graph,
        where: Places,
        names: Mapping[int, str],
        copies: Mapping[int, list[Copy]],
        isa: tuple[str, ...],
        *,
        unroll: bool = False,
        shared: bool = False,
        streams: int = 1,
        taps: Sequence[str] = (),
        updatable: bool = False,
    ) -> None:
        """``shared`` kernels are called, not inlined. ``streams`` lie beside each other in every value; more than one
        have kernels of their own. Tables of an ``updatable`` model are those of ``Constants``."""
        self.taps = {name: f"taps->t{i}" for i, name in enumerate(taps)}
        self.around: list[tuple[str, int]] = []  # open loops: variable and trips
        self.graph, self.where, self.names, self.copies, self.streams = graph, where, names, copies, streams
        self.isa = isa if streams == 1 else (STREAMS,)
        self.told: Mapping[str, Attr] = {"unroll": unroll, "shared": shared, "literal": not updatable}
        self.bits = {name: v.format.bits for name, v in graph.values.items() if v.format is not None}
        self.constants = Constants(self._rows(), updatable=updatable)
        self.kernels: dict[str, int] = {}  # files, and how many calls are written
        self.reads: dict[str, tuple[str, ...]] = {}  # value: the tables that its making reads
        self.scratch: dict[str, Buffer] = {}
        self.holds: tuple[str | None, Ref] | None = None  # a layout, and of which x scratch memory has what that makes
        self.loops = 0

    def statements(self, instructions: Iterable[Instruction]) -> tuple[Statement, ...]:
        """Calls for one destination each, of one instruction and the next, alternate: what the first makes need not be
        stored for long. That is the same where the first reads in its first call, into scratch memory, whatever the
        second may overwrite; and where the second, of a destination, reads no other one, as it has no scratch memory
        for that."""
        written: list[Statement] = []
        last: list[Statement] = []
        for made in (list(self._written(i)) for i in instructions):
            if 1 < len(made) == len(last) and self._scratch_in(last) and not self._scratch_in(made):
                written[-len(last) :] = chain.from_iterable(zip(last, made, strict=True))
                last = []
            elif made:
                written, last = written + made, made
        return tuple(written)

    def _scratch_in(self, statements: Iterable[Statement]) -> bool:
        named = {buffer.name for buffer in self.scratch.values()}
        return any(a in named for made in statements if isinstance(made, Call) for a in made.arguments)

    def _written(self, instruction: Instruction) -> Iterator[Statement]:
        if isinstance(instruction, Execute):
            yield from self._calls(instruction)
        elif isinstance(instruction, Moves):
            yield from map(self._copy, self.copies[instruction.time])
        elif isinstance(instruction, Tapped):
            yield self._tap(instruction)
        else:
            yield self._loop(instruction)

    def _loop(self, repeat: Repeat) -> Loop:
        assert 1 <= repeat.trips <= LIMITS["ln_size"][1]
        variable, self.loops = f"u{self.loops}", self.loops + 1
        self.around.append((variable, repeat.trips))
        self.holds = None
        body = self.statements(repeat.body)
        self.holds = None
        self.around.pop()
        return Loop(variable, repeat.trips, body)

    def _tap(self, tapped: Tapped) -> Call:
        """Each trip of the loops around has its place."""
        to, each = self.taps[tapped.name], tapped.source.size
        for variable, trips in reversed(self.around):
            to, each = f"{to} + {each} * {variable}", each * trips
        size, bits = str(tapped.source.size), self.bits[tapped.name]
        return Call(f"ln_tap{bits}", (to, self._at(self.where.of(tapped.source)), size))

    def _calls(self, execute: Execute) -> tuple[Call, ...]:
        """The call of the first kernel that likes these constants: a machine's own, else the portable one."""
        node = execute.node
        function = prototypes.function(node, self.bits)
        portable = prototypes.find(node.op, function)
        self._check_shifts(execute, portable)
        reads = dict(zip((p.name for p in portable.parameters if p.reads), execute.inputs, strict=True))
        for own in prototypes.variants(node.op, function, self.isa):
            packed = self._packed(own, reads, {**node.attrs, **self.told})
            if packed is not None:
                return self._bound(own, execute, reads, packed)
        if self.streams > 1:
            raise _no_streams(node)
        return self._bound(portable, execute, reads, Packed({}, node.attrs))

    def _packed(self, own: Prototype, reads: Mapping[str, Ref], attrs: Mapping[str, Attr]) -> Packed | None:
        """The constants as ``own`` wants them; None if it has no use for them, or they are no constants."""
        if own.layout is None:
            return Packed({}, attrs)
        refs = [reads[name] for name in own.replaced]
        if any(ref.value not in self.graph.constants or ref.start for ref in refs):
            return None
        values = {name: self.graph.constants[reads[name].value] for name in own.replaced}
        return layouts.LAYOUTS[own.layout](values, {**attrs, "lanes": self._rows()})

    def _rows(self) -> int:
        """How many rows of a matrix, or destinations of synapses, a kernel takes at a time."""
        return prototypes.lanes(self.isa) if self.streams == 1 else STREAM_ROWS

    def _bound(self, kernel: Prototype, execute: Execute, reads: Mapping[str, Ref], packed: Packed) -> tuple[Call, ...]:
        self._count(kernel.file)
        if kernel.layout is None and self.streams == 1:  # it may leave cases to the portable one
            self.kernels.setdefault(execute.node.op, 0)
        held = {HELD: int(self._held(kernel, reads))}
        attrs = ({**packed.attrs, **more, **held} for more in packed.calls)
        calls = tuple(self._call(kernel, execute, reads, replace(packed, attrs=each)) for each in attrs)
        self._note_tables(execute.output.value, calls)
        return calls

    def _held(self, kernel: Prototype, reads: Mapping[str, Ref]) -> bool:
        """Whether scratch memory holds already what ``kernel`` makes of x; then it holds that."""
        names = {parameter.name for parameter in kernel.parameters}
        if SCRATCH not in names:
            return False
        before, self.holds = self.holds, (kernel.layout, reads["x"]) if HELD in names else None
        return self.holds is not None and self.holds == before

    def _note_tables(self, value: str, calls: tuple[Call, ...]) -> None:
        known = {table.name for table in self.constants.tables}
        read = (word for call in calls for argument in call.arguments for word in re.findall(r"\w+", argument))
        self.reads[value] = tuple(
            dict.fromkeys((*self.reads.get(value, ()), *(name for name in read if name in known)))
        )

    def _call(self, kernel: Prototype, execute: Execute, reads: Mapping[str, Ref], packed: Packed) -> Call:
        """Pointers to results are the outputs, to constants the inputs, in order; tables and scalars go by name."""
        replaced = [reads[name].value for name in kernel.replaced]
        written, read = iter((execute.output,)), iter(ref for ref in reads.values() if ref.value not in replaced)
        arguments: list[str] = []
        for parameter in kernel.parameters:
            if parameter.name in packed.tables:
                label = self._packed_label(parameter.name, kernel, packed, reads)
                made_of = parameter.name, *replaced, *sorted(execute.node.attrs.items())
                values = packed.tables[parameter.name]
                arguments.append(self.constants.name(values, parameter, label, made_of, kernel.layout))
            elif parameter.name == SCRATCH:
                arguments.append(self._scratch(parameter.type, packed.scratch))
            elif parameter.pointer:
                arguments.append(self._pointer(next(read if parameter.const else written), parameter))
            else:
                arguments.append(_scalar(packed.attrs[parameter.name], parameter))
        assert next(read, None) is None and next(written, None) is None, f"{kernel.name}: operands left over"
        return Call(kernel.name, tuple(arguments), self._counter(execute.node) if kernel.counts else None)

    def _counter(self, node: Node) -> str:
        if node.op != "door":
            return SATURATED
        return DT_CLIPPED if node.inputs[0] == self.graph.dt else CLIPPED

    def _packed_label(self, table: str, kernel: Prototype, packed: Packed, reads: Mapping[str, Ref]) -> str:
        """What a packed table holds: the constant of that name; the first one, also those that have no table now."""
        first = next((name for name in kernel.replaced if name in packed.tables), table)
        folded = [name for name in kernel.replaced if name not in packed.tables] if table == first else []
        held = [name for name in kernel.replaced if name in (table, *folded)] or list(kernel.replaced)
        return ", ".join(self.graph.labels.get(reads[name].value, "constants") for name in held)

    def _count(self, file: str) -> None:
        self.kernels[file] = self.kernels.get(file, 0) + 1

    def _scratch(self, kind: str, size: int) -> str:
        """The one local array of that type that kernels use while they run, as large as any of them wants it."""
        known = self.scratch.get(kind)
        name = f"q{len(self.scratch)}" if known is None else known.name
        self.scratch[kind] = Buffer(name, kind, size if known is None else max(size, known.size))
        return name

    def _check_shifts(self, execute: Execute, prototype: Prototype) -> None:
        """A row may be shifted by more than C allows only if it is all zero, so that every shift gives the same."""
        reads = [p.name for p in prototype.parameters if p.pointer and p.const]
        if SHIFTS not in reads:
            return
        position = reads.index(SHIFTS)
        rows, shifts = (self.graph.constants[execute.inputs[i].value] for i in (position - 1, position))
        assert not rows[shifts > fx.MOST_SHIFT].any(), f"{execute.output.value} is shifted by more than {fx.MOST_SHIFT}"

    def _copy(self, copy: Copy) -> Call:
        kernel = self._copier(constant=isinstance(copy.source, Ref))
        _, source, size = kernel.parameters
        self._count(kernel.file)
        origin = self._constant(copy.source, source) if isinstance(copy.source, Ref) else self._at(copy.source)
        return Call(kernel.name, (self._at(copy.to), origin, _scalar(copy.size, size)))

    def _copier(self, *, constant: bool) -> Prototype:
        own = next(prototypes.variants("copy", "copy", self.isa), None)
        portable = prototypes.find("fetch", "fetch_s16") if constant else prototypes.find("copy", "copy")
        return portable if own is None else own

    def _pointer(self, ref: Ref, parameter: Parameter) -> str:
        if ref.value in self.graph.constants:
            return self._constant(ref, parameter)
        assert POINTED[self.bits[ref.value]] == parameter.type, f"{ref.value} is no {parameter.type}"
        return self._at(self.where.of(ref))

    def _at(self, place: Place) -> str:
        return _offset(self.names[place.block], place.start * self.streams)

    def _constant(self, ref: Ref, parameter: Parameter) -> str:
        label = self.graph.labels.get(ref.value, "constants")
        values, each = self.graph.constants[ref.value], self.streams if parameter.streamed else 1
        repeated = np.repeat(values, each) if each > 1 else values
        name = self.constants.name(repeated, parameter, label, (parameter.name, ref.value))
        return _offset(name, ref.start * each)


def _no_streams(node: Node) -> LnnccError:
    return LnnccError(
        "E0350",
        f"the op {node.op} has no kernel for many streams",
        notes=("the model compiles, but not with batch",),
        helps=("leave out --batch, and step each stream by itself",),
    )


def _offset(name: str, start: int) -> str:
    return name if start == 0 else f"{name} + {start}"


def _scalar(value: Attr, parameter: Parameter) -> str:
    assert isinstance(value, int)
    low, high = LIMITS[parameter.type] if parameter.name != "shift" else (0, fx.MOST_SHIFT)
    assert low <= value <= high, f"{parameter.name} = {value} does not fit {parameter.type}"
    return literal(value)


def literal(value: int) -> str:
    """A decimal integer; the most negative int32 has no literal in C."""
    return "(-2147483647 - 1)" if value == -(1 << 31) else str(value)
