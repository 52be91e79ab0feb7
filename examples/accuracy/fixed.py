"""A trained network in fixed point: compiled for the desk, where its C runs all sequences of a part."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples.accuracy.models import DT, PyTree, run
from examples.accuracy.task import Floats, Part, Task, taken
from lnncc.choices import uniform

CALIBRATED = 64  # sequences that the compiler sees
AUTO = "auto"
CHIP = "cortex-m4"  # whose flash a search for formats saves
OF_DEVIATION = 0.01  # of a class's output: the RMS error that the search may cost
OF_ERROR = 0.1  # of the error that numbers have in float, likewise


def compiled(task: Task, cell: str, params: PyTree, bits: int | str, calibration: Part | None = None) -> lnncc.Program:
    """Ranges come from the task, so that it compiles without data; with data, 8 bits and fewer round to fit it.

    Bits "auto", which needs data, saves flash within a budget of error.
    """
    seen = None if calibration is None else taken(calibration, _spread(calibration))
    if isinstance(bits, int):
        return _compiled(task, cell, params, seen, choices=uniform(bits))
    assert seen is not None, "a search measures on data"
    floats = run(task.cells[cell](), params, seen.inputs, seen.elapsed)
    return _compiled(task, cell, params, seen, bits=AUTO, rms=allowed(floats, seen), target=CHIP)


def allowed(floats: np.ndarray, part: Part) -> float:
    """RMS error of any output: what adds 1 % to the squared error of numbers; for classes a share of the deviation."""
    if part.targets.ndim == 2:
        return OF_DEVIATION * float(floats.std((0, 1)).min())
    error = (floats - part.targets)[part.judged]
    return OF_ERROR * float(np.sqrt((error**2).mean(0)).min())


def _compiled(task: Task, cell: str, params: PyTree, seen: Part | None, **options: Any) -> lnncc.Program:
    model = task.cells[cell]()
    return lnncc.compile(
        model.step,
        jax.tree.map(np.asarray, params),
        state=model.initial_state(),
        inputs=jax.ShapeDtypeStruct((task.inputs,), jnp.float32),
        dt=DT if task.elapsed is None else task.elapsed,
        ranges={"x": (-task.limit, task.limit)},
        calibration=None if seen is None else recording(seen),
        name=f"{task.name}_{cell}",
        **options,
    )


def _spread(part: Part) -> np.ndarray:
    """Rows from all over the part, which often lies in the order of time."""
    return np.unique(np.linspace(0, len(part.inputs) - 1, CALIBRATED).astype(int))


def recording(part: Part) -> Mapping[str, Floats]:
    """Inputs by label, as ``Program.run`` takes them; the time that has passed among them, where it varies."""
    return {"x": part.inputs} if part.elapsed is None else {"x": part.inputs, "dt": part.elapsed}


def outputs(program: lnncc.Program, part: Part) -> np.ndarray:
    """Of the compiled C: [n, T, O], each sequence from reset."""
    found = program.run(recording(part))
    assert isinstance(found, np.ndarray)
    return found
