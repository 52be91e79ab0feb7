"""C-MAPSS FD001: cycles that an aircraft engine has left, from 14 of its sensors (NASA, simulated).

Saxena, Goebel, Simon and Eklund, Damage propagation modeling for aircraft engine run-to-failure simulation, PHM 2008.
Remaining life is capped at 125 cycles, as is usual; it is judged at the last cycle that a test engine has.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from examples.accuracy import models
from examples.accuracy.metrics import RMSE, Metric
from examples.accuracy.task import Normaliser, Part, Schedule, Split, Task, normaliser

if TYPE_CHECKING:
    from examples.accuracy.metrics import Outputs

FILES = tuple(f"cmapss_fd001/{name}_FD001.txt" for name in ("train", "test", "RUL"))
SENSORS = (2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21)  # the others never change
FIRST_SENSOR = 5  # columns before: unit, cycle, three settings; sensor 1 follows
CAP = 125.0
LENGTH, SETTLED, STRIDE, LIMIT, SEED = 64, 24, 2, 6.0, 0
VALID = 20  # of the 100 training engines
Engine = tuple[np.ndarray, np.ndarray]  # sensors [cycles, 14], remaining life [cycles]


def load(folder: Path) -> Split:
    train, test = (_engines(np.loadtxt(folder / name)) for name in FILES[:2])
    left = np.loadtxt(folder / FILES[2])
    running = [(x, _life(len(x), float(n))) for x, n in zip(test, left, strict=True)]
    failed = [(x, _life(len(x), 0.0)) for x in train]
    order = np.random.RandomState(SEED).permutation(len(failed))
    valid, fitted = ([failed[i] for i in rows] for rows in (order[:VALID], order[VALID:]))
    norm = normaliser(np.concatenate([x for x, _ in fitted]), LIMIT)
    parts = _training(fitted, norm), _stopped(_cut(valid), norm), _stopped(running, norm)
    return Split(*parts, unit=np.full(1, CAP / 2, np.float32))


def _engines(table: np.ndarray) -> list[np.ndarray]:
    columns = [FIRST_SENSOR + s - 1 for s in SENSORS]
    return [table[table[:, 0] == unit][:, columns] for unit in np.unique(table[:, 0])]


def _life(cycles: int, left: float) -> np.ndarray:
    return np.minimum(left + np.arange(cycles)[::-1], CAP)


def _training(engines: list[Engine], norm: Normaliser) -> Part:
    """Windows from everywhere; the first steps, which have seen too little, are not judged."""
    pieces = [(x[s : s + LENGTH], y[s : s + LENGTH]) for x, y in engines for s in range(0, len(x) - LENGTH + 1, STRIDE)]
    judged = np.zeros((len(pieces), LENGTH), bool)
    judged[:, SETTLED:] = True
    return Part(norm(np.stack([x for x, _ in pieces])).astype(np.float32), _scaled([y for _, y in pieces]), judged)


def _cut(engines: list[Engine]) -> list[Engine]:
    """Engines that run until failure, each stopped at five ages, as the test engines are stopped at one."""
    ages = (0.35, 0.5, 0.65, 0.8, 0.95)
    return [(x[: int(a * len(x))], y[: int(a * len(x))]) for x, y in engines for a in ages]


def _stopped(engines: list[Engine], norm: Normaliser) -> Part:
    """The last LENGTH cycles of each, judged at the last one; shorter records are padded behind it."""
    inputs = np.zeros((len(engines), LENGTH, len(SENSORS)), np.float32)
    targets, judged = np.zeros((len(engines), LENGTH, 1), np.float32), np.zeros((len(engines), LENGTH), bool)
    for k, (x, y) in enumerate(engines):
        count = min(len(x), LENGTH)
        inputs[k, :count] = norm(x[-count:])
        targets[k, :count] = _scaled([y[-count:]])[0]
        judged[k, count - 1] = True
    return Part(inputs, targets, judged)


def _scaled(life: list[np.ndarray]) -> np.ndarray:
    """Remaining life 0..125 to -1..1, [n, T, 1]."""
    return (np.stack(life)[..., None] / (CAP / 2) - 1).astype(np.float32)


def nasa(outputs: "Outputs", part: Part, unit: "Outputs") -> float:
    """The score of the PHM 2008 challenge: Σ exp(error / 10) - 1 for late, exp(-error / 13) - 1 for early answers."""
    late = ((outputs - part.targets) * unit)[part.judged].astype(np.float64)
    return float(np.where(late > 0, np.expm1(late / 10), np.expm1(-late / 13)).sum())


TASKS = (
    Task(
        name="cmapss",
        files=FILES,
        load=load,
        inputs=len(SENSORS),
        outputs=1,
        limit=LIMIT,
        metrics=(RMSE.renamed("RMSE, cycles"), Metric("NASA score", nasa, higher=False, tolerance=None)),
        cells=models.pair(len(SENSORS), 1),
        schedules={"cfc": Schedule(1000, 64, 3e-3, 1e-2), "ltc": Schedule(400, 32, 1e-2)},
        differs="no liquid network is published; the last 64 cycles from reset",
    ),
)
