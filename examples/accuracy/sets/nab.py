"""Temperature of a machine, every five minutes: the next value, and an alarm where the forecast fails.

Lavin and Ahmad, Evaluating real-time anomaly detection algorithms: the Numenta anomaly benchmark, ICMLA 2015. As there,
the first 15 % may be learned from, without their labelled anomaly; all the rest is one stream.
"""

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import MSE, Metric
from examples.accuracy.task import Part, Schedule, Split, Task, normaliser, whole, windows

if TYPE_CHECKING:
    from examples.accuracy.metrics import Outputs

SERIES = "machine_temperature_system_failure.csv"
FILES = (f"nab/{SERIES}", "nab/windows.json")
LEARNED, VALID = 0.15, 0.25  # share of the series; share of that
LENGTH, STRIDE, LIMIT = 96, 3, 8.0
SMOOTHED = 12  # samples: an hour
ALARM = 1.0  # deviations of the learned part


def load(folder: Path) -> Split:
    times, values = _read(folder / FILES[0])
    labels = _labels(folder / FILES[1], times)
    end = int(LEARNED * len(values))
    norm = normaliser(values[:end], LIMIT)
    x, y = norm(values[:-1]), (values[1:] - norm.mean) / norm.deviation
    at = windows(np.arange(end), LENGTH, STRIDE, end - LENGTH)
    at = at[~(labels[1:][at] > 0).any(1)]
    fitted, held = np.split(at, [-int(VALID * len(at))])
    rest = whole(x[None, end:], y[None, end:])
    test = Part(rest.inputs, rest.targets, rest.judged, marks=labels[None, end + 1 :])
    return Split(whole(x[fitted], y[fitted]), whole(x[held], y[held]), test, norm.deviation.astype(np.float32))


def again(folder: Path) -> float:
    """The MSE of the last value in the place of the next."""
    split = load(folder)
    return MSE.of(split.test.inputs, split.test, split.unit)


def _read(path: Path) -> tuple[list[datetime], np.ndarray]:
    with open(path, newline="", encoding="ascii") as file:
        rows = list(csv.DictReader(file))
    return [datetime.fromisoformat(r["timestamp"]) for r in rows], np.array([[float(r["value"])] for r in rows])


def _labels(path: Path, times: list[datetime]) -> np.ndarray:
    """The number of the labelled window that each sample lies in, from 1; 0 outside."""
    spans = json.loads(path.read_text(encoding="utf-8"))[SERIES]["windows"]
    labels = np.zeros(len(times), np.int64)
    for number, (first, last) in enumerate(spans, 1):
        low, high = datetime.fromisoformat(first), datetime.fromisoformat(last)
        labels[[low <= t <= high for t in times]] = number
    return labels


def window_f1(outputs: "Outputs", part: Part, unit: "Outputs") -> float:
    """F1 in percent: a labelled window is found by an alarm in it; a run of alarms that touches none is false."""
    assert part.marks is not None
    error = np.abs(outputs - part.targets)[0, :, 0]
    smooth = np.convolve(error, np.full(SMOOTHED, 1 / SMOOTHED))[: len(error)]
    alarms, marks = smooth > ALARM, part.marks[0]
    found = len(np.unique(marks[alarms & (marks > 0)]))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], alarms.astype(int), [0]))))
    false = sum(not marks[a:b].any() for a, b in edges.reshape(-1, 2))
    missed = len(np.unique(marks[marks > 0])) - found
    return 100 * 2 * found / max(2 * found + false + missed, 1)


TASKS = (
    Task(
        name="nab",
        files=FILES,
        load=load,
        inputs=1,
        outputs=1,
        limit=LIMIT,
        metrics=(MSE, Metric("window F1, %", window_f1, higher=True, tolerance=None)),
        cells=models.pair(1, 1),
        schedules={"cfc": Schedule(1000, 32, 3e-3, 1e-2), "ltc": Schedule(400, 16, 1e-2)},
        differs="no liquid network is published; the MSE is that of the next value",
        baselines={"the last value again": again},
    ),
)
