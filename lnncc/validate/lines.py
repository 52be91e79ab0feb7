"""lines: from machine code back to the functions of the runtime, by the line table of a program built with -g."""

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lnncc.extras import needs

with needs("pyelftools"):
    from elftools.dwarf.lineprogram import LineProgram
    from elftools.elf.elffile import ELFFile

FUNCTION = re.compile(
    r"^LN_(?:FN|INLINE|SHARED) [\w ]+?\**(?P<name>ln_\w+)\([^{;]*?\)\n\{(?P<body>.*?)^\}", re.M | re.S
)


@dataclass(frozen=True, slots=True)
class Lines:
    """Where runs of addresses begin, sorted, and the (file, line) of each; ("", 0) where nothing is known."""

    starts: tuple[int, ...]
    places: tuple[tuple[str, int], ...]

    def within(self, address: int, size: int) -> set[tuple[str, int]]:
        """The places of ``size`` bytes at ``address``."""
        first = bisect_right(self.starts, address) - 1
        end = bisect_right(self.starts, address + size - 1)
        return {place for place in self.places[max(first, 0) : end] if place[1]}


def read(elf: Path) -> Lines:
    """The line table of ``elf``; empty if it has none."""
    found: dict[int, tuple[str, int]] = {}
    with elf.open("rb") as stream:
        file = ELFFile(stream)
        if file.has_dwarf_info():
            dwarf = file.get_dwarf_info()
            for unit in dwarf.iter_CUs():
                program = dwarf.line_program_for_CU(unit)
                if program is not None:
                    found.update(_rows(program))
    starts = tuple(sorted(found))
    return Lines(starts, tuple(found[start] for start in starts))


def _rows(program: LineProgram) -> dict[int, tuple[str, int]]:
    """Up to version 4 of DWARF files count from 1."""
    first = 0 if program.header["version"] >= 5 else 1
    names = [entry.name.decode("utf-8", "replace") for entry in program.header["file_entry"]]
    rows: dict[int, tuple[str, int]] = {}
    for entry in program.get_entries():
        state = entry.state
        if state is not None:
            known = not state.end_sequence and 0 <= state.file - first < len(names)
            rows[state.address] = (Path(names[state.file - first]).name, state.line) if known else ("", 0)
    return rows


def functions(text: str) -> Mapping[str, tuple[range, str]]:
    """The lines and the bodies of the functions of a header, by name; the last of a name counts."""
    found: dict[str, tuple[range, str]] = {}
    for match in FUNCTION.finditer(text):
        first = text.count("\n", 0, match.start()) + 1
        found[match["name"]] = range(first, first + match[0].count("\n") + 1), match["body"]
    return found
