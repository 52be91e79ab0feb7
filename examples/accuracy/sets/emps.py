"""EMPS: where an electro-mechanical positioning system (a motor and a ball screw) goes, from the force alone.

Janot, Gautier and Brunot, Data set and reference models of EMPS, Workshop on Nonlinear System Identification
Benchmarks, 2019. The estimation record trains, the record with force pulses tests; both at 200 Hz, here means of
5 samples. The network gives the way of each step, and whoever drives it adds them up to a position.
"""

import csv
from pathlib import Path

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import Metric, Outputs
from examples.accuracy.task import Normaliser, Part, Schedule, Split, Task, normaliser, whole, windows

FILES = ("sysid_emps/DATA_EMPS_SC.csv", "sysid_emps/DATA_EMPS_PULSES_SC.csv")
COLUMNS = ("u_in", "q_meas")  # N, m
MEAN_OF = 5  # samples: 40 Hz
LENGTH, STRIDE, LIMIT = 128, 32, 8.0  # 3.2 s
TRAINED = 0.75  # share of the estimation record; the rest validates


def load(folder: Path) -> Split:
    estimation, pulses = (_read(folder / name) for name in FILES)
    cut = int(TRAINED * len(estimation))
    norm = normaliser(estimation[:cut], LIMIT)
    records = ((estimation[:cut], 2), (estimation[cut:], 8), (pulses, STRIDE))
    train, valid, test = (_part(record, norm, stride) for record, stride in records)
    return Split(train, valid, test, unit=norm.deviation[1:].astype(np.float32))


def _read(path: Path) -> np.ndarray:
    """[n, 2]: the force of a step in N, and its way in mm."""
    with open(path, newline="", encoding="ascii") as file:
        names, *rows = csv.reader(file)
    at = [names.index(c) for c in COLUMNS]
    table = np.array([[float(row[i]) for i in at] for row in rows])
    count = len(table) // MEAN_OF
    force, position = table[: count * MEAN_OF].reshape(count, MEAN_OF, -1).mean(1).T
    return np.column_stack((force[1:], 1000 * np.diff(position)))


def _part(record: np.ndarray, norm: Normaliser, stride: int) -> Part:
    """Inputs: the force, and the last way before the window, held. Targets: the ways."""
    cut = norm(windows(record, LENGTH + 1, stride, len(record) - LENGTH))
    start = np.repeat(cut[:, :1, 1:], LENGTH, axis=1)
    return whole(np.concatenate((cut[:, 1:, :1], start), axis=-1), cut[:, 1:, 1:])


def position(outputs: Outputs, part: Part, unit: Outputs) -> float:
    """Root mean squared error of the position, the sum of the ways since the window began, in mm."""
    error = np.cumsum((outputs.astype(np.float64) - part.targets) * unit, axis=1)
    return float(np.sqrt((error**2).mean()))


TASKS = (
    Task(
        name="emps",
        files=FILES,
        load=load,
        inputs=2,
        outputs=1,
        limit=LIMIT,
        metrics=(Metric("RMSE, mm", position, higher=False, tolerance=(0.5, 2.5)),),
        cells=models.pair(2, 1),
        schedules={"cfc": Schedule(2000, 32, 5e-3), "ltc": Schedule(600, 16, 2e-2)},
        tuned=(("cfc", 8),),
        differs="no liquid network is published; simulated for 3.2 s at a time from the velocity at its start",
    ),
)
