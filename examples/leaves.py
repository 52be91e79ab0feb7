"""Parameters of a network as an npz, one array a leaf, named by its path in the tree, such as ``cell/ff1/weight``."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

PyTree = object


def save(path: Path, params: PyTree, **extra: np.ndarray) -> None:
    """As float32; ``extra`` arrays go beside them as they are."""
    leaves = jax.tree_util.tree_leaves_with_path(params)
    path.parent.mkdir(exist_ok=True)
    np.savez_compressed(path, **{_name(at): np.asarray(leaf, np.float32) for at, leaf in leaves}, **extra)


def load(path: Path, like: PyTree) -> PyTree:
    """What ``save`` wrote, in the tree of ``like``. Raises FileNotFoundError, or KeyError for another network's."""
    with np.load(path) as file:
        return jax.tree_util.tree_map_with_path(lambda at, _: jnp.asarray(file[_name(at)]), like)


def _name(at: tuple[object, ...]) -> str:
    return jax.tree_util.keystr(at, simple=True, separator="/")
