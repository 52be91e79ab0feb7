"""The trained weights beside this file, one npz a data set and cell, with a few steps of input to try them on."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import jax
import numpy as np

from examples import leaves
from examples.accuracy.models import PyTree, run
from examples.accuracy.task import Floats, Fold, Split, Task

FOLDER = Path(__file__).parent / "weights"
STEPS = 16  # of the stored vector


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """What the weights gave when they were saved: [1, STEPS, ...]."""

    inputs: Floats
    elapsed: Floats | None
    outputs: Floats


def path(task: Task, file: str) -> Path:
    """``file`` is a cell, or says how else its weights were made."""
    return FOLDER / f"{task.name}_{file}.npz"


def save(task: Task, cell: str, params: PyTree, split: Split, valid: float, file: str | None = None) -> None:
    """With a vector to try them on; ``valid`` is what chose them."""
    inputs = split.test.inputs[:1, :STEPS]
    elapsed = None if split.test.elapsed is None else split.test.elapsed[:1, :STEPS]
    extra = {"valid": np.float32(valid), "vector.inputs": inputs}
    extra["vector.outputs"] = run(task.cells[cell](), params, inputs, elapsed)
    if elapsed is not None:
        extra["vector.elapsed"] = elapsed
    leaves.save(path(task, file or cell), params, **extra)


def tuned(cell: str, bits: int) -> str:
    """The file of weights that were trained through the rounding to ``bits``."""
    return f"{cell}_qat{bits}"


def has(task: Task, cell: str) -> bool:
    return bool(task.folds) or path(task, cell).is_file()


def folds(task: Task) -> tuple[Fold, ...]:
    """The folds of a task; one, with the weights that lie here, where it names none."""
    return task.folds or (Fold(task.load, partial(params, task)),)


def params(task: Task, cell: str, file: str | None = None) -> PyTree:
    """The parameters that ``save`` wrote. Raises FileNotFoundError if that cell was not trained on that set."""
    like = jax.eval_shape(task.cells[cell]().init, jax.random.key(0))
    return leaves.load(path(task, file or cell), like)


def vector(task: Task, cell: str) -> Vector:
    with np.load(path(task, cell)) as file:
        elapsed = file["vector.elapsed"] if "vector.elapsed" in file.files else None
        return Vector(file["vector.inputs"], elapsed, file["vector.outputs"])


def best(task: Task) -> str:
    """The cell that did best on the validation part; the first one where the weights do not say."""
    cells = [cell for cell in task.cells if path(task, cell).is_file()]
    if not cells:
        return next(iter(task.cells))
    chosen = cells[0]
    for cell in cells[1:]:
        if task.metrics[0].better(_valid(task, cell), _valid(task, chosen)):
            chosen = cell
    return chosen


def _valid(task: Task, cell: str) -> float:
    with np.load(path(task, cell)) as file:
        return float(file["valid"])
