"""Water flow through a branch of a pipeline, hourly, with gaps, March to May 2022: ``river.datasets.WaterFlow``.

Tecnojest s.r.l. (www.invidea.it); the series ships in the wheel of river (BSD-3-Clause). Three times the water is shut
off, and once a pump makes a peak; those spans were read off the plot.
"""

from typing import NamedTuple

import numpy as np

from lnncc.extras import needs

LEARNED = slice(350, 800)  # nothing happens there
HAPPENINGS = ((92, 118), (208, 226), (328, 333), (870, 892))  # samples, first and past the last
MIDDLE, SCALE, LIMIT = 102.0, 2.0, 4.0  # l/s, l/s, and how many scales the sensor's door lets in
DAY = 24.0  # hours


class Series(NamedTuple):
    """``inputs`` [n, 3]: flow, sine and cosine of the hour; ``elapsed`` [n] hours since the one before, ``times``."""

    inputs: np.ndarray
    elapsed: np.ndarray
    times: np.ndarray


def load() -> Series:
    """Raises E0703 without river."""
    with needs("river", "water"):
        from river.datasets import WaterFlow  # an extra
    rows = [(features["Time"], flow) for features, flow in WaterFlow()]
    seconds = np.array([time.timestamp() for time, _ in rows])
    hours = np.array([time.hour + time.minute / 60 for time, _ in rows]) * (2 * np.pi / DAY)
    flow = np.clip((np.array([flow for _, flow in rows]) - MIDDLE) / SCALE, -LIMIT, LIMIT)
    elapsed = np.diff(seconds, prepend=seconds[0] - 3600) / 3600
    return Series(np.stack([flow, np.sin(hours), np.cos(hours)], axis=-1), elapsed, seconds)
