"""A program of its own: ``orbax_child.py FOLDER NPZ ARRAYS NUMBERS`` writes the arrays of FOLDER, if no more, to NPZ.

Sizes are asked for before anything is read. Nothing of lnncc is imported, since nothing here can be relied on any
more once a hostile folder has been opened.
"""

import json
import math
import sys

import numpy as np

MAX_MEMORY = 1 << 30  # bytes of data; JAX and orbax alone take a quarter of it


def main(folder: str, npz: str, arrays: int, numbers: int) -> None:
    _limit_memory()
    import jax
    from orbax import checkpoint

    reader = checkpoint.PyTreeCheckpointer()
    metadata = reader.metadata(folder).item_metadata
    if metadata is None:
        raise ValueError("its metadata are no tree")
    tree = metadata.tree
    sizes = [math.prod(leaf.shape) for leaf in jax.tree.leaves(tree)]
    if len(sizes) > arrays or sum(sizes) > numbers:
        raise ValueError("it holds more than a model for a microcontroller can")
    as_numpy = jax.tree.map(lambda _: checkpoint.RestoreArgs(restore_type=np.ndarray), tree)
    leaves, _ = jax.tree.flatten_with_path(reader.restore(folder, restore_args=as_numpy))
    names = [jax.tree_util.keystr(path, simple=True, separator="/") for path, _ in leaves]
    saved = {f"a{k}": _plain(leaf) for k, (_, leaf) in enumerate(leaves)}
    saved["names"] = np.frombuffer(json.dumps(names).encode(), np.uint8)
    np.savez(npz, allow_pickle=False, **saved)


def _plain(leaf: object) -> np.ndarray:
    """As a type of NumPy's own: bfloat16 and the like become float32, which holds each of their values."""
    array = np.asarray(leaf)
    return array if array.dtype.kind in "biuf" else array.astype(np.float32)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has none
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (MAX_MEMORY, hard))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
