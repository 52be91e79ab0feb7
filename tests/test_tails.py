"""Functions with straight tails: small tables however far their input reaches, and formats that calibration narrows."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lnncc
from lnncc import expr
from lnncc.expr import VAR
from lnncc.ir import Format, Graph, Node, Port, Value
from lnncc.ops import ramp
from lnncc.passes.tails import tails

REACH = 30.0
TAILED = {
    "silu": jax.nn.silu,
    "gelu": jax.nn.gelu,
    "softplus": jax.nn.softplus,
    "relu": jax.nn.relu,
    "elu": jax.nn.elu,
    "log_sigmoid": jax.nn.log_sigmoid,
    "residual": lambda x: x + jnp.tanh(x),
}


def program(function: Callable[[jax.Array], jax.Array], reach: float = REACH, **options: object) -> lnncc.Program:
    def step(params: None, state: jax.Array, x: jax.Array, dt: float) -> tuple[jax.Array, jax.Array]:
        return state, function(x)

    shown = {"ranges": {"x": (-reach, reach)}, **options}
    return lnncc.compile(step, None, state=jnp.zeros(1), inputs=jnp.zeros(2), dt=1.0, **shown)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TAILED)
def test_a_wide_input_costs_no_precision(name: str) -> None:
    """±30 in one format leaves a unit of 2**-10; the result is as good as that unit allows."""
    xs = np.linspace(-REACH, REACH, 4001)[:, None] * [1.0, -0.37]
    found = program(TAILED[name]).verify(xs)
    assert found.bit_exact
    limit = 3.0 if name != "residual" else 5.0  # whose slope is 2 at zero, times half a unit of the input
    assert found.errors["y"].max_abs < limit * 2.0**-10


GELUS = {
    "erfc": lambda x: jax.nn.gelu(x, approximate=False),
    "erf": lambda x: x * 0.5 * (jax.lax.erf(x / jnp.sqrt(2.0)) + 1.0),
    "erf of a product": lambda x: 0.5 * (x * (1.0 + jax.lax.erf(x * 0.7071067811865476))),
}


@pytest.mark.parametrize("name", GELUS)
def test_a_gelu_of_sums_is_taken_apart_however_it_is_spelled(name: str) -> None:
    """Its factor x · erf(x) has the tails -x and x, and u · erfc(u) has 2 u: neither is a ramp as it stands."""
    rng = np.random.default_rng(0)
    w, v = jnp.asarray(rng.normal(size=(8, 2))), jnp.asarray(rng.normal(size=(3, 8)) / 8)
    made = program(lambda x: v @ GELUS[name](w @ x))
    ops = [node.op for node in made.build.integer.walk()]
    assert ops.count("ramp") == 1
    xs = rng.uniform(-REACH, REACH, (400, 2))
    found = made.verify(xs)
    assert found.bit_exact and found.errors["y"].relative_rms < 1e-3
    [table] = [node for node in made.build.integer.walk() if node.op == "table"]
    assert table.attrs["top"] * 2.0**-16 < 16  # type: ignore[operator]  # an integer of 16 fraction bits


def test_calibration_narrows_the_format_and_what_leaves_it_is_counted() -> None:
    def hidden(x: jax.Array) -> jax.Array:
        return jnp.tanh(jnp.array([[0.5, 0.2], [0.1, -0.3]]) @ jax.nn.silu(9.0 * x))

    small = np.random.default_rng(2).uniform(-0.1, 0.1, (500, 2))
    wide, narrow = program(hidden), program(hidden, calibration=small)
    assert narrow.build.facts["saturations"] and not wide.build.facts["saturations"]
    assert fraction(narrow) >= fraction(wide) + 5
    assert narrow.verify(small).errors["y"].rms < wide.verify(small).errors["y"].rms
    wild = np.linspace(-REACH, REACH, 200)[:, None] * [1.0, 1.0]
    assert narrow.verify(wild).bit_exact  # saturating, in C as in the twin


def fraction(made: lnncc.Program) -> int:
    graph = made.build.integer
    form = next(graph.values[n.outputs[0]].format for n in graph.walk() if n.op == "ramp")
    assert form is not None
    return form.frac


@given(
    st.integers(-32768, 32767),
    st.integers(-(1 << 30), 1 << 30),
    st.integers(-(1 << 29), 0),
    st.integers(0, 1 << 29),
    st.integers(0, 15),
)
def test_ramp_is_its_definition(d: int, x: int, low: int, high: int, shift: int) -> None:
    attrs = {"low": low, "high": high, "shift": shift, "saturates": True}
    y = ramp.evaluate(attrs, np.array([d]), np.array([x]))
    exact = d + (min(max(x, low), high) + (1 << shift >> 1) >> shift)
    assert isinstance(y, np.ndarray) and y[0] == min(max(exact, -32768), 32767)


def test_reference_and_table_together_are_the_function() -> None:
    function = ("mul", VAR, ("logistic", VAR))
    values = {name: Value(name, (3,)) for name in ("x", "y")}
    node = Node("table", ("x",), ("y",), {"expr": function})
    graph = tails(Graph(values, {}, (Port("x", "x"),), (), (Port("y", "y"),), (node,)))
    table, sum_ = graph.nodes
    x = np.array([-3.0, 0.5, 40.0])
    d = expr.evaluate(table.attrs["expr"], x)  # type: ignore[arg-type]
    np.testing.assert_allclose(ramp.reference(sum_.attrs, d, x), expr.evaluate(function, x), rtol=1e-12)
    assert tails(graph).nodes == graph.nodes


@pytest.mark.parametrize(
    ("function", "slopes"),
    [
        (("tanh", VAR), (0, 0)),
        (("exp", VAR), None),
        (("mul", VAR, VAR), None),
        (("max", VAR, expr.const(0.0)), (0, 1)),
        (("min", VAR, expr.const(2.0)), (1, 0)),
        (("add", VAR, ("tanh", VAR)), (1, 1)),
        (("mul", expr.const(0.5), VAR), None),
    ],
)
def test_slopes_of_tails(function: expr.Expr, slopes: tuple[int, int] | None) -> None:
    assert expr.slopes(function) == slopes


def test_a_ramp_has_no_more_fraction_bits_than_its_wide_input() -> None:
    def far(x: jax.Array) -> jax.Array:
        return jax.nn.relu(jnp.array([[4e4, 4e4], [1e4, 0.0]]) @ x)

    xs = np.random.default_rng(3).uniform(-1e-6, 1e-6, (50, 2))
    made = program(far, calibration=xs).build.integer
    node = next(n for n in made.walk() if n.op == "ramp")
    formats = [made.values[name].format for name in (node.outputs[0], node.inputs[1])]
    assert all(isinstance(f, Format) for f in formats)
    assert formats[0].frac <= formats[1].frac  # type: ignore[union-attr]
