"""Which node errs: the shares add up to what was measured, and a node that was spoilt is found."""

import json
from dataclasses import replace
from pathlib import Path

import models
import numpy as np
import pytest

import lnncc
from lnncc import cli, ir
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.passes.lower import lower
from lnncc.validate import compare, nodes

STEPS = 200


@pytest.fixture(scope="module", params=["cfc", "ltc"])
def build(request: pytest.FixtureRequest) -> Build:
    model = Model({"cfc": models.cfc, "ltc": models.ltc}[request.param]())
    return lnncc.compile(model, dt=1.0, ranges={"x": (-2.0, 2.0)}, name="m").build


def test_the_parts_add_up_to_the_whole(build: Build) -> None:
    data = inputs.read(build, None, STEPS)
    found = nodes.contributions(build, data, STEPS)
    whole = compare.verify(build, data).errors["y"].rms
    assert np.sqrt(sum(c.rms**2 for c in found)) == pytest.approx(whole, rel=0.5)
    assert sum(c.share for c in found) == pytest.approx(1.0)
    assert [c.rms for c in found] == sorted((c.rms for c in found), reverse=True)


def spoilt(build: Build, op: str, by: int) -> tuple[Build, str]:
    """The last ``op`` with its matrix moved, and the value it gives."""
    graph = build.integer
    node = [n for n in graph.walk() if n.op == op][-1]
    moved = {n: graph.constants[n] + by for n in node.inputs if n in graph.constants and graph.constants[n].ndim == 2}
    return replace(build, integer=graph.edited(constants={**graph.constants, **moved})), node.outputs[0]


def test_a_spoilt_matrix_is_found() -> None:
    program = lnncc.compile(Model(models.cfc()), dt=1.0, ranges={"x": (-2.0, 2.0)}, name="m")
    build, name = spoilt(program.build, "affine", 500)
    worst, *others = nodes.contributions(build, inputs.read(build, None, 50), 50)
    assert worst.node == name and worst.share > 0.99 and worst.op == "affine"
    sound = {c.node: c.rms for c in nodes.contributions(program.build, inputs.read(build, None, 50), 50)}
    for other in others:
        assert other.rms == pytest.approx(sound[other.node]), "what another node does is not its own"


def test_inputs_are_rounded_too(build: Build) -> None:
    found = nodes.contributions(build, inputs.read(build, None, 50), 50)
    assert [c.op for c in found if c.node == "x"] == ["input"]
    unit = 2.0 ** -build.interface.inputs[0].frac
    coarse = {"x": np.round(inputs.read(build, None, 50)["x"] / unit) * unit}
    assert "x" not in [c.node for c in nodes.contributions(build, coarse, 50)]


def test_the_command_shows_them(build: Build, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    build.write(tmp_path)
    assert cli.main(["verify", str(tmp_path), "--nodes"]) == 0
    assert "error by node" in capsys.readouterr().out
    assert cli.main(["verify", str(tmp_path), "--nodes", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)["nodes"][0]
    assert set(first) == {"node", "op", "output", "max_abs", "rms", "share"}


def test_the_stages_that_are_run_again_are_those_of_compile(tmp_path: Path) -> None:
    model = models.cfc()
    lnncc.compile(Model(model), dt=1.0, ranges={"x": (-2.0, 2.0)}, name="m", dump=tmp_path)
    assert ir.text(lower(model, dt=1.0)) == next(tmp_path.glob("*-widths.txt")).read_text()
