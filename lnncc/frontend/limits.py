"""How much a file of weights may hold, and numbers from bytes that are as many as they claim to be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lnncc.ir import Array

MAX_FILE = 1 << 27  # bytes; unpacked, for what is packed
MAX_NUMBERS = 1 << 24  # of all arrays; float64 of them take as much as a file
MAX_ARRAYS = 1 << 13
MAX_RANK = 8
MAX_NAME = 512
MAX_DEPTH = 32  # of groups in groups


@dataclass(slots=True)
class Allowance:
    """What the arrays of one file may still take."""

    arrays: int = MAX_ARRAYS
    numbers: int = MAX_NUMBERS

    def array(self, raw: bytes | memoryview, dtype: np.dtype, shape: Sequence[int]) -> Array:
        """``raw`` as an array, which is not copied. Raises ValueError if it is not of that size, or too much."""
        size = math.prod(shape)
        if dtype.kind not in "biufV" or not 0 < dtype.itemsize <= 8 or len(shape) > MAX_RANK or min((0, *shape)) < 0:
            raise ValueError(f"an array of {dtype} in shape {tuple(shape)!r:.80} is absurd")
        self.arrays, self.numbers = self.arrays - 1, self.numbers - size
        if self.arrays < 0 or self.numbers < 0:
            raise ValueError("it holds more than a model for a microcontroller can")
        if len(raw) != size * dtype.itemsize:
            raise ValueError("an array is shorter or longer than its shape")
        return np.frombuffer(raw, dtype).reshape(shape)


def name(text: str) -> str:
    """``text``, if it can be the name of an array. Raises ValueError."""
    if not 0 < len(text) <= MAX_NAME or not text.isprintable():
        raise ValueError(f"{text!r:.40} is no name of an array")
    return text
