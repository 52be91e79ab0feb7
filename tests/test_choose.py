"""choose: a table a synapse where it is for speed and there is room; and how near polygons come to functions."""

from dataclasses import replace

import numpy as np
import pytest

import lnncc
from lnncc import polygons, target
from lnncc.archive import Model
from lnncc.choices import Choice, uniform
from lnncc.errors import LnnccError
from lnncc.passes.choose import OWN, choose
from lnncc.passes.fuse import fuse
from lnncc.passes.simplify import simplify
from tests import models

M4 = target.load("cortex-m4")
GRAPH = fuse(simplify(models.ltc(), dt=1.0))
[INNER] = [n.outputs[0] for loop in GRAPH.walk() if loop.body for n in loop.body.nodes if n.op == "synapses"]
GIVEN = uniform(8)


def test_for_speed_synapses_in_loops_get_tables_of_their_own() -> None:
    assert choose(GRAPH, GIVEN, "speed", M4) == replace(GIVEN, nodes={INNER: Choice(8, OWN)})


@pytest.mark.parametrize(
    ("goal", "chip"),
    [
        ("balanced", M4),
        ("size", M4),
        ("speed", replace(M4, isa=("scalar",))),
        ("speed", replace(M4, isa=("mve", "dsp"))),
        ("speed", replace(M4, part=target.Part("tiny", 1000, 1000))),
    ],
)
def test_else_they_share_one(goal: str, chip: target.Target) -> None:
    assert choose(GRAPH, GIVEN, goal, chip) == GIVEN


def test_an_ltc_for_speed_is_exact_and_as_near_to_float() -> None:
    xs = models.recording()
    for goal in ("speed", "size"):
        program = lnncc.compile(
            Model(models.ltc()), dt=1.0, ranges={"x": (-2, 2)}, target="cortex-m4", optimise=goal, name="m"
        )
        found = program.verify(xs)
        assert found.bit_exact
        assert max(error.max_abs for error in found.errors.values()) < 2e-3
        assert ("synapse_tables" in {n.op for n in program.build.integer.walk()}) == (goal == "speed")


def test_a_goal_that_there_is_not_is_refused() -> None:
    with pytest.raises(LnnccError, match="E0204") as caught:
        lnncc.compile(Model(models.ltc()), dt=1.0, ranges={"x": (-2, 2)}, optimise="beauty")
    assert caught.value.code == "E0204"


def test_polygons_stay_in_range_and_near() -> None:
    def functions(raw: np.ndarray) -> np.ndarray:
        x = raw[:, None] / 4096
        return np.concatenate([20000 / (1 + np.exp(-4 * x)), 900 / (1 + np.exp(x - 3))], axis=-1)

    spans = np.array([[-32768, 0], [32767, 20000]])
    nodes = polygons.fitted(functions, spans, 64)
    assert nodes.shape == (2, 65)
    assert nodes.min() >= 0 and nodes[0].max() <= 20000 and nodes[1].max() <= 900
    raw = np.arange(-32768, 32768)
    for k, row in enumerate(nodes):
        inside = (raw >= spans[0, k]) & (raw <= spans[1, k])
        error = np.interp(raw + 0.5, np.arange(65) * 1024 - 32768, row) - functions(raw)[:, k]
        assert np.abs(error[inside]).max() < (240, 2)[k]  # h²/8 of the second derivative, the error of chords
