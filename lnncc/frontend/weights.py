"""Named arrays of a checkpoint: finite float64, by dotted names, whatever file they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from lnncc.errors import LnnccError
from lnncc.frontend import files
from lnncc.frontend.leaves import require_finite

Array = np.ndarray
READERS = {".npz": files.npz, ".safetensors": files.safetensors}


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Finite float64 arrays by dotted name; ``keys`` maps each name to the key in the user's file."""

    arrays: Mapping[str, Array]
    keys: Mapping[str, str]
    origin: str

    def key(self, name: str) -> str:
        """The name as the file spells it, or would: separators are guessed from the other names."""
        separator = "__" if any("__" in key for key in self.keys.values()) else "."
        return self.keys.get(name, name.replace(".", separator))

    def matrix(self, name: str) -> tuple[int, int]:
        """The shape of an array of two axes. Raises E0411 if it is missing or has another rank."""
        array = self.fetch({name: None})[name]
        if array.ndim != 2:
            raise self.broken((f"{self.key(name)} is {shown(array.shape)}, expected a matrix",))
        return array.shape[0], array.shape[1]

    def fetch(self, shapes: Mapping[str, tuple[int, ...] | None]) -> dict[str, Array]:
        """The arrays of these names and shapes (None: any). Raises E0411 naming all that are missing or misshapen."""
        missing = tuple(f"{self.key(name)} is missing" for name in shapes if name not in self.arrays)
        misshapen = tuple(
            f"{self.key(name)} is {shown(self.arrays[name].shape)}, expected {shown(shape)}"
            for name, shape in shapes.items()
            if shape is not None and name in self.arrays and self.arrays[name].shape != shape
        )
        if missing or misshapen:
            raise self.broken(missing + misshapen)
        return {name: self.arrays[name] for name in shapes}

    def broken(self, faults: tuple[str, ...]) -> LnnccError:
        """E0411, naming the faults, the first in the title."""
        first, *others = faults
        more = [f"and {len(others) - 6} more"] if len(others) > 7 else []
        return LnnccError(
            "E0411",
            f"{self.origin} is no whole state_dict: {first}",
            notes=(*(others[:6] if more else others), *more),
            helps=("save all of model.state_dict(), unchanged",),
        )


def read(source: str | PathLike[str] | Mapping[str, object]) -> Weights:
    """Arrays from a path (.npz or .safetensors) or a dict; ``__`` in a name counts as a dot.

    Raises:
        LnnccError: E0322 for a pickle, E0323 for another kind of file, E0402 for NaN or infinity, E0410 if the file
            cannot be read, E0411 if an entry is no array of numbers or two have one name, E0703 if the package
            safetensors is missing.
    """
    if isinstance(source, Mapping):
        return named(source, "the dict of weights")
    path = Path(fspath(source))
    return named(files.read(path, READERS), path.name)


def named(entries: Mapping[str, object], origin: str, names: Mapping[str, str] | None = None) -> Weights:
    """The entries by dotted name: their own, or what ``names`` calls each of their keys. Raises E0402 or E0411."""
    arrays: dict[str, Array] = {}
    keys: dict[str, str] = {}
    for key, value in entries.items():
        name = str(key).replace("__", ".") if names is None else names[key]
        if not name.isprintable():
            raise LnnccError("E0411", f"{origin} has an array with an unprintable name: {name!r:.60}")
        if name in keys:
            raise LnnccError("E0411", f"{origin} has two arrays of one name: {keys[name]} and {key}")
        arrays[name], keys[name] = _numbers(str(key), value, origin), str(key)
    return Weights(arrays, keys, origin)


def _numbers(key: str, value: object, origin: str) -> Array:
    """``value`` as float64, to which float16, float32 and integers convert without loss."""
    try:
        array = np.asarray(value)
        if array.dtype.kind not in "bifuV":  # V: bfloat16, which NumPy itself does not know
            raise TypeError(f"dtype {array.dtype}")
        with np.errstate(invalid="ignore"):  # a NaN that signals is refused below as one that does not
            array = array.astype(np.float64)
    except (TypeError, ValueError, RuntimeError) as error:
        raise LnnccError(
            "E0411",
            f"{key} in {origin} is no array of real numbers",
            notes=(str(error).splitlines()[0],),
            helps=("give arrays in host memory: {k: v.cpu().float().numpy() for k, v in model.state_dict().items()}",),
        ) from error
    require_finite(key, array, f"in {origin}, parameter")
    return array


def shown(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "a scalar"
