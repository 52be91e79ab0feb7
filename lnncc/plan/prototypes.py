"""What a kernel is called with, read from its own text: the line of ``runtime/kernels/<op>.h`` that starts it.

A machine may have its own text of a kernel: ``ln_<op>_<isa>`` in ``runtime/kernels/<op>.<isa>.h``. If that reads its
constants in another order, the line above says so: ``/* layout <name>: <constants it replaces> */``.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lnncc import share
from lnncc.ir import Node
from lnncc.ops import OPS

LINE = re.compile(
    r"^(?:/\* layout (?P<layout>\w+): (?P<replaced>\w+(?:, \w+)*) \*/\n)?"
    r"LN_(?:FN|KERNEL|INLINE|SHARED) (?P<result>\w+) (?P<name>\w+)\((?P<parameters>[^()]*)\)$",
    re.MULTILINE,
)
ENDS = ("_first", "", "_rolled")  # of several texts of one kernel on one machine, the preferred one first
STREAMED = {"ln_s16": "int16_t", "ln_s32": "int32_t"}
LANES = re.compile(r"^#define LN_LANES (?P<count>\d+)$", re.MULTILINE)
PARAMETER = re.compile(r"(?P<const>const )?(?P<rom>LN_ROM )?(?P<type>\w+) (?P<pointer>\*?)(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kernel: a scalar, or a pointer to what it reads (``const``) or writes.

    ``rom`` says that it reads constants alone, by the words that reach a memory of their own (``LN_ROM``).
    ``streamed`` says that a stream in each lane has a value of its own.
    """

    type: str
    name: str
    pointer: bool
    const: bool
    rom: bool
    streamed: bool = False

    @property
    def reads(self) -> bool:
        return self.pointer and self.const


@dataclass(frozen=True, slots=True)
class Prototype:
    """A kernel in ``runtime/kernels/<file>.h``. One that returns a number returns how many values it clipped.

    ``layout`` names a function of ``plan.layouts``, ``replaced`` the parameters of the portable kernel that it packs.
    """

    name: str
    file: str
    parameters: tuple[Parameter, ...]
    counts: bool
    layout: str | None = None
    replaced: tuple[str, ...] = ()


def function(node: Node, bits: Mapping[str, int]) -> str:
    """Which kernel of its op ``node`` needs, values having ``bits``."""
    op = OPS[node.op]
    return op.kernel(node, bits) if hasattr(op, "kernel") else node.op


def find(op: str, function: str) -> Prototype:
    """The portable prototype of ``ln_<function>`` in the kernel file of ``op``."""
    return kernels(op)[f"ln_{function}"]


def variants(op: str, function: str, isa: tuple[str, ...]) -> Iterator[Prototype]:
    """The texts of a kernel that machines have of their own, the preferred one first, by the ends of their names."""
    for machine in isa:
        known = kernels(f"{op}.{machine}")
        names = (f"ln_{function}_{machine}{end}" for end in ENDS)
        yield from (known[name] for name in names if name in known)


@functools.cache
def lanes(isa: tuple[str, ...]) -> int:
    """How many integers the machine's own words take at once, by its header; 1 if that does not say."""
    found = LANES.search(_text("simd", isa[0]))
    return 1 if found is None else int(found["count"])


@functools.cache
def kernels(file: str) -> dict[str, Prototype]:
    """Every kernel of a file by name; none if there is no such file."""
    return {line["name"]: _prototype(file, line) for line in LINE.finditer(_text("kernels", file))}


def _text(folder: str, name: str) -> str:
    path = share.folder("runtime") / folder / f"{name}.h"
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _prototype(file: str, line: re.Match[str]) -> Prototype:
    parameters = tuple(map(_parameter, line["parameters"].split(", ")))
    replaced = tuple((line["replaced"] or "").split(", ")) if line["layout"] else ()
    return Prototype(line["name"], file, parameters, line["result"] != "void", line["layout"], replaced)


def _parameter(text: str) -> Parameter:
    match = PARAMETER.fullmatch(text)
    assert match is not None, text
    kind = match["type"]
    written = bool(match["pointer"]), bool(match["const"]), bool(match["rom"])
    return Parameter(STREAMED.get(kind, kind), match["name"], *written, kind in STREAMED)
