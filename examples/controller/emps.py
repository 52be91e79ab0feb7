"""EMPS: a motor that drives a ball screw, as its recordings say it moves.

Janot, Gautier and Brunot, Data set and reference models of EMPS, Workshop on Nonlinear System Identification Benchmarks
2019: M·q'' = u - Fv·q' - Fc·sign(q') - offset. The four numbers are fitted to the first recording by least squares;
position and force are in the units of the files, which are scaled to about ±1 and to ±4.
"""

import csv
from pathlib import Path

import numpy as np
from scipy.signal import savgol_filter

from examples.controller.plant import Plant
from lnncc.errors import LnnccError

FITTED, SHOWN = "DATA_EMPS_SC.csv", "DATA_EMPS_PULSES_SC.csv"
RATE = 0.005  # s between rows
WINDOW, ORDER = 41, 3  # of the Savitzky-Golay filter that differentiates
SLOW = 0.02  # units/s: below it the sign of the speed is not known, and friction goes through zero
FORCE = 4.0  # of a command of 1, as the recorded controller gave at most
SCALE, TICK = 0.5, 1e-4


def read(folder: Path, name: str) -> dict[str, np.ndarray]:
    """Columns by name. Raises E0410 for a folder without the recording."""
    if not (folder / name).is_file():
        raise LnnccError("E0410", f"there is no {name} in {folder}", helps=("give a folder of EMPS with --emps",))
    with (folder / name).open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {key: np.array([float(row[key]) for row in rows]) for key in ("time_exp", "q_ref", "q_meas", "u_in")}


def fitted(recorded: dict[str, np.ndarray]) -> Plant:
    """The plant whose equation fits best; the force is smoothed as the position is."""
    speed, acceleration = (savgol_filter(recorded["q_meas"], WINDOW, ORDER, deriv=k, delta=RATE) for k in (1, 2))
    force = savgol_filter(recorded["u_in"], WINDOW, ORDER)
    columns = np.stack([acceleration, speed, np.tanh(speed / SLOW), np.ones_like(speed)], axis=-1)
    found, *_ = np.linalg.lstsq(columns, force)
    mass, viscous, dry, offset = found.tolist()

    def acceleration(xp, position, speed, command):  # type: ignore[no-untyped-def]
        return (FORCE * command - viscous * speed - dry * xp.tanh(speed / SLOW) - offset) / mass

    return Plant("emps", acceleration, SCALE, TICK, 1000.0, "·10⁻³", "position")


def told(chosen: Plant, recorded: dict[str, np.ndarray]) -> str:
    """How well the equation knows a recording that it was not fitted to, and how the recorded controller follows."""
    speed, acceleration = (savgol_filter(recorded["q_meas"], WINDOW, ORDER, deriv=k, delta=RATE) for k in (1, 2))
    command = savgol_filter(recorded["u_in"], WINDOW, ORDER) / FORCE
    off = chosen.acceleration(np, recorded["q_meas"], speed, command) - acceleration
    missed = np.sqrt(np.mean(off**2) / np.mean(acceleration**2))
    follows = chosen.shown * np.sqrt(np.mean((recorded["q_meas"] - recorded["q_ref"]) ** 2))
    return (
        f"{SHOWN}: the fitted plant misses {missed:.0%} of the acceleration (RMS); the recorded controller, "
        f"which hears the position every 5 ms, errs by {follows:.3f}{chosen.unit} (RMS)"
    )
