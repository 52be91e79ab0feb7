"""from_ncps: every checkpoint gives the numbers that ncps computed; what is missing or wrong is said."""

import numpy as np
import pytest
from ncps_cases import (
    CFC,
    CFC_OPTIONS,
    DATA,
    LTC,
    LTC_OPTIONS,
    MODELS,
    PURE,
    UNMAPPED,
    WIRED,
    WIRED_OPTIONS,
    refused,
    same_graph,
)  # fmt: skip

from lnncc import from_ncps, primitives


def largest_error(model, run):
    """Largest differences of states and outputs over all steps from the initial state."""
    names = [s.label if s.label in run else "h" for s in model.graph.states]
    states, errors = tuple(s.initial for s in model.graph.states), []
    for k, (x, dt, y) in enumerate(zip(run["x"], run["dt"], run["y"], strict=True)):
        states, outputs = primitives.step(model.graph, states, (x,), float(dt))
        off = [np.abs(state - run[name][k]).max() for name, state in zip(names, states, strict=True)]
        errors.append((max(off), np.abs(outputs[0] - y).max()))
    return np.max(errors, axis=0)


@pytest.mark.parametrize("name", MODELS)
def test_the_model_computes_what_ncps_computed(name):
    model = from_ncps(DATA / f"{name}.weights.npz", **MODELS[name])
    states, outputs = largest_error(model, np.load(DATA / f"{name}.run.npz"))
    assert outputs < 5e-7
    assert states < (5e-6 if name == "bench_ltc_ncp28" else 5e-7)  # whose reference ran in float32


def test_constants_carry_the_names_of_the_parameters():
    labels = set(from_ncps(LTC, **LTC_OPTIONS).graph.labels.values())
    assert {"sigma", "sensory_erev", "output_b"} <= labels
    assert "cell/backbone/2/weight" in from_ncps(CFC, **CFC_OPTIONS).graph.labels.values()


@pytest.mark.parametrize("rename", [
    lambda key: key.replace(".", "__"),
    lambda key: f"model.rnn.{key}",
    lambda key: f"_orig_mod__rnn__{key.replace('.', '__')}",
    lambda key: key.replace("rnn_cell", "cell"),
])  # fmt: skip
@pytest.mark.parametrize(
    ("weights", "options"),
    [(LTC, LTC_OPTIONS), (CFC, CFC_OPTIONS), (WIRED, WIRED_OPTIONS)],
    ids=["ltc", "cfc", "wired"],
)
def test_any_prefix_and_separator(weights, options, rename):
    renamed = {rename(key): value for key, value in weights.items()}
    assert same_graph(from_ncps(renamed, **options), from_ncps(weights, **options))


def test_a_cell_without_any_prefix():
    bare = {key.removeprefix("rnn_cell."): value for key, value in LTC.items()}
    assert same_graph(from_ncps(bare, **LTC_OPTIONS), from_ncps(LTC, **LTC_OPTIONS))


def test_a_readout_behind_fc():
    rng = np.random.default_rng(0)
    head = {"head.out.weight": rng.normal(size=(3, 2)), "head.out.bias": rng.normal(size=3)}
    model, plain = from_ncps(CFC | head, **CFC_OPTIONS, proj="head.out"), from_ncps(CFC, **CFC_OPTIONS)
    x, state = np.array([0.3, -1.0, 2.0]), np.linspace(-0.5, 0.5, 7)
    _, (inner,) = primitives.step(plain.graph, (state,), (x,), 0.7)
    _, (outer,) = primitives.step(model.graph, (state,), (x,), 0.7)
    np.testing.assert_allclose(outer, head["head.out.weight"] @ inner + head["head.out.bias"], rtol=1e-12)


def test_the_readout_of_ncps_may_be_named():
    """``fc`` is read without a word, and once, if it is named all the same."""
    assert "fc.weight" in CFC
    assert same_graph(from_ncps(CFC, **CFC_OPTIONS, proj="fc"), from_ncps(CFC, **CFC_OPTIONS))


def test_arrays_of_unknown_use_are_asked_for_and_can_be_left_out():
    head = {"head.weight": np.ones((3, 9)), "head.bias": np.ones(3), "batches": np.array(5)}
    ltc = LTC | {"rnn_cell.output_w": np.ones(9), "rnn_cell.output_b": np.zeros(9)}
    text = refused("E0325", ltc | head, **LTC_OPTIONS)
    assert "head.weight, head.bias, batches" in text
    assert 'proj="head"' in text
    assert "proj=False" in text
    assert same_graph(from_ncps(ltc | head, **LTC_OPTIONS, proj=False), from_ncps(ltc, **LTC_OPTIONS))


def test_arrays_of_unknown_use_inside_the_cell_cannot_be_left_out():
    for options in (LTC_OPTIONS, {**LTC_OPTIONS, "proj": False}):
        text = refused("E0325", LTC | {"rnn_cell.tau": np.ones(9)}, **options)
        assert "rnn_cell.tau" in text
        assert "proj=False" not in text


