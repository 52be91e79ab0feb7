"""Traffic on an interstate, hour by hour, from weather and calendar: the volume now from all that was until now.

Hogue, Metro Interstate Traffic Volume (UCI 492).
"""

import csv
from dataclasses import replace
from datetime import datetime
from functools import partial
from math import pi
from pathlib import Path

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import MSE
from examples.accuracy.task import Schedule, Split, Task, normaliser, taken, whole, windows

FILE = "traffic/Metro_Interstate_Traffic_Volume.csv"
LENGTH, STRIDE, LIMIT, SEED = 32, 4, 8.0, 23489
ELAPSED = (1.0, 7400.0)  # hours; the longest gap of the record is 7,387


def load(timed: bool, folder: Path) -> Split:
    x, volume, hours = features(folder / FILE)
    target = (volume - volume.mean()) / volume.std()
    elapsed = np.clip(np.diff(hours, prepend=hours[0] - 1), *ELAPSED)
    last = len(x) - LENGTH
    xs, ys, dts = (windows(a, LENGTH, STRIDE, last) for a in (normaliser(x, LIMIT)(x), target[:, None], elapsed))
    everything = replace(whole(xs, ys), elapsed=dts.astype(np.float32) if timed else None)
    count = len(xs)
    order = np.random.RandomState(SEED).permutation(count)
    valid, test = int(0.1 * count), int(0.15 * count)
    rows = order[valid + test :], order[:valid], order[valid : valid + test]
    return Split(*(taken(everything, r) for r in rows), unit=np.ones(1, np.float32))


def features(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features [rows, 7], the volume [rows] in vehicles an hour, and the time [rows] in hours."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    times = [datetime.fromisoformat(row["date_time"]) for row in rows]
    weather = [[float(row[c]) for c in ("temp", "rain_1h", "snow_1h", "clouds_all")] for row in rows]
    holiday = [row["holiday"] != "None" for row in rows]
    calendar = [(t.weekday(), np.sin(t.hour * pi / 24)) for t in times]
    volume = np.array([float(row["traffic_volume"]) for row in rows])
    hours = np.array([(t - times[0]).total_seconds() / 3600 for t in times])
    return np.column_stack((holiday, weather, calendar)), volume, hours


def _task(name: str, timed: bool, differs: str, **schedules: Schedule) -> Task:
    return Task(
        name=name,
        files=(FILE,),
        load=partial(load, timed),
        inputs=7,
        outputs=1,
        limit=LIMIT,
        metrics=(MSE,),
        cells=models.pair(7, 1),
        schedules=schedules,
        published={"LTC": 0.099, "LSTM": 0.169, "CT-RNN": 0.224, "CT-GRU": 0.389, "Neural ODE": 1.512},
        source="Hasani et al., AAAI 2021, table 3",
        differs=differs,
        elapsed=ELAPSED if timed else None,
    )


SPLIT = "the paper's split, in which most of a test window was trained on"
TASKS = (
    _task(
        "traffic",
        False,
        f"{SPLIT}; features are scaled",
        cfc=Schedule(2000, 64, 5e-3, 1e-2),
        ltc=Schedule(500, 32, 2e-2),
    ),
    _task(
        "traffic_gaps",
        True,
        f"{SPLIT}; a step is told the hours since the row before, 1 to 7,387 and 1 for a second row of one hour",
        cfc=Schedule(2000, 64, 5e-3, 1e-2),
        ltc=Schedule(500, 32, 2e-2),
    ),
)
