"""The user's recordings: read, checked against the model's inputs, and brought to (streams, steps, size)."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def read_npz(path: str | Path) -> dict[str, Array]:
    """The arrays of an npz file.

    Raises:
        LnnccError: E0406 if it cannot be read as one.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as error:
        raise LnnccError(
            "E0406",
            f"cannot read data from {path}",
            notes=(str(error).splitlines()[0][:200] if str(error) else type(error).__name__,),
            helps=("write it with numpy.savez(path, x=...): one array an input, time first",),
        ) from error


def prepared(data: "ArrayLike | Mapping[str, ArrayLike]", graph: Graph) -> dict[str, Array]:
    """Recordings by input label as float64 (streams, steps, size); one recording counts as one stream.

    ``data`` is one array for a model with one input, else arrays by label: (steps, ...) or (streams, steps, ...).

    Raises:
        LnnccError: E0401 for missing or misshapen data, E0403 for values that are not finite.
    """
    shapes = {p.label: graph.values[p.value].shape for p in graph.inputs}
    arrays = _by_label(data, tuple(shapes))
    result = {label: _shaped(label, arrays[label], shape) for label, shape in shapes.items()}
    leading = {label: x.shape[:2] for label, x in result.items()}
    if len(set(leading.values())) > 1:
        raise LnnccError(
            "E0401",
            "the recordings of the inputs differ in length",
            notes=tuple(f"`{label}`: {n} streams of {steps} steps" for label, (n, steps) in leading.items()),
        )
    return result


def _by_label(data: "ArrayLike | Mapping[str, ArrayLike]", labels: tuple[str, ...]) -> "Mapping[str, ArrayLike]":
    if not isinstance(data, Mapping):
        if len(labels) == 1:
            return {labels[0]: data}
        raise _missing(labels, ())
    if len(labels) == 1 and len(data) == 1:
        return {labels[0]: next(iter(data.values()))}
    if any(label not in data for label in labels):
        raise _missing(tuple(label for label in labels if label not in data), tuple(data))
    return data


def _missing(labels: tuple[str, ...], given: tuple[str, ...]) -> LnnccError:
    return LnnccError(
        "E0401",
        f"no data for input {', '.join(f'`{label}`' for label in labels)}",
        notes=(f"the data holds: {', '.join(given)}",) if given else (),
        helps=("give one array for each input, named as the input",),
    )


def _shaped(label: str, data: "ArrayLike", shape: tuple[int, ...]) -> Array:
    try:
        array = np.asarray(data, np.float64)
    except (TypeError, ValueError) as error:
        raise LnnccError("E0401", f"the data of input `{label}` are no numbers", notes=(str(error)[:200],)) from error
    if array.ndim == len(shape) + 1:
        array = array[None]
    if array.shape[2:] != shape or array.ndim != len(shape) + 2 or array.size == 0:
        wanted = ", ".join(map(str, shape))
        raise LnnccError(
            "E0401",
            f"the data have shape {np.shape(data)}, but input `{label}` has {shape or 'one value'} a step",
            notes=(f"expected (steps, {wanted}) or (streams, steps, {wanted}), with at least one step",),
        )
    bad = ~np.isfinite(array)
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        raise LnnccError(
            "E0403",
            f"the data of input `{label}` hold {int(bad.sum())} values that are not finite",
            notes=(f"first at (stream, step, ...) = {first}",),
            helps=("drop or repair those steps: a sensor never sends NaN to integer code",),
        )
    return array.reshape(*array.shape[:2], -1)
