"""What can rest in two states on the same inputs is told so, and a chip may then rest in another one."""

import jax.numpy as jnp
import models
import numpy as np
import pytest

import lnncc
from lnncc import twin
from lnncc.archive import Model
from lnncc.bounds import disturbed, memory
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.passes.lower import lower
from lnncc.report import ahead

REACH = 2.0
RANGES = {"x": (-REACH, REACH)}


def latch(params, state, x, dt):
    """A neuron that excites itself: of small inputs it keeps the sign of what it had."""
    state = jnp.tanh(2.5 * state + x)
    return state, state


def traced() -> Graph:
    return trace(latch, state=jnp.zeros(1), inputs=jnp.zeros(1))


def test_a_latch_keeps_what_it_was_set_to() -> None:
    graph = lower(traced(), dt=1.0)
    [apart] = memory.kept(graph, RANGES, np.full(1, 2.0))
    assert 1.5 < apart < 2.0  # tanh(2.5 s) = s at 0.985, and less with an input against it


@pytest.mark.parametrize("make", [models.cfc, models.ltc])
def test_what_forgets_keeps_nothing(make) -> None:
    graph = lower(make(), dt=1.0)
    size = sum(graph.values[p.value].size for p in graph.outputs)
    assert not memory.kept(graph, RANGES, np.full(size, 2.0)).any()


def test_what_has_not_come_to_rest_shows_nothing() -> None:
    slow = trace(lambda p, s, x, dt: (0.9999 * s + 1e-4 * x, s), state=jnp.zeros(1), inputs=jnp.zeros(1))
    assert not memory.kept(lower(slow, dt=1.0), RANGES, np.full(1, 2.0)).any()


def test_at_a_told_time_too() -> None:
    def step(params, state, x, dt):
        state = jnp.tanh(2.5 * state + x / dt)
        return state, state

    graph = lower(trace(step, state=jnp.zeros(1), inputs=jnp.zeros(1)), dt=None)
    assert memory.kept(graph, RANGES, np.full(1, 2.0), (1.0, 4.0)).max() > 1.5


def test_a_chip_rests_elsewhere_on_the_same_inputs() -> None:
    """Why no bound exists: inputs that the chip has exactly, and the float model elsewhere for ever."""

    def gently(params, state, x, dt):
        state = jnp.tanh(2.5 * state + 0.01 * x)
        return state, state

    model = Model(trace(gently, state=jnp.zeros(1), inputs=jnp.zeros(1)))
    program = lnncc.compile(model, ranges=RANGES, dt=1.0, name="latch")
    build, graph = program.build, lower(model.graph, dt=1.0)
    assert ahead.ahead(build)["y"].keeps > 1.5 and "no bound below" in program.report()
    raw = np.zeros((1, 200, 1), np.int16)
    raw[0, 0] = 1  # the least input there is, once
    chip = twin.run(build.integer, (raw,))[1][0][0, :, 0] * 2.0 ** -build.interface.outputs[0].frac
    state = {graph.states[0].before: np.zeros((1, 1))}
    for x in raw[0] * 2.0 ** -build.interface.inputs[0].frac:
        state, y = disturbed.step(graph, {graph.inputs[0].value: x[None]}, state, lambda _, x: x)
    assert y[0, 0] > 0.98 and np.all(np.abs(chip[-50:]) < 0.1)
