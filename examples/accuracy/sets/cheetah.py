"""Half-Cheetah: the next 17 joint positions and velocities of a simulated robot, from those so far.

The 31 traces are of github.com/raminmh/liquid_time_constant_networks (experiments_with_ltcs/data/cheetah).
"""

from pathlib import Path

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import MSE
from examples.accuracy.task import Floats, Normaliser, Part, Schedule, Split, Task, normaliser, whole, windows

FILE = "cheetah/cheetah.npz"
LENGTH, STRIDE, LIMIT = 32, 10, 8.0
VALID, TEST, TRAIN = slice(0, 5), slice(5, 15), slice(15, 25)  # traces, as in the paper


def load(folder: Path) -> Split:
    with np.load(folder / FILE) as file:
        traces = file["x"]
    norm = normaliser(traces[TRAIN], LIMIT)
    parts = (_part(traces[rows], norm, stride) for rows, stride in ((TRAIN, 1), (VALID, STRIDE), (TEST, STRIDE)))
    return Split(*parts, unit=norm.deviation.astype(np.float32))


def _part(traces: Floats, norm: Normaliser, stride: int) -> Part:
    last = traces.shape[1] - LENGTH - 1
    both = np.concatenate([windows(trace, LENGTH + 1, stride, last) for trace in traces])
    targets = (both[:, 1:] - norm.mean) / norm.deviation
    return whole(norm(both[:, :-1]), targets)


TASKS = (
    Task(
        name="cheetah",
        files=(FILE,),
        load=load,
        inputs=17,
        outputs=17,
        limit=LIMIT,
        metrics=(MSE,),
        cells=models.pair(17, 17, backbone=128),
        schedules={"cfc": Schedule(3000, 64, 5e-3, 1e-2), "ltc": Schedule(1000, 32, 2e-2)},
        published={"LTC": 2.308, "LSTM": 2.500, "CT-RNN": 2.838, "CT-GRU": 3.014, "Neural ODE": 3.805},
        source="Hasani et al., AAAI 2021, table 6",
        differs="training windows start at every step, not every tenth; channels are scaled, but not for the MSE",
    ),
)
