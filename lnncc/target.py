"""What lnncc knows of targets and boards: ``targets/*.toml`` and ``targets/boards/*.toml``, read strictly."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lnncc import board as readers
from lnncc import share
from lnncc.board import Board
from lnncc.errors import LnnccError, meant
from lnncc.strict import Table, invalid

HOST = "host"
BOARDS = "boards"  # the folder of boards inside targets/
FILE = ".toml"
SCARCE = 4096  # bytes of RAM


@dataclass(frozen=True, slots=True)
class Toolchain:
    """One way to compile for the target: the driver's dialect, its command and the flags that choose the core."""

    kind: str
    command: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flasher:
    """A way to put firmware on a board: a tool of lnncc/flash/tools, and the keys and values that it is told.

    ``emulator``, a file of lnncc/flash/emulated, plays the board.
    """

    tool: str
    told: tuple[tuple[str, str | int | tuple[str, ...]], ...]
    emulator: str | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A typical part with this core, in bytes: what a model must fit into."""

    name: str
    flash: int
    ram: int


@dataclass(frozen=True, slots=True)
class Target:
    """``core`` is the target that a board has, or this one.

    ``cost`` is what each kind of work takes in cycles or instructions, an estimate to choose formats by.

    ``code`` is bytes of machine code by what is optimised for: of any step, and of each call in it, an estimate too.

    ``kind`` names the folder of start-up and linker text beside the TOML; ``cycles`` a model of validate/cycles.

    ``isa`` are names of ``runtime/simd``, the preferred one first: whose words and kernels the C is made of. ``needs``
    are flags of /proc/cpuinfo without which this machine cannot run it (kind host). ``split`` says that constants lie
    in a memory of their own, which ordinary loads do not reach. ``vector_bytes`` are those of a register of vectors,
    where the instruction set leaves that open. ``flashers`` are a board's, the preferred one first.
    """

    name: str
    core: str
    description: str
    kind: str
    cpu: str
    isa: tuple[str, ...]
    compilers: tuple[Toolchain, ...]
    cycles: str | None = None
    cost: Mapping[str, float] | None = field(default=None, hash=False)  # a target is a key of caches
    code: Mapping[str, tuple[int, int]] | None = field(default=None, hash=False)
    hints: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    split: bool = False
    vector_bytes: int | None = None
    part: Part | None = None
    board: Board | None = None
    flashers: tuple[Flasher, ...] = ()

    @property
    def scarce(self) -> bool:
        """Whether RAM is so little that a step saves it where that costs little, whatever it is optimised for."""
        return self.part is not None and self.part.ram <= SCARCE

    def emulated(self) -> Board:
        """The board. Raises E0222 for a target that is not emulated."""
        if self.board is None:
            raise LnnccError(
                "E0222",
                f"target {self.name} is not emulated",
                helps=("choose one of: " + ", ".join(n for n in names() if load(n).board is not None),),
            )
        return self.board

    def machine(self, emulator: str) -> str:
        """What ``emulator`` calls the board. Raises E0223 if it cannot run this target."""
        known = dict(self.emulated().emulators)
        if emulator not in known:
            raise LnnccError(
                "E0223",
                f"no emulator {emulator!r} for target {self.name}",
                helps=(
                    *meant(emulator, known),
                    "choose one of: " + ", ".join(known),
                ),
            )
        return known[emulator]


def names() -> tuple[str, ...]:
    """All targets, in alphabetical order."""
    return tuple(sorted(path.stem for path in share.folder("targets").glob("*.toml")))


def boards() -> tuple[str, ...]:
    """All boards, in alphabetical order: each is a target with a memory map of its own."""
    return tuple(sorted(path.stem for path in (share.folder("targets") / BOARDS).glob("*.toml")))


def load(name: str) -> Target:
    """The target or board ``name``, or the board that a file ``name.toml`` of the user's tells of.

    Raises:
        LnnccError: E0201, with the closest match, if there is none; E0221 for a file that is no board.
    """
    if name.endswith(FILE):
        return read_board(Path(name))
    if name in names():
        return read(share.folder("targets") / f"{name}.toml")
    if name in boards():
        return read_board(share.folder("targets") / BOARDS / f"{name}.toml")
    known = ("known: " + ", ".join(names()), "boards: " + ", ".join(boards()))
    raise LnnccError(
        "E0201",
        f"unknown target {name!r}",
        helps=(*meant(name, (*names(), *boards())), *known, "or give the file of your own board"),
    )


def remembered(name: str) -> str:
    """What a build calls its target, so that it can be read anywhere: of a board in a user's file, the core."""
    return load(name).core if name.endswith(FILE) else name


def read_board(path: Path) -> Target:
    """The board in one TOML file: its ``core`` is a target, of which it has all but memory. Raises as ``read``.

    Or it is ``like`` another board, of which it has all but the ways to flash it.
    """
    table = _opened(path)
    made = replace(
        _like(table) if "like" in table.items else _of_core(table),
        name=path.stem,
        description=table.take("description", str),
        flashers=tuple(_flasher(entry) for entry in table.tables("flasher")) if "flasher" in table.items else (),
    )
    table.close()
    return made


def _like(table: Table) -> Target:
    """No chain of them, which might have no end."""
    name = table.take("like", str)
    path = share.folder("targets") / BOARDS / f"{name}.toml"
    if name not in boards() or "like" in _opened(path).items:
        raise table.wrong("like", "a board with a memory map of its own")
    return read_board(path)


