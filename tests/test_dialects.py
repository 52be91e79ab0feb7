"""Each flavour of LTC and CfC, against its own documented equations written out in NumPy."""

import numpy as np
import pytest
from ncps_cases import CFC, CFC_OPTIONS, LTC, LTC_OPTIONS, PURE, WIRED, WIRED_OPTIONS, refused

import lnncc
from lnncc import primitives
from lnncc.frontend.ncps_dialects import DIALECTS

RNG = np.random.default_rng(4)
CELL = {key.removeprefix("rnn_cell."): value for key, value in LTC.items()}
UNITS, INPUTS = len(CELL["cm"]), len(CELL["sensory_w"])
X, V = RNG.normal(size=INPUTS), RNG.uniform(-0.5, 0.5, UNITS)
POSITIVE = CELL | {name: np.abs(CELL[name]) for name in ("w", "sensory_w", "cm", "gleak")}
MASKLESS = {k: v for k, v in POSITIVE.items() if "mask" not in k}
UNMAPPED = {k: v for k, v in MASKLESS.items() if not k.startswith("output")}


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lecun_tanh(x):
    return 1.7159 * np.tanh(0.666 * x)


def ltc(p, v, x, cm_t, unfolds, epsilon):
    """One step of the semi-implicit solver, and its potentials."""
    x = x * p.get("input_w", 1) + p.get("input_b", 0)

    def flow(source, sense):
        g = p[f"{sense}w"] * sigmoid(p[f"{sense}sigma"] * (source[:, None] - p[f"{sense}mu"]))
        g = g * p.get(f"{sense}sparsity_mask", 1)
        return g.sum(0), (g * p[f"{sense}erev"]).sum(0)

    heard = flow(x, "sensory_")
    for _ in range(unfolds):
        g, pull = (a + b for a, b in zip(flow(v, ""), heard, strict=True))
        v = (cm_t * v + p["gleak"] * p["vleak"] + pull) / (cm_t + p["gleak"] + g + epsilon)
    return v


def stepped(weights, dt, state=V, x=X, **options):
    graph = lnncc.from_ncps(weights, **options).graph
    states, (y,) = primitives.step(graph, (state,), (x,), dt)
    return states[0], y


@pytest.mark.parametrize(("options", "elapsed", "epsilon"), [
    ({"dialect": "torch", "implicit": False}, lambda dt: dt, 1e-8),
    ({"dialect": "keras"}, lambda dt: dt, 1e-8),
    ({"dialect": "tf"}, lambda dt: dt, 1e-8),
    ({"dialect": "paddle"}, lambda dt: 1.0, 1e-8),
    ({"dialect": "cfc_torch"}, lambda dt: dt + 1, 1e-8),
    ({"dialect": "cfc_tf"}, lambda dt: dt + 1e-3, 1e-8),
    ({"dialect": "keras", "dt_offset": 0.5, "epsilon": 0.25}, lambda dt: dt + 0.5, 0.25),
    ({"dialect": "cfc_torch", "elapsed": 2.0}, lambda dt: 2.0, 1e-8),
])  # fmt: skip
def test_the_clock_of_an_ltc(options, elapsed, epsilon):
    expected = ltc(POSITIVE, V, X, POSITIVE["cm"] / (elapsed(0.7) / 3), 3, epsilon)
    state, y = stepped(POSITIVE, 0.7, unfolds=3, **options)
    np.testing.assert_allclose(state, expected, rtol=0, atol=1e-6)
    outputs = len(POSITIVE["output_w"])
    np.testing.assert_allclose(y, expected[:outputs] * POSITIVE["output_w"] + POSITIVE["output_b"], rtol=0, atol=1e-6)


