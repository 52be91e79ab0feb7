"""The benchmark itself: for each set, cell and metric the float result and that of each width of the weights."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from examples.accuracy import fixed, weights
from examples.accuracy.metrics import Metric
from examples.accuracy.models import PyTree, run
from examples.accuracy.sets import TASKS
from examples.accuracy.task import Split, Task, joined

FLOAT = "float"
WIDTHS: Mapping[str, int | str] = {"16 bits": 16, "8-bit weights": 8, "auto": fixed.AUTO}


@dataclass(frozen=True, slots=True)
class Row:
    """``found`` and ``worse`` by width; ``worse`` in points where higher is better, else in percent."""

    task: str
    cell: str
    chosen: bool  # by the validation part, among the cells of the set
    metric: str
    exact: float
    found: Mapping[str, float]
    worse: Mapping[str, float]
    met: Mapping[str, bool | None]  # the goal, where the metric has one
    published: Mapping[str, float]
    baselines: Mapping[str, float]

    def fields(self) -> dict[str, object]:
        return asdict(self)


def rows(folder: Path, names: Sequence[str]) -> Iterator[Row]:
    """Of the sets ``names`` that ``folder`` holds, all if none is named; says which are skipped and why."""
    for name in names or sorted(TASKS):
        task = TASKS[name]
        missing = task.missing(folder)
        if missing:
            _say(f"{name} skipped: {folder} has no {', '.join(missing)}")
            continue
        _say(f"{name} ...")
        yield from measured(task, folder)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def measured(task: Task, folder: Path) -> Iterator[Row]:
    """The rows of one set, whose files are in ``folder``."""
    splits = [fold.load(folder) for fold in weights.folds(task)]
    baselines = {name: of(folder) for name, of in task.baselines.items()}
    best = weights.best(task)
    for cell in task.cells:
        if weights.has(task, cell):
            yield from _rows(task, cell, splits, baselines, chosen=cell == best)


def _rows(
    task: Task, cell: str, splits: Sequence[Split], baselines: Mapping[str, float], *, chosen: bool
) -> Iterator[Row]:
    pairs = zip(weights.folds(task), splits, strict=True)
    widths = {width: bits for width, bits in WIDTHS.items() if chosen or bits != fixed.AUTO}
    outputs = [_outputs(task, cell, fold.params(cell), split, widths) for fold, split in pairs]
    test, unit = splits[0].test if len(splits) == 1 else joined([s.test for s in splits]), splits[0].unit
    results = {width: np.concatenate([found[width] for found in outputs]) for width in outputs[0]}
    for metric in task.metrics:
        values = {width: metric.of(y, test, unit) for width, y in results.items()}
        exact = values.pop(FLOAT)
        worse = {width: metric.worse(exact, value) for width, value in values.items()}
        met = {width: _met(metric, width, loss) for width, loss in worse.items()}
        published, beside = (task.published, baselines) if metric is task.metrics[0] else ({}, {})
        yield Row(task.name, cell, chosen, metric.name, exact, values, worse, met, published, beside)


def _outputs(
    task: Task, cell: str, params: PyTree, split: Split, widths: Mapping[str, int | str]
) -> dict[str, np.ndarray]:
    """Outputs on the test part by width, and in float."""
    test = split.test
    found = {FLOAT: run(task.cells[cell](), params, test.inputs, test.elapsed)}
    for width, bits in widths.items():
        stored = weights.params(task, cell, weights.tuned(cell, int(bits))) if (cell, bits) in task.tuned else params
        found[width] = fixed.outputs(fixed.compiled(task, cell, stored, bits, split.train), test)
    return found


def _met(metric: Metric, width: str, worse: float) -> bool | None:
    if metric.tolerance is None:
        return None
    return worse <= metric.tolerance[0 if width == "16 bits" else 1]
