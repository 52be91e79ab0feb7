"""The plan: everything that the templates say in C, as data."""

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lnncc.ir import Array
from lnncc.plan import records
from lnncc.plan.image import FREE, Guard, Image, Kind
from lnncc.plan.interface import Interface

COUNTER_BYTES = 4  # of each in the state
POINTER_BYTES = 4  # in the state of a model whose weights may change, on the machines that flash is counted for


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A constant in C: (size,) integers of ``type``, or (size, fields) for a record; ``label`` says what it holds."""

    name: str
    type: str
    values: Array
    label: str
    rule: Guard = FREE

    @property
    def bytes(self) -> int:
        return records.size(self.type) * len(self.values)

    @property
    def data(self) -> records.Raw:
        """As it lies in memory."""
        return records.image(self.type, self.values)


@dataclass(frozen=True, slots=True)
class Buffer:
    """A local array of the step, on the stack."""

    name: str
    type: str
    size: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call; ``counter`` is the one of its kind, if its result is a number of clipped values."""

    function: str
    arguments: tuple[str, ...]
    counter: str | None = None


@dataclass(frozen=True, slots=True)
class Loop:
    """``body`` executed ``trips`` times."""

    variable: str
    trips: int
    body: tuple["Statement", ...]


Statement = Call | Loop


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """A state: its initial integers, and the bounds of its invariant, element by element."""

    name: str
    initial: Array
    low: Array
    high: Array

    @property
    def size(self) -> int:
        return len(self.initial)

    @property
    def uniform(self) -> bool:
        """Whether every element has the same bounds."""
        return bool((self.low == self.low[:1]).all() and (self.high == self.high[:1]).all())


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """The step of many streams, ``lanes`` of them in a block; as in ``Plan``."""

    lanes: int
    tables: tuple[Table, ...]
    buffers: tuple[Buffer, ...]
    statements: tuple[Statement, ...]
    kernels: tuple[str, ...]
    isa: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One model in C, before it is text. ``kernels`` are the files of ``runtime/kernels`` that it calls, ``isa`` those
    of ``runtime/simd``, the first of which includes what it needs of the others."""

    interface: Interface
    fields: tuple[Field, ...]
    tables: tuple[Table, ...]
    buffers: tuple[Buffer, ...]
    statements: tuple[Statement, ...]
    kernels: tuple[str, ...]
    isa: tuple[str, ...]
    digest: bytes
    shared: tuple[str, ...] = ()  # those of ``kernels`` that are not inlined
    batch: Batch | None = None
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # the tables behind each value of the graph
    image: Image | None = None  # where weights may change, what of ``tables`` may, and all else that comes from weights

    @property
    def name(self) -> str:
        return self.interface.name

    @property
    def unused(self) -> tuple[str, ...]:
        """Parameters of the step that no statement names."""
        return self.unnamed(self.statements)

    def unnamed(self, statements: tuple["Statement", ...]) -> tuple[str, ...]:
        named = _named(statements) | ({"s"} if self.reads_weights else set())
        return tuple(p for p in ("s", *(x.id for x in self.interface.inputs)) if p not in named)

    @property
    def reads_weights(self) -> bool:
        """Whether the step reads the image."""
        return self.image is not None and any(t.rule.kind is not Kind.FIXED for t in self.tables)

    @property
    def state_bytes(self) -> int:
        """Size of NAME_state, the counters aligned to four bytes."""
        pointer = 0 if self.image is None else POINTER_BYTES
        return (
            pointer + -(-2 * sum(f.size for f in self.fields) // 4) * 4 + COUNTER_BYTES * len(self.interface.counters)
        )

    @property
    def save_bytes(self) -> int:
        return self.interface.save_bytes

    @property
    def service_tables(self) -> tuple[Table, ...]:
        """Constants that no step reads: where states start, their bounds where elements differ, and the hash."""
        made: list[Table] = []
        if self.image is not None:
            return ()
        for f in self.fields:
            if f.initial.any():
                made.append(_words(f"{f.name}_initial", f.initial, f"what {f.name} starts from"))
            if not f.uniform:
                made.append(_words(f"{f.name}_low", f.low, f"least of {f.name}, which every step keeps"))
                made.append(_words(f"{f.name}_high", f.high, f"greatest of {f.name}, which every step keeps"))
        digest = np.frombuffer(self.digest, np.uint8)[:, None].astype(np.int64)
        return (*made, Table("model_hash", "uint8_t", digest, "the first bytes of a hash of the model"))

    @property
    def constants(self) -> tuple[Table, ...]:
        """All arrays that NAME_check_tables reads, in its order; behind them it reads the image, if there is one."""
        held = self.tables if self.image is None else tuple(t for t in self.tables if t.rule.kind is Kind.FIXED)
        return (*held, *self.service_tables)

    @property
    def constants_crc(self) -> int:
        """CRC-32 of ``constants`` as they lie in memory, one after the other."""
        built_in = b"" if self.image is None else self.image.built_in
        return zlib.crc32(b"".join(t.data for t in self.constants) + built_in)

    @property
    def table_bytes(self) -> int:
        """Of the constants that the step reads: most of its flash."""
        return sum(table.bytes for table in self.tables)

    @property
    def constant_bytes(self) -> int:
        """Of all constants in the C: tables, what states start from, bounds that differ by element, the hash.

        A compiler may put some of them into instructions instead.
        """
        return sum(table.bytes for table in self.constants) + (0 if self.image is None else self.image.bytes)

    @property
    def calls(self) -> int:
        """How many kernels are called in the text of a step."""
        return _calls(self.statements)

    @property
    def buffer_bytes(self) -> int:
        """Of the temporaries, all on the stack while the step runs."""
        return sum(records.size(b.type) * b.size for b in self.buffers)


def words_of(fields: tuple[Field, ...]) -> tuple[Table, ...]:
    """Where states start and what bounds them, all of which comes from weights."""
    made = (
        (f"{f.name}_{part}", values, f"{what} {f.name}")
        for f in fields
        for part, values, what in (
            ("initial", f.initial, "start of"),
            ("low", f.low, "least of"),
            ("high", f.high, "most of"),
        )
    )
    return tuple(_words(*one) for one in made)


def _words(name: str, values: Array, label: str) -> Table:
    return Table(name, "int16_t", values[:, None], label)


def _calls(statements: tuple[Statement, ...]) -> int:
    return sum(_calls(s.body) if isinstance(s, Loop) else 1 for s in statements)


def _named(statements: tuple[Statement, ...]) -> set[str]:
    names: set[str] = set()
    for statement in statements:
        if isinstance(statement, Loop):
            names |= _named(statement.body)
            continue
        names.update(re.split(r"\W", argument)[0] for argument in statement.arguments)
        names.update({"s"} if statement.counter else ())
    return names
