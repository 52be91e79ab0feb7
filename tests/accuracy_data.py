"""Small data sets in the formats that the readers of ``examples.accuracy`` meet, written into a folder."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

RNG = np.random.default_rng(0)
START = datetime(2013, 12, 2, 21, 15)


def cheetah(folder: Path) -> None:
    np.savez(folder / "cheetah.npz", x=RNG.normal(size=(31, 60, 17)).astype(np.float32))


def occupancy(folder: Path) -> None:
    """The header lacks the name of the first column; a bright room is occupied, with the light at 500 or 0."""
    names = ["date", "Temperature", "Humidity", "Light", "CO2", "HumidityRatio", "Occupancy"]
    for name in ("datatraining", "datatest", "datatest2"):
        rows = []
        for k in range(60):
            there = int(k % 20 < 10)
            rows.append([str(k), "2015-02-02 14:19:00", 20 + k % 3, 26, 500 * there, 700 + k, 0.004, there])
        _csv(folder / f"{name}.txt", names, rows, quoting=csv.QUOTE_NONNUMERIC)


def gesture(folder: Path) -> None:
    for name in ("a1", "a2", "a3", "b1", "b3", "c1", "c3"):
        rows = [[*RNG.normal(size=32), "DPSHR"[k // 20 % 5]] for k in range(100)]
        _csv(folder / f"{name}_va3.csv", [*range(1, 33), "Phase"], rows)


def sysid_emps(folder: Path) -> None:
    names = ["", "time_exp", "q_ref", "q_meas", "v_est", "u_in", "u_tot"]
    for name in ("DATA_EMPS_SC", "DATA_EMPS_PULSES_SC"):
        way = np.cumsum(RNG.normal(size=3500)) / 1000
        rows = [[k, k / 200, q, q, 0.0, RNG.normal(), 0.0] for k, q in enumerate(way)]
        _csv(folder / f"{name}.csv", names, rows)


def traffic(folder: Path) -> None:
    """Two rows of one hour, and a gap of two days, as the record has them."""
    names = ["holiday", "temp", "rain_1h", "snow_1h", "clouds_all", "weather_main", "weather_description"]
    hours = [0, 0, *range(1, 100), *range(148, 200)]
    rows = []
    for k, h in enumerate(hours):
        weather = ["Labor Day" if k == 5 else "None", 280 + h % 24, 0.1 * (h % 7), 0.0, h % 100, "Clouds", "few clouds"]
        rows.append([*weather, str(datetime(2012, 10, 2, 9) + timedelta(hours=h)), 3000 + 100 * (h % 24)])
    _csv(folder / "Metro_Interstate_Traffic_Volume.csv", [*names, "date_time", "traffic_volume"], rows)


def nab(folder: Path) -> None:
    """2,000 samples; labelled are 100 to 119, in the learned part, and 1,500 to 1,599, where the value breaks down."""
    values = 80 + np.sin(np.arange(2000) / 10)
    values[1540:1570] = 0
    stamps = [str(START + timedelta(minutes=5 * k)) for k in range(len(values))]
    _csv(
        folder / "machine_temperature_system_failure.csv",
        ["timestamp", "value"],
        list(zip(stamps, values, strict=True)),
    )
    spans = [[stamps[a] + ".000000", stamps[b] + ".000000"] for a, b in ((100, 119), (1500, 1599))]
    labels = {"machine_temperature_system_failure.csv": {"windows": spans, "points": []}}
    (folder / "windows.json").write_text(json.dumps(labels))


def cmapss_fd001(folder: Path) -> None:
    """25 engines of 80 to 104 cycles; of the test engines the third one is shorter than a window."""
    for name, lengths in (("train", range(80, 105)), ("test", (90, 70, 31))):
        rows = [[u, t, 0, 0, 100, *RNG.normal(size=21)] for u, n in enumerate(lengths, 1) for t in range(1, n + 1)]
        np.savetxt(folder / f"{name}_FD001.txt", np.array(rows), fmt="%.4f")
    np.savetxt(folder / "RUL_FD001.txt", [112, 98, 10], fmt="%d ")


def walker2d(folder: Path) -> None:
    """Rollouts of 200 and 150 steps, one behind the other."""
    for name in ("train_first80", "valid", "test"):
        x = RNG.normal(size=(350, 17)).astype(np.float32)
        np.savez(folder / f"walker_{name}.npz", x=x, lengths=np.array([200, 150], np.int32), names=np.array(["a", "b"]))


def _csv(path: Path, names: list, rows: list, quoting: int = csv.QUOTE_MINIMAL) -> None:
    with open(path, "w", newline="", encoding="ascii") as file:
        csv.writer(file, quoting=quoting, lineterminator="\n").writerows([names, *rows])


WRITERS: Mapping[str, Callable[[Path], None]] = {
    f.__name__: f for f in (cheetah, cmapss_fd001, gesture, nab, occupancy, sysid_emps, traffic, walker2d)
}


def write(folder: Path) -> None:
    """All of them, each in its own folder."""
    for name, writer in WRITERS.items():
        (folder / name).mkdir()
        writer(folder / name)
