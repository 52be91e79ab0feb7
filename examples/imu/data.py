"""The watch recordings, cut into windows and split by subject.

Each recording is one subject doing one of seven exercises: acceleration and angular rate at 12.5 Hz. A fold
tests on subjects that it never trains on, which is what a watch meets in its next user.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

FILE = Path(__file__).parent / "watch_small_int16.npz"
FOLDS: dict[int, tuple[int, ...]] = {1: (1, 2, 3), 2: (4, 5, 6), 3: (7, 8, 9, 10)}  # the subjects tested on
CLASSES = ("PEN", "ABD", "FEL", "IR", "ER", "TRAP", "ROW")
CHANNELS = ("ax", "ay", "az", "wx", "wy", "wz")
PERIOD = 0.08  # seconds from one sample to the next
DT = 1.0  # time is counted in samples
WINDOW = 50  # samples, 4 s
STRIDE = 25  # samples between the starts of two windows
LIMIT = 4.0  # normalised samples are clipped to ±LIMIT, the input range to declare to the compiler
SETTLED = 25  # samples of a window before its outputs count


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """``samples`` [n, 6] in the units of the sensor, of exercise ``label`` 0..6 by ``subject`` 1..10."""

    samples: Floats
    label: int
    subject: int


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """``windows`` [n, 50, 6], and for each window its exercise and its subject, [n]."""

    windows: Floats
    labels: Ints
    subjects: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Normaliser:
    """Centres and scales channels so that the training subjects have mean 0 and deviation 1."""

    mean: Floats  # [6]
    deviation: Floats  # [6]

    def __call__(self, samples: Floats) -> Floats:
        """[..., 6] from sensor units to deviations within ±LIMIT."""
        return np.clip((samples - self.mean) / self.deviation, -LIMIT, LIMIT)


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """One split. ``train`` and ``test`` are normalised windows, ``recordings`` are whole and raw."""

    train: Windows
    test: Windows
    recordings: tuple[Recording, ...]  # of the training subjects
    normaliser: Normaliser


def recordings() -> tuple[Recording, ...]:
    """All 70, in the order of the file."""
    with np.load(FILE) as file:
        samples = (file["x"] / file["scale"]).astype(np.float32)
        parts = np.split(samples, np.cumsum(file["lengths"])[:-1])
        return tuple(
            Recording(part, int(label), int(subject))
            for part, label, subject in zip(parts, file["y"], file["subject"], strict=True)
        )


def fold(number: int, held_out: tuple[int, ...] = ()) -> Fold:
    """The split that tests on the subjects ``FOLDS[number]``.

    To choose settings without looking at these, name training subjects in ``held_out``: the split then tests
    on them instead and leaves both out of training.

    Raises:
        ValueError: for a fold other than 1, 2 or 3, or nobody left to train on.
    """
    if number not in FOLDS:
        raise ValueError(f"the folds are {', '.join(map(str, FOLDS))}; got {number}")
    tested, everyone = held_out or FOLDS[number], recordings()
    kept = tuple(r for r in everyone if r.subject not in {*FOLDS[number], *held_out})
    if not kept:
        raise ValueError("every subject is held out: nobody is left to train on")
    normaliser = _normaliser(kept)
    test = tuple(r for r in everyone if r.subject in tested)
    return Fold(_windows(kept, normaliser), _windows(test, normaliser), kept, normaliser)


def _normaliser(of: tuple[Recording, ...]) -> Normaliser:
    samples = np.concatenate([r.samples for r in of]).astype(np.float64)
    return Normaliser(samples.mean(0).astype(np.float32), samples.std(0).astype(np.float32))


def _windows(of: tuple[Recording, ...], normaliser: Normaliser) -> Windows:
    starts = [(r, at) for r in of for at in range(0, len(r.samples) - WINDOW + 1, STRIDE)]
    windows = np.stack([normaliser(r.samples[at : at + WINDOW]) for r, at in starts])
    labels = np.array([r.label for r, _ in starts], np.int64)
    return Windows(windows, labels, np.array([r.subject for r, _ in starts], np.int64))


def sensor_range() -> tuple[Floats, Floats]:
    """The least and the greatest value of each channel in the recordings, [6] each, in sensor units."""
    samples = np.concatenate([r.samples for r in recordings()])
    return samples.min(0), samples.max(0)


def classify(outputs: NDArray[np.floating] | NDArray[np.integer]) -> Ints:
    """The exercise of each window [n]: the greatest mean output after ``SETTLED`` steps of [n, 50, 7].

    Integer outputs of fixed-point code serve as they are: their common scale does not move the maximum.
    """
    return np.argmax(outputs[:, SETTLED:].mean(1, dtype=np.float64), axis=1)


def accuracy(outputs: NDArray[np.floating] | NDArray[np.integer], labels: Ints) -> float:
    """The share of windows told right, 0 to 1; ``outputs`` is [n, 50, 7]."""
    return float(np.mean(classify(outputs) == labels))
