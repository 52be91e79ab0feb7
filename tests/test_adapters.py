"""flax and equinox cells and scan bodies: the numbers of the library itself, and the same bits in C."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from adapter_cases import CASES, INPUTS, KEY, UNITS, XS, X, eqx, linen, nnx

import lnncc
from lnncc import primitives
from lnncc.errors import LnnccError

FLOAT32 = 1e-6  # what the library computes in 24 bits, and the graph in 53, after 120 steps
LARGEST = {16: 1e-3, 8: 8e-2}  # error of a state between -1 and 1
COMPILED = [*((name, 16) for name in CASES), *((name, 8) for name in CASES if name.startswith("nnx"))]


def outputs(model, xs, dt=1.0):
    states, found = tuple(port.initial for port in model.graph.states), []
    for x in xs:
        states, (y,) = primitives.step(model.graph, states, (x.astype(np.float64),), dt)
        found.append(y)
    return np.array(found)


@pytest.mark.parametrize("name", CASES)
def test_the_graph_computes_what_the_library_computes(name):
    case = CASES[name]()
    np.testing.assert_allclose(outputs(case.model, XS), case.outputs, rtol=0, atol=FLOAT32)
    assert case.model.graph.dt is None


@pytest.mark.parametrize(("name", "bits"), COMPILED)
def test_the_c_has_the_bits_of_the_twin_and_is_close_to_the_library(name, bits):
    case = CASES[name]()
    program = lnncc.compile(case.model, calibration=XS, ranges={"x": (-4, 4)}, bits=bits)
    assert program.verify(XS).bit_exact
    off = np.abs(program.run(XS) - case.outputs).max()
    assert off < LARGEST[bits]


def test_parameters_keep_their_names():
    labels = {name: set(CASES[name]().model.graph.labels.values()) for name in CASES}
    assert "params/hf/kernel" in labels["linen.LSTMCell"]
    assert "hf/kernel" in labels["nnx.LSTMCell"]
    assert "weight_hh" in labels["equinox.GRUCell"]


class Timed(linen.Module):
    """Two cells and a readout; the elapsed time is the first input, as flaxoil has it."""

    @linen.compact
    def __call__(self, carry, x):
        first, second = carry
        first, y = linen.GRUCell(UNITS)(first, x)
        second, y = linen.SimpleCell(UNITS)(second, y * x[0])
        return (first, second), linen.Dense(2)(y)


def test_a_stack_of_linen_cells_that_hears_the_elapsed_time():
    cell, start = Timed(), (jnp.zeros(UNITS), jnp.zeros(UNITS))
    variables = cell.init(KEY, start, jnp.zeros(INPUTS + 1))

    def call(apply, carry, x, dt):
        return apply(carry, jnp.concatenate((dt[None], x)))

    model = lnncc.from_linen(cell, variables, inputs=X, state=start, call=call)
    with_time = np.hstack((np.full((len(XS), 1), 0.5, np.float32), XS))
    expected = jax.lax.scan(lambda carry, x: cell.apply(variables, carry, x), start, with_time)[1]
    assert model.graph.dt is not None
    np.testing.assert_allclose(outputs(model, XS, 0.5), expected, rtol=0, atol=FLOAT32)


class Stacked(nnx.Module):
    """Two cells, a dropout with its random keys, and a readout."""

    def __init__(self, rngs):
        self.cells = nnx.List([nnx.GRUCell(INPUTS, UNITS, rngs=rngs), nnx.SimpleCell(UNITS, UNITS, rngs=rngs)])
        self.dropout = nnx.Dropout(0.5, rngs=rngs)
        self.head = nnx.Linear(UNITS, 2, rngs=rngs)

    def __call__(self, carry, x, dt=1.0):
        after = []
        for cell, before in zip(self.cells, carry, strict=True):
            new, x = cell(before, x * dt)
            after.append(new)
        return tuple(after), self.head(self.dropout(x))


def test_a_stack_of_nnx_cells_with_random_keys():
    cell = Stacked(nnx.Rngs(3))
    cell.eval()
    start = (jnp.zeros(UNITS), jnp.zeros(UNITS))
    model = lnncc.from_nnx(cell, inputs=X, state=start)
    carry, expected = start, []
    for x in XS:
        carry, y = cell(carry, x)
        expected.append(y)
    np.testing.assert_allclose(outputs(model, XS), np.array(expected), rtol=0, atol=FLOAT32)
    assert "cells/1/dense_h/kernel" in set(model.graph.labels.values())
    timed = lnncc.from_nnx(cell, inputs=X, state=start, call=lambda cell, carry, x, dt: cell(carry, x, dt))
    np.testing.assert_allclose(outputs(timed, XS, 1.0), np.array(expected), rtol=0, atol=FLOAT32)
    assert timed.graph.dt is not None


class Gated(eqx.Module):
    """A cell with functions, sizes, a random key and a dropout among its leaves."""

    encoder: eqx.nn.MLP
    cell: eqx.nn.GRUCell
    dropout: eqx.nn.Dropout
    key: jax.Array
    gain: float = 0.5

    def __call__(self, x, state):
        return self.cell(self.dropout(self.encoder(x), key=self.key) * self.gain, state)


def test_an_equinox_module_with_functions_among_its_leaves():
    keys = jax.random.split(KEY, 2)
    encoder = eqx.nn.MLP(INPUTS, 5, 6, 1, activation=jax.nn.relu, key=keys[0])
    module = Gated(encoder, eqx.nn.GRUCell(5, UNITS, key=keys[1]), eqx.nn.Dropout(0.5), KEY)
    model = lnncc.from_equinox(module, inputs=X, state=jnp.zeros(UNITS))
    calm = eqx.nn.inference_mode(module)
    state, expected = jnp.zeros(UNITS), []
    for x in XS:
        state = calm(x, state)
        expected.append(state)
    np.testing.assert_allclose(outputs(model, XS), np.array(expected), rtol=0, atol=FLOAT32)
    assert "encoder/layers/0/weight" in set(model.graph.labels.values())
    first = lnncc.from_equinox(
        module, inputs=X, state=jnp.zeros(UNITS), call=lambda cell, s, x, dt: (cell(x * dt, s), s[:1])
    )
    assert first.graph.dt is not None
    np.testing.assert_allclose(outputs(first, XS)[1:, 0], np.array(expected)[:-1, 0], rtol=0, atol=FLOAT32)


def test_a_scan_body():
    weights = jax.random.normal(KEY, (UNITS, UNITS + INPUTS)) / 3

    def body(carry, x):
        h, count = carry
        h = jnp.tanh(weights @ jnp.concatenate((h, x["x"])))
        return (h, count * 0.5 + 1), {"y": h[:2], "age": count}

    start = (jnp.zeros(UNITS), jnp.zeros(1))
    model = lnncc.from_scan_body(body, state=start, inputs={"x": X})
    expected = jax.lax.scan(body, start, {"x": XS})[1]
    states = tuple(port.initial for port in model.graph.states)
    assert [port.label for port in model.graph.outputs] == ["age", "y"]
    for k, x in enumerate(XS):
        states, found = primitives.step(model.graph, states, (x.astype(np.float64),), 1.0)
        np.testing.assert_allclose(found[0], expected["age"][k], atol=FLOAT32)
        np.testing.assert_allclose(found[1], expected["y"][k], atol=FLOAT32)


def refused(code, make, *args, **options):
    with pytest.raises(LnnccError) as caught:
        make(*args, **options)
    assert caught.value.code == code
    return str(caught.value)


def test_whole_sequences_are_refused_with_the_cell_inside():
    rnn = linen.RNN(linen.GRUCell(UNITS))
    assert "lnncc.from_linen(rnn.cell" in refused("E0311", lnncc.from_linen, rnn, {}, inputs=X)
    rnn = nnx.RNN(nnx.GRUCell(INPUTS, UNITS, rngs=nnx.Rngs(0)))
    assert "lnncc.from_nnx(rnn.cell" in refused("E0311", lnncc.from_nnx, rnn, inputs=X)


def test_an_initial_state_that_nobody_says_is_asked_for():
    assert "state=" in refused("E0311", lnncc.from_linen, linen.Dense(3), {}, inputs=X)
    assert "state=" in refused("E0311", lnncc.from_linen, linen.GRUCell(UNITS), {}, inputs={"a": X, "b": X})
    assert "state=" in refused("E0311", lnncc.from_nnx, nnx.Linear(3, 3, rngs=nnx.Rngs(0)), inputs=X)
    assert "Linear does not say" in refused("E0311", lnncc.from_equinox, eqx.nn.Linear(3, 3, key=KEY), inputs=X)


@pytest.mark.parametrize(("package", "call"), [
    ("flax", lambda: lnncc.from_linen(None, {}, inputs=X)),
    ("flax", lambda: lnncc.from_nnx(None, inputs=X)),
    ("equinox", lambda: lnncc.from_equinox(None, inputs=X)),
])  # fmt: skip
def test_a_library_that_is_missing(package, call, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    assert f"pip install 'lnncc[{package}]'" in refused("E0703", call)
