"""What a data set gives: sequences to train on and to be judged by, a metric, and what the papers reached."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from examples.accuracy.metrics import Metric
from examples.accuracy.models import Model, PyTree

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Sequences [n, T, ...], each from reset. Steps that are not ``judged`` neither train nor count."""

    inputs: Floats  # [n, T, I], normalised, within ± the task's limit
    targets: NDArray[np.floating] | NDArray[np.integer]  # classes [n, T], or numbers [n, T, O] in the model's units
    judged: NDArray[np.bool_]  # [n, T]
    elapsed: Floats | None = None  # [n, T] since the step before, where time is irregular
    marks: NDArray[np.integer] | None = None  # [n, T] what only a metric sees


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """``unit`` [O] turns the model's outputs into those of the data; 1 for classes."""

    train: Part
    valid: Part
    test: Part
    unit: Floats


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast one cell trains; the best weights on the validation part are kept."""

    steps: int
    batch: int
    rate: float  # of Adam, at its peak: it rises over the first tenth of the steps, then falls as a cosine
    decay: float = 0.0  # of the weights


@dataclass(frozen=True, slots=True)
class Fold:
    """A split that has weights of its own, ``params`` by cell; the metric is of all test parts together."""

    load: Callable[[Path], Split]
    params: Callable[[str], PyTree]


@dataclass(frozen=True, slots=True)
class Task:
    """One data set. ``published`` is what ``source`` prints in the units of ``metrics[0]``; ``differs`` is honest."""

    name: str
    files: tuple[str, ...]  # in the folder that the user names
    load: Callable[[Path], Split]
    inputs: int
    outputs: int
    limit: float  # of normalised inputs: the range declared to the compiler
    metrics: tuple[Metric, ...]  # the first one chooses the weights
    cells: Mapping[str, Callable[[], Model]]
    schedules: Mapping[str, Schedule]
    published: Mapping[str, float] = field(default_factory=dict)
    source: str = ""
    differs: str = ""
    baselines: Mapping[str, Callable[[Path], float]] = field(default_factory=dict)  # of metrics[0], on the test part
    elapsed: tuple[float, float] | None = None  # the range of a dt that varies
    tuned: tuple[tuple[str, int], ...] = ()  # cells and widths whose weights were trained through the rounding
    folds: "tuple[Fold, ...]" = ()  # of a set that is judged in several, and whose weights lie elsewhere

    def missing(self, folder: Path) -> list[str]:
        """The files that ``folder`` lacks."""
        return [name for name in self.files if not (folder / name).is_file()]


def windows(x: NDArray[np.generic], length: int, stride: int, last: int) -> NDArray[np.generic]:
    """[T, ...] to [n, length, ...], from every start before ``last``."""
    return np.stack([x[start : start + length] for start in range(0, last, stride)])


def whole(inputs: NDArray[np.generic], targets: NDArray[np.generic]) -> Part:
    """A part all of whose steps are judged; targets that are numbers are floats of 32 bits, classes integers."""
    kind = np.int64 if targets.dtype.kind in "iu" else np.float32
    return Part(inputs.astype(np.float32), targets.astype(kind), np.ones(inputs.shape[:2], bool))


def joined(parts: Sequence[Part]) -> Part:
    """All sequences of parts that are equally long and in which time is regular."""
    assert all(part.elapsed is None for part in parts)
    arrays = [np.concatenate([getattr(p, name) for p in parts]) for name in ("inputs", "targets", "judged")]
    return Part(*arrays)


def taken(part: Part, rows: NDArray[np.integer]) -> Part:
    """The sequences ``rows``."""
    elapsed = None if part.elapsed is None else part.elapsed[rows]
    return Part(part.inputs[rows], part.targets[rows], part.judged[rows], elapsed)


@dataclass(frozen=True, slots=True, eq=False)
class Normaliser:
    """Centres and scales channels so that those it was fitted to have mean 0 and deviation 1; clips to ±limit."""

    mean: NDArray[np.float64]
    deviation: NDArray[np.float64]
    limit: float

    def __call__(self, x: NDArray[np.generic]) -> NDArray[np.float64]:
        return np.clip((x - self.mean) / self.deviation, -self.limit, self.limit)


def normaliser(x: NDArray[np.generic], limit: float) -> Normaliser:
    """Fitted to x [..., channels]; a channel that never changes becomes 0."""
    flat = x.reshape(-1, x.shape[-1]).astype(np.float64)
    deviation = flat.std(0)
    return Normaliser(flat.mean(0), np.where(deviation > 1e-12, deviation, 1.0), limit)
