"""Room occupancy from temperature, humidity, light and CO2, minute by minute; with and without the light.

Candanedo and Feldheim, Energy and Buildings 112, 2016 (UCI 357). The light alone all but tells the answer, so the
set without it is the harder one; the threshold on light stands beside both.
"""

import csv
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import ACCURACY
from examples.accuracy.task import Part, Schedule, Split, Task, normaliser, taken, whole, windows

FILES = tuple(f"occupancy/{name}.txt" for name in ("datatraining", "datatest", "datatest2"))
COLUMNS = ("Temperature", "Humidity", "Light", "CO2", "HumidityRatio")
DARK = tuple(c for c in COLUMNS if c != "Light")
LENGTH, LIMIT, SEED = 16, 8.0, 893429  # the seed of the paper's split


Rows = tuple[np.ndarray, np.ndarray]  # windows to train on, windows to validate on


def load(columns: tuple[str, ...], split: Callable[[int], Rows], folder: Path) -> Split:
    (x, y), *tests = (_read(folder / name, columns) for name in FILES)
    norm = normaliser(x, LIMIT)
    train = _part(norm(x), y, 1)
    fitted, held = split(len(train.inputs))
    cut = [_part(norm(tx), ty, 8) for tx, ty in tests]
    test = whole(np.concatenate([p.inputs for p in cut]), np.concatenate([p.targets for p in cut]))
    return Split(taken(train, fitted), taken(train, held), test, np.ones(1, np.float32))


def shuffled(count: int) -> Rows:
    """As in the paper: a tenth validates, and overlaps what is trained on."""
    order = np.random.RandomState(SEED).permutation(count)
    return order[count // 10 :], order[: count // 10]


def later(count: int) -> Rows:
    """The last quarter of the days validates, which is nearer to what other days will ask."""
    edge = 3 * count // 4
    return np.arange(edge - LENGTH), np.arange(edge, count)


def _read(path: Path, columns: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The header names one column less than the rows have: the first is a row number."""
    with open(path, newline="", encoding="ascii") as file:
        names, *rows = csv.reader(file)
    at = [names.index(c) + 1 for c in (*columns, "Occupancy")]
    table = np.array([[float(row[i]) for i in at] for row in rows])
    return table[:, :-1], table[:, -1].astype(np.int64)


def _part(x: np.ndarray, y: np.ndarray, stride: int) -> Part:
    last = len(x) - LENGTH
    return whole(windows(x, LENGTH, stride, last), windows(y, LENGTH, stride, last))


def light_alone(folder: Path) -> float:
    """Accuracy in percent of the best threshold on the light of the training file, over the test windows."""
    (x, y), *tests = (_read(folder / name, ("Light",)) for name in FILES)
    light = np.sort(x[:, 0])
    edges = np.unique((light[1:] + light[:-1]) / 2)
    best = edges[np.argmax([((x[:, 0] > edge) == y).mean() for edge in edges])]
    cut = [_part(tx, ty, 8) for tx, ty in tests]
    right = [(p.inputs[..., 0] > best) == p.targets for p in cut]
    return 100 * float(np.concatenate(right).mean())


def always_empty(folder: Path) -> float:
    """Accuracy in percent of the most frequent class."""
    cut = [_part(*_read(folder / name, DARK), 8) for name in FILES[1:]]
    return 100 * float(np.concatenate([p.targets == 0 for p in cut]).mean())


def _task(
    name: str,
    columns: tuple[str, ...],
    split: Callable[[int], Rows],
    differs: str,
    published: Mapping[str, float],
    **cells: Schedule,
) -> Task:
    return Task(
        name=name,
        files=FILES,
        load=partial(load, columns, split),
        inputs=len(columns),
        outputs=2,
        limit=LIMIT,
        metrics=(ACCURACY,),
        cells=models.pair(len(columns), 2),
        schedules=cells,
        published=published,
        source="Hasani et al., AAAI 2021, table 3" if published else "",
        differs=differs,
        baselines={"threshold on the light alone": light_alone, "always empty": always_empty},
    )


TASKS = (
    _task(
        "occupancy",
        COLUMNS,
        shuffled,
        "the paper's split",
        {"LTC": 94.63, "CT-RNN": 94.54, "LSTM": 93.18, "CT-GRU": 91.44, "Neural ODE": 90.15},
        cfc=Schedule(1200, 64, 3e-3, 1e-2),
        ltc=Schedule(400, 32, 1e-2),
    ),
    _task(
        "occupancy_dark",
        DARK,
        later,
        "none is published without the light; validated on later days than trained on",
        {},
        cfc=Schedule(400, 64, 1e-3, 1e-1),
        ltc=Schedule(200, 32, 5e-3),
    ),
)
