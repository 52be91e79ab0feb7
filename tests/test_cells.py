"""The cells: the same numbers as ncps, and what training relies on."""

import json
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lnncc.cells import (
    CTGRU,
    CTLSTM,
    CTRNN,
    GRUD,
    GRUODE,
    LRCU,
    LTC,
    ODELSTM,
    S4D,
    AutoNCP,
    CfC,
    Classifier,
    Convolved,
    FullyConnected,
    LrcSSM,
    MixedMemory,
    PaperLTC,
    PhasedLSTM,
    Readout,
    ShortConv,
    Stacked,
    WiredCfC,
    solve,
)
from lnncc.cells.solvers import TABLEAUS
from lnncc.frontend.ncps import network
from lnncc.frontend.ncps_options import Told
from lnncc.frontend.weights import read

DATA = Path(__file__).parent / "data/ncps"
MODELS = json.loads((DATA / "models.json").read_text())
EXACT = [name for name in MODELS if not name.startswith("bench_")]
WIRING = AutoNCP(11, 2).wire(3)
CELLS = {
    "ltc": LTC(WIRING),
    "ltc_explicit": LTC(FullyConnected(5, 2).wire(3), unfolds=2, implicit=False, output_map="linear"),
    "cfc": CfC(3, 6, backbone_units=8, backbone_layers=2),
    "cfc_no_gate": CfC(3, 6, "no_gate", backbone_layers=0),
    "cfc_pure": CfC(3, 6, "pure", backbone_units=8, activation="relu"),
    "wired": WiredCfC(WIRING),
    "readout": Readout(LTC(WIRING), 4),
    "mixed": MixedMemory(CfC(3, 6, backbone_units=8)),
    "ltc_paper": PaperLTC(3, 4),
    "ctrnn": CTRNN(3, 4, "heun", 2),
    "ode": CTRNN(3, 4, "rk4", 1, leak=False),
    "stc": LRCU(3, 4, "none"),
    "lrcu": LRCU(3, 4, "symmetric"),
    "grud": GRUD(3, 4),
    "gruode": GRUODE(3, 4),
    "ctlstm": CTLSTM(3, 4),
    "phased": PhasedLSTM(3, 4),
    "odelstm": ODELSTM(3, 4),
    "ctgru": CTGRU(3, 4, 3),
    "lrcssm": LrcSSM(3, 5, 4),
    "s4d": S4D(3, 5, 4),
    "shortconv": ShortConv(3),
    "ltc_euler": LTC(WIRING, solver="euler"),
    "stacked": Stacked((LTC(WIRING), CfC(2, 4, backbone_units=4))),
    "convolved": Convolved(CfC(2, 4, backbone_units=4), 3, taps=3, activation="tanh"),
    "dense": Convolved(CfC(2, 4, backbone_units=4), 3, activation="silu"),
    "classifier": Classifier(CfC(3, 4, backbone_units=4), 3),
}


@partial(jax.jit, static_argnums=0)
def run(cell, params, x, dt):
    """States [steps, units] and outputs [steps, outputs] from the initial state."""

    def body(state, now):
        state, y = cell.step(params, state, *now)
        return state, (state, y)

    return jax.lax.scan(body, cell.initial_state(), (x, dt))[1]


