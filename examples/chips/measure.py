"""The measuring: each model compiled once and, as the same integers, run on every target."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

import lnncc
from examples.speed.models import RANGE, TASKS, Bench, present
from lnncc import target, twin
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.ir import Array
from lnncc.validate import chip, compare

__all__ = ["TASKS", "Row", "rows"]

STEPS = 400
EMULATED = 40  # of those, which the slower emulators can count
WIDTHS = (16, 8)
TARGETS = ("cortex-m4", "cortex-m0plus", "cortex-m55", "rv32imc", "rv32-rvv", "avr-atmega328p")
TUNED = ("cortex-m4", "cortex-m0plus", "cortex-m55")  # also for speed and for size, each with formats of its own


@dataclass(frozen=True, slots=True)
class Row:
    """One stream on one target, from reset; ``missing`` says why there are no figures.

    ``error`` is the largest of any output against the float model, over STEPS steps. Instructions a step are counted by
    an emulator; cycles are counted by simavr, an estimate on Cortex-M. Bytes are read off the ELF.
    """

    model: str
    bits: int
    optimise: str
    target: str
    error: float
    exact: bool | None = None
    instructions: int | None = None
    cycles: int | None = None
    flash: int | None = None
    ram: int | None = None
    stack: int | None = None
    missing: str = ""

    def fields(self) -> dict[str, object]:
        return asdict(self)


def rows(folder: Path, names: Sequence[str]) -> Iterator[Row]:
    """Of the models ``names`` that ``folder`` holds, all if none is named."""
    for bench in present(folder, names):
        yield from _model(bench, folder)


def _model(bench: Bench, folder: Path) -> Iterator[Row]:
    model = bench.model(folder)
    for bits in WIDTHS if bench.told.mode is not None else WIDTHS[:1]:  # an LTC's synapses have no 8-bit form
        yield from _compiled(bench.name, model, bits, "balanced", TARGETS)
        for optimise in ("speed", "size"):
            for one in TUNED:
                yield from _compiled(bench.name, model, bits, optimise, (one,))


def _compiled(name: str, model: Model, bits: int, optimise: str, targets: Sequence[str]) -> Iterator[Row]:
    """For the first of ``targets``, and run on all of them."""
    xs = recorded(model.graph.values[model.graph.inputs[0].value].size)
    program = lnncc.compile(
        model, dt=1.0, ranges={"x": RANGE}, calibration=xs, bits=bits, name=name, target=targets[0], optimise=optimise
    )
    error = max(e.max_abs for e in program.verify(xs).errors.values())
    for one in targets:
        yield measured(Row(name, bits, optimise, one, error), program.build, xs)


def measured(row: Row, build: Build, xs: Array) -> Row:
    """``row`` with the figures of its target, or with why there are none."""
    raw = tuple(x[:, :EMULATED] for x in compare.raw_inputs(build, {"x": xs[None]}))
    try:
        result = chip.execute(build, target.load(row.target), tuple(x[0] for x in raw), count=EMULATED)
    except LnnccError as error:
        return replace(row, missing=f"{error.code}: {error.title}")
    exact = compare.equal_steps(result.trace, twin.run(build.integer, raw)) == EMULATED
    cycles = result.run.cycles_per_step
    return replace(
        row,
        exact=exact,
        instructions=result.run.instructions_per_step,
        cycles=None if cycles is None else cycles["nominal"],
        flash=result.sizes.flash,
        ram=result.sizes.ram,
        stack=result.sizes.stack,
    )


def recorded(size: int) -> Array:
    """(STEPS, size): an autoregressive process, clipped to the declared range."""
    rng = np.random.default_rng(0)
    x, xs = np.zeros(size), []
    for _ in range(STEPS):
        x = 0.9 * x + 0.44 * rng.normal(size=size)
        xs.append(np.clip(x, *RANGE))
    return np.array(xs)