def test_the_code_of_the_ltc_paper_has_no_time_no_masks_and_no_epsilon():
    expected = ltc(UNMAPPED, V, X, UNMAPPED["cm"], 6, 0.0)
    state, y = stepped(UNMAPPED, 0.7, dialect="ltc_tf1", unfolds=6)
    np.testing.assert_allclose(state, expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(y, state)


def test_masks_that_the_file_lacks():
    dense, few = ltc(MASKLESS, V, X, MASKLESS["cm"] * 6, 6, 1e-8), dict(MASKLESS)
    for sense in ("", "sensory_"):
        few[f"{sense}erev"] = MASKLESS[f"{sense}erev"] * CELL[f"{sense}sparsity_mask"]
    options = {"implicit": False, "unfolds": 6}
    assert "`masks`" in refused("E0320", MASKLESS, **options)
    np.testing.assert_allclose(stepped(MASKLESS, 1.0, masks="full", **options)[0], dense, atol=1e-6)
    sparse = ltc(POSITIVE, V, X, MASKLESS["cm"] * 6, 6, 1e-8)
    np.testing.assert_allclose(stepped(few, 1.0, masks="erev", **options)[0], sparse, atol=1e-6)


def test_masks_by_name_and_from_a_file(tmp_path):
    options = {"implicit": False, "unfolds": 6}
    masks = {name: CELL[name] for name in ("sparsity_mask", "sensory_sparsity_mask")}
    np.savez(tmp_path / "masks.npz", **masks)
    expected = ltc(POSITIVE, V, X, POSITIVE["cm"] * 6, 6, 1e-8)
    for given in (masks, str(tmp_path / "masks.npz")):
        np.testing.assert_allclose(stepped(MASKLESS, 1.0, masks=given, **options)[0], expected, atol=1e-6)
    assert "has sensory_sparsity_mask itself" in refused("E0324", POSITIVE, masks=masks, **options)
    assert "has masks" in refused("E0324", POSITIVE, masks="full", **options)
    assert "is missing" in refused("E0411", MASKLESS, masks={"sparsity_mask": masks["sparsity_mask"]}, **options)
    assert "sparsity_mask is missing" in refused("E0411", MASKLESS, masks={}, **options)
    assert "0 and 1" in refused(
        "E0413", MASKLESS, masks={**masks, "sparsity_mask": -np.ones((UNITS, UNITS))}, **options
    )


def cfc(p, h, x, dt, sign, squash):
    """One step of a CfC in mode default, behind a backbone of GELU."""
    from scipy.special import erf

    z, names = np.concatenate((x, h)), sorted({key.split(".")[2] for key in p if ".backbone." in key}, key=int)
    for name in names:
        z = p[f"rnn_cell.backbone.{name}.weight"] @ z + p[f"rnn_cell.backbone.{name}.bias"]
        z = z / 2 * (1 + erf(z / np.sqrt(2)))
    heads = {n: p[f"rnn_cell.{n}.weight"] @ z + p[f"rnn_cell.{n}.bias"] for n in ("ff1", "ff2", "time_a", "time_b")}
    gate = sigmoid(sign * heads["time_a"] * dt + heads["time_b"])
    return squash(heads["ff1"]) * (1 - gate) + gate * squash(heads["ff2"])


@pytest.mark.parametrize(("options", "sign", "squash"), [
    ({"dialect": "torch"}, 1, np.tanh),
    ({"dialect": "cfc_torch"}, 1, np.tanh),
    ({"dialect": "keras"}, -1, lambda x: x),
    ({"dialect": "tf"}, -1, lambda x: x),
    ({"dialect": "cfc_tf"}, -1, lecun_tanh),
    ({"time_sign": -1}, -1, np.tanh),
    ({"squash": "lecun_tanh"}, 1, lecun_tanh),
])  # fmt: skip
def test_the_gate_and_the_heads_of_a_cfc(options, sign, squash):
    p = {key: value for key, value in CFC.items() if not key.startswith("fc.")}
    units = len(p["rnn_cell.ff1.bias"])
    h, x = RNG.normal(size=units) / 3, RNG.normal(size=p["rnn_cell.backbone.0.weight"].shape[1] - units)
    state, _ = stepped(p, 0.7, h, x, **{**CFC_OPTIONS, **options})
    np.testing.assert_allclose(state, cfc(p, h, x, 0.7, sign, squash), rtol=0, atol=1e-6)


@pytest.mark.parametrize(("options", "route", "bias"), [
    ({}, "state", 1.0),
    ({"memory": "input"}, "input", 1.0),
    ({"dialect": "keras", "forget_bias": 2.5, "time_sign": 1, "squash": "tanh"}, "input", 2.5),
    ({"dialect": "cfc_torch"}, "state", 1.0),
])  # fmt: skip
def test_both_ways_of_a_mixed_memory(options, route, bias):
    units, inputs = 5, 5 if route == "input" else 3
    p = {f"rnn_cell.{n}.weight": RNG.normal(size=(units, units + inputs)) for n in ("ff1", "ff2", "time_a", "time_b")}
    p |= {key.replace("weight", "bias"): RNG.normal(size=units) for key in p}
    p |= {"lstm.input_map.weight": RNG.normal(size=(20, 3)), "lstm.input_map.bias": RNG.normal(size=20)}
    p["lstm.recurrent_map.weight"] = RNG.normal(size=(20, units))
    h, c, x = RNG.normal(size=units) / 3, RNG.normal(size=units) / 3, RNG.normal(size=3)
    z = p["lstm.input_map.weight"] @ x + p["lstm.input_map.bias"] + p["lstm.recurrent_map.weight"] @ h
    i, ig, fg, og = np.split(z, 4)
    after = c * sigmoid(fg + bias) + np.tanh(i) * sigmoid(ig)
    shown = np.tanh(after) * sigmoid(og)
    expected = cfc(p, *((h, shown) if route == "input" else (shown, x)), 0.7, 1, np.tanh)
    graph = lnncc.from_ncps(p, mode="default", **options).graph
    (new, memory), (y,) = primitives.step(graph, (h, c), (x,), 0.7)
    np.testing.assert_allclose(memory, after, rtol=0, atol=1e-6)
    np.testing.assert_allclose(new, expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(y, expected, rtol=0, atol=1e-6)
    if route == "input":
        assert "see `memory`" in refused("E0411", {**p, **wider(p)}, mode="default", **options)
    assert "`forget_bias`" in refused("E0320", p, mode="default", dialect="cfc_tf", memory=route)


def wider(p):
    return {key: np.pad(value, ((0, 0), (0, 1))) for key, value in p.items() if "rnn_cell" in key and value.ndim == 2}


def test_signed_masks_are_those_of_keras_alone():
    name = "rnn_cell.layer_0.sparsity_mask"
    mask = WIRED[name].copy()
    mask[0, 0] = -1
    assert "0 and 1" in refused("E0413", WIRED | {name: mask}, **WIRED_OPTIONS)
    plain = {key: value for key, value in WIRED.items() if "sparsity_mask" not in key}
    masks = {key: value for key, value in WIRED.items() if "sparsity_mask" in key} | {name: mask}
    turned = dict(WIRED)
    for head in ("ff1", "ff2"):
        turned[f"rnn_cell.layer_0.{head}.weight"] = np.where(mask < 0, -1, 1) * WIRED[f"rnn_cell.layer_0.{head}.weight"]
    turned[name] = np.abs(mask)
    units = sum(len(v) for k, v in WIRED.items() if k.endswith("ff1.bias"))
    h, x = RNG.normal(size=units), RNG.normal(size=mask.shape[1] - mask.shape[0])
    torch_like = {"dialect": "keras", "time_sign": 1, "squash": "tanh"}
    found = stepped(plain, 0.7, h, x, masks=masks, **WIRED_OPTIONS, **torch_like)
    np.testing.assert_allclose(found[1], stepped(turned, 0.7, h, x, **WIRED_OPTIONS)[1], rtol=0, atol=1e-12)


@pytest.mark.parametrize(("weights", "options", "what"), [
    (CFC, {**CFC_OPTIONS, "dialect": "jax"}, "dialect is one of"),
    (CFC, {**CFC_OPTIONS, "time_sign": 2}, "time_sign is one of 1, -1, got 2"),
    (CFC, {**CFC_OPTIONS, "time_sign": True}, "got True"),
    (CFC, {**CFC_OPTIONS, "squash": "relu"}, "squash is one of"),
    (CFC, {**CFC_OPTIONS, "memory": "both"}, "memory is one of"),
    (CFC, {**CFC_OPTIONS, "forget_bias": "one"}, "forget_bias is a finite number, got 'one'"),
    (CFC, {**CFC_OPTIONS, "dt_offset": -1.0}, "dt_offset is a finite number and not negative"),
    (CFC, {**CFC_OPTIONS, "elapsed": float("inf")}, "elapsed is a finite number"),
    (CFC, {**CFC_OPTIONS, "epsilon": 1e-8}, "`epsilon` belongs to LTC"),
    (LTC, {**LTC_OPTIONS, "squash": "tanh"}, "`squash` belongs to CfC"),
    (LTC, {**LTC_OPTIONS, "time_sign": 1}, "`time_sign` belongs to CfC"),
    (WIRED, {**WIRED_OPTIONS, "activation": "relu"}, "belongs to CfC with a backbone"),
    (WIRED, {**WIRED_OPTIONS, "masks": "full"}, "has masks"),
])  # fmt: skip
def test_options_that_do_not_fit(weights, options, what):
    assert what in refused("E0324", weights, **options)


def test_full_masks_of_a_wired_cfc():
    plain = {key: value for key, value in WIRED.items() if "sparsity_mask" not in key}
    ones = {key: np.ones_like(value) for key, value in WIRED.items() if "sparsity_mask" in key}
    units = sum(len(v) for k, v in WIRED.items() if k.endswith("ff1.bias"))
    mask = next(v for k, v in ones.items() if "layer_0" in k)
    h, x = RNG.normal(size=units), RNG.normal(size=mask.shape[1] - mask.shape[0])
    expected = stepped(WIRED | ones, 0.7, h, x, **WIRED_OPTIONS)[0]
    np.testing.assert_array_equal(stepped(plain, 0.7, h, x, masks="full", **WIRED_OPTIONS)[0], expected)


def test_pure_has_no_gate_to_turn():
    units = len(PURE["rnn_cell.ff1.bias"])
    inputs = PURE["rnn_cell.backbone.0.weight"].shape[1] - units
    h, x = RNG.normal(size=units), RNG.normal(size=inputs)
    runs = [stepped(PURE, 0.7, h, x, activation="tanh", dialect=dialect)[0] for dialect in ("torch", "keras", "cfc_tf")]
    np.testing.assert_array_equal(runs[0], runs[1])
    np.testing.assert_array_equal(runs[0], runs[2])


def test_every_dialect_is_tested_here():
    assert set(DIALECTS) == {"torch", "keras", "tf", "paddle", "cfc_torch", "cfc_tf", "ltc_tf1"}
