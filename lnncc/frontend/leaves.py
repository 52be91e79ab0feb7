"""The user's trees of arrays: their leaves, what they are called in messages, and which of them are refused."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jax.tree_util import keystr, tree_flatten_with_path, tree_unflatten

from lnncc.errors import LnnccError
from lnncc.frontend import _jax_compat as compat
from lnncc.frontend.operand import DTYPES
from lnncc.ir import Array

STATIC = (bool, int, str, bytes)  # Python's own decide the structure; JAX never sees them

MAX_LABEL = 200


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One array of a tree; ``array`` is None where the user gave its type only."""

    label: str
    shape: tuple[int, ...]
    dtype: np.dtype
    array: Array | None

    @property
    def spec(self) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(self.shape, self.dtype)


def ports(tree: object, role: str) -> list[Leaf]:
    """Leaves of the inputs or states. A lone array is called ``role``; so are the items of a tuple, numbered.

    Raises:
        LnnccError: E0311 for what is no array of fixed, nonempty shape, or for two leaves of one name.
    """
    paths, _ = tree_flatten_with_path(tree)
    leaves = [_leaf(label(path, role), leaf, role) for path, leaf in paths]
    require_distinct([leaf.label for leaf in leaves], role)
    return leaves


def parameters(tree: object) -> tuple[list[Leaf], Callable[[Sequence[object]], object]]:
    """(the leaves that are arrays, a function that puts others in their place in the tree)."""
    paths, structure = tree_flatten_with_path(tree)
    arrays = [_leaf(label(path, "params"), leaf, "params") for path, leaf in paths if not _is_static(leaf)]
    for leaf in arrays:
        require_finite(leaf.label, leaf.array)

    def filled(leaves: Sequence[object]) -> object:
        given = iter(leaves)
        return tree_unflatten(structure, [leaf if _is_static(leaf) else next(given) for _, leaf in paths])

    return arrays, filled


def label(path: tuple[object, ...], role: str) -> str:
    """``cell/w``; what would begin with a number gets the role before it: ``x0``."""
    name = "".join(c if c.isprintable() else "?" for c in keystr(path, simple=True, separator="/"))[:MAX_LABEL]
    return role + name if not name or name[0].isdigit() else name


def require_distinct(labels: Sequence[str], role: str) -> None:
    for name in labels:
        if labels.count(name) > 1:
            raise LnnccError(
                "E0311",
                f"two arrays of `{role}` are both called `{name}`",
                helps=("rename one of their keys: messages and data files tell them apart by name",),
            )


def require_finite(name: str, array: Array | None, what: str = "parameter") -> None:
    """E0402 with how many values are not finite, and where the first one is."""
    if array is None or array.dtype.kind != "f" or np.isfinite(array).all():
        return
    nans, infs = int(np.isnan(array).sum()), int(np.isinf(array).sum())
    counts = " and ".join(f"{count} {word}" for count, word in ((nans, "NaN"), (infs, "inf")) if count)
    first = ",".join(str(int(i)) for i in np.argwhere(~np.isfinite(array))[0])
    raise LnnccError(
        "E0402",
        f"{what} `{name}` contains {counts} of {array.size} values",
        notes=(f"first at {name}[{first}]" if first else "it is a single number",),
        helps=("training diverged? the last finite checkpoint is usually the right one",),
    )


def _is_static(leaf: object) -> bool:
    return isinstance(leaf, STATIC) or callable(leaf)


def _leaf(name: str, leaf: object, role: str) -> Leaf:
    if isinstance(leaf, jax.ShapeDtypeStruct):
        return _checked(Leaf(name, leaf.shape, np.dtype(leaf.dtype), None), role)
    if isinstance(leaf, float | complex) and not isinstance(leaf, np.generic):
        leaf = np.asarray(leaf)
    if not compat.is_array(leaf):
        raise _no_array(name, leaf, role)
    dtype = leaf.dtype
    kind = compat.kind(dtype)
    array = np.asarray(leaf).astype(DTYPES[kind]) if kind in DTYPES else None
    return _checked(Leaf(name, leaf.shape, dtype, array), role)


def _checked(leaf: Leaf, role: str) -> Leaf:
    if not all(isinstance(n, int) for n in leaf.shape):
        raise LnnccError(
            "E0302",
            f"the shape of `{leaf.label}` is not fixed: {leaf.shape}",
            helps=("C arrays need sizes at compile time: compile one step of one stream",),
        )
    if compat.kind(leaf.dtype) not in DTYPES:
        why, what = f"it holds {leaf.dtype}", "split complex numbers in real and imaginary part; leave out random keys"
    elif 0 in leaf.shape:
        why, what = f"its shape is {leaf.shape}", "remove it from the tree"
    else:
        return Leaf(leaf.label, leaf.shape, jax.dtypes.canonicalize_dtype(leaf.dtype), leaf.array)
    raise LnnccError("E0311", f"`{leaf.label}` of `{role}` cannot be compiled", notes=(why,), helps=(what,))


def _no_array(name: str, leaf: object, role: str) -> LnnccError:
    return LnnccError(
        "E0311",
        f"`{name}` of `{role}` is no array but {type(leaf).__name__} {leaf!r:.40}",
        helps=("give an array, or its type: jax.ShapeDtypeStruct((6,), jnp.float32)",),
    )
