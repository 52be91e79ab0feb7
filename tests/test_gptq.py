"""Weights rounded for the inputs that were recorded; those of 8 bits as wide as each row allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnncc import choices, gptq, twin
from lnncc.bounds import disturbed
from lnncc.ir import Format, Graph
from lnncc.ops import affine
from lnncc.passes.formats import formats
from lnncc.passes.fuse import fuse
from lnncc.passes.prove import prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import ranges
from lnncc.passes.simplify import simplify
from lnncc.passes.widths import widths
from tests import models


def moment(rng: np.random.Generator, cols: int, rank: int = 3) -> np.ndarray:
    """Of inputs that mostly move together, as hidden units do."""
    x = rng.normal(size=(400, rank)) @ rng.normal(size=(rank, cols)) + 0.1 * rng.normal(size=(400, cols)) + 0.5
    return x.T @ x / 400


def loss(weights: np.ndarray, ints: np.ndarray, second: np.ndarray) -> float:
    error = weights - ints
    return float(np.einsum("ri,ij,rj->", error, second, error))


@given(st.integers(0, 2**32 - 1), st.integers(2, 24))
def test_no_weight_leaves_its_bits(seed: int, cols: int) -> None:
    rng = np.random.default_rng(seed)
    ints = gptq.rounded(rng.uniform(-100, 100, (20, cols)), moment(rng, cols), 8)
    assert ints.min() >= -128 and ints.max() <= 127


@pytest.mark.parametrize(("cols", "share"), [(4, 1.0), (12, 0.5), (24, 0.5)])
def test_the_error_on_recorded_inputs_is_smaller_than_that_of_the_nearest_integers(cols: int, share: float) -> None:
    """Over many matrices: the rounding is greedy, and bound to win for none in particular."""
    greedy = nearest = 0.0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        weights, second = rng.uniform(-100, 100, (20, cols)), moment(rng, cols)
        greedy += loss(weights, gptq.rounded(weights, second, 8), second)
        nearest += loss(weights, np.rint(weights), second)
    assert greedy < share * nearest


def test_inputs_that_do_not_move_together_give_the_nearest_integers() -> None:
    weights = np.random.default_rng(1).uniform(-127, 127, (5, 7))
    np.testing.assert_array_equal(gptq.rounded(weights, np.eye(7), 8), np.rint(weights))


def test_inputs_that_never_move_are_no_trouble() -> None:
    weights = np.random.default_rng(1).uniform(-127, 127, (5, 7))
    np.testing.assert_array_equal(gptq.rounded(weights, np.zeros((7, 7)), 8), np.rint(weights))


def integer(graph: Graph, calibration: np.ndarray | None, bits: int = 8) -> Graph:
    fused = widths(fuse(simplify(graph, dt=1.0)))
    data = None if calibration is None else {"x": calibration}
    spans = ranges(fused, declared={"x": (-2.0, 2.0)}, calibration=data)
    return prove(quantise(formats(fused, spans), spans, choices.uniform(bits)))[0]


def rms(graph: Graph, exact: Graph, xs: np.ndarray) -> float:
    outs = []
    for one in (graph, exact):
        form = one.values[one.outputs[0].value].format
        start = one.values[one.inputs[0].value].format
        assert form is not None and start is not None
        outs.append(twin.run(one, (twin.quantised(xs, start.frac),))[1][0] * 2.0**-form.frac)
    return float(np.sqrt(np.mean((outs[0] - outs[1]) ** 2)))


def recording(seed: int) -> np.ndarray:
    """Slow inputs, as sensors give them."""
    steps = np.random.default_rng(seed).normal(size=(4, 150, models.INPUTS))
    return np.clip(np.cumsum(steps, axis=1) / 6, -2, 2)


def test_calibration_makes_eight_bits_better_on_other_data() -> None:
    graph, others = models.cfc(24), recording(7)
    exact = integer(graph, None, 16)
    plain, minded = (rms(integer(graph, data), exact, others) for data in (None, recording(3)))
    assert minded < 0.8 * plain


def test_calibration_makes_sixteen_bits_better_on_other_data() -> None:
    """Rows whose sum leaves their weights fewer bits than they are stored in; against the float model."""
    graph, others = models.cfc(48), recording(7)
    fused = fuse(simplify(graph, dt=1.0))
    state, floats = {fused.states[0].before: np.zeros((4, 48))}, []
    for k in range(others.shape[1]):
        state, y = disturbed.step(fused, {fused.inputs[0].value: others[:, k]}, state, lambda _, x: x)
        floats.append(y)

    def error(calibration: np.ndarray | None) -> float:
        one = integer(graph, calibration, 16)
        form, start = (one.values[p.value].format for p in (one.outputs[0], one.inputs[0]))
        assert form is not None and start is not None
        y = twin.run(one, (twin.quantised(others, start.frac),))[1][0] * 2.0**-form.frac
        return float(np.sqrt(np.mean((y - np.stack(floats, axis=1)) ** 2)))

    assert error(recording(3)) < 0.8 * error(None)


@pytest.mark.parametrize("calibration", [None, recording(3)], ids=["nearest", "recorded"])
def test_every_row_uses_its_eight_bits(calibration: np.ndarray | None) -> None:
    """Seven bits and a sign: the largest weight of a row of a short matrix, which the accumulator does not limit."""
    graph = integer(models.cfc(8), calibration)
    matrices = [graph.constants[n.inputs[2]] for n in graph.walk() if n.op == "affine"]
    assert len(matrices) >= 4
    for weights in matrices:
        assert np.all(np.abs(weights).max(axis=1) >= 63)
        assert weights.min() >= -128 and weights.max() <= 127


def test_clipping_makes_four_bits_better_on_other_data(monkeypatch: pytest.MonkeyPatch) -> None:
    graph, others = models.cfc(24), recording(7)
    exact = integer(graph, None, 16)
    clipped = rms(integer(graph, None, 4), exact, others)
    monkeypatch.setattr(affine, "_clipped", lambda weights, *_: np.zeros(len(weights), bool))
    assert clipped < 0.9 * rms(integer(graph, None, 4), exact, others)


@pytest.mark.parametrize("calibration", [None, recording(3)], ids=["nearest", "recorded"])
def test_what_clips_stays_in_its_bits_and_passes_the_proof(calibration: np.ndarray | None) -> None:
    graph = integer(models.cfc(24), calibration, 4)
    found = [graph.constants[n.inputs[2]] for n in graph.walk() if n.op == "affine"]
    assert min(ints.min() for ints in found) in (-8, -7) and max(ints.max() for ints in found) == 7
    assert all(graph.values[n.inputs[2]].format == Format(8, 0) for n in graph.walk() if n.op == "affine")
