"""The trained weights beside this file: one npz for each cell and fold, one array for each parameter."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from examples.imu.models import PyTree, build

FOLDER = Path(__file__).parent / "weights"


def path(cell: str, fold: int) -> Path:
    return FOLDER / f"{cell}_fold{fold}.npz"


def save(cell: str, fold: int, params: PyTree) -> None:
    """As float32, named by the path in the tree, such as ``cell/layer_0/ff1/weight``."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    FOLDER.mkdir(exist_ok=True)
    np.savez_compressed(path(cell, fold), **{_name(at): np.asarray(leaf, np.float32) for at, leaf in leaves})


def load(cell: str, fold: int) -> PyTree:
    """The parameters that ``save`` wrote.

    Raises:
        ValueError: for an unknown cell.
        FileNotFoundError: if that cell was not trained on that fold.
    """
    like = jax.eval_shape(build(cell).init, jax.random.key(0))
    with np.load(path(cell, fold)) as file:
        return jax.tree_util.tree_map_with_path(lambda at, _: jnp.asarray(file[_name(at)]), like)


def _name(at: tuple[object, ...]) -> str:
    return jax.tree_util.keystr(at, simple=True, separator="/")
