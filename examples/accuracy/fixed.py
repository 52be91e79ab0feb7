"""A trained network in fixed point: compiled for the desk, where its C runs all sequences of a part."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples.accuracy.models import DT, PyTree
from examples.accuracy.task import Floats, Part, Task, taken
from lnncc.choices import uniform

CALIBRATED = 64  # sequences that the compiler sees


def compiled(task: Task, cell: str, params: PyTree, bits: int, calibration: Part | None = None) -> lnncc.Program:
    """Ranges come from the task, so that it compiles without data; with data, 8 bits and fewer round to fit it."""
    model = task.cells[cell]()
    return lnncc.compile(
        model.step,
        jax.tree.map(np.asarray, params),
        state=model.initial_state(),
        inputs=jax.ShapeDtypeStruct((task.inputs,), jnp.float32),
        dt=DT if task.elapsed is None else task.elapsed,
        ranges={"x": (-task.limit, task.limit)},
        calibration=None if calibration is None else recording(taken(calibration, _spread(calibration))),
        choices=uniform(bits),
        name=f"{task.name}_{cell}",
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
