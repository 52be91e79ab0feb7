"""Two series of a sensor, hourly: water through a branch of a pipeline, and the temperature of a machine.

``river.datasets.WaterFlow``, March to May 2022, with gaps, is of Tecnojest s.r.l. (www.invidea.it) and ships in the
wheel of river (BSD-3-Clause). Three times the water is shut off, and once a pump makes a peak; read off the plot.

``machine_temperature_system_failure`` of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, arXiv 1510.03336; MIT),
December 2013 to February 2014, is a sample every five minutes, of which each hour's mean is taken. NAB labels it.
"""

import csv
import json
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lnncc.errors import LnnccError
from lnncc.extras import needs

LIMIT = 4.0  # how many scales the sensor's door lets in
DAY, HOUR = 24.0, 3600.0  # hours, s
WATER, MACHINE = "water", "machine"
FILE, LABELS = "machine_temperature_system_failure.csv", "windows.json"


class Series(NamedTuple):
    """``inputs`` [n, 3]: value, sine and cosine of the hour; ``elapsed`` [n] hours since the one before.

    The value is (what was measured - ``middle``) / ``scale``, in ``unit``. In ``learned`` nothing happens;
    ``happenings`` are samples, first and past the last. A surprise counts above ``margin`` times that which the share
    ``usual`` of the learned ones keeps below.
    """

    name: str
    inputs: np.ndarray
    elapsed: np.ndarray
    times: np.ndarray
    middle: float
    scale: float
    what: str
    unit: str
    learned: slice
    happenings: tuple[tuple[int, int], ...]
    usual: float
    margin: float


def water() -> Series:
    """Raises E0703 without river."""
    with needs("river", "water"):
        from river.datasets import WaterFlow  # an extra
    rows = [(features["Time"], flow) for features, flow in WaterFlow()]
    happenings = ((92, 118), (208, 226), (328, 333), (870, 892))
    times, flow = [time for time, _ in rows], np.array([flow for _, flow in rows])
    return _series(WATER, times, flow, 102.0, 2.0, "flow", "l/s", slice(350, 800), happenings, 1.0, 1.5)


def machine(folder: Path) -> Series:
    """NAB's series from ``folder``, which holds FILE and LABELS. Raises E0410 for a folder without them."""
    for name in (FILE, LABELS):
        if not (folder / name).is_file():
            raise LnnccError("E0410", f"there is no {name} in {folder}", helps=("give a folder of NAB with --nab",))
    with (folder / FILE).open(newline="") as file:
        rows = [(datetime.fromisoformat(row["timestamp"]), float(row["value"])) for row in csv.DictReader(file)]
    hours = [time.replace(minute=0, second=0) for time, _ in rows]
    times = sorted(set(hours))
    place = {hour: k for k, hour in enumerate(times)}
    at, values = np.array([place[hour] for hour in hours]), np.array([value for _, value in rows])
    mean = np.bincount(at, values) / np.bincount(at)
    windows = json.loads((folder / LABELS).read_text())[FILE]["windows"]
    spans = [[datetime.fromisoformat(end).replace(minute=0, second=0, microsecond=0) for end in w] for w in windows]
    happenings = tuple((place[first], place[last] + 1) for first, last in spans)
    return _series(MACHINE, times, mean, 90.0, 8.0, "temperature", "°F", slice(380, 1200), happenings, 0.99, 1.0)


def _series(
    name: str,
    times: list[datetime],
    values: np.ndarray,
    middle: float,
    scale: float,
    what: str,
    unit: str,
    learned: slice,
    happenings: tuple[tuple[int, int], ...],
    usual: float,
    margin: float,
) -> Series:
    seconds = np.array([time.timestamp() for time in times])
    hours = np.array([time.hour + time.minute / 60 for time in times]) * (2 * np.pi / DAY)
    value = np.clip((values - middle) / scale, -LIMIT, LIMIT)
    inputs = np.stack([value, np.sin(hours), np.cos(hours)], axis=-1)
    elapsed = np.diff(seconds, prepend=seconds[0] - HOUR) / HOUR
    return Series(name, inputs, elapsed, seconds, middle, scale, what, unit, learned, happenings, usual, margin)
