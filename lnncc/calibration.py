"""The user's recorded inputs, from arrays or an npz file: checked against the model, and brought to one shape."""

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lnncc import npz
from lnncc.errors import LnnccError
from lnncc.ir import DT, Array, Graph

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SHAPES = "(steps, {0}) or (streams, steps, {0})"


def read_npz(path: str | Path, graph: Graph, *, timed: bool = False) -> dict[str, Array]:
    """The inputs of ``graph`` in ``path``, an npz with one array an input, or an npy for a model of one input.

    Arrays are named as the inputs; other arrays are ignored, and of a single array for a single input the name is free.
    ``timed`` says that the elapsed time of each step is given too, as ``dt``.
    Returns (streams, steps, size) in float64 by label.

    Raises:
        LnnccError: E0401 shape or type, E0403 NaN or infinity, E0406 the file, E0407 a missing array, E0408 dt <= 0.
    """
    try:
        arrays = npz.read(Path(path))
    except npz.UNREADABLE as error:
        raise _unreadable(path, error) from error
    return prepared(arrays, graph, str(path), timed=timed)


def prepared(
    xs: "ArrayLike | Mapping[str, ArrayLike]", graph: Graph, origin: str = "the data", *, timed: bool = False
) -> dict[str, Array]:
    """Arrays in memory likewise: by label, or one array for a model of one input; see ``read_npz``."""
    shapes = {port.label: graph.values[port.value].shape for port in graph.inputs}
    if timed and graph.dt is not None:
        shapes[DT] = graph.values[graph.dt].shape
    labels = list(shapes)
    if not isinstance(xs, Mapping):
        if len(labels) != 1:
            raise _missing(labels[1:], ["one array without a name"], origin)
        xs = {labels[0]: xs}
    elif len(xs) == len(labels) == 1:
        xs = {labels[0]: next(iter(xs.values()))}
    missing = [label for label in labels if label not in xs]
    if missing:
        raise _missing(missing, list(xs), origin)
    data = {label: _normal(label, xs[label], shapes[label], origin) for label in labels}
    _require_same_length(data, origin)
    if DT in data and graph.dt is not None and timed:
        _require_passing(data[DT], origin)
    return data


def _normal(label: str, values: "ArrayLike", shape: tuple[int, ...], origin: str) -> Array:
    """(streams, steps, size) in float64, finite."""
    try:
        array = np.asarray(values)
        array = array.astype(np.float64) if array.dtype.kind in "fiub" else array
    except (TypeError, ValueError) as error:
        raise _wrong(label, f"is no array: {error}", origin, shape) from error
    if array.dtype != np.float64:
        raise _wrong(label, f"holds {array.dtype}, not real numbers", origin, shape)
    lead = array.ndim - len(shape)
    if lead not in (1, 2) or array.shape[lead:] != shape:
        raise _wrong(label, f"has shape {array.shape}, but input `{label}` is {_dims(shape)}", origin, shape)
    if not array.size:
        raise _wrong(label, f"has shape {array.shape}: it is empty", origin, shape)
    _require_finite(label, array, origin)
    streams = array.shape[0] if lead == 2 else 1
    return array.reshape(streams, array.shape[lead - 1], -1)


def _require_finite(label: str, array: Array, origin: str) -> None:
    odd = ~np.isfinite(array)
    if not odd.any():
        return
    first = ", ".join(str(int(i)) for i in np.argwhere(odd)[0])
    raise LnnccError(
        "E0403",
        f"`{label}` in {origin} contains {int(odd.sum()):,} NaN or infinite of {array.size:,} values",
        notes=(f"first at {label}[{first}]",),
        helps=("drop these steps or fill the gaps: np.isfinite finds them",),
    )


def _require_passing(dt: Array, origin: str) -> None:
    odd = dt <= 0
    if odd.any():
        stream, step, _ = (int(i) for i in np.argwhere(odd)[0])
        raise LnnccError(
            "E0408",
            f"`dt` in {origin} is not above zero at {int(odd.sum()):,} of {dt.size:,} steps",
            notes=(f"first in stream {stream} at step {step}: {dt[stream, step, 0]:g}",),
            helps=("merge steps of the same time, and give each step the time since the step before",),
        )


def _require_same_length(data: Mapping[str, Array], origin: str) -> None:
    lengths = {label: array.shape[:2] for label, array in data.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"`{label}` {streams} of {steps}" for label, (streams, steps) in lengths.items())
        raise LnnccError(
            "E0401",
            f"the inputs in {origin} are not equally long",
            notes=(f"streams of steps: {shown}",),
            helps=("cut them to the same steps: all inputs of one step go in together",),
        )


def _dims(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))})" if shape else "one number"


def _wrong(label: str, what: str, origin: str, shape: tuple[int, ...]) -> LnnccError:
    expected = SHAPES.format(", ".join(map(str, shape))) if shape else "(steps,) or (streams, steps)"
    helps = [f"give {label} as an array of numbers, {expected}"]
    if len(shape) == 1:
        helps.append(f"choose the {shape[0]} columns of the model: {label}[..., [{', '.join(_columns(shape[0]))}]]")
    return LnnccError("E0401", f"`{label}` in {origin} {what}", notes=(f"expected {expected}",), helps=tuple(helps))


def _columns(count: int) -> list[str]:
    return [str(k) for k in range(count)] if count <= 4 else ["0", "1", "..."]


def _missing(labels: list[str], found: list[str], origin: str) -> LnnccError:
    wanted = ", ".join(f"`{label}`" for label in labels)
    close = difflib.get_close_matches(labels[0], found, 1)
    hint = (f"is `{close[0]}` meant? rename it",) if close else ()
    return LnnccError(
        "E0407",
        f"{origin} has no data for input {wanted}",
        notes=(f"it holds {', '.join(found[:8]) or 'nothing'}",),
        helps=(*hint, f"name each array as its input: np.savez(path, **{{{labels[0]!r}: x}})"),
    )


def _unreadable(path: str | Path, error: Exception) -> LnnccError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return LnnccError(
        "E0406",
        f"cannot read {path}",
        notes=(why[:200],),
        helps=("write plain arrays, one an input, time first: np.savez('day1.npz', x=x)",),
    )
