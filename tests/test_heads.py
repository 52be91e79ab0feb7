"""Comparisons, argmax, softmax and division: what they come to in floats, and what their integers keep."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_graphs import FULL, WIDE, Builder

import lnncc
from lnncc import Model, ir, twin
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.ops import divide
from lnncc.passes.lower import lower
from lnncc.passes.ranges import reference_nodes
from lnncc.primitives import step as float_step

RNG = np.random.default_rng(0)
P = {"w": RNG.normal(size=(4, 4)), "u": RNG.normal(size=(4, models.INPUTS))}
Function = Callable[[jax.Array, jax.Array], jax.Array]
STEPS: dict[str, Function] = {
    "max": lambda z, x: jnp.maximum(z[:3], x),
    "min": lambda z, x: jnp.minimum(z[:3], x),
    "clip": lambda z, x: jnp.clip(z[:3], -jnp.abs(x), jnp.abs(x)),
    "where": lambda z, x: jnp.where(z[:3] > x, z[1:], x),
    "logic": lambda z, x: jnp.where((z[:3] > x) & (x > 0) | ~(z[1:] <= x), z[:3], x),
    "xor": lambda z, x: jnp.where((z[:3] >= x) ^ (x < z[1:]), z[:3], 2.0),
    "whole": lambda z, x: (jnp.argmax(z) == jnp.argmin(x)) * x + jnp.where(jnp.argmax(x) <= 1, x, z[:3]),
    "largest": lambda z, x: jnp.stack([z.max(), z.min(), x.max()]),
    "argmax": lambda z, x: jnp.argmax(z),
    "argmin of groups": lambda z, x: jnp.argmin(jnp.outer(z, x), axis=0),
    "softmax": lambda z, x: jax.nn.softmax(3 * z),
    "softmax of groups": lambda z, x: jax.nn.softmax(jnp.outer(z, x) ** 2, axis=0),
    "softmax by hand": lambda z, x: jnp.exp(P["w"] @ z) / jnp.exp(P["w"] @ z).sum(),
    "attention": lambda z, x: jax.nn.softmax(z[:3] * 2) @ x,
    "layer norm": lambda z, x: (z - z.mean()) * jax.lax.rsqrt(z.var() + 1e-3),
    "rms norm": lambda z, x: z / jnp.sqrt((z * z).mean() + 1e-3),
    "quotient": lambda z, x: z[:3] / (2 + z[1:]),
    "inverse": lambda z, x: 1 / (3 + z[1:] * x),
}
EXPECTED = {"argmax": "argmax", "argmin of groups": "argmax", "attention": "softmax", "softmax of groups": "softmax"}
EXPECTED |= {"softmax": "softmax", "softmax by hand": "softmax"}
EXPECTED |= dict.fromkeys(("layer norm", "rms norm", "quotient"), "divide")


def graph(function: Function) -> Graph:
    def step(p: dict, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        z = jnp.tanh(p["w"] @ h + p["u"] @ x)
        return z, function(z, x)

    return trace(step, P, state=jnp.zeros(4), inputs=jnp.zeros(models.INPUTS))


@pytest.mark.parametrize("name", STEPS)
def test_the_fused_graph_means_the_same(name: str) -> None:
    made = graph(STEPS[name])
    fused = lower(made, dt=None)
    rng, state = np.random.default_rng(1), np.zeros(4)
    for _ in range(20):
        x = rng.uniform(-2, 2, models.INPUTS)
        after, y = float_step(made, (state,), (x,))
        env = {**fused.constants, fused.inputs[0].value: x, fused.states[0].before: state}
        reference_nodes(fused.nodes, env)
        np.testing.assert_allclose(env[fused.states[0].after], after[0], rtol=0, atol=1e-12)
        np.testing.assert_allclose(env[fused.outputs[0].value], y[0].ravel(), rtol=0, atol=1e-9)
        (state,) = after
    assert EXPECTED.get(name, "table") in {node.op for node in fused.walk()}


@pytest.mark.parametrize("name", STEPS)
def test_the_c_is_the_twin_and_close_to_float(name: str) -> None:
    xs = models.recording(steps=80)
    program = lnncc.compile(Model(graph(STEPS[name])), ranges={"x": (-2.0, 2.0)}, calibration=xs)
    found = program.verify(xs)
    assert found.bit_exact
    assert found.errors["y"].relative_rms < 1e-3


@pytest.mark.parametrize(
    ("function", "what"),
    [
        (lambda z, x: z[:3] / (x + z[1:]), "divisor can be zero"),
        (lambda z, x: 1 / x, "function has no bound"),
        (lambda z, x: jnp.log(x), "function has no bound"),
    ],
)
def test_a_function_without_bound_is_refused_at_the_users_line(function: Function, what: str) -> None:
    with pytest.raises(LnnccError, match=what) as caught:
        lnncc.compile(Model(graph(function)), ranges={"x": (-2.0, 2.0)})
    assert caught.value.code == "E0307"
    assert caught.value.source is not None and caught.value.source.file == __file__


def test_a_norm_without_calibration_has_the_range_that_its_epsilon_gives() -> None:
    program = lnncc.compile(Model(graph(STEPS["rms norm"])), ranges={"x": (-2.0, 2.0)})
    found = program.verify(models.recording(steps=40))
    assert found.bit_exact and found.errors["y"].relative_rms < 1e-2


def run(b: Builder, *xs: np.ndarray) -> np.ndarray:
    return twin.run(ir.verify(b.graph(), frozenset(n.op for n in b.graph().walk())), tuple(x[None] for x in xs))[1][0][
        0
    ]


@given(st.integers(1, 12), st.integers(1, 3), st.integers(0, 2**32 - 1))
@settings(max_examples=60, deadline=None)
def test_argmax_is_numpys_the_first_of_equals_included(count: int, groups: int, seed: int) -> None:
    b = Builder()
    b.output(b.argmax(b.input(count * groups), count))
    x = np.random.default_rng(seed).integers(-3, 3, (20, count * groups)).astype(np.int16)
    x[0], x[1, ::2] = -FULL, FULL - 1
    expected = x.reshape(20, groups, count).argmax(axis=-1)
    assert np.array_equal(run(b, x), expected)


@given(st.integers(1, 10), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_softmax_adds_up_to_one_and_keeps_the_order(count: int, seed: int) -> None:
    b = Builder()
    b.output(b.softmax(b.input(count), count))
    x = np.random.default_rng(seed).integers(-FULL, FULL, (20, count)).astype(np.int16)
    y = run(b, x).astype(np.int64)
    assert np.all((y >= 0) & (y <= 1 << 14))
    assert np.all(np.abs(y.sum(axis=-1) - (1 << 14)) <= count)
    assert np.all(np.take_along_axis(y, x.argmax(axis=-1)[:, None], -1)[:, 0] == y.max(axis=-1))


@pytest.mark.parametrize("octaves", [1, 2])
@given(st.integers(-FULL, FULL - 1), st.integers(divide.BASE, (1 << 28) - 1))
@settings(max_examples=300, deadline=None)
def test_a_quotient_is_right_over_all_octaves(octaves: int, n: int, d: int) -> None:
    """In double precision, within four units and 2e-4 of itself; it saturates where it must."""
    steps, right = 24 // octaves, 6
    b = Builder()
    b.divide(b.input(1), b.constant([d], WIDE), octaves, steps, right)
    [[node]] = b.bodies
    xs = np.array([n]), *(b.constants[c] for c in node.inputs[1:])
    y = float(divide.evaluate(node.attrs, *xs)[0])
    clamped = min(d, divide.BASE << octaves * steps)
    exact = n * 2.0 ** (15 - right - 4) * (clamped / divide.BASE) ** (-1 / octaves)
    expected = min(max(exact, -32768.0), 32767.0)
    assert abs(y - expected) <= 4 + 2e-4 * abs(exact)


def test_the_numbers_of_a_head_are_whole() -> None:
    program = lnncc.compile(Model(graph(STEPS["argmax"])), ranges={"x": (-2.0, 2.0)})
    [signal] = program.build.interface.outputs
    assert (signal.frac, signal.low, signal.high) == (0, 0, 3)
