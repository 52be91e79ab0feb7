"""The benchmark of long runs: what a row says of a run whose errors are known, and the command."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from examples.drift import measure, table
from lnncc import cli
from lnncc.validate.deviation import Error, Window, Worst

WEIGHTS = Path(__file__).parent / "data" / "ncps" / "bench_ltc_ncp28.weights.npz"


def error(*rms: float) -> Error:
    windows = tuple(Window(10 * k, 10, 3 * r, r, r / 2) for k, r in enumerate(rms))
    return Error(3 * max(rms), max(rms), max(rms) / 2, Worst(0, 0, 0, 0.0, 0.0), windows)


def test_a_drift_is_that_of_the_worst_value_and_relative_to_the_first_window() -> None:
    found = measure._drift({"a": error(1e-4, 3e-4, 2e-4), "b": error(2e-4, 2e-4, 2e-4)})
    assert found.relative == pytest.approx(1e-4) and found.max_abs == pytest.approx(9e-4)
    assert found.last == pytest.approx(2.0) and found.worst == pytest.approx(3.0)


def test_inputs_wander_within_their_range_and_are_the_same_each_time() -> None:
    xs = measure.wandering(3, 5000, seed=4)
    assert xs.shape == (5000, 3) and np.array_equal(xs, measure.wandering(3, 5000, seed=4))
    assert xs.min() >= measure.LOW and xs.max() <= measure.HIGH
    assert np.corrcoef(xs[:-1, 0], xs[1:, 0])[0, 1] == pytest.approx(measure.MEMORY, abs=0.03)
    assert xs.std() == pytest.approx(measure.DEVIATION, rel=0.1)


def test_the_command_runs_models_of_the_folder_and_those_that_ship(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ltc_ncp28").mkdir()
    shutil.copy(WEIGHTS, tmp_path / "ltc_ncp28" / "weights.npz")
    monkeypatch.setattr(measure, "STEPS", 200)
    monkeypatch.setattr(measure, "JOINED", 50)
    monkeypatch.setattr(measure, "RECORDED", 40)
    names = ["ltc_ncp28", "imu_ltc", "cfc64"]
    assert cli.main(["bench", "drift", "--data", str(tmp_path), "--json", "--set", *names]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [(row["model"], row["recorded"]) for row in rows] == [
        (name, recorded) for name in ("ltc_ncp28", "imu_ltc") for recorded in (False, True)
    ]
    for row in rows:
        assert row["exact"] == row["joined"] == 50 and row["steps"] == 200
        assert 0 < row["states"]["relative"] < 0.02 and row["states"]["worst"] >= max(1.0, row["states"]["last"])


def test_the_tables_have_a_line_a_row() -> None:
    drift = measure.Drift(3.8e-4, 1.2e-3, 1.01, 1.02)
    row = measure.Row("m", True, 1000, 100, 99, drift, measure.Drift(7e-4, 2e-3, 0.99, 1.0))
    assert table.short([row]).splitlines()[2] == "| m | yes | 99/100 | 0.038% | 1.2e-03 | 1.010 | 1.020 |"
    head, signs, line = table.full([row]).splitlines()
    assert line.endswith("| 0.038% | 1.2e-03 | 1.010 | 1.020 | 0.070% | 2.0e-03 | 0.990 | 1.000 |")
    assert head.count("|") == signs.count("|") == line.count("|")
