"""Named arrays from a file that cannot execute code: npz or safetensors; pickles are never opened."""

import zipfile
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path

import numpy as np

from lnncc.errors import LnnccError
from lnncc.frontend.leaves import require_finite

Array = np.ndarray
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib"})
UNREADABLE = (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, zlib.error)


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
            raise self.broken((f"{self.key(name)} is {_show(array.shape)}, expected a matrix",))
        return array.shape[0], array.shape[1]

    def fetch(self, shapes: Mapping[str, tuple[int, ...] | None]) -> dict[str, Array]:
        """The arrays of these names and shapes (None: any). Raises E0411 naming all that are missing or misshapen."""
        missing = tuple(f"{self.key(name)} is missing" for name in shapes if name not in self.arrays)
        misshapen = tuple(
            f"{self.key(name)} is {_show(self.arrays[name].shape)}, expected {_show(shape)}"
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
        return _named(source.items(), "the dict of weights")
    path = Path(fspath(source))
    if path.suffix.lower() in PICKLES:
        raise _pickle(path.name)
    readers = {".npz": _npz, ".safetensors": _safetensors}
    if path.suffix.lower() not in readers:
        raise LnnccError(
            "E0323",
            f"{path.name} is neither .npz nor .safetensors",
            helps=(f"save it as npz: {_saving(path.stem)}",),
        )
    return _named(readers[path.suffix.lower()](path).items(), path.name)


def _npz(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as stream:
            file = np.load(stream, allow_pickle=False)
            if not isinstance(file, np.lib.npyio.NpzFile):
                raise ValueError("it holds one array without a name")
            if any(name.endswith(".pkl") for name in file.files):  # what torch.save writes is a zip, too
                raise _pickle(path.name)
            return {name: file[name] for name in file.files}
    except UNREADABLE as error:
        raise _unreadable(path, error) from error


def _safetensors(path: Path) -> dict[str, object]:
    try:
        from safetensors import SafetensorError  # an optional extra
        from safetensors.numpy import load_file
    except ImportError as error:
        raise LnnccError(
            "E0703", "the Python package safetensors is missing", helps=("pip install 'lnncc[safetensors]'",)
        ) from error
    try:
        return dict(load_file(path))
    except (*UNREADABLE, SafetensorError, TypeError, AttributeError) as error:
        raise _unreadable(path, error) from error


def _named(entries: Iterable[tuple[str, object]], origin: str) -> Weights:
    arrays: dict[str, Array] = {}
    keys: dict[str, str] = {}
    for key, value in entries:
        name = str(key).replace("__", ".")
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


def _pickle(name: str) -> LnnccError:
    npz = Path(name).with_suffix(".npz").name
    load = f"torch.load({name!r}, map_location='cpu', weights_only=True)"
    convert = f"{{k: v.numpy() for k, v in {load}.items()}}"
    return LnnccError(
        "E0322",
        f"{name} is a pickle, which can run code when it is opened",
        notes=("lnncc reads npz and safetensors",),
        helps=(
            f'convert it: python -c "import numpy, torch; numpy.savez({npz!r}, **{convert})"',
            f"or in your training code: {_saving(Path(name).stem)}",
        ),
    )


def _saving(stem: str) -> str:
    return f"numpy.savez({stem + '.npz'!r}, **{{k: v.cpu().numpy() for k, v in model.state_dict().items()}})"


def _unreadable(path: Path, error: BaseException) -> LnnccError:
    if isinstance(error, FileNotFoundError):
        return LnnccError("E0410", f"there is no file {path}")
    why = (str(error).splitlines() or [""])[0] or type(error).__name__
    return LnnccError(
        "E0410",
        f"{path.name} cannot be read as {path.suffix.lower()[1:]}",
        notes=(why,),
        helps=("the file is damaged or of another kind: save it again",),
    )


def _show(shape: tuple[int, ...] | None) -> str:
    return "×".join(map(str, shape)) if shape else "a scalar"
