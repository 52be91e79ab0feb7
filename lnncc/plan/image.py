"""The image of a model whose weights may change: all that comes from weights, as one block that an update replaces.

A header, the tables that lie as the C struct has them, and a CRC; little-endian. docs/service.md has the layout.
"""

import zlib
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

import numpy as np

from lnncc import fx
from lnncc.ir import Array
from lnncc.plan import records

MAGIC, VERSION = b"LNNU", 1
HEADER, CRC = 28, 4  # bytes
STRUCTURE_BYTES = 8
STRUCTURE_AT = 12  # in the header
MODEL_AT = STRUCTURE_AT + STRUCTURE_BYTES  # the first bytes of a hash of the model
ALIGNED = 4
INDICES = frozenset({"src", "counts", "order", "where", "owner", "index"})  # parameters that say where, not how much
FUNCTIONS = frozenset({"nodes", "values", "truth", "table"})  # and those that hold a function, which no weights change
WEIGHTS = frozenset(
    {"a", "acc", "b", "base", "c", "d", "dt", "e", "f", "more", "n", "nothing", "numbers", "one", "p", "pair", "peak"}
    | {"rates", "rest", "t", "time", "v", "w", "weight", "x", "z"}
)  # and those of which any number is possible: shifts among them are clipped, or their instructions take every one
LISTS = "synapse_lists"
NARROW = "ln_synapse_narrow"  # of an AVR, which takes no updates


class Kind(Enum):
    """What an update may not do to a table, lest a step read or shift beyond its bounds."""

    FREE = "nothing that is not free"
    FIXED = "change it: the code holds it"
    HALVES = "change some of its halves of words"
    LISTS = "change lengths and sources of lists of synapses"
    SHIFTS = "hold a shift that is none"


@dataclass(frozen=True, slots=True)
class Guard:
    """``mask`` says which of every ``period`` halves of words stay as they are, the first lowest."""

    kind: Kind = Kind.FREE
    period: int = 0
    mask: int = 0


FREE = Guard()


def guard(parameter: str, kind: str, layout: str | None, lanes: int) -> Guard:
    """That of a table of C type ``kind`` for this parameter of a kernel, which ``layout`` packs."""
    own = parameter == "nodes" and kind in ("int16_t", "uint16_t")  # the functions of single synapses
    if parameter in INDICES or (parameter in FUNCTIONS and not own):
        return Guard(Kind.FIXED)
    if parameter == "s":
        return Guard(Kind.SHIFTS)
    if parameter != "synapse":
        assert parameter in WEIGHTS or own, f"nobody says what an update may make of {parameter}"
        return Guard()
    if layout == "synapse_rows":
        return Guard()  # sources are neighbours, which the code knows
    if layout == LISTS:
        return Guard(Kind.LISTS)
    if layout == "sell":
        return Guard(Kind.HALVES, 8 * lanes, (1 << 2 * lanes) - 1)  # sources are the first of four vectors
    if layout == "synapse_places":
        return Guard(Kind.HALVES, 6, 0b110011)  # reversal potentials alone are free
    if layout == "synapse_fours":
        return Guard()  # sources are among the counts
    if kind in ("ln_synapse", "ln_synapse_words"):
        return Guard(Kind.HALVES, 6, 1 << 5)  # and else the last half
    assert kind == NARROW, f"nobody says where {layout} has its sources"
    return Guard()


def kept(rule: Guard, data: bytes) -> bytes:
    """What an update must leave as it is of a table that lies in memory as ``data``."""
    halves = np.frombuffer(data, "<u2") if rule.kind in (Kind.HALVES, Kind.LISTS) else np.zeros(0, "<u2")
    if rule.kind is Kind.FIXED:
        return data
    if rule.kind is Kind.HALVES:
        return halves[[rule.mask >> i % rule.period & 1 == 1 for i in range(len(halves))]].tobytes()
    return halves[list(listed(halves.view("<i4")))].tobytes() if rule.kind is Kind.LISTS else b""


def listed(words: Array) -> list[int]:
    """Positions of halves: of each list the length, in bytes, and above the last of three words each source."""
    found, at = list[int](), 0
    while at < len(words):
        found += [2 * at, 2 * at + 1]
        end = at + 1 + int(words[at]) // 4
        found += [2 * k + 3 for k in range(at + 2, end, 3)]
        at = end
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """A table in the image: where it lies, and what holds of it."""

    name: str
    type: str
    values: Array
    label: str
    rule: Guard
    at: int

    @property
    def bytes(self) -> int:
        return records.size(self.type) * len(self.values)

    @property
    def data(self) -> records.Raw:
        return records.image(self.type, self.values)

    @property
    def possible(self) -> bool:
        """Whether its shifts, if it has any, are some."""
        return self.rule.kind is not Kind.SHIFTS or bool(
            (self.values >= 0).all() and (self.values <= fx.MOST_SHIFT).all()
        )


@dataclass(frozen=True, eq=False)
class Image:
    """``structure`` is a hash of all that is not in ``members``: an update is for code of just that structure.

    ``model`` is what a saved state of these weights begins with.
    """

    members: tuple[Member, ...]
    structure: bytes
    model: bytes

    @property
    def version(self) -> int:
        return VERSION

    @property
    def end(self) -> int:
        """Where the members end, and what fills up the last word begins."""
        return HEADER if not self.members else self.members[-1].at + self.members[-1].bytes

    @property
    def padding(self) -> int:
        return -self.end % ALIGNED

    @property
    def bytes(self) -> int:
        return self.end + self.padding + CRC

    @cached_property
    def built_in(self) -> records.Raw:
        """As it lies in the C."""
        return self.file(0, self.model)

    @property
    def crc(self) -> int:
        return int.from_bytes(self.built_in[-CRC:], "little")

    def file(self, number: int, base: records.Raw) -> records.Raw:
        """An update: the ``number``-th since the code was generated, made from the model of hash ``base``."""
        numbers = VERSION.to_bytes(2, "little") + (number % (1 << 16)).to_bytes(2, "little")
        head = MAGIC + numbers + self.bytes.to_bytes(4, "little") + self.structure + self.model + base
        assert len(head) == HEADER
        body = head + b"".join(member.data for member in self.members) + bytes(self.padding)
        return body + zlib.crc32(body).to_bytes(CRC, "little")


def laid_out(tables: tuple[tuple[str, str, Array, str, Guard], ...]) -> tuple[Member, ...]:
    """Tables one behind the other, those of words first, so that there are no gaps."""
    members, at = list[Member](), HEADER
    for name, kind, values, label, rule in sorted(tables, key=lambda t: -alignment(t[1])):
        members.append(Member(name, kind, values, label, rule, at))
        at += members[-1].bytes
    return tuple(members)


def alignment(kind: str) -> int:
    return min(records.size(kind), ALIGNED)