@pytest.mark.parametrize("name", EXACT)
def test_same_numbers_as_ncps(name):
    reference = np.load(DATA / f"{name}.run.npz")
    with jax.enable_x64(True):
        found = network(read(DATA / f"{name}.weights.npz"), Told(**MODELS[name]))
        x, dt = (jnp.asarray(reference[key], jnp.float64) for key in ("x", "dt"))
        states, outputs = run(found.cell, found.params, x, dt)
    for key, of_key in states._asdict().items() if hasattr(states, "_asdict") else (("h", states),):
        np.testing.assert_allclose(of_key, reference[key], rtol=0, atol=1e-12)
    np.testing.assert_allclose(outputs, reference["y"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", EXACT)
def test_initial_parameters_have_the_tree_of_a_checkpoint(name):
    found = network(read(DATA / f"{name}.weights.npz"), Told(**MODELS[name]))
    made = jax.eval_shape(found.cell.init, jax.random.key(0))
    assert jax.tree.map(np.shape, made) == jax.tree.map(np.shape, found.params)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_a_step_keeps_shapes_under_jit_vmap_and_scan(cell):
    params = cell.init(jax.random.key(1))
    x = jax.random.normal(jax.random.key(2), (7, 4, cell.inputs))  # steps, streams, inputs
    many = jax.jit(jax.vmap(cell.step, in_axes=(None, 0, 0, None)))
    states = jax.tree.map(lambda s: jnp.broadcast_to(s, (4, *s.shape)), cell.initial_state())
    last, y = jax.lax.scan(lambda state, now: many(params, state, now, 0.5), states, x)
    assert jax.tree.map(jnp.shape, last) == jax.tree.map(jnp.shape, states)
    assert y.shape == (7, 4, cell.outputs)
    alone = run(cell, params, x[:, 1], jnp.full(7, 0.5))
    np.testing.assert_allclose(y[:, 1], alone[1], rtol=0, atol=1e-5)


@pytest.mark.parametrize("cell", CELLS.values(), ids=CELLS)
def test_every_parameter_has_a_finite_gradient_and_training_lowers_the_loss(cell):
    params = cell.init(jax.random.key(3))
    x = jax.random.normal(jax.random.key(4), (6, cell.inputs))

    def loss(params):
        return jnp.mean((run(cell, params, x, jnp.ones(6))[1] - 0.3) ** 2)

    before, gradient = jax.value_and_grad(loss)(params)
    for path, leaf in jax.tree_util.tree_leaves_with_path(gradient):
        assert np.isfinite(leaf).all(), path
        assert np.any(leaf) or "elastance" in str(path), path  # a variant may have no use for these
    assert loss(jax.tree.map(lambda p, g: p - 1e-3 * g, params, gradient)) < before


def test_initial_parameters_depend_on_the_key_alone():
    cell = Readout(CfC(3, 6), 2)
    first, again, other = (cell.init(jax.random.key(k)) for k in (0, 0, 1))
    assert jax.tree.all(jax.tree.map(np.array_equal, first, again))
    assert not any(jax.tree.leaves(jax.tree.map(np.array_equal, first, other)))


RANGES = {
    "gleak": (0.001, 1),
    "vleak": (-0.2, 0.2),
    "cm": (0.4, 0.6),
    "w": (0.001, 1),
    "sigma": (3, 8),
    "mu": (0.3, 0.8),
}


def test_initial_ltc_parameters_fill_the_ranges_of_ncps():
    params = LTC(FullyConnected(40).wire(20)).init(jax.random.key(5))
    for name, values in params.items():
        low, high = RANGES.get(name.removeprefix("sensory_"), (None, None))
        if low is not None:
            assert low <= values.min() < low + 0.1 * (high - low), name
            assert high - 0.1 * (high - low) < values.max() <= high, name


def test_initial_reversal_potentials_are_the_signs_of_the_wiring():
    params = LTC(WIRING).init(jax.random.key(0))
    assert np.array_equal(params["erev"], WIRING.adjacency)
    assert np.array_equal(params["sensory_erev"], WIRING.sensory)


def test_initial_cfc_matrices_fill_the_xavier_bound():
    weight = CfC(30, 50, backbone_units=40).init(jax.random.key(6))["backbone"][0]["weight"]
    bound = (6 / (30 + 50 + 40)) ** 0.5
    assert 0.95 * bound < np.abs(weight).max() <= bound


@pytest.mark.parametrize("unfolds", [1, 7])
def test_a_rolled_solver_computes_what_the_written_out_one_does(unfolds):
    rolled, flat = (LTC(WIRING, unfolds, rolled=r) for r in (True, False))
    params = rolled.init(jax.random.key(7))
    x, dt = jax.random.normal(jax.random.key(8), (9, 3)), jnp.linspace(0.1, 2, 9)
    np.testing.assert_allclose(run(rolled, params, x, dt)[0], run(flat, params, x, dt)[0], rtol=0, atol=1e-6)
    shape = jax.ShapeDtypeStruct((3,), jnp.float32)
    loops = [str(jax.make_jaxpr(c.step)(params, c.initial_state(), shape, 1.0)).count("scan[") for c in (rolled, flat)]
    assert loops == [1, 0]


def test_ltc_potentials_stay_between_their_reversal_potentials():
    """Hasani et al. 2021, theorem 2: for any input and any elapsed time."""
    cell = LTC(WIRING)
    params = cell.init(jax.random.key(9))
    x = 1e3 * jax.random.normal(jax.random.key(10), (64, 3))
    states, _ = run(cell, params, x, jnp.geomspace(1e-3, 1e3, 64))
    assert 0.5 < np.abs(states).max() <= 1 + 1e-6


def test_a_longer_time_moves_an_ltc_further():
    cell = LTC(WIRING)
    params, x = cell.init(jax.random.key(11)), jnp.ones(3)
    moved = [float(jnp.abs(cell.step(params, cell.initial_state(), x, dt)[0]).max()) for dt in (1e-4, 0.1, 10)]
    assert moved[0] < 1e-3 < moved[1] < moved[2]


def test_absent_synapses_count_for_nothing():
    cell = LTC(WIRING)
    params = cell.init(jax.random.key(12))
    other = {**params, "mu": jnp.where(WIRING.mask, params["mu"], 9.0)}
    other["sensory_erev"] = jnp.where(WIRING.sensory_mask, params["sensory_erev"], 5.0)
    x = jnp.ones((3, 3))
    assert np.array_equal(run(cell, params, x, jnp.ones(3))[0], run(cell, other, x, jnp.ones(3))[0])


def test_projection_clips_conductances_only_where_they_are_explicit():
    params = jax.tree.map(lambda p: p - 1.0, LTC(WIRING).init(jax.random.key(13)))
    clipped = LTC(WIRING, implicit=False).project(params)
    for name, before in params.items():
        clips = name in ("gleak", "cm", "w", "sensory_w")
        assert np.array_equal(clipped[name], np.maximum(before, 0) if clips else before), name
    assert LTC(WIRING).project(params) is params


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: LTC(WIRING, unfolds=0), "unfolds must be at least 1"),
        (lambda: LTC(WIRING, input_map="cubic"), "input_map must be affine or linear or none"),
        (lambda: LTC(WIRING, output_map=None), "output_map must be"),
        (lambda: CfC(0, 4), "inputs must be at least 1"),
        (lambda: CfC(2, 0), "units must be at least 1"),
        (lambda: CfC(2, 4, backbone_units=0), "backbone_units must be at least 1"),
        (lambda: CfC(2, 4, backbone_layers=-1), "backbone_layers must be at least 0"),
        (lambda: CfC(2, 4, "gate"), "mode must be one of default, no_gate, pure"),
        (lambda: CfC(2, 4, activation="elu"), "activation must be one of lecun_tanh"),
        (lambda: WiredCfC(WIRING, "gate"), "mode must be one of"),
        (lambda: CTRNN(2, 2, "dopri5"), "method must be one of euler, heun, rk4"),
        (lambda: GRUODE(2, 2, substeps=0), "substeps must be at least 1"),
        (lambda: ODELSTM(2, 2, "midpoint"), "method must be one of"),
        (lambda: PaperLTC(2, 2, 0), "unfolds must be at least 1"),
        (lambda: LRCU(2, 2, "liquid"), "elastance must be none"),
        (lambda: LrcSSM(2, 2, 2, norm="batch"), "norm must be layer"),
        (lambda: LTC(WIRING, solver="dopri5"), "method must be one of"),
        (lambda: Stacked(()), "at least one cell"),
        (lambda: Stacked((CfC(2, 3), CfC(2, 3))), "3 outputs stands before one of 2 inputs"),
        (lambda: Convolved(CfC(2, 3), 1, taps=0), "taps must be at least 1"),
        (lambda: Convolved(CfC(2, 3), 1, activation="gelu"), "activation must be one of relu, tanh, silu"),
        (lambda: Classifier(CfC(2, 3), 2, "max"), "head must be softmax or argmax"),
    ],
)
def test_choices_that_cannot_be(build, what):
    with pytest.raises(ValueError, match=what):
        build()


