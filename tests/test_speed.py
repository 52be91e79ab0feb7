"""The speed benchmark: who takes part, that all take turns, and the command."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from examples.speed import litert, measure, models, runners, table
from lnncc import cli, primitives, target

WEIGHTS = Path(__file__).parent / "data" / "ncps" / "bench_ltc_ncp28.weights.npz"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "ltc_ncp28").mkdir()
    shutil.copy(WEIGHTS, tmp_path / "ltc_ncp28" / "weights.npz")
    monkeypatch.setattr(measure, "ROUNDS", 3)
    monkeypatch.setattr(measure, "STREAMS", 20)
    monkeypatch.setattr(measure, "WIDTHS", (16,))
    monkeypatch.setattr(runners, "STEPS", 10)
    return tmp_path


def test_one_row_for_a_stream_and_one_for_many(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "speed", "--data", str(folder), "--json"]) == 0
    one, many = json.loads(capsys.readouterr().out)["rows"]
    assert one["model"] == "ltc_ncp28" and one["streams"] == 1 and many["streams"] == 20
    assert {"lnncc host", "JAX scan"} <= set(one["microseconds"]) and "JAX vmap" in many["microseconds"]
    assert all(t > 0 for row in (one, many) for t in row["microseconds"].values())
    assert min(v for k, v in one["ratios"].items() if k.startswith("lnncc")) == 1


def test_everyone_has_a_turn_in_every_round(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: list[str] = []
    monkeypatch.setattr(measure, "ROUNDS", 4)
    work = {who: lambda who=who: turns.append(who) or 7 for who in "abc"}
    row = measure.timed("m", 16, 1, {k: work[k] for k in "ab"}, {"c": work["c"]})
    assert turns == list("abc") * 5  # the first warms up
    assert set(row.microseconds) == set("abc")


def test_the_table_has_a_column_for_each_who_took_part() -> None:
    rows = [
        measure.Row("m", 16, 1, {"a": 2.0, "b": 3.0}, {"a": 1.0, "b": 1.5}),
        measure.Row("m", 8, 9, {"c": 0.5}, {"c": 1.0}),
    ]
    text = table.short(rows).splitlines()
    assert text[0] == "| model | weights | streams | a, µs | b, µs | c, µs |"
    assert text[2:] == ["| m | int16 | 1 | 2 (1.0x) | 3 (1.5x) | - |", "| m | int8 | 9 | - | - | 0.5 (1.0x) |"]


def test_onnx_runtime_takes_part_where_its_file_is(tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx", reason="needs the onnx extra")
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    assert runners.onnx(tmp_path / "step.onnx") is None
    port = [onnx.helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1, 2]) for n in ("x", "y")]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Tanh", ["x"], ["y"])], "g", port[:1], port[1:])
    opset = [onnx.helper.make_opsetid("", 17)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=opset, ir_version=8), tmp_path / "step.onnx")
    work = runners.onnx(tmp_path / "step.onnx")
    assert work is not None and work() == runners.STEPS // 10
    many = runners.onnx(tmp_path / "step.onnx", 7)
    assert many is not None and many() == 7


def test_litert_takes_part_where_it_is(tmp_path: Path) -> None:
    """Its file of float32 computes the model's step."""
    pytest.importorskip("ai_edge_litert", reason="needs the bench extra")
    pytest.importorskip("tensorflow", reason="needs the bench extra")
    for name, weights in (("ltc_ncp28", WEIGHTS), ("cfc64", WEIGHTS.with_name("bench_cfc64.weights.npz"))):
        (tmp_path / name).mkdir()
        shutil.copy(weights, tmp_path / name / "weights.npz")
        graph = models.TASKS[name].model(tmp_path).graph
        for bits in (16, 8):
            work = runners.litert(graph, bits)
            assert work is not None and work() == runners.STEPS // 10
        made = litert.interpreter(litert.converted(graph, 16, dt=1.0, reach=2.0))
        x, state = np.full(8, 0.3), np.asarray(graph.states[0].initial)
        for port, value in zip(made.get_input_details(), (x, state), strict=True):
            made.set_tensor(port["index"], value.astype(np.float32))
        made.invoke()
        found = [made.get_tensor(port["index"]) for port in made.get_output_details()]
        (after,), (y,) = primitives.step(graph, (state,), (x,), 1.0)
        for expected, actual in zip((after, y), found, strict=True):
            np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_without_litert_it_takes_no_part(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(runners.importlib.util, "find_spec", lambda name: None)
    (tmp_path / "ltc_ncp28").mkdir()
    shutil.copy(WEIGHTS, tmp_path / "ltc_ncp28" / "weights.npz")
    assert runners.litert(models.TASKS["ltc_ncp28"].model(tmp_path).graph, 16) is None


def test_all_of_it_runs_on_one_core(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not hasattr(os, "sched_setaffinity"):
        pytest.skip("this system cannot be asked for one core")
    cores, before = list[int](), os.sched_getaffinity(0)
    monkeypatch.setattr(measure, "_model", lambda *_: iter([cores.append(len(os.sched_getaffinity(0)))]))
    list(measure.rows(folder, ()))
    assert cores == [1] and os.sched_getaffinity(0) == before


def test_only_machines_that_run_here_take_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runners, "_runs", lambda name: name == "host")
    assert runners.machines() == [target.load("host")]


def test_models_are_told_what_their_files_do_not_say() -> None:
    assert set(models.TASKS) == {"cfc64", "ltc_ncp28", "ltc_full32", "cfc_ncp28", "cfc256"}
