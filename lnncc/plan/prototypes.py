"""What a kernel is called with, read from its own text: the line of ``runtime/kernels/<op>.h`` that starts it."""

import functools
import re
from dataclasses import dataclass

from lnncc import share

LINE = re.compile(r"^LN_FN (?P<result>\w+) (?P<name>\w+)\((?P<parameters>[^()]*)\)$", re.MULTILINE)
PARAMETER = re.compile(r"(?P<const>const )?(?P<type>\w+) (?P<pointer>\*?)(?P<name>\w+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a kernel: a scalar, or a pointer to what it reads (``const``) or writes."""

    type: str
    name: str
    pointer: bool
    const: bool


@dataclass(frozen=True, slots=True)
class Prototype:
    """A kernel. One that returns a size returns how many values it clipped."""

    name: str
    parameters: tuple[Parameter, ...]
    counts: bool


@functools.cache
def find(op: str, function: str) -> Prototype:
    """The prototype of ``function`` in the kernel file of ``op``."""
    text = (share.folder("runtime") / "kernels" / f"{op}.h").read_text(encoding="utf-8")
    for line in LINE.finditer(text):
        if line["name"] == function:
            parameters = tuple(_parameter(word) for word in line["parameters"].split(", "))
            return Prototype(function, parameters, counts=line["result"] == "ln_size")
    raise AssertionError(f"runtime/kernels/{op}.h has no {function}")


def _parameter(text: str) -> Parameter:
    match = PARAMETER.fullmatch(text)
    assert match is not None, text
    return Parameter(match["type"], match["name"], bool(match["pointer"]), bool(match["const"]))