@pytest.mark.parametrize(("weights", "given", "asked"), [
    (LTC, {}, {"unfolds": "whole number", "implicit": "True or False"}),
    (LTC, {"unfolds": 6}, {"implicit": "implicit_param_constraints"}),
    (LTC, {"implicit": True}, {"unfolds": "ode_unfolds"}),
    (UNMAPPED, {"implicit": True, "unfolds": 1}, {"outputs": "output_dim"}),
    (CFC, {}, {"mode": '"default" or "no_gate"', "activation": '"lecun_tanh", "tanh", "relu", "silu", "gelu"'}),
    (CFC, {"mode": "default"}, {"activation": "gelu"}),
    (PURE, {}, {"activation": "tanh"}),
    (WIRED, {}, {"mode": "no_gate"}),
])  # fmt: skip
def test_what_the_file_does_not_say_is_asked_for(weights, given, asked):
    text = refused("E0320", weights, **given)
    for name in ("mode", "activation", "unfolds", "implicit", "outputs"):
        assert (f"`{name}`" in text.splitlines()[0]) == (name in asked)
    for name, choices in asked.items():
        assert choices in text
        assert f"{name}=" in text.splitlines()[-1]


@pytest.mark.parametrize(("weights", "options", "what"), [
    (CFC, {"mode": "gated", "activation": "gelu"}, 'mode is one of "default", "no_gate", "pure", got \'gated\''),
    (CFC, {"mode": "default", "activation": "elu"}, "activation is one of"),
    (CFC, {"mode": "pure", "activation": "gelu"}, 'those of "default" or "no_gate"'),
    (PURE, {"mode": "default", "activation": "gelu"}, 'those of "pure"'),
    (CFC, {**CFC_OPTIONS, "unfolds": 6}, "`unfolds` belongs to LTC"),
    (LTC, {**LTC_OPTIONS, "mode": "default"}, "`mode` belongs to CfC"),
    (LTC, {**LTC_OPTIONS, "unfolds": 0}, "unfolds is a whole number from 1, got 0"),
    (LTC, {**LTC_OPTIONS, "unfolds": 6.0}, "got 6.0"),
    (LTC, {**LTC_OPTIONS, "unfolds": True}, "got True"),
    (LTC, {**LTC_OPTIONS, "implicit": "no"}, "implicit is True or False"),
    (LTC, {**LTC_OPTIONS, "epsilon": float("nan")}, "epsilon is a finite number"),
    (LTC, {**LTC_OPTIONS, "epsilon": -1e-8}, "epsilon is a finite number and not negative"),
    (LTC, {**LTC_OPTIONS, "outputs": 3}, "outputs=3, but rnn_cell.output_w has 4"),
    (UNMAPPED, {**LTC_OPTIONS, "outputs": 7}, "7 outputs are more than the 6 neurons"),
    (CFC, {**CFC_OPTIONS, "proj": "head"}, "there is no `head.weight`"),
    (CFC, {**CFC_OPTIONS, "proj": True}, "proj is the name"),
    (CFC, {**CFC_OPTIONS, "proj": ""}, "proj is the name"),
])  # fmt: skip
def test_options_that_do_not_fit(weights, options, what):
    assert what in refused("E0324", weights, **options)


def test_a_memory_that_does_not_fit_its_cell_and_two_memories():
    lstm = {"lstm.input_map.weight": np.zeros((28, 3)), "lstm.recurrent_map.weight": np.zeros((28, 7))}
    assert "lstm.input_map.bias" in refused("E0411", CFC | lstm, **CFC_OPTIONS)
    lstm |= {"lstm.input_map.bias": np.zeros(24)}
    assert "lstm.input_map.bias is 24, expected 28" in refused("E0411", CFC | lstm, **CFC_OPTIONS)
    two = {f"{prefix}.{key}": value for prefix in "ab" for key, value in lstm.items()}
    assert "2 LSTMs" in refused("E0323", CFC | two, **CFC_OPTIONS)


def test_a_state_space_layer_is_told_from_a_file_without_a_cell():
    assert "state-space layer" in refused("E0351", {"layers.0.kernel.log_dt": np.ones(2), "layers.0.D": np.ones(2)})


def test_no_cell_and_two_cells():
    assert "layers.0.kernel" in refused("E0323", {"layers.0.kernel": np.ones((2, 2))})
    assert "no array" in refused("E0323", {})
    two = {f"a.{k}": v for k, v in LTC.items()} | {f"b.{k}": v for k, v in CFC.items()}
    assert "2 cells in the dict of weights: a.rnn_cell, b.rnn_cell" in refused("E0323", two)


def without(weights, *keys):
    return {key: value for key, value in weights.items() if key not in keys}


