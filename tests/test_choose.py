"""choose: a table a synapse where it is for speed and there is room; and how near polygons come to functions."""

from dataclasses import replace

import jax
import numpy as np
import pytest

import lnncc
from lnncc import polygons, target, twin
from lnncc.archive import Model
from lnncc.cells import LTC, AutoNCP
from lnncc.choices import Choice, Choices, Table, uniform
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.passes.choose import BESIDE, OWN, choose
from lnncc.passes.fuse import fuse
from lnncc.passes.simplify import simplify
from lnncc.validate import chip, compare
from tests import models

M4 = target.load("cortex-m4")
GRAPH = fuse(simplify(models.ltc(), dt=1.0))
[INNER] = [n.outputs[0] for loop in GRAPH.walk() if loop.body for n in loop.body.nodes if n.op == "synapses"]
[OUTER] = [n.outputs[0] for n in GRAPH.nodes if n.op == "synapses"]
GIVEN = uniform(8)


def test_for_speed_synapses_in_loops_get_tables_of_their_own() -> None:
    """The others then share a coarser one, unless one was chosen."""
    for core in (M4, target.load("cortex-m55")):
        found = choose(GRAPH, GIVEN, "speed", core)
        assert found == replace(GIVEN, nodes={INNER: Choice(8, OWN), OUTER: Choice(8, BESIDE)})
    fine = replace(GIVEN, nodes={OUTER: Choice(16, Table("linear", 1024))})
    assert choose(GRAPH, fine, "speed", M4) == replace(fine, nodes={**fine.nodes, INNER: Choice(8, OWN)})


@pytest.mark.parametrize(
    ("goal", "chip"),
    [
        ("balanced", M4),
        ("size", M4),
        ("speed", replace(M4, isa=("scalar",))),
        ("speed", replace(M4, isa=("rvv",))),
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


def test_two_sums_with_tables_of_their_own_do_not_share_what_they_keep() -> None:
    """Of the inputs and of the state: each keeps the positions of its sources in scratch memory while it runs."""
    given = {"dt": 1.0, "ranges": {"x": (-2.0, 2.0)}, "choices": Choices(Choice(table=OWN))}
    cell = LTC(AutoNCP(10, 2).wire(models.INPUTS), unfolds=1, rolled=False)
    model = trace(
        cell.step, cell.init(jax.random.key(2)), state=cell.initial_state(), inputs=jax.numpy.zeros(models.INPUTS)
    )
    build = lnncc.compile(Model(model), target="cortex-m4", optimise="speed", **given).build  # type: ignore[arg-type]
    assert [n.op for n in build.integer.nodes].count("synapse_tables") == 2
    raw = compare.raw_inputs(build, {"x": models.recording(steps=8, streams=1)})
    result = chip.execute(build, M4, tuple(x[0] for x in raw), count=1)
    assert compare.equal_steps(result.trace, twin.run(build.integer, raw)) == 8


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
