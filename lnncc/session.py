"""session: the compiled C stepped by hand, for a loop that is closed by a simulation or a device."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from lnncc import twin
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.validate import host

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """One stream. The state lives in C; ``step`` takes and gives real numbers, as ``Program.run`` does."""

    build: Build
    library: host.Library
    state: Any  # cffi's pointer to the C state

    @staticmethod
    def of(build: Build) -> "Session":
        """From reset. Raises as ``host.build``."""
        library = host.build(build)
        session = Session(build, library, library.ffi.new(f"{build.name}_state *"))
        session.reset()
        return session

    def reset(self) -> None:
        getattr(self.library.calls, f"{self.build.name}_reset")(self.state)

    @property
    def clipped(self) -> int:
        """Inputs and results clamped since the reset."""
        return int(self.state.clipped)

    def step(
        self, x: "ArrayLike | Mapping[str, ArrayLike]", dt: float | None = None
    ) -> "np.ndarray | dict[str, np.ndarray]":
        """The outputs of one step: an array, or by label if there are several. ``x`` is likewise.

        ``dt`` is given where it has a range. Out of range it is clamped, and so are inputs; ``clipped`` counts what the
        C clamps, but not what 16 bits do not hold. NaN is 0, as in the helpers of the C.

        Raises:
            ValueError: for an input that is missing or of another size, or a dt that is missing or not asked for.
        """
        io, ffi = self.build.interface, self.library.ffi
        xs = [_raw(x, s.label, s.size, s.frac, single=len(io.inputs) == 1) for s in io.inputs]
        ys = [np.zeros(s.size, np.int16) for s in io.outputs]
        if (dt is None) != (io.dt is None):
            raise ValueError("dt is given at each step if, and only if, the model was compiled for a range of it")
        elapsed = [] if io.dt is None else [int(twin.quantised(np.array([dt]), io.dt.frac, io.dt.bits)[0])]
        pointers = [ffi.cast("int16_t *", a.ctypes.data) for a in (*xs, *ys)]
        step = getattr(self.library.calls, f"{self.build.name}_step")
        step(self.state, *pointers[: len(xs)], *elapsed, *pointers[len(xs) :])
        outputs = {s.label: y * 2.0**-s.frac for s, y in zip(io.outputs, ys, strict=True)}
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs


def _raw(x: "ArrayLike | Mapping[str, ArrayLike]", label: str, size: int, frac: int, *, single: bool) -> Array:
    if isinstance(x, Mapping):
        if label not in x:
            raise ValueError(f"input `{label}` is missing")
        x = x[label]
    elif not single:
        raise ValueError(f"this model has several inputs: give them by label, `{label}` among them")
    values = np.asarray(x, np.float64).reshape(-1)
    if values.size != size:
        raise ValueError(f"input `{label}` has {size} elements, got {values.size}")
    return np.ascontiguousarray(twin.quantised(np.where(np.isnan(values), 0.0, values), frac, 16))
