"""Run firmware in an emulator: the bits of every step, and what the first few cost."""

import importlib
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from lnncc.plan.interface import Interface, Signal
from lnncc.target import Target
from lnncc.validate import here
from lnncc.validate.emulators.job import Job

if TYPE_CHECKING:  # this needs the extra, which may be missing; _costs() imports it when it counts
    from lnncc.validate.cycles import Cycles
    from lnncc.validate.trace import Trace

COUNTED = 16
SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """``output`` holds states and outputs of every step; the tuples have one entry a counted step, from the first.

    ``cycles`` is empty where the target has no cycle model and its emulator counts none.
    """

    output: bytes
    emulator: str
    instructions: tuple[int, ...]
    cycles: "tuple[Cycles, ...]"

    @property
    def instructions_per_step(self) -> int | None:
        """The largest count."""
        return max(self.instructions, default=None)

    @property
    def cycles_per_step(self) -> dict[str, int] | None:
        """The largest of each estimate, as ``run --json`` gives it; all are the same where cycles are counted."""
        if not self.cycles:
            return None
        return {
            "min": max(c.minimum for c in self.cycles),
            "nominal": max(c.nominal for c in self.cycles),
            "max": max(c.maximum for c in self.cycles),
        }


def run(
    elf: Path,
    interface: Interface,
    target: Target,
    stdin: bytes,
    *,
    steps: int | None = None,
    emulator: str | None = None,
    count: int = COUNTED,
    seconds: float = SECONDS,
) -> Run:
    """Run ``elf`` from reset over ``stdin``, the inputs of every step, little-endian in signature order.

    ``steps`` is needed only where the model has no input. The first ``count`` steps are run once more, traced.

    Raises:
        LnnccError: E0222 or E0223 if the target has no such emulator, E0703 or E0704 if it is not installed, E0801
            to E0803 if the firmware crashes, ends with an error, or does not end in ``seconds``.
    """
    record = _bytes(interface.given)
    total = steps if steps is not None else len(stdin) // record
    assert len(stdin) == total * record, "the input is not a whole number of steps"
    chosen = emulator or here.emulator(target)
    job = _job(elf, interface, target, chosen, stdin, total, seconds)
    output = _module(chosen).execute(job)
    assert len(output) == total * _bytes(interface.states + interface.outputs), "the output is not one record a step"
    counted = min(count, total)
    if counted == 0:
        return Run(output, chosen, (), ())
    again = _job(elf, interface, target, chosen, stdin[: counted * record], counted, seconds)
    return Run(output, chosen, *_costs(_module(chosen), again, target, counted))


def traces(
    elf: Path, interface: Interface, target: Target, stdin: bytes, *, steps: int, seconds: float = SECONDS
) -> "tuple[Trace, ...] | None":
    """What each step ran through, from reset; None where the emulator tells counts alone. Raises as ``run``."""
    chosen = here.emulator(target)
    emulator = _module(chosen)
    if not hasattr(emulator, "trace"):
        return None
    return emulator.trace(_job(elf, interface, target, chosen, stdin, steps, seconds), steps)


def text(elf: Path, target: Target, function: str, *, seconds: float = SECONDS) -> str:
    """Run firmware that reads nothing, from reset; what it wrote. Raises as ``run``."""
    chosen = here.emulator(target)
    job = Job(elf, target.emulated(), target.machine(chosen), b"", function, seconds)
    return _module(chosen).execute(job).decode("ascii", "replace")


def _job(
    elf: Path, interface: Interface, target: Target, emulator: str, stdin: bytes, steps: int, seconds: float
) -> Job:
    """The firmware wants the number of steps first, as a model may have no input to tell it by."""
    request = steps.to_bytes(4, "little") + stdin
    machine = target.machine(emulator)
    return Job(elf, target.emulated(), machine, request, f"{interface.name}_step", seconds)


def _costs(emulator: ModuleType, job: Job, target: Target, steps: int) -> "tuple[tuple[int, ...], tuple[Cycles, ...]]":
    """Instructions and cycles of each step: what the emulator counts, or what can be told from the blocks that ran."""
    from lnncc.validate import cycles
    from lnncc.validate.elf import read

    if hasattr(emulator, "count"):
        instructions, counted = zip(*emulator.count(job, steps), strict=True)
        return instructions, counted
    image, traces = read(job.elf), emulator.trace(job, steps)
    instructions = tuple(trace.instructions(image) for trace in traces)
    if target.cycles is None:
        return instructions, ()
    return instructions, tuple(cycles.estimate(image, trace, target.cycles) for trace in traces)


def _module(emulator: str) -> ModuleType:
    return importlib.import_module(f"lnncc.validate.emulators.{emulator}")


def _bytes(signals: tuple[Signal, ...]) -> int:
    return sum(signal.bytes for signal in signals)
