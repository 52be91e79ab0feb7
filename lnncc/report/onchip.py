"""onchip: what the target's own compiler and emulator say of a build, as far as they are on this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lnncc.errors import LnnccError
from lnncc.report.followed import Followed
from lnncc.report.subject import Subject
from lnncc.target import HOST
from lnncc.validate import chip, compare, host

if TYPE_CHECKING:  # it needs the extra, which may be missing
    from lnncc.validate.footprint import Footprint

STEPS = 64  # of the first stream that the emulator runs
LIMITS, TOOLS, DEVICES = 5, 7, 8  # exit codes of what may be missing on this machine, or too small on that one
NO_EMULATOR = "E0222"
Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes, read off the linked program; ``part`` is the typical part with its flash and RAM, if one is known."""

    flash: int
    ram: int
    stack: int
    stack_path: tuple[str, ...]
    parts: tuple[tuple[str, int, bool], ...]


@dataclass(frozen=True, slots=True)
class Costs:
    """Of one step, the most of the first steps: instructions counted in an emulator; cycles (least, nominal, most)
    estimated from tables of the core's timing, or counted where ``counted`` says so."""

    emulator: str
    steps: int
    instructions: int
    cycles: tuple[int, int, int] | None
    counted: bool


@dataclass(frozen=True, slots=True)
class OnChip:
    """``exact`` is, by machine, how many of how many steps gave the twin's bits. What is None was not measured, and
    ``lacks`` says why, by what it is about."""

    sizes: Sizes | None
    costs: Costs | None
    exact: tuple[tuple[str, int, int], ...]
    clipped: int | None
    lacks: tuple[tuple[str, str], ...]


def onchip(subject: Subject, followed: Followed) -> OnChip:
    """The C on this machine and, where it can be, on the emulated target."""
    lacks: list[tuple[str, str]] = []

    def tried(what: str, make: Callable[[], Made]) -> Made | None:
        try:
            return make()
        except LnnccError as error:
            if error.exit_code not in (LIMITS, TOOLS, DEVICES) and error.code != NO_EMULATOR:
                raise
            lacks.append((what, error.title))
            return None

    exact: list[tuple[str, int, int]] = []
    ran = tried("this machine", lambda: host.counted(host.build(subject.build), subject.build.interface, subject.raw))
    expected = followed.states, followed.outputs
    if ran is not None:
        total = subject.streams * subject.steps
        exact.append(("this machine", compare.equal_steps((ran.states, ran.outputs), expected), total))
    clipped = None if ran is None else int(ran.clipped.sum())
    if subject.target.kind == HOST:
        lacks.append(("memory", "the target is this machine, for which no firmware is linked"))
        return OnChip(None, None, tuple(exact), clipped, tuple(lacks))
    stream = tuple(x[0, :STEPS] for x in subject.raw)
    done = tried(subject.target.name, lambda: chip.execute(subject.build, subject.target, stream))
    if done is None:
        sizes = tried("memory", lambda: chip.measure(subject.build, subject.target))
        return OnChip(_sizes(sizes), None, tuple(exact), clipped, tuple(lacks))
    steps = len(stream[0])
    first = tuple(tuple(x[:1, :steps] for x in side) for side in expected)
    exact.append((f"emulated {subject.target.name}", compare.equal_steps(done.trace, (first[0], first[1])), steps))
    return OnChip(_sizes(done.sizes), _costs(subject, done), tuple(exact), clipped, tuple(lacks))


def _sizes(found: "Footprint | None") -> Sizes | None:
    if found is None:
        return None
    parts = tuple((p.symbol, p.bytes, p.function) for p in found.parts)
    return Sizes(found.flash, found.ram, found.stack, found.stack_path, parts)


def _costs(subject: Subject, done: chip.Result) -> Costs | None:
    instructions, cycles = done.run.instructions_per_step, done.run.cycles_per_step
    if instructions is None:
        return None
    told = None if cycles is None else (cycles["min"], cycles["nominal"], cycles["max"])
    return Costs(done.run.emulator, len(done.run.instructions), instructions, told, subject.target.cycles is None)
