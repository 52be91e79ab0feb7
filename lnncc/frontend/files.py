"""Arrays in a file, none of which can execute code or take more memory than a model does; pickles are never opened."""

import io
import json
import math
import os
import struct
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path

from lnncc import zips
from lnncc.errors import LnnccError
from lnncc.extras import needs
from lnncc.frontend import flax_msgpack, hdf5, limits
from lnncc.ir import Array
from lnncc.npz import header

Tree = flax_msgpack.Tree
PICKLES = frozenset({".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".bin", ".joblib"})
UNREADABLE = (*zips.BROKEN, MemoryError, Warning)
MAX_HEADER = 1 << 23  # bytes of the JSON at the head of a safetensors file


def read(path: Path, readers: Mapping[str, Callable[[Path], Tree]]) -> Tree:
    """What ``readers`` find in ``path``, by its suffix.

    Raises:
        LnnccError: E0322 for a pickle, E0323 for another kind of file, E0410 if it cannot be read, E0703 if the
            package safetensors is missing.
    """
    suffix = path.suffix.lower()
    if suffix in PICKLES:
        raise _pickle(path.name)
    if suffix not in readers:
        raise LnnccError(
            "E0323",
            f"{path.name} is none of {', '.join(readers)}",
            helps=(f"save it as npz: {saving(path.stem)}",),
        )
    try:
        if os.stat(path).st_size > limits.MAX_FILE:
            raise ValueError(f"it is bigger than {limits.MAX_FILE >> 20} MB")
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy warns of headers that it has to guess at
            return readers[suffix](path)
    except UNREADABLE as error:
        raise unreadable(path, suffix[1:], error) from error


def npz(path: Path) -> Tree:
    allowance = limits.Allowance()
    arrays: Tree = {}
    with path.open("rb") as stream:
        if stream.read(6) == b"\x93NUMPY":
            raise ValueError("it holds one array without a name")
        for info, raw in zips.entries(stream, most=limits.MAX_ARRAYS, size=limits.MAX_FILE):
            if info.filename.endswith(".pkl"):  # what torch.save writes is a zip, too
                raise _pickle(path.name)
            arrays[info.filename.removesuffix(".npy")] = _npy(raw, allowance)
    return arrays


def _npy(raw: bytes, allowance: limits.Allowance) -> Array:
    file = io.BytesIO(raw)
    shape, fortran, dtype = header(file)
    array = allowance.array(memoryview(raw)[file.tell() :], dtype, shape[::-1] if fortran else shape)
    return array.T if fortran else array


def safetensors(path: Path) -> Tree:
    """Its header is read here first, so that the package allocates no more than the file has."""
    with needs("safetensors", "safetensors"):
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

    try:
        _require_modest(path)
        return dict(load_file(path))
    except (SafetensorError, TypeError, AttributeError) as error:
        raise ValueError(str(error)) from error


def _require_modest(path: Path) -> None:
    with path.open("rb") as stream:
        (size,) = struct.unpack("<Q", stream.read(8))
        if size > MAX_HEADER:
            raise ValueError("its header is larger than that of a model")
        header = json.loads(stream.read(size))
    if not isinstance(header, dict) or len(header) > limits.MAX_ARRAYS:
        raise ValueError("it holds more arrays than a model")
    numbers = 0
    for name, entry in header.items():
        if name != "__metadata__":
            shape = entry["shape"]
            if not all(isinstance(n, int) and n >= 0 for n in shape):
                raise ValueError(f"{shape} is the shape of no array")
            numbers += math.prod(shape)
    if numbers > limits.MAX_NUMBERS:
        raise ValueError("it holds more than a model for a microcontroller can")


def h5(path: Path) -> Tree:
    return dict(hdf5.read(path.read_bytes()))


def msgpack(path: Path) -> Tree:
    return flax_msgpack.read(path.read_bytes())


def _pickle(name: str) -> LnnccError:
    npz_name = Path(name).with_suffix(".npz").name
    load = f"torch.load({name!r}, map_location='cpu', weights_only=True)"
    convert = f"{{k: v.numpy() for k, v in {load}.items()}}"
    return LnnccError(
        "E0322",
        f"{name} is a pickle, which can run code when it is opened",
        notes=("lnncc reads npz and safetensors",),
        helps=(
            f'convert it: python -c "import numpy, torch; numpy.savez({npz_name!r}, **{convert})"',
            f"or in your training code: {saving(Path(name).stem)}",
        ),
    )


def saving(stem: str) -> str:
    return f"numpy.savez({stem + '.npz'!r}, **{{k: v.cpu().numpy() for k, v in model.state_dict().items()}})"


def unreadable(path: Path, kind: str, error: BaseException) -> LnnccError:
    if isinstance(error, FileNotFoundError):
        return LnnccError("E0410", f"there is no file {path}")
    why = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
    return LnnccError(
        "E0410",
        f"{path.name} cannot be read as {kind}",
        notes=(why,),
        helps=("it is damaged or of another kind: save it again",),
    )
