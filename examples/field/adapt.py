"""How the watch is worn now, and a readout for that: ridge regression on what the device itself computes."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from examples.imu import data
from examples.imu.data import CLASSES, SETTLED, STRIDE, WINDOW, Fold

TURN, GAIN = np.deg2rad(45.0), 1.05  # in the plane of its face; of both sensors
LEARNED = 3  # the first of so many parts of each recording is told to the device with its exercise
PENALTY = 0.1
HIGH = 0.5  # target of the right exercise: only the largest output counts, and small weights fit the formats there are
Params = Mapping[str, Mapping[str, np.ndarray]]


class Wearer(NamedTuple):
    """Normalised windows [n, 50, 6] and their exercises [n]: to learn from, and later ones to be tested on."""

    learned: np.ndarray
    told: np.ndarray
    tested: np.ndarray
    labels: np.ndarray


def wearers(split: Fold, number: int, *, turned: bool) -> dict[int, Wearer]:
    """By subject, those that the network was not trained on; as they wore it, or ``turned``."""
    return {subject: _wearer(split, subject, turned) for subject in data.FOLDS[number]}


def _wearer(split: Fold, subject: int, turned: bool) -> Wearer:
    parts: tuple[list[np.ndarray], ...] = ([], [])
    labels: tuple[list[int], ...] = ([], [])
    for recording in (r for r in data.recordings() if r.subject == subject):
        samples = _worn(recording.samples) if turned else recording.samples
        starts = list(range(0, len(samples) - WINDOW + 1, STRIDE))
        end = len(starts) // LEARNED
        for k, chosen in enumerate((starts[:end], starts[end + 1 :])):  # neighbours share half of their samples
            parts[k].extend(split.normaliser(samples[at : at + WINDOW]) for at in chosen)
            labels[k].extend([recording.label] * len(chosen))
    return Wearer(np.stack(parts[0]), np.array(labels[0]), np.stack(parts[1]), np.array(labels[1]))


def _worn(samples: np.ndarray) -> np.ndarray:
    """[n, 6] as the same motions give with the watch turned on the wrist, and sensors that have drifted."""
    c, s = np.cos(TURN), np.sin(TURN)
    turn = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])
    return (GAIN * samples.reshape(-1, 2, 3) @ turn.T).reshape(-1, 6).astype(np.float32)


def retrained(params: Params, features: np.ndarray, labels: np.ndarray) -> Params:
    """``params`` with another readout; ``features`` [n, 12] are means over the last steps of windows."""
    count = params["readout"]["weight"].shape[1]
    joined = np.concatenate([features[:, -count:], np.ones((len(features), 1))], axis=1)
    targets = HIGH * (2 * np.eye(len(CLASSES))[labels] - 1)
    penalty = PENALTY * np.eye(joined.shape[1])
    found = np.linalg.solve(joined.T @ joined + penalty, joined.T @ targets).T.astype(np.float32)
    return {**params, "readout": {"weight": found[:, :-1], "bias": found[:, -1]}}


def settled(states: np.ndarray, unit: float) -> np.ndarray:
    """Features [n, units] of integer states [n, 50, units]."""
    return states[:, SETTLED:].mean(axis=1) * unit