@pytest.mark.parametrize(("made", "run_as"), [("pure", "default"), ("default", "pure")])
def test_parameters_of_another_mode_are_refused(made, run_as):
    params = CfC(2, 4, made).init(jax.random.key(0))
    cell = CfC(2, 4, run_as)
    with pytest.raises(ValueError, match=f"not parameters of mode '{run_as}'"):
        cell.step(params, cell.initial_state(), jnp.ones(2), 1.0)


ORDER = {"euler": 1, "heun": 2, "rk4": 4}


@pytest.mark.parametrize("method", TABLEAUS)
def test_halving_the_steps_of_a_solver_divides_its_error_by_its_order(method):
    """dy/dt = (-y, cos t) over a tree of arrays, whose solution is known."""
    with jax.enable_x64(True):
        start = {"y": jnp.array([1.0, -2.0]), "t": jnp.zeros(())}

        def field(now):
            return {"y": -now["y"] * jnp.cos(now["t"]), "t": jnp.ones(())}

        def error(substeps):
            found = solve(field, start, 1.5, method, substeps)
            return float(np.abs(found["y"] - start["y"] * np.exp(-np.sin(1.5))).max())

        assert error(40) / error(80) == pytest.approx(2 ** ORDER[method], rel=0.1)
        flat = solve(field, start, 1.5, method, 40, rolled=False)
        np.testing.assert_allclose(flat["y"], solve(field, start, 1.5, method, 40)["y"], rtol=1e-12)


def test_an_elapsed_time_of_zero_changes_no_state_of_a_solver():
    for cell in (CTRNN(3, 4), GRUODE(3, 4), LRCU(3, 4)):
        state = jnp.linspace(-0.5, 0.5, 4)
        after, _ = cell.step(cell.init(jax.random.key(0)), state, jnp.ones(3), 0.0)
        np.testing.assert_allclose(after, state, atol=1e-7)


