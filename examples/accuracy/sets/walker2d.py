"""Walker2D: the next 17 numbers of a simulated walker, from those so far, a tenth of which is missing.

The rollouts are of github.com/raminmh/CfC; Hasani et al., Closed-form continuous-time neural networks, 2022. Each
step says how many steps of the simulation have passed since the one before.
"""

from functools import partial
from pathlib import Path

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import MSE
from examples.accuracy.task import Floats, Normaliser, Part, Schedule, Split, Task, normaliser, windows

FILES = tuple(f"walker2d/walker_{name}.npz" for name in ("train_first80", "valid", "test"))
KEPT = 0.9  # share of the steps
LENGTH, STRIDE, LIMIT, SEED = 64, 16, 8.0, 891374
LONGEST = 8.0  # of the gaps that the compiler is told of


def load(folder: Path) -> Split:
    parts = [_rollouts(folder / name) for name in FILES]
    norm = normaliser(np.concatenate(parts[0]), LIMIT)
    rng = np.random.RandomState(SEED)
    train, valid, test = (_part(rollouts, norm, rng) for rollouts in parts)
    return Split(train, valid, test, norm.deviation.astype(np.float32))


def _rollouts(path: Path) -> list[Floats]:
    with np.load(path) as file:
        return np.split(file["x"], np.cumsum(file["lengths"])[:-1])


def _part(rollouts: list[Floats], norm: Normaliser, rng: np.random.RandomState) -> Part:
    inputs, targets, elapsed = [], [], []
    for rollout in rollouts:
        kept = np.flatnonzero([rng.rand() < KEPT for _ in rollout[1:]])
        last = len(kept) - LENGTH
        inputs.append(windows(norm(rollout[:-1][kept]), LENGTH, STRIDE, last))
        targets.append(windows((rollout[1:][kept] - norm.mean) / norm.deviation, LENGTH, STRIDE, last))
        elapsed.append(windows(np.diff(kept, prepend=-1), LENGTH, STRIDE, last))
    x, y, dt = (np.concatenate(some).astype(np.float32) for some in (inputs, targets, elapsed))
    return Part(x, y, np.ones(dt.shape, bool), np.minimum(dt, LONGEST))


TASKS = (
    Task(
        name="walker2d",
        files=FILES,
        load=load,
        inputs=17,
        outputs=17,
        limit=LIMIT,
        metrics=(MSE,),
        cells={
            "cfc": partial(models.cfc, 17, 17, units=64, backbone=128),
            "ltc": partial(models.ltc, 17, 17),
        },
        schedules={"cfc": Schedule(3000, 64, 1e-2, 1e-3), "ltc": Schedule(800, 32, 2e-2)},
        published={"LTC": 0.662, "CfC": 0.643, "LSTM": 1.065, "CT-RNN": 1.198, "CT-GRU": 1.172, "ODE-LSTM": 0.883},
        source="Hasani et al., arXiv:2106.13898v2",
        differs="trained on 80 of the 300 rollouts, so that other steps are missing; 64 units, theirs up to 256",
        elapsed=(1.0, LONGEST),
    ),
)
