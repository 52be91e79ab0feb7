"""What a tool is told to do: command lines, and what they are made of."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from lnncc.flash.image import Segments, span

ELF = "firmware.elf"
FLAT = "firmware.bin"  # the same as one block, from the first address on
BACK = "back.bin"  # what was read back, likewise


@dataclass(frozen=True, slots=True)
class Device:
    """Something that a tool can reach a board by: what to call it, and what a person knows it by."""

    id: str
    what: str


@dataclass(frozen=True, slots=True)
class Step:
    """A command line, run in the folder of the firmware.

    ``back`` says that it leaves in BACK what it read from the board, ``compares`` that the tool itself compares flash
    with the program, and fails where they differ; ``makes`` names an image that it makes. ``says`` are words without
    which it failed, where its exit status does not tell.
    """

    argv: tuple[str, ...]
    back: bool = False
    compares: bool = False
    makes: str | None = None
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """Firmware, the device to reach the board by (None: the tool's own choice), and what the board's file tells."""

    segments: Segments
    device: str | None
    told: Mapping[str, str | int | tuple[str, ...]]

    @property
    def bytes(self) -> int:
        """What it holds; ``size`` is what it spans, from ``address`` on."""
        return sum(len(data) for _, data in self.segments)

    @property
    def address(self) -> int:
        return span(self.segments)[0]

    @property
    def size(self) -> int:
        start, end = span(self.segments)
        return end - start

    def text(self, key: str) -> str:
        value = self.told[key]
        assert isinstance(value, str)
        return value

    def number(self, key: str) -> int:
        value = self.told[key]
        assert isinstance(value, int)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.told[key]
        assert isinstance(value, tuple)
        return value

    def on(self, option: str) -> tuple[str, ...]:
        """``option`` and the device, or nothing where none is named."""
        return () if self.device is None else (option, self.device)


def command(programs: Sequence[str], module: str | None = None) -> tuple[str, ...] | None:
    """How to call the first of ``programs`` that is installed; or the Python package ``module``, by this Python."""
    found = next((name for name in programs if shutil.which(name) is not None), None)
    if found is not None:
        return (found,)
    if module is not None and find_spec(module) is not None:
        return (sys.executable, "-m", module)
    return None
