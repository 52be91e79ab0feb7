"""The benchmark of targets: what a row says, and the command."""

import json
import shutil
from pathlib import Path

import pytest
from toy_model import need_target

from examples.chips import measure, table
from lnncc import cli

WEIGHTS = Path(__file__).parent / "data" / "ncps" / "bench_ltc_ncp28.weights.npz"


def test_a_row_for_each_target_and_goal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    need_target("cortex-m4")
    (tmp_path / "ltc_ncp28").mkdir()
    shutil.copy(WEIGHTS, tmp_path / "ltc_ncp28" / "weights.npz")
    monkeypatch.setattr(measure, "STEPS", 20)
    monkeypatch.setattr(measure, "EMULATED", 4)
    monkeypatch.setattr(measure, "TARGETS", ("cortex-m4",))
    monkeypatch.setattr(measure, "TUNED", ("cortex-m4",))
    assert cli.main(["bench", "chips", "--data", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["optimise"] for row in rows] == ["balanced", "speed", "size"]
    assert all(row["exact"] and row["error"] < 1e-3 and row["flash"] > 1000 for row in rows)
    speed, size = (next(r["instructions"] for r in rows if r["optimise"] == goal) for goal in ("speed", "size"))
    assert speed < size


def test_what_could_not_be_measured_is_said_in_the_full_table_alone() -> None:
    rows = [
        measure.Row("m", 16, "size", "a", 1e-4, True, 1200, 1500, 4000, 60, 500),
        measure.Row("m", 8, "size", "b", 2e-3, missing="E0501: too big"),
    ]
    lines = table.short(rows).splitlines()
    assert lines[2:] == ["| m | int16 | size | a | 1.0e-04 | yes | 1,200 | 1,500 | 4,000 | 60 | 500 |"]
    lines = table.full(rows).splitlines()
    assert lines[3] == "| m | int8 | size | b | 2.0e-03 | - | - | - | - | - | - |"
    assert lines[-1] == "m, int8, size, b: E0501: too big"