def test_a_paper_ltc_stays_between_zero_and_its_potentials():
    cell = PaperLTC(3, 4)
    params = cell.init(jax.random.key(1))
    states, _ = run(cell, params, 100 * jax.random.normal(jax.random.key(2), (32, 3)), jnp.geomspace(1e-2, 1e3, 32))
    assert np.all(np.abs(states) <= np.abs(params["A"]) + 1e-6)


def test_a_short_convolution_is_that_of_the_whole_sequence():
    cell = ShortConv(3, taps=4)
    params, x = cell.init(jax.random.key(3)), jax.random.normal(jax.random.key(4), (9, 3))
    _, found = run(cell, params, x, jnp.ones(9))
    before, after, u = np.split(np.asarray(x @ params["in_proj"]["weight"].T + params["in_proj"]["bias"]), 3, axis=1)
    window = np.concatenate([np.zeros((3, 3)), before * u])
    conv = sum(np.asarray(params["kernel"])[k] * window[k : k + 9] for k in range(4))
    expected = (after * conv) @ np.asarray(params["out_proj"]["weight"]).T + np.asarray(params["out_proj"]["bias"])
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_recurrence_of_s4d_is_the_convolution_it_is_trained_as():
    """With the kernel 2 Re(C · B̄ · Ā^k) in complex numbers, over a whole sequence."""
    cell, steps = S4D(3, 5, 4), 12
    params = cell.init(jax.random.key(5))
    x = jax.random.normal(jax.random.key(6), (steps, 3))
    _, found = run(cell, params, x, jnp.ones(steps))
    p = jax.tree.map(lambda a: np.asarray(a, np.float64), params)
    a, h = -np.exp(p["log_decay"]) + 1j * p["frequency"], np.exp(p["log_step"])[:, None]
    turn = np.exp(a * h)
    gain = (turn - 1) / a * (p["c"].re + 1j * p["c"].im)
    kernel = [2 * (gain * turn**k).real.sum(axis=1) for k in range(steps)]
    u = np.asarray(x) @ p["encoder"]["weight"].T + p["encoder"]["bias"]
    y = np.array([sum(kernel[k] * u[t - k] for k in range(t + 1)) for t in range(steps)]) + p["d"] * u
    hidden = np.asarray(jax.nn.gelu(y, approximate=False)) @ p["mix"]["weight"].T + p["mix"]["bias"]
    np.testing.assert_allclose(found, u + hidden[:, :5] / (1 + np.exp(-hidden[:, 5:])), atol=1e-4)


@pytest.mark.parametrize("solver", ["euler", "rk4"])
def test_explicit_and_implicit_solvers_of_an_ltc_meet_at_fine_steps(solver):
    with jax.enable_x64(True):
        implicit = LTC(WIRING, unfolds=400)
        params = jax.tree.map(lambda p: jnp.asarray(p, jnp.float64), implicit.init(jax.random.key(14)))
        x, dt = jax.random.normal(jax.random.key(15), (5, 3)), jnp.full(5, 0.5)
        explicit = LTC(WIRING, unfolds=200, solver=solver)
        np.testing.assert_allclose(run(explicit, params, x, dt)[0], run(implicit, params, x, dt)[0], atol=5e-3)


def test_a_convolution_over_time_is_that_of_the_whole_sequence():
    cell = Convolved(CfC(2, 4, backbone_units=4), 3, taps=4, activation="tanh")
    params, x = cell.init(jax.random.key(5)), jax.random.normal(jax.random.key(6), (9, 3))
    padded = np.concatenate([np.zeros((3, 3)), x])
    kernel = np.asarray(params["kernel"])
    features = np.tanh(np.array([np.einsum("tji,ti->j", kernel, padded[k : k + 4]) for k in range(9)]) + params["bias"])
    _, expected = run(cell.cell, params["cell"], jnp.asarray(features), jnp.ones(9))
    np.testing.assert_allclose(run(cell, params, x, jnp.ones(9))[1], expected, atol=1e-5)


def test_a_classifier_says_the_largest_of_its_own_probabilities():
    soft, hard = (Classifier(CfC(3, 4, backbone_units=4), 5, head) for head in ("softmax", "argmax"))
    params, x = soft.init(jax.random.key(7)), jax.random.normal(jax.random.key(8), (9, 3))
    (_, chances), (_, classes) = (run(c, params, x, jnp.ones(9)) for c in (soft, hard))
    np.testing.assert_allclose(chances.sum(axis=1), 1, atol=1e-6)
    assert np.array_equal(chances.argmax(axis=1), classes[:, 0]) and classes.shape == (9, hard.outputs)
