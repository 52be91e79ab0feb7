"""Build the firmware, put it on the board, read it back, run it, and compare what it computes with the twin."""

import contextlib
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lnncc import build as builds
from lnncc import packages
from lnncc import target as targets
from lnncc.errors import LnnccError
from lnncc.flash import choose, firmware, hearing, image
from lnncc.flash.choose import Way
from lnncc.flash.firmware import Kind
from lnncc.flash.step import BACK, ELF, FLAT, Put, Step
from lnncc.target import Target
from lnncc.validate import process

SECONDS = 300.0  # that a tool may take
QUOTED_LINES = 6


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Firmware that lies in ``folder``, and the command lines that put it on the board from there."""

    board: Target
    way: Way
    folder: Path
    put: Put
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """``compared``: who compared flash with the program: lnncc what it read back, the tool itself, or None, nobody.

    ``expected`` and ``found`` are hashes of all states and outputs of the self-test: of the twin, and what the board
    said over ``port``; None where it was not asked.
    """

    compared: Literal["lnncc", "tool"] | None
    port: str | None
    expected: int
    found: int | None


def plan(
    folder: Path,
    board: str,
    kind: Kind = "vectors",
    *,
    tool: str | None = None,
    port: str | None = None,
    probe: str | None = None,
    dry_run: bool = False,
) -> Plan:
    """Choose tool and device, and build the firmware of the build in ``folder`` into ``folder``/firmware/``board``.

    A dry run takes a ``tool`` that is not installed, and does without a device.

    Raises:
        LnnccError: as ``choose.way`` and ``choose.device``, and as ``firmware.build``.
    """
    target = targets.load(board)
    way = choose.way(target, tool, must=not dry_run)
    device = choose.device(way, port=port, probe=probe, must=not dry_run)
    place = folder / firmware.FOLDER / target.name
    put = Put(_built(folder, board, kind, place / ELF), device, way.told)
    steps = way.tool.steps(way.call, put)
    _write(way, put, place, flat=any(FLAT in word for step in steps for word in step.argv))
    return Plan(target, way, place, put, steps)


def _built(folder: Path, board: str, kind: Kind, path: Path) -> image.Segments:
    from lnncc.validate import elf  # it needs the extra

    return elf.read(firmware.build(folder, board, kind, path)).segments


def _write(way: Way, put: Put, place: Path, *, flat: bool) -> None:
    """Other forms of the firmware, beside it. As one block only where a tool takes it: it may span whole buses."""
    if flat:
        builds.replace(place / FLAT, image.flat(put.segments))
    files = getattr(way.tool, "files", None)
    for name, data in (files(put) if files is not None else {}).items():
        builds.replace(place / name, data)
        _compare(put, way.tool.blocks(data), name)  # type: ignore[attr-defined]  # who makes files also reads them


def execute(chosen: Plan, folder: Path, *, port: str | None = None, check: bool = True) -> Outcome:
    """Do as planned; with ``check``, ask the board over its serial line what it computed.

    Raises:
        LnnccError: E0810 if a tool fails, E0813 if other bytes lie in flash, E0812 if the board does not answer, E0601
            if it computes something else than the twin; for an emulated board E0704, E0707 and E0803.
    """
    build = builds.read(folder)
    expected = packages.selftest(build).expected
    with _machine(chosen) as line:
        for step in chosen.steps:
            _do(chosen, step)
        place = (line or port or _own_port(chosen)) if check else None
        found = None if place is None else hearing.hash_of(place, firmware.line(chosen.board).baud, build.name)
    compared = _compared(chosen.steps)
    if found not in (None, expected):
        raise _other_bits(chosen.board.name, expected, found, compared is not None)
    return Outcome(compared, place, expected, found)


def _compared(steps: tuple[Step, ...]) -> Literal["lnncc", "tool"] | None:
    """Who compares flash with the program in ``steps``."""
    if any(step.back for step in steps):
        return "lnncc"
    return "tool" if any(step.compares for step in steps) else None


def _own_port(chosen: Plan) -> str | None:
    """The port that the tool used. No other is guessed: who knows what a byte does to what hangs there."""
    return chosen.put.device if chosen.way.tool.NAMED_BY == "--port" else None


@contextlib.contextmanager
def _machine(chosen: Plan) -> Iterator[str | None]:
    """The emulated board's serial port; None for a real one, which is there already."""
    if chosen.way.flasher.emulator is None:
        yield None
        return
    module = importlib.import_module(f"lnncc.flash.emulated.{chosen.way.flasher.emulator}")
    with module.started(chosen.board, chosen.folder) as line:
        yield line


def _do(chosen: Plan, step: Step) -> None:
    back = chosen.folder / BACK
    if step.back:
        back.unlink(missing_ok=True)  # of an earlier run
    try:
        done = process.call(step.argv, chosen.folder, SECONDS)
    except TimeoutError as error:
        raise _failed(step, str(error), f"did not end in {SECONDS:g} s") from error
    except OSError as error:
        raise _failed(step, str(error), "did not start") from error
    if done.status != 0:
        raise _failed(step, done.text, f"failed (exit status {done.status})")
    if not all(words in done.text for words in step.says) or (step.back and not back.is_file()):
        raise _failed(step, done.text, "failed")
    if step.back:
        _compare(chosen.put, {chosen.put.address: back.read_bytes()}, "flash, as it was read back")
    if step.makes is not None:
        made = (chosen.folder / step.makes).read_bytes()
        _compare(chosen.put, chosen.way.tool.blocks(made), step.makes)  # type: ignore[attr-defined]  # as above


def _compare(put: Put, found: Mapping[int, bytes], what: str) -> None:
    at = image.first_difference(put.segments, found)
    if at is None:
        return
    raise LnnccError(
        "E0813",
        f"{what} does not hold the program: the first other byte is at {at:#010x}",
        helps=("flash again; if it stays, the board's memory is worn or protected, or its TOML tells a wrong address",),
    )


def _failed(step: Step, said: str, how: str) -> LnnccError:
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    return LnnccError(
        "E0810",
        f"{Path(step.argv[0]).name} {how}",
        notes=tuple(line[:160] for line in lines[-QUOTED_LINES:]),
        helps=("these are the tool's own words; --dry-run shows the command line, to try it by hand",),
    )


def _other_bits(board: str, expected: int, found: int | None, compared: bool) -> LnnccError:
    cause = "this is a compiler, a core or a clock out of its range: try another compiler"
    return LnnccError(
        "E0601",
        f"{board} does not compute what the twin computes",
        notes=(f"hash of all states and outputs of the self-test: {found:#010x}, of the twin {expected:#010x}",),
        helps=(
            f"flash was compared, so {cause}"
            if compared
            else f"flash was not compared: flash again; if it stays, {cause}",
        ),
    )
