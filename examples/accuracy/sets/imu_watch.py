"""Shoulder exercises from a watch: the networks of ``examples.imu``, on the data that ship with them.

Three folds, each with weights of its own, which test on subjects that were never trained on.
"""

from functools import partial
from pathlib import Path

import numpy as np

from examples.accuracy.metrics import Metric
from examples.accuracy.task import Fold, Part, Split, Task
from examples.imu import data
from examples.imu import models as nets
from examples.imu import weights as kept

CLASSES, CHANNELS = len(data.CLASSES), len(data.CHANNELS)


def load(fold: int, folder: Path) -> Split:
    split = data.fold(fold)
    train, test = (_part(windows) for windows in (split.train, split.test))
    return Split(train, test, test, np.ones(1, np.float32))


def _part(of: data.Windows) -> Part:
    targets = np.repeat(of.labels[:, None], data.WINDOW, axis=1)
    judged = np.zeros(targets.shape, bool)
    judged[:, data.SETTLED :] = True
    return Part(of.windows, targets, judged)


def accuracy(outputs: np.ndarray, part: Part, unit: np.ndarray) -> float:
    """Of the answer for a whole window, in percent."""
    return 100 * data.accuracy(outputs, part.targets[:, 0])


TASKS = (
    Task(
        name="imu_watch",
        files=(),
        load=partial(load, 1),
        inputs=CHANNELS,
        outputs=CLASSES,
        limit=data.LIMIT,
        metrics=(Metric("accuracy, %", accuracy, higher=True, tolerance=(0.1, 0.5)),),
        cells={cell: partial(nets.build, cell) for cell in nets.CELLS},
        schedules={},
        folds=tuple(Fold(partial(load, fold), partial(kept.load, fold=fold)) for fold in data.FOLDS),
        differs="no liquid network is published; all windows of three folds, whose subjects were left out of training",
    ),
)