@pytest.mark.parametrize(("weights", "options", "what"), [
    (without(LTC, "rnn_cell.mu"), LTC_OPTIONS, "rnn_cell.mu is missing"),
    (without(LTC, "rnn_cell.sensory_sigma"), LTC_OPTIONS, "rnn_cell.sensory_sigma is missing"),
    (without(LTC, "rnn_cell.sparsity_mask"), LTC_OPTIONS, "rnn_cell.sparsity_mask is missing"),
    (LTC | {"rnn_cell.cm": np.ones(8)}, LTC_OPTIONS, "rnn_cell.cm is 8, expected 9"),
    (LTC | {"rnn_cell.output_b": np.ones(3)}, LTC_OPTIONS, "rnn_cell.output_b is 3, expected 4"),
    (LTC | {"rnn_cell.sensory_sigma": np.ones(9)}, LTC_OPTIONS, "rnn_cell.sensory_sigma is 9, expected a matrix"),
    (LTC | {"rnn_cell.cm": np.float64(1)}, LTC_OPTIONS, "rnn_cell.cm is a scalar, expected 9"),
    (without(CFC, "rnn_cell.time_b.bias"), CFC_OPTIONS, "rnn_cell.time_b.bias is missing"),
    (without(CFC, "rnn_cell.backbone.2.weight"), CFC_OPTIONS, "rnn_cell.backbone.2.weight is missing"),
        (without(CFC, "rnn_cell.backbone.0.bias"), CFC_OPTIONS, "rnn_cell.backbone.0.bias is missing"),
    (without(CFC, "fc.bias"), CFC_OPTIONS, "fc.bias is missing"),
    (CFC | {"fc.weight": np.ones((2, 6))}, CFC_OPTIONS, "fc.weight is 2×6, expected 2×7"),
    (CFC | {"rnn_cell.backbone.0.weight": np.ones((9, 7))}, CFC_OPTIONS, "hears 7 values, not more than the 7"),
    (without(PURE, "rnn_cell.A"), {"activation": "tanh"}, "rnn_cell.A is missing"),
    (PURE | {"rnn_cell.w_tau": np.ones(5)}, {"activation": "tanh"}, "rnn_cell.w_tau is 5, expected 1×5"),
    (without(WIRED, "rnn_cell.layer_1.ff1.weight"), WIRED_OPTIONS, "rnn_cell.layer_1.ff1.weight is missing"),
    (without(WIRED, "rnn_cell.layer_2.sparsity_mask"), WIRED_OPTIONS, "rnn_cell.layer_2.sparsity_mask is missing"),
    (WIRED | {"rnn_cell.layer_1.ff2.bias": np.ones(3)}, WIRED_OPTIONS, "rnn_cell.layer_1.ff2.bias is 3, expected 4"),
])  # fmt: skip
def test_missing_and_misshapen_arrays(weights, options, what):
    assert what in refused("E0411", weights, **options)


def test_all_that_is_missing_is_named_at_once():
    text = refused("E0411", {"rnn__sensory_sigma": np.ones((2, 3)), "rnn__output_w": np.ones(1)}, **LTC_OPTIONS)
    assert "rnn__gleak is missing" in text
    assert "rnn__vleak is missing" in text
    assert "and 3 more" in text


def test_negative_conductances_contradict_explicit_positivity():
    source, target = np.argwhere(LTC["rnn_cell.sparsity_mask"])[3]
    absent = tuple(np.argwhere(LTC["rnn_cell.sparsity_mask"] == 0)[0])
    w = np.abs(LTC["rnn_cell.w"])
    w[absent] = -1  # counts for nothing
    explicit = {"unfolds": 6, "implicit": False}
    from_ncps(LTC | {"rnn_cell.w": w}, **explicit)
    w[source, target] = -1e-3
    text = refused("E0412", LTC | {"rnn_cell.w": w}, **explicit)
    assert "1 conductances of `rnn_cell.w` are negative" in text
    assert f"rnn_cell.w[{source}, {target}]" in text
    from_ncps(LTC | {"rnn_cell.w": w}, unfolds=6, implicit=True)


def test_masks_that_are_none():
    mask = LTC["rnn_cell.sparsity_mask"] * 0.5
    assert "values other than 0 and 1" in refused("E0413", LTC | {"rnn_cell.sparsity_mask": mask}, **LTC_OPTIONS)
    mask = WIRED["rnn_cell.layer_1.sparsity_mask"].copy()
    mask[0, -1] = 0
    text = refused("E0413", WIRED | {"rnn_cell.layer_1.sparsity_mask": mask}, **WIRED_OPTIONS)
    assert "inside a layer" in text


def test_the_masks_of_the_file_count_not_its_weights():
    """A weight without a synapse changes nothing; a synapse taken out of the mask does."""
    absent = LTC["rnn_cell.sparsity_mask"] == 0
    model = from_ncps(LTC | {"rnn_cell.mu": np.where(absent, 5, LTC["rnn_cell.mu"])}, **LTC_OPTIONS)
    run = np.load(DATA / "ltc_random.run.npz")
    assert largest_error(model, run).max() < 1e-12
    cut = from_ncps(LTC | {"rnn_cell.sparsity_mask": np.zeros((9, 9))}, **LTC_OPTIONS)
    assert largest_error(cut, run).max() > 1e-2
