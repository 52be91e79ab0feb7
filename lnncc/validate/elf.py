"""An ELF as our tools need it: bytes by address, functions, which bytes are code, and how much memory is used."""

from bisect import bisect_right
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from lnncc.extras import needs

with needs("pyelftools"):
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

WRITE, ALLOC, EXECUTE = 0x1, 0x2, 0x4  # sh_flags: SHF_WRITE, SHF_ALLOC, SHF_EXECINSTR


@dataclass(frozen=True, slots=True)
class Section:
    """What the loader places: ``data`` is empty for .bss. Addresses are those at run time."""

    name: str
    address: int
    size: int
    data: bytes
    writable: bool


@dataclass(frozen=True, slots=True)
class Symbol:
    """A function or an object; the Thumb bit is cleared."""

    name: str
    address: int
    size: int
    function: bool

    @property
    def end(self) -> int:
        return self.address + self.size

    def holds(self, address: int) -> bool:
        return self.address <= address < self.end


@dataclass(frozen=True)
class Image:
    """A linked program. ``segments`` are (load address, bytes); ``marks`` are (address, is code), sorted.

    ``machine``, ``flags`` and ``entry`` are those of the ELF's header; ``vector_bytes``, which no ELF says, is what a
    register of vectors has on the core that it is for.
    """

    segments: tuple[tuple[int, bytes], ...]
    sections: tuple[Section, ...]
    symbols: tuple[Symbol, ...]
    marks: tuple[tuple[int, bool], ...]
    machine: str = "EM_ARM"
    flags: int = 0
    entry: int = 0
    vector_bytes: int | None = None

    @cached_property
    def functions(self) -> tuple[Symbol, ...]:
        """One symbol an address, in order; a size that assembly left out reaches to the next function."""
        first = {s.address: s for s in sorted(self.symbols, key=_preference, reverse=True) if s.function}
        starts = sorted(first)
        ends = [*starts[1:], max((s.address + s.size for s in self.sections), default=0)]
        return tuple(_sized(first[start], end) for start, end in zip(starts, ends, strict=True))

    def function_at(self, address: int) -> Symbol | None:
        """The function that holds ``address``."""
        index = bisect_right([f.address for f in self.functions], address) - 1
        found = self.functions[index] if index >= 0 else None
        return found if found is not None and address < found.end else None

    def symbol(self, name: str) -> Symbol:
        """The symbol called ``name``; KeyError without it."""
        for symbol in self.symbols:
            if symbol.name == name:
                return symbol
        raise KeyError(name)

    def read(self, address: int, size: int) -> bytes:
        """``size`` bytes at ``address``; IndexError where the program holds none."""
        for section in self.sections:
            offset = address - section.address
            if offset >= 0 and offset + size <= len(section.data):
                return section.data[offset : offset + size]
        raise IndexError(f"no bytes at {address:#x}")

    def is_code(self, address: int) -> bool:
        """Whether the assembler marked ``address`` as code ($t, $a, $x) and not as a literal ($d)."""
        index = bisect_right(self.marks, (address, True)) - 1
        return index < 0 or self.marks[index][1]

    @property
    def flash(self) -> int:
        """Bytes that the program occupies in flash: code, constants and the initial values of data."""
        return sum(len(section.data) for section in self.sections)

    @property
    def static_ram(self) -> int:
        """Bytes of .data and .bss."""
        return sum(section.size for section in self.sections if section.writable)


def read(path: Path) -> Image:
    """The image in the ELF file ``path``."""
    with path.open("rb") as file:
        elf = ELFFile(file)
        sections = tuple(_section(s) for s in elf.iter_sections() if s["sh_flags"] & ALLOC and s["sh_size"])
        segments = tuple(
            (s["p_paddr"], s.data()) for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_filesz"]
        )
        entries = [s for t in elf.iter_sections() if isinstance(t, SymbolTableSection) for s in t.iter_symbols()]
        header = elf.header
        head = header["e_machine"], header["e_flags"], header["e_entry"]
        untyped = elf.iter_sections() if head[0] == "EM_AVR" else ()
        code = frozenset(i for i, s in enumerate(untyped) if s["sh_flags"] & EXECUTE)
        return Image(segments, sections, _symbols(entries, code), _marks(entries), *head)


def _section(section) -> Section:  # type: ignore[no-untyped-def]  # pyelftools has no types
    empty = section["sh_type"] == "SHT_NOBITS"
    return Section(
        name=section.name,
        address=section["sh_addr"],
        size=section["sh_size"],
        data=b"" if empty else section.data(),
        writable=bool(section["sh_flags"] & WRITE),
    )


def _symbols(entries, code: frozenset[int]) -> tuple[Symbol, ...]:  # type: ignore[no-untyped-def]  # pyelftools has no types
    """Functions and objects. What libgcc's assembly for AVR defines has no type: global names of code are functions."""
    kinds = {"STT_FUNC": True, "STT_OBJECT": False, **({"STT_NOTYPE": True} if code else {})}
    return tuple(
        Symbol(e.name, e["st_value"] & ~1 if kinds[kind] else e["st_value"], e["st_size"], kinds[kind])
        for e in entries
        if (kind := e["st_info"]["type"]) in kinds and (kind != "STT_NOTYPE" or _global_code(e, code))
    )


def _global_code(entry, code: frozenset[int]) -> bool:  # type: ignore[no-untyped-def]  # pyelftools has no types
    return entry["st_info"]["bind"] == "STB_GLOBAL" and entry["st_shndx"] in code


def _marks(entries) -> tuple[tuple[int, bool], ...]:  # type: ignore[no-untyped-def]  # pyelftools has no types
    """Mapping symbols, "ELF for the Arm Architecture" 5.5.5; of two at one address the later one holds."""
    names = [(e["st_value"], e.name[:2]) for e in entries]
    return tuple(sorted({value: name != "$d" for value, name in names if name in ("$a", "$d", "$t", "$x")}.items()))


def _preference(symbol: Symbol) -> tuple[bool, bool, str]:
    """Of several names of one function: the one with a size, then the shortest way to read it."""
    return (symbol.size == 0, "." in symbol.name, symbol.name)


def _sized(symbol: Symbol, end: int) -> Symbol:
    if symbol.size:
        return symbol
    return Symbol(symbol.name, symbol.address, end - symbol.address, symbol.function)
