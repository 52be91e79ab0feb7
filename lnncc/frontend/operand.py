"""What the operations of a front end work on: numbers known now, and numbers known on the device only."""

from dataclasses import dataclass

import numpy as np

from lnncc.errors import Source
from lnncc.ir import Array

DTYPES = {"f": np.float64, "i": np.int64, "b": np.bool_}


@dataclass(frozen=True, slots=True, eq=False)
class Const:
    """An operand known now: float64, int64 or bool. ``label`` is the user's name of it while it is unchanged."""

    array: Array
    label: str = ""
    source: Source | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape

    @property
    def kind(self) -> str:
        return self.array.dtype.kind


@dataclass(frozen=True, slots=True, eq=False)
class Ref:
    """An operand known on the device only. ``depth`` counts the loops around it; ``finite``: never NaN or infinite."""

    name: str
    shape: tuple[int, ...]
    kind: str = "f"
    depth: int = 0
    finite: bool = True


Operand = Const | Ref


def constant(array: object, kind: str = "f", label: str = "", source: Source | None = None) -> Const:
    return Const(np.asarray(array, DTYPES[kind]), label, source)


def is_finite(x: Operand) -> bool:
    return x.finite if isinstance(x, Ref) else bool(np.isfinite(x.array).all())


def is_uniform(array: Array) -> bool:
    return bool((array == array.flat[0]).all())
