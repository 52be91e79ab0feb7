"""Arrays from an npz or npy file that may be hostile: every size is known and within limits before it is allocated."""

import io
import math
import tokenize
from pathlib import Path
from typing import IO

import numpy as np

from lnncc import zips
from lnncc.ir import Array

MAX_ENTRIES = 1 << 14
ROOM = 1 << 27  # bytes that a file of any size may hold, counted as the float64 that they become
MAX_RATIO = 20  # of those bytes to the size of the file, beyond ROOM: recorded data do not shrink more
HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
UNREADABLE = (*zips.BROKEN, MemoryError)


def read(path: Path) -> dict[str, Array] | Array:
    """The arrays of an npz by name, or the one array of an npy. Objects are never unpickled.

    Raises one of ``UNREADABLE`` for what is no such file, is damaged, or is larger than its size allows.
    """
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(0)
        room = max(ROOM, MAX_RATIO * size)
        magic = file.read(6)
        file.seek(0)
        if magic == b"\x93NUMPY":
            return _array(file, room)
        if not magic.startswith(b"PK"):
            raise ValueError("it is neither npz nor npy, or holds pickled objects")
        return _arrays(file, room)


def _arrays(file: IO[bytes], room: int) -> dict[str, Array]:
    found: dict[str, Array] = {}
    for info, raw in zips.entries(file, most=MAX_ENTRIES, size=room):
        if not info.filename.endswith(".npy"):
            raise ValueError(f"{info.filename!r:.60} in it is no array")
        array = _array(io.BytesIO(raw), room)
        room -= array.size * 8
        found[info.filename.removesuffix(".npy")] = array
    return found


def header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, whether it is in Fortran's order, type) of an npy. Raises ValueError or what ``file`` raises."""
    version = np.lib.format.read_magic(file)
    if version not in HEADERS:
        raise ValueError("an array is in another version of the npy format")
    try:
        return HEADERS[version](file)
    except (tokenize.TokenError, SyntaxError, TypeError, RecursionError, MemoryError, Warning) as error:
        raise ValueError("the header of an array cannot be read") from error


def _array(file: IO[bytes], room: int) -> Array:
    """Of an npy that is as long as its header says."""
    shape, fortran, dtype = header(file)
    if dtype.hasobject:
        raise ValueError("it holds pickled objects, which are never loaded")
    count = math.prod(shape)
    if min((1, *shape)) < 0 or not dtype.itemsize or count * max(8, dtype.itemsize) > room:
        raise ValueError(f"an array of {dtype} in shape {shape!r:.80} is more than a file of its size can hold")
    data = file.read(count * dtype.itemsize)
    if len(data) != count * dtype.itemsize or file.read(1):
        raise ValueError("an array is shorter or longer than its shape")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").copy()
