"""The trained weights beside this file: one npz for each cell and fold, one array for each parameter."""

from pathlib import Path

import jax

from examples import leaves
from examples.imu.models import PyTree, build

FOLDER = Path(__file__).parent / "weights"


def path(cell: str, fold: int) -> Path:
    return FOLDER / f"{cell}_fold{fold}.npz"


def save(cell: str, fold: int, params: PyTree) -> None:
    leaves.save(path(cell, fold), params)


def load(cell: str, fold: int) -> PyTree:
    """The parameters that ``save`` wrote.

    Raises:
        ValueError: for an unknown cell.
        FileNotFoundError: if that cell was not trained on that fold.
    """
    like = jax.eval_shape(build(cell).init, jax.random.key(0))
    return leaves.load(path(cell, fold), like)
