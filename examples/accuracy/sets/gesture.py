"""Phases of gestures, one of five a frame, from 32 velocities and accelerations of hands and wrists.

Madeo, Wagner and Peres, Gesture Phase Segmentation (UCI 302).
"""

import csv
from pathlib import Path

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import ACCURACY
from examples.accuracy.task import Schedule, Split, Task, normaliser, taken, whole

NAMES = ("a3", "b1", "b3", "c1", "c3", "a2", "a1")  # in the order that the paper's split counts on
FILES = tuple(f"gesture/{name}_va3.csv" for name in NAMES)
PHASES = "DPSHR"
LENGTH, LIMIT, SEED = 32, 8.0, 23489


def load(folder: Path) -> Split:
    traces = [_read(folder / name) for name in FILES]
    x, y = (np.concatenate([_cut(trace[k]) for trace in traces]) for k in (0, 1))
    everything = whole(normaliser(x, LIMIT)(x), y)
    order = np.random.RandomState(SEED).permutation(len(x))
    valid, test = int(0.1 * len(x)), int(0.15 * len(x))
    rows = order[valid + test :], order[:valid], order[valid : valid + test]
    return Split(*(taken(everything, r) for r in rows), unit=np.ones(1, np.float32))


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    with open(path, newline="", encoding="ascii") as file:
        _, *rows = csv.reader(file)
    phases = np.array([PHASES.index(row[-1]) for row in rows])
    return np.array([[float(v) for v in row[:-1]] for row in rows]), phases


def _cut(x: np.ndarray) -> np.ndarray:
    """Windows that begin every half window, the last one at a whole multiple."""
    count = len(x) // LENGTH
    return np.stack([x[s : s + LENGTH] for s in range(0, LENGTH * (count - 1) + 1, LENGTH // 2)])


TASKS = (
    Task(
        name="gesture",
        files=FILES,
        load=load,
        inputs=32,
        outputs=len(PHASES),
        limit=LIMIT,
        metrics=(ACCURACY,),
        cells=models.pair(32, len(PHASES)),
        schedules={"cfc": Schedule(1500, 32, 5e-3, 1e-1), "ltc": Schedule(1000, 32, 2e-2)},
        published={"LTC": 69.55, "CT-GRU": 68.31, "LSTM": 64.57, "CT-RNN": 59.01, "Neural ODE": 46.97},
        source="Hasani et al., AAAI 2021, table 3",
        differs="the paper's split, in which half of a test window may have been trained on",
    ),
)
