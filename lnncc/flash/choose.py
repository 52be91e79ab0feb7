"""Which tool puts firmware on a board, and through which device: what is installed, what answers, what was named."""

import importlib
from dataclasses import dataclass
from pathlib import Path

from lnncc import target as targets
from lnncc.errors import LnnccError, meant
from lnncc.flash import emulated, tools
from lnncc.flash.step import Device
from lnncc.flash.tools import Told, Tool
from lnncc.flash.volumes import read as read_volume
from lnncc.strict import invalid
from lnncc.target import Flasher, Target


@dataclass(frozen=True, slots=True, eq=False)
class Way:
    """A board's entry for a tool, the tool, and how to call it; ``installed`` says whether it is there."""

    flasher: Flasher
    tool: Tool
    call: tuple[str, ...]
    installed: bool

    @property
    def told(self) -> Told:
        return dict(self.flasher.told)


def way(board: Target, named: str | None, *, must: bool = True) -> Way:
    """The board's first tool that is installed, or the ``named`` one; unless ``must``, that one installed or not.

    Raises:
        LnnccError: E0221 for a board's entry that its tool does not understand, E0226 if the board has no such tool,
            E0227 if it has none at all, E0706 if none is installed.
    """
    ways = [_way(board, entry) for entry in flashers(board) if named in (None, entry.tool)]
    if not ways:
        known = [entry.tool for entry in board.flashers]
        helps = (*meant(str(named), known), f"choose one of: {', '.join(known)}")
        raise LnnccError("E0226", f"{board.name} is not flashed by {named!r:.60}", helps=helps)
    chosen = next((way for way in ways if way.installed), None)
    if chosen is None and (must or named is None):
        helps = tuple(f"for {way.flasher.tool}: {way.tool.GET}" for way in ways)
        raise LnnccError("E0706", f"no tool that flashes {board.name} is installed", helps=helps)
    return chosen or ways[0]


def flashers(board: Target) -> tuple[Flasher, ...]:
    """Raises E0227 if there are none."""
    if board.flashers:
        return board.flashers
    known = ", ".join(name for name in targets.boards() if targets.load(name).flashers)
    raise LnnccError(
        "E0227",
        f"{board.name} cannot be flashed: "
        + ("it is a core, not a board" if board.name in targets.names() else "its file names no tool"),
        helps=(f"choose one of: {known}",),
    )


def _way(board: Target, entry: Flasher) -> Way:
    path = Path(f"{board.name}.toml")
    if entry.tool not in tools.names():
        raise invalid(path, f"flasher tool {entry.tool!r} is none of {', '.join(tools.names())}")
    if entry.emulator is not None and entry.emulator not in emulated.NAMES:
        raise invalid(path, f"flasher emulator {entry.emulator!r} is none of {', '.join(emulated.NAMES)}")
    tool = tools.load(entry.tool)
    for key, value in entry.told:
        if not isinstance(value, tool.TOLD.get(key, ())):
            raise invalid(path, f"flasher {entry.tool} does not know {key} = {value!r}")
    missing = [key for key in tool.TOLD if key not in dict(entry.told)]
    if missing:
        raise invalid(path, f"flasher {entry.tool} lacks {missing[0]}")
    call = tool.found()
    return Way(entry, tool, call or (entry.tool,), call is not None)


def device(way: Way, *, port: str | None, probe: str | None, must: bool = True) -> str | None:
    """What the tool is to use: what was named, or the only one that answers; None where the tool has to see for itself.

    Unless ``must``, None also where nothing answers.

    Raises:
        LnnccError: E0228 if what was named is of no use here, E0811 if several answer, E0812 if none does or not the
            one named, E0814 for a drive of another board.
    """
    flasher, named = way.flasher, port if way.tool.NAMED_BY == "--port" else probe
    if flasher.emulator is not None:
        _no_use(port or probe, f"{flasher.emulator} plays the board, which is reached by itself", "leave it out")
        return importlib.import_module(f"lnncc.flash.emulated.{flasher.emulator}").PLACE
    if way.tool.NAMED_BY == "--port":
        _no_use(probe, f"{flasher.tool} reaches the board by a serial port, not a probe", "name it with --port")
    found = way.tool.devices(way.told) if way.installed else None
    if named is not None:
        return _named(way, named, found)
    if not found:
        if must and found is not None:
            raise LnnccError("E0812", f"nothing answers that {flasher.tool} could flash", helps=(way.tool.NOBODY,))
        return None
    first, *others = found
    if others:
        raise LnnccError(
            "E0811",
            f"{len(found)} devices answer, and {flasher.tool} was not told which to take",
            notes=tuple(f"{entry.id}  ({entry.what})" for entry in found),
            helps=(f"name one: {way.tool.NAMED_BY} {first.id}",),
        )
    _check(way, first)
    return first.id


def _named(way: Way, named: str, found: tuple[Device, ...] | None) -> str:
    """A port may have another name than the listed one; a drive is looked into; a server is gdb's to find."""
    if hasattr(way.tool, "check"):
        drive = read_volume(Path(named))
        if drive is None:
            raise LnnccError("E0812", f"{named} is no drive of a UF2 boot loader", helps=(way.tool.NOBODY,))
        _check(way, drive)
        return str(Path(named).resolve())  # tools run in a folder of their own
    elif found and way.tool.NAMED_BY == "--probe" and named not in {entry.id for entry in found}:
        raise LnnccError(
            "E0812",
            f"{way.flasher.tool} does not see the probe {named}",
            notes=tuple(f"it sees {entry.id}  ({entry.what})" for entry in found),
            helps=("name one of these, or plug the other in",),
        )
    return str(Path(named).absolute()) if way.tool.NAMED_BY == "--port" and Path(named).exists() else named


def _check(way: Way, found: Device) -> None:
    check = getattr(way.tool, "check", None)
    if check is not None:
        check(way.told, found)


def _no_use(named: str | None, why: str, instead: str) -> None:
    if named is not None:
        raise LnnccError("E0228", f"{named!r:.60} is of no use here: {why}", helps=(instead,))
