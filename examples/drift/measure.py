"""The measuring: the C of each model against its float model in float64, for a million steps in ten windows of time."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from scipy.signal import lfilter

import lnncc
from examples.imu import data, weights
from examples.imu import models as imu
from examples.speed import models as bench
from lnncc.archive import Model
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Array
from lnncc.validate import compare
from lnncc.validate.deviation import Error

STEPS = 1_000_000
JOINED = 10_000  # of those, which the twin joins
RECORDED = 1000
LOW, HIGH = bench.RANGE
MEMORY, DEVIATION = 0.9, 1.0  # of an input: what a step keeps of it, and how far it strays
FOLD = 1  # of imu_watch, whose weights are taken


@dataclass(frozen=True, slots=True)
class Drift:
    """Of the states, or of the outputs: the worst where a model has several.

    ``relative`` is the RMS of the first window, a tenth of all steps, over the deviation of the float value;
    ``last`` and ``worst`` are the RMS of the last and of the worst window over that of the first.
    """

    relative: float
    max_abs: float
    last: float
    worst: float


@dataclass(frozen=True, slots=True)
class Row:
    """``recorded`` says whether weights were rounded for recorded inputs, other ones than those of the run."""

    model: str
    recorded: bool
    steps: int
    joined: int
    exact: int  # steps of those joined at which C and twin are the same in every bit
    states: Drift
    outputs: Drift

    def fields(self) -> dict[str, object]:
        return asdict(self)


def _trained(cell: str, _: Path) -> Model:
    net, inputs = imu.build(cell), jax.ShapeDtypeStruct((len(data.CHANNELS),), jnp.float32)
    return Model(trace(net.step, weights.load(cell, FOLD), state=net.initial_state(), inputs=inputs))


TASKS: Mapping[str, Callable[[Path], Model]] = {
    **{name: task.model for name, task in bench.TASKS.items()},
    **{f"imu_{cell}": partial(_trained, cell) for cell in imu.CELLS},
}


def rows(folder: Path, names: Sequence[str]) -> Iterator[Row]:
    """Of the models ``names``, all if none is named: those that ``folder`` holds, and those that ship with examples."""
    present = {task.name for task in bench.present(folder, names)}
    for name, load in TASKS.items():
        if name in present or (name not in bench.TASKS and name in (names or TASKS)):
            yield from (_row(name, load(folder), recorded=recorded) for recorded in (False, True))


def _row(name: str, model: Model, *, recorded: bool) -> Row:
    size = model.graph.values[model.graph.inputs[0].value].size
    calibration = wandering(size, RECORDED, seed=1) if recorded else None
    program = lnncc.compile(model, dt=1.0, ranges={"x": bench.RANGE}, calibration=calibration, name=name)
    found = compare.verify(program.build, {"x": wandering(size, STEPS, seed=0)[None]}, twin_steps=JOINED)
    sides = (_drift(errors) for errors in (found.state_errors, found.errors))
    return Row(name, recorded, found.error_steps, found.steps, found.exact["host"], *sides)


def _drift(errors: Mapping[str, Error]) -> Drift:
    windows = [e.windows for e in errors.values()]
    return Drift(
        max(w[0].relative_rms for w in windows),
        max(e.max_abs for e in errors.values()),
        max(w[-1].rms / w[0].rms for w in windows),
        max(max(one.rms for one in w) / w[0].rms for w in windows),
    )


def wandering(size: int, steps: int, seed: int) -> Array:
    """(steps, size): x' = MEMORY x + noise from rest, clipped to the declared range."""
    noise = np.random.default_rng(seed).normal(0.0, DEVIATION * np.sqrt(1 - MEMORY**2), (steps, size))
    return np.clip(lfilter([1.0], [1.0, -MEMORY], noise, axis=0), LOW, HIGH)
