"""From float to proven integers: small errors, intervals that hold, and a proof that refuses what it should."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from integer_graphs import WIDE, Builder

import lnncc
from lnncc import primitives, target, twin
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.interval import Interval
from lnncc.ir import Graph, State
from lnncc.passes.prove import prove
from lnncc.retarget import retargeted
from tests import models

CELLS = {"cfc": models.cfc, "ltc": models.ltc}


@pytest.fixture(scope="module", params=CELLS)
def case(request: pytest.FixtureRequest) -> models.Compiled:
    return models.compiled(CELLS[request.param]())


def outputs(case: models.Compiled, xs: np.ndarray) -> np.ndarray:
    frac = case.integer.values[case.integer.inputs[0].value].format.frac
    _, ys = twin.run(case.integer, (twin.quantised(xs, frac),))
    return ys[0] * 2.0 ** -case.integer.values[case.integer.outputs[0].value].format.frac


def exact(graph: Graph, xs: np.ndarray) -> np.ndarray:
    trace = []
    for stream in xs:
        state = tuple(s.initial for s in graph.states)
        for x in stream:
            state, ys = primitives.step(graph, state, (x,), 1.0)
            trace.append(ys[0])
    return np.array(trace).reshape(*xs.shape[:2], -1)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("weight_bits, limit", [(16, 1e-3), (8, 3e-2)])
def test_the_twin_is_close_to_the_float_model(cell: str, weight_bits: int, limit: float) -> None:
    case = models.compiled(CELLS[cell](), weight_bits=weight_bits)
    xs = models.recording()
    assert np.abs(outputs(case, xs) - exact(case.float_graph, xs)).max() < limit


def test_nothing_saturates_and_no_state_is_assumed(case: models.Compiled) -> None:
    assert case.proof.saturating == ()
    assert case.spans.assumed == ()


def test_every_state_stays_inside_the_invariant_even_on_wild_inputs(case: models.Compiled) -> None:
    graph, rng = case.integer, np.random.default_rng(8)
    states = tuple(s.initial for s in graph.states)
    for _ in range(200):
        xs = tuple(rng.choice([-32768, 0, 32767], graph.values[p.value].size) for p in graph.inputs)
        states, _ = twin.step(graph, states, xs)
        for state, value in zip(graph.states, states, strict=True):
            assert inside(value, case.proof.bounds[state.before])


def test_one_step_from_anywhere_in_the_invariant_ends_inside(case: models.Compiled) -> None:
    graph, rng = case.integer, np.random.default_rng(9)
    for _ in range(200):
        bounds = [case.proof.bounds[s.before] for s in graph.states]
        states = tuple(rng.integers(b.low, b.high + 1) for b in bounds)
        xs = tuple(rng.integers(-32768, 32768, graph.values[p.value].size) for p in graph.inputs)
        after, _ = twin.step(graph, states, xs)
        assert all(inside(value, bound) for value, bound in zip(after, bounds, strict=True))


def inside(value: np.ndarray, bounds: Interval) -> bool:
    return bool(np.all(bounds.low <= value) and np.all(value <= bounds.high))


@pytest.mark.parametrize("cell, op, factor", [("cfc", "affine", 40), ("ltc", "synapses", 60), ("ltc", "synapses", -1)])
def test_a_broken_weight_makes_the_proof_refuse(cell: str, op: str, factor: int) -> None:
    case = models.compiled(CELLS[cell]())
    node = next(n for n in case.integer.walk() if n.op == op)
    name = node.inputs[2]
    broken = case.integer.constants[name].copy()
    broken[0] = broken[0] * factor if op == "affine" else np.where([0, 0, 1, 0, 0], broken[0] * factor, broken[0])
    with pytest.raises(LnnccError) as caught:
        prove(case.integer.edited(constants={**case.integer.constants, name: broken}))
    assert caught.value.code == "E0308"
    assert op in str(caught.value) or "mean" in str(caught.value)


def test_a_state_that_is_narrower_than_what_becomes_of_it_is_refused() -> None:
    """As no pass writes it, but a file may hold it; so is one that starts beyond its format."""
    b = Builder()
    x, state = b.input(2), b.state(np.zeros(2))
    b.becomes(state, b.affine(np.random.default_rng(0), x, 2, acc=b.constant([1 << 20, 0], WIDE)))
    b.output(x)
    wide, far = b.graph(), b.graph().edited(states=(State("far", state, state, np.array([0, 1 << 15])),))
    for graph in (wide, far):
        with pytest.raises(LnnccError, match=r"E0308") as caught:
            prove(graph)
        assert caught.value.notes == ("what is carried can leave its 16 bits",)


def test_quantities_of_very_different_size_go_together() -> None:
    """Pascals beside a gate: an offset of 2**18, coefficients of 1e-5, and a vector that holds both."""

    def step(params: object, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.tanh(0.5 * h + 1e-5 * x)
        return h, jnp.concatenate((x, h, x + 1e-5 * h))

    case = models.compiled(trace(step, state=jnp.zeros(2), inputs=jnp.zeros(2)), reach=2.0**18)
    xs = np.random.default_rng(1).uniform(-(2.0**18), 2.0**18, (2, 30, 2))
    form = case.integer.values[case.integer.outputs[0].value].format
    assert form is not None and form.frac < 0
    error = np.abs(outputs(case, xs) - exact(case.float_graph, xs))
    assert error.max() <= 1.1 * 2.0**-form.frac


def test_constants_are_states_and_outputs_too() -> None:
    """For one stream, for many, and on a machine that has constants in a memory of their own."""

    def step(params: object, h: jax.Array, x: jax.Array) -> tuple[jax.Array, dict[str, jax.Array]]:
        return jnp.array([0.25, -0.5]), {"held": h + 0.5 * x, "fixed": jnp.array([1.5, 0.0, -3.0])}

    program = lnncc.compile(step, state=jnp.zeros(2), inputs=jnp.zeros(2), ranges={"x": (-1.0, 1.0)}, batch=8)
    xs = np.random.default_rng(2).uniform(-1, 1, (3, 20, 2))
    found = program.verify(xs)
    assert found.bit_exact and all(error.max_abs < 1e-4 for error in found.errors.values())
    together, alone = program.run(xs), program.run(xs[1])
    assert isinstance(together, dict) and isinstance(alone, dict)
    for label in ("held", "fixed"):
        np.testing.assert_array_equal(together[label][1], alone[label])
    single = replace(program.build, settings=replace(program.build.settings, batch=None))
    assert "ln_fetch_s16(y" in retargeted(single, target.load("avr-atmega328p")).sources["model.c"]


def test_functions_of_positive_inputs_are_close_to_the_float_model() -> None:
    """Logarithms and roots have no value at zero, which every table holds."""

    def step(params: object, h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jnp.tanh(0.5 * h + jnp.log(x)), jnp.concatenate((jnp.sqrt(x), 1 / x, h))

    program = lnncc.compile(step, state=jnp.zeros(2), inputs=jnp.zeros(2), ranges={"x": (0.5, 3.0)})
    found = program.verify(np.random.default_rng(3).uniform(0.5, 3, (40, 2)))
    assert found.bit_exact and found.errors["y"].max_abs < 1e-3
    assert "no bound" in program.report()
