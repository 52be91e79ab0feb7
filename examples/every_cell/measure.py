"""One row measured: compiled at 16 and 8 bits, run as C on the host against the twin, and linked for a Cortex-M4."""

from dataclasses import dataclass

from examples.every_cell.case import STEPS, Case
from lnncc import target
from lnncc.errors import LnnccError
from lnncc.program import Program
from lnncc.validate import chip

TARGET = "cortex-m4"
TOOLCHAIN_MISSING = 7  # exit code


@dataclass(frozen=True, slots=True)
class Measured:
    """At one width: largest error of any output in its units, the worst relative RMS error, equal steps."""

    max_abs: float
    relative_rms: float
    equal: int
    steps: int


@dataclass(frozen=True, slots=True)
class Row:
    """``flash`` of the 16-bit model in bytes, None without a compiler; ``assumed`` are states that data bound."""

    name: str
    refused: str | None
    by_bits: dict[int, Measured]
    assumed: tuple[str, ...]
    flash: int | None


def row(name: str, case: Case) -> Row:
    try:
        programs = {bits: case.compiled(bits, TARGET) for bits in (16, 8)}
    except LnnccError as error:
        return Row(name, error.code, {}, (), None)
    by_bits = {bits: verified(case, program) for bits, program in programs.items()}
    return Row(name, None, by_bits, tuple(programs[16].build.facts["assumed_states"]), _flash(programs[16]))  # type: ignore[arg-type]


def verified(case: Case, program: Program, steps: int = STEPS) -> Measured:
    found = program.verify(case.recording(program.build.model, "measuring", steps))
    errors = found.errors.values()
    worst = max(e.max_abs for e in errors), max(e.relative_rms for e in errors)
    return Measured(*worst, min(found.exact.values()), found.steps)


def _flash(program: Program) -> int | None:
    try:
        return chip.measure(program.build, target.load(TARGET)).flash
    except LnnccError as error:
        if error.exit_code != TOOLCHAIN_MISSING:
            raise
        return None
