"""What is said to contract does, from anywhere, on any inputs; and what may not contract is not said to."""

import jax.numpy as jnp
import models
import numpy as np
import pytest
from test_horizon import fused, initial, leaky, ranges, run

from lnncc.bounds import forward, horizon
from lnncc.bounds.contraction import Contraction, contraction
from lnncc.frontend.jaxpr import trace
from lnncc.interval import Interval
from lnncc.ir import Graph


def found(graph: Graph) -> tuple[Interval, Contraction | None]:
    step = forward.stepper(graph, {}, ranges(graph))
    box = horizon.horizon(step, initial(graph)).box
    return box, contraction(step, box)


def cascade(rate: float, gain: float) -> Graph:
    """Two leaky integrators, the second of which adds up what the first one has."""

    def step(params, state, x, dt):
        first, second = state[:1], state[1:]
        state = jnp.concatenate([rate * first + x, rate * second + gain * first])
        return state, state

    return trace(step, state=jnp.zeros(2), inputs=jnp.zeros(1))


def test_two_runs_of_an_ltc_come_together_step_by_step() -> None:
    graph, rng = fused(models.ltc()), np.random.default_rng(5)
    box, shrinks = found(graph)
    assert shrinks is not None and 0 < shrinks.rate < 1
    size = graph.values[graph.inputs[0].value].size
    for _ in range(200):
        a, b = (rng.choice([box.low, box.high, rng.uniform(box.low, box.high)]) for _ in range(2))
        for _ in range(10):
            xs = rng.uniform(*ranges(graph)[graph.inputs[0].label], size)
            before = (np.abs(a - b) / shrinks.weights).max()
            a, b = (run(graph, xs, s, lambda _, x: x)[0] for s in (a, b))
            assert (np.abs(a - b) / shrinks.weights).max() <= shrinks.rate * before + 1e-12


@pytest.mark.parametrize("gain", [0.0, 0.5, 40.0])
def test_a_cascade_contracts_as_fast_as_its_parts_however_it_amplifies(gain: float) -> None:
    _, shrinks = found(fused(cascade(0.8, gain)))
    assert shrinks is not None and 0.8 <= shrinks.rate <= 0.8 + 2e-3
    np.testing.assert_array_less(0.8 * shrinks.weights[1] + gain * shrinks.weights[0], shrinks.weights[1])


def test_what_holds_or_grows_is_not_said_to_contract() -> None:
    held = fused(leaky(1.0))
    box = Interval(np.full(2, -1.0), np.full(2, 1.0))
    assert contraction(forward.stepper(held, {}, ranges(held)), box) is None
    assert found(fused(models.cfc()))[1] is None


def test_a_model_without_state_has_nothing_to_forget() -> None:
    graph = fused(trace(lambda p, s, x: ((), jnp.tanh(x)), state=(), inputs=jnp.zeros(3)))
    assert found(graph)[1] is None
