"""``lnncc diff``: what differs is named, and nothing else."""

import json
from pathlib import Path

import jax
import numpy as np
import pytest

import lnncc
from lnncc import cli
from lnncc.archive import Model
from lnncc.choices import Choice, Choices, Table
from lnncc.program import Program
from tests import models

FINE = Choices(nodes={"v21": Choice(table=Table(intervals=64))})


def built(folder: Path, name: str, graph: Model | None = None, **options: object) -> Program:
    given = {"ranges": {"x": (-2, 2)}, "dt": 1.0, "name": "gyro", "target": "cortex-m4", **options}
    program = lnncc.compile(graph or Model(models.cfc()), **given)  # type: ignore[arg-type]
    program.save(folder / name)
    return program


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    built(tmp_path, "old")
    return tmp_path


def diff(capsys: pytest.CaptureFixture[str], *words: str) -> dict:
    capsys.readouterr()
    assert cli.main(["diff", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_the_same_is_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built(folder, "new")
    found = diff(capsys, "old", "new")
    assert found["same"] is True and not any(
        found[key] for key in ("made_from", "model", "formats", "choices", "files")
    )
    assert cli.main(["diff", "old", "new"]) == 0
    assert capsys.readouterr().out == "old -> new\nthe same, byte for byte\n"


def test_options_formats_sizes_and_errors(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    built(folder, "new", bits=8, ranges={"x": (-5, 2)})
    np.savez(folder / "day.npz", x=models.recording(steps=20))
    found = diff(capsys, "old", "new", "--data", "day.npz")
    assert found["same"] is False and found["model"] == []
    assert found["made_from"] == {"bits": [16, 8], "ranges x": [[-2, 2], [-5, 2]]}
    assert found["formats"]["x0"] == ["Q1.14", "Q3.12"] and "s0" not in found["formats"]
    assert found["choices"] == {"default": ["16 bits, linear tables of 512", "8 bits, linear tables of 512"]}
    old, new = found["sizes"]["table_bytes"]
    assert old > new and {"flash_bytes", "ram_bytes", "stack_bytes", "state_bytes"} < found["sizes"].keys()
    before, after = found["errors"]["y rms"]
    assert 0 < before < after
    assert {"gyro.c", "gyro.json"} <= set(found["files"]) and "gyro.lnn" not in found["files"]
    assert cli.main(["diff", "old", "new", "--data", "day.npz"]) == 0
    shown = capsys.readouterr().out
    assert (
        "bits                    16 -> 8\n" in shown
        and f"({found['sizes']['table_bytes'][1] - found['sizes']['table_bytes'][0]})" in shown
    )


def test_weights_that_were_trained_again_are_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    graph = models.cfc()
    name = next(c for c, label in graph.labels.items() if c in graph.constants and "bias" not in label)
    moved = {**graph.constants, name: graph.constants[name] * 0.9}
    built(folder, "new", Model(graph.edited(constants=moved)))
    found = diff(capsys, "old", "new")
    assert found["model"] == [graph.labels[name]] and "gyro.lnn" in found["files"]


def test_another_graph_with_other_inputs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    step = lambda p, s, x, dt: (0.5 * s + x, s)  # noqa: E731
    two = jax.numpy.zeros(2)
    built(folder, "new", lnncc.trace(step, None, state=two, inputs=two))
    found = diff(capsys, "old", "new")
    assert found["model"] == ["another graph: other operations, shapes or names"] and found["errors"] == {}


def test_without_a_compiler_the_sizes_are_those_of_the_plan(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    built(folder, "new", choices=FINE)
    monkeypatch.setattr("lnncc.cli.diff.measured", lambda *_, **__: None)
    found = diff(capsys, "old", "new")
    assert found["sizes"].keys() == {"state_bytes", "table_bytes"}
    assert found["choices"] == {"v21": [None, "16 bits, linear tables of 64"]}
