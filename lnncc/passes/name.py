"""name: the user's own names for the matrices of a fused graph, found again by their numbers; for messages only.

Fusing works on scalars, so names are lost. But the entries of a fused matrix are entries of one of the user's arrays,
all times one factor: their logarithms are some of its logarithms, all shifted by one number.
"""

from collections.abc import Iterator

import numpy as np

from lnncc.ir import Array, Graph

PROBES = 8  # entries that must be found
CLOSE = 1e-9  # of logarithms


def name(fused: Graph, model: Graph) -> Graph:
    """``fused`` with labels of its matrices, from those of the constants of ``model``."""
    known = [(label, _logs(model.constants[c])) for c, label in model.labels.items() if c in model.constants]
    found = ((c, _label(_logs(array), known)) for c, array in fused.constants.items() if array.ndim == 2)
    return fused.edited(labels={**fused.labels, **{c: label for c, label in found if label is not None}})


def _logs(array: Array) -> Array:
    """Of the magnitudes that are not zero, ascending, each once."""
    magnitudes = np.abs(np.asarray(array, np.float64)).ravel()
    return np.unique(np.log(magnitudes[magnitudes > 0]))


def _label(logs: Array, known: list[tuple[str, Array]]) -> str | None:
    if len(logs) < PROBES:
        return None
    probes = logs[np.linspace(0, len(logs) - 1, PROBES).astype(int)]
    return next(_holding(probes, known), None)


def _holding(probes: Array, known: list[tuple[str, Array]]) -> Iterator[str]:
    """Arrays that hold all probes: as they are first, then times any factor."""
    for label, logs in known:
        if len(logs) >= PROBES and np.all(_distances(probes, logs) < CLOSE):
            yield label
    for label, logs in known:
        if len(logs) >= PROBES:
            shifts = logs[:, None] - probes[0]
            if np.any(np.all(_distances(probes[None, :] + shifts, logs) < CLOSE, axis=1)):
                yield label


def _distances(points: Array, logs: Array) -> Array:
    after = np.clip(np.searchsorted(logs, points), 1, len(logs) - 1)
    return np.minimum(np.abs(points - logs[after - 1]), np.abs(points - logs[after]))
