"""Choices: a build is the same again from those it recorded, and choices for another model are refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import build, choices
from lnncc.archive import Model
from lnncc.choices import Choice, Choices, Table
from lnncc.errors import LnnccError
from lnncc.passes.fuse import fuse
from lnncc.passes.simplify import simplify
from lnncc.program import Program
from tests import models


def compiled(given: Choices | None = None) -> Program:
    return lnncc.compile(Model(models.cfc()), dt=1.0, ranges={"x": (-2.0, 2.0)}, choices=given)


def nodes(op: str) -> list[str]:
    return [n.outputs[0] for n in fuse(simplify(models.cfc(), dt=1.0)).walk() if n.op == op]


def test_each_node_gets_what_was_chosen_for_it() -> None:
    first, last = nodes("affine")[0], nodes("affine")[-1]
    table = nodes("table")[0]
    built = compiled(Choices(nodes={first: Choice(weight_bits=8), table: Choice(table=Table(intervals=64))})).build
    makers = {n.outputs[0]: n for n in built.integer.walk()}
    bits = {name: built.integer.values[makers[name].inputs[2]].format.bits for name in (first, last)}
    assert bits == {first: 8, last: 16}
    assert 33 <= len(built.integer.constants[makers[table].inputs[1]]) <= 65


@pytest.mark.parametrize("bits", [6, 4, 2])
def test_fewer_bits_than_8_are_stored_in_8(bits: int) -> None:
    """For 2 bits the operand of long rows may be too coarse: those weights are larger, and fit 8 bits all the same."""
    program = compiled(Choices(Choice(weight_bits=bits)))
    graph = program.build.integer
    weights = [n.inputs[2] for n in graph.walk() if n.op == "affine"]
    assert weights and {graph.values[name].format.bits for name in weights} == {8}
    most = [np.abs(graph.constants[name]).max() for name in weights]
    assert (min if bits == 2 else max)(most) == 2 ** (bits - 1) - 1
    size = sum(port.size for port in program.build.interface.inputs)
    assert program.verify(np.random.default_rng(0).uniform(-2, 2, (20, size))).bit_exact


def test_a_build_is_the_same_again_from_its_manifest(tmp_path: Path) -> None:
    given = Choices(Choice(weight_bits=8), {nodes("affine")[1]: Choice(), nodes("table")[0]: Choice(table=Table())})
    compiled(given).save(tmp_path)
    again = compiled(build.read(tmp_path).choices)
    assert again.build.files() == compiled(given).build.files()


def test_as_json_and_back() -> None:
    given = Choices(
        Choice(weight_bits=8), {"v3": Choice(table=Table("linear", 64)), "n4": Choice(table=Table("own", 16))}
    )
    assert choices.from_dict(json.loads(json.dumps(given.to_dict()))) == given


@pytest.mark.parametrize(
    "broken",
    [
        {"default": {"weight_bits": 9, "table": {}}, "nodes": {}},
        {"default": {"weight_bits": 8.0, "table": {}}, "nodes": {}},
        {"default": {"weight_bits": 8, "table": {"intervals": 64.0}}, "nodes": {}},
        {"default": {"weight_bits": 8, "table": {"intervals": 65}}, "nodes": {}},
        {"default": {"weight_bits": 8, "table": {"kind": "own", "intervals": 96}}, "nodes": {}},
        {"default": {"weight_bits": 8, "table": {"kind": "linear", "intervals": 16}}, "nodes": {}},
        {"default": {"weight_bits": 8, "table": {"size": 64}}, "nodes": {}},
        {"default": {"weight_bits": 8, "table": 64}, "nodes": {}},
        {"default": 8, "nodes": {}},
        {"default": {"weight_bits": 8, "table": {}}, "nodes": []},
        {},
    ],
)
def test_what_is_no_choice_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        choices.from_dict(broken)


def test_choices_of_another_model_are_refused() -> None:
    affine, table = nodes("affine")[0], nodes("table")[0]
    wrong = [
        Choices(nodes={"v999": Choice()}),
        Choices(nodes={affine: Choice(weight_bits=7)}),
        Choices(nodes={table: Choice(table=Table("cubic"))}),
    ]
    for given in wrong:
        with pytest.raises(LnnccError) as caught:
            compiled(given)
        assert caught.value.code == "E0206"


def test_a_broken_manifest_is_no_whole_build(tmp_path: Path) -> None:
    compiled().save(tmp_path)
    manifest = json.loads((tmp_path / "model.json").read_text())
    manifest["choices"]["default"]["weight_bits"] = 9
    (tmp_path / "model.json").write_text(json.dumps(manifest))
    with pytest.raises(LnnccError) as caught:
        build.read(tmp_path)
    assert caught.value.code == "E0405"
