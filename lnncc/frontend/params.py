"""Parameters of a step from a checkpoint of JAX: npz, safetensors, what flax.serialization or orbax wrote."""

from collections.abc import Mapping
from pathlib import Path

from jax.tree_util import keystr, tree_flatten_with_path, tree_unflatten

from lnncc.errors import LnnccError
from lnncc.frontend import files, orbax
from lnncc.frontend.leaves import require_finite
from lnncc.frontend.weights import shown
from lnncc.ir import Array

PyTree = object
READERS = {".npz": files.npz, ".safetensors": files.safetensors, ".msgpack": files.msgpack}


def load(path: Path, like: PyTree) -> PyTree:
    """The arrays in ``path`` as nested dicts, or in the tree of ``like``. Raises as ``lnncc.load_params``."""
    if path.suffix.lower() == ".eqx":
        raise _unnamed(path)
    flat = dict(_flat(orbax.read(path) if path.is_dir() else files.read(path, READERS), ""))
    for name, array in flat.items():
        require_finite(name, array, f"in {path.name}, parameter")
    return _nested(flat, path) if like is None else _filled(flat, like, path)


def _flat(tree: files.Tree, prefix: str) -> list[tuple[str, Array]]:
    found: list[tuple[str, Array]] = []
    for name, value in tree.items():
        found += _flat(value, f"{prefix}{name}/") if isinstance(value, dict) else [(f"{prefix}{name}", value)]
    return found


def _nested(flat: Mapping[str, Array], path: Path) -> PyTree:
    """Names are paths, with slashes, or with dots where no name has a slash."""
    separator = "/" if any("/" in name for name in flat) else "."
    tree: files.Tree = {}
    for name, array in flat.items():
        *above, last = name.split(separator)
        place = tree
        for part in above:
            below = place.setdefault(part, {})
            if not isinstance(below, dict):
                raise _broken(path, f"{name} is below another array")
            place = below
        if last in place:
            raise _broken(path, f"{name} is an array and a group of them")
        place[last] = array
    return tree


def _filled(flat: Mapping[str, Array], like: PyTree, path: Path) -> PyTree:
    """Array for array of ``like``, by name and shape; numbers and text in it stay."""
    places, structure = tree_flatten_with_path(like)
    named = {name.replace(".", "/"): array for name, array in flat.items()}
    leaves, wanted = [], set()
    for place, leaf in places:
        name, shape = keystr(place, simple=True, separator="/"), getattr(leaf, "shape", None)
        if shape is None:
            leaves.append(leaf)
            continue
        found = named.get(name.replace(".", "/"))
        if found is None:
            raise _broken(path, f"{name} is missing")
        if found.shape != tuple(shape):
            raise _broken(path, f"{name} is {shown(found.shape)}, expected {shown(tuple(shape))}")
        leaves.append(found)
        wanted.add(name.replace(".", "/"))
    more = sorted(set(named) - wanted)
    if more:
        raise _broken(path, f"nothing hears {more[0]}")
    return tree_unflatten(structure, leaves)


def _broken(path: Path, why: str) -> LnnccError:
    return LnnccError(
        "E0411",
        f"{path.name} does not hold these parameters: {why}",
        helps=("save the whole tree of parameters, and nothing else",),
    )


def _unnamed(path: Path) -> LnnccError:
    return LnnccError(
        "E0323",
        f"{path.name} is a file of equinox, which does not say what its arrays are",
        helps=(
            f"module = equinox.tree_deserialise_leaves({path.name!r}, like=module), then lnncc.from_equinox(module)",
        ),
    )