def _of_core(table: Table) -> Target:
    core = table.take("core", str)
    if core not in names():
        raise table.wrong("core", "a target")
    return replace(load(core), part=_part(table.table("part")), board=readers.read(table.table("board")))


def _opened(path: Path) -> Table:
    try:
        return Table(path, "", tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise invalid(path, str(error)) from error


def read(path: Path) -> Target:
    """The target in one TOML file. Raises E0221, naming file and key, for anything not as expected."""
    table = _opened(path)
    items = table.items
    target = Target(
        name=path.stem,
        core=path.stem,
        description=table.take("description", str),
        kind=table.take("kind", str),
        cpu=table.take("cpu", str),
        isa=table.texts("isa"),
        cycles=table.take("cycles", str) if "cycles" in items else None,
        cost=_cost(table.table("cost")) if "cost" in items else None,
        code=_code(table.table("code")) if "code" in items else None,
        hints=table.texts("hints") if "hints" in items else (),
        needs=table.texts("needs") if "needs" in items else (),
        compilers=tuple(_toolchain(entry) for entry in table.tables("compiler")),
        split=table.flag("split"),
        vector_bytes=table.take("vector_bytes", int) if "vector_bytes" in items else None,
        part=_part(table.table("part")) if "part" in items else None,
        board=readers.read(table.table("board")) if "board" in items else None,
    )
    table.close()
    if target.kind != HOST and not (path.parent / target.kind).is_dir():
        raise invalid(path, f"kind {target.kind!r} has no folder of start-up text beside this file")
    if not target.isa:
        raise table.wrong("isa", "a list of names of runtime/simd")
    for isa in target.isa:
        if not (share.folder("runtime") / "simd" / f"{isa}.h").is_file():
            raise invalid(path, f"isa {isa!r} has no runtime/simd/{isa}.h")
    return target


def check_fit(target: Target, *, flash: int, ram: int, stack: int) -> None:
    """Raise E0501 unless ``flash``, and ``ram`` with ``stack``, in bytes, fit the target's typical part."""
    part = target.part
    if part is None or (flash <= part.flash and ram + stack <= part.ram):
        return
    raise LnnccError(
        "E0501",
        f"the model does not fit {target.name} ({part.name})",
        notes=(
            f"flash: {flash} of {part.flash} bytes",
            f"RAM: {ram} and {stack} of stack, of {part.ram} bytes",
        ),
        helps=("make the model smaller, use --bits 8, or choose a larger target",),
    )


def flash_estimate(target: Target, optimise: str, constants: int, calls: int) -> int | None:
    """Bytes of flash before a C compiler runs: constants as they are, code by ``[code]``; None where there is none."""
    if target.code is None:
        return None
    step, call = target.code[SIZE if optimise == SIZE else BALANCED]
    return constants + step + call * calls


def check_constants(target: Target, constants: object) -> None:
    """Raise E0505 if so many bytes of constants alone do not fit the emulated board: no C need be compiled for that."""
    board = target.emulated()
    room = board.flash.size if board.constants is None else board.constants.size
    if not isinstance(constants, int) or constants <= room:
        return
    raise LnnccError(
        "E0505",
        f"the constants of this model alone do not fit {target.name}",
        notes=(f"weights and tables: {constants} bytes; where they go on the emulated board: {room} bytes",),
        helps=("make the model smaller, use --bits 8, or choose a larger target",),
    )


def _toolchain(table: Table) -> Toolchain:
    made = Toolchain(table.take("kind", str), table.take("command", str), table.texts("flags"))
    table.close()
    return made


def _flasher(table: Table) -> Flasher:
    """What a tool is told is strings, whole numbers and lists of strings; which, the tool knows."""
    tool, emulator = table.take("tool", str), table.take("emulator", str) if "emulator" in table.items else None
    told = tuple((key, _told(table, key)) for key in table.items if key not in ("tool", "emulator"))
    table.close()
    return Flasher(tool, told, emulator)


def _told(table: Table, key: str) -> str | int | tuple[str, ...]:
    match table.items[key]:
        case str():
            return table.take(key, str)
        case list():
            return table.texts(key)
    return table.take(key, int)


# The keys of [cost]: a step itself, and the call of a kernel; each matrix, weight of 8 and of 16 bits, and row; each
# synapse by what it reads (a table of all, one not interpolated, its own), source of such tables, and neuron; each
# mean, table read and other element.
_CELLS = "matrix mac8 mac16 row synapse synapse_direct synapse_own position destination division"
COSTS = ("step", "call", *_CELLS.split(" "), "lookup", "lookup_direct", "element")


def _cost(table: Table) -> Mapping[str, float]:
    made = {key: table.number(key) for key in COSTS}
    table.close()
    return made


# The keys of [code]: what models are optimised for. Speed is as balanced.
BALANCED, SIZE = "balanced", "size"


def _code(table: Table) -> Mapping[str, tuple[int, int]]:
    made = {key: _pair(table, key) for key in (BALANCED, SIZE)}
    table.close()
    return made


def _pair(table: Table, key: str) -> tuple[int, int]:
    values = [value for value in table.take(key, list) if type(value) is int]
    if len(values) != 2:
        raise table.wrong(key, "[bytes of a step, bytes of each call in it]")
    return values[0], values[1]


def _part(table: Table) -> Part:
    made = Part(table.take("name", str), table.take("flash", int), table.take("ram", int))
    table.close()
    return made
