"""``model.lnn``: a graph in one file, a zip of JSON and plain arrays. No pickle, no code, the same bytes always."""

import io
import json
import math
import os
import tempfile
import warnings
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lnncc import npz, primitives, zips
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph
from lnncc.serial import DTYPES, MAX_RANK, MAX_SIZE, NAME, from_parts, malformed, to_parts

__all__ = ["Model", "from_parts", "load", "pack", "save", "to_parts", "unpack", "write"]

GRAPH, WEIGHTS = "graph.json", "weights.npz"
MAX_FILE = 1 << 28  # bytes, packed and unpacked alike
MAX_ENTRIES = 1 << 14
MAX_RATIO = 200  # unpacked to packed; we store, so ours is 1
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip can tell
BROKEN = (*zips.BROKEN, Warning)


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A model as a front end left it: one step in floats, ready for ``lnncc.compile``."""

    graph: Graph

    def save(self, path: str | Path) -> None:
        save(self, path)


def save(model: Model, path: str | Path) -> None:
    """Write ``model.lnn``, whole or not at all.

    Raises:
        LnnccError: E0310 if the file cannot be written.
    """
    try:
        write(Path(path), pack(model.graph))
    except OSError as error:
        raise LnnccError(
            "E0310",
            f"cannot write {path}",
            notes=(error.strerror or str(error),),
            helps=("choose a folder that exists and that you may write to",),
        ) from error


def write(path: Path, data: bytes) -> None:
    """The file appears whole or not at all, whatever ends the process meanwhile."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: str | Path) -> Model:
    """The model in ``path``. Nothing in it is executed, and nothing beside it is read.

    Raises:
        LnnccError: E0310 if it cannot be read or is no model, E0402 if its numbers are not finite.
    """
    origin = str(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise LnnccError(
            "E0310",
            f"cannot read {origin}",
            notes=(error.strerror or str(error),),
            helps=("give the path of a model.lnn, as lnncc.save writes it",),
        ) from error
    return Model(unpack(data, primitives.NAMES, origin))


def pack(graph: Graph) -> bytes:
    """Any graph as the bytes of a zip, a pure function of the graph."""
    data, arrays = to_parts(graph)
    text = json.dumps(data, allow_nan=False, sort_keys=True, separators=(",", ":"))
    weights = _zip({f"{name}.npy": _npy(array) for name, array in sorted(arrays.items())})
    return _zip({GRAPH: text.encode(), WEIGHTS: weights})


def unpack(data: bytes, ops: frozenset[str], origin: str) -> Graph:
    """The graph in ``data``, whose operations are among ``ops``; ``origin`` is what messages call it.

    Raises:
        LnnccError: E0310, E0402.
    """
    try:
        return from_parts(*_parts(data), ops=ops, origin=origin)
    except BROKEN as error:
        raise malformed(origin, str(error) or type(error).__name__) from error


def _parts(data: bytes) -> tuple[object, dict[str, Array]]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # NumPy warns of headers that it has to guess at
        parts = _entries(data, 2)
        if sorted(parts) != [GRAPH, WEIGHTS]:
            raise ValueError(f"it holds {sorted(parts)!r:.80}, not {GRAPH} and {WEIGHTS}")
        arrays = {_stem(name): _array(raw) for name, raw in _entries(parts[WEIGHTS], MAX_ENTRIES).items()}
    return json.loads(parts[GRAPH], object_pairs_hook=_distinct, parse_constant=_no_constant), arrays


def _zip(entries: dict[str, bytes]) -> bytes:
    """Stored, not deflated: what deflate makes depends on the zlib at hand."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, data)
    return buffer.getvalue()


def _npy(array: Array) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
    return buffer.getvalue()


def _entries(data: bytes, most: int) -> dict[str, bytes]:
    if len(data) > MAX_FILE:
        raise ValueError(f"it is bigger than {MAX_FILE >> 20} MB")
    found = zips.entries(io.BytesIO(data), most=most, size=MAX_FILE, ratio=MAX_RATIO)
    return {info.filename: raw for info, raw in found}


def _stem(name: str) -> str:
    stem = name.removesuffix(".npy")
    if stem == name or NAME.fullmatch(stem) is None:
        raise ValueError(f"{name!r:.40} is no name of an array")
    return stem


def _array(raw: bytes) -> Array:
    """The array in the bytes of an ``.npy``, of exactly the size that its header says."""
    file = io.BytesIO(raw)
    if raw[6:8] != b"\1\0":
        raise ValueError("an array is in another version of the npy format")
    shape, fortran, dtype = npz.header(file)
    size = math.prod(shape)
    if (
        fortran
        or dtype not in DTYPES.values()
        or len(shape) > MAX_RANK
        or not 0 < size <= MAX_SIZE
        or min((1, *shape)) < 1
    ):
        raise ValueError(f"an array of {dtype} in shape {shape!r:.80} is absurd")
    if len(raw) - file.tell() != size * dtype.itemsize:
        raise ValueError("an array is shorter or longer than its shape")
    body = raw[file.tell() :]
    if dtype.kind == "b" and body.strip(b"\0\1"):
        raise ValueError("a truth value is neither 0 nor 1")
    return np.frombuffer(body, dtype).reshape(shape)


def _distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValueError("an object names a field twice")
    return fields


def _no_constant(text: str) -> object:
    raise ValueError(f"{text} is no number")
