"""For ever is for ever: no run, however disturbed, leaves its tube; and what contracts is found to."""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
import models
import numpy as np
import pytest

from lnncc.bounds import disturbed, forward, horizon
from lnncc.bounds.disturbed import Kick
from lnncc.enclose import Unbounded
from lnncc.frontend import scan
from lnncc.frontend.jaxpr import trace
from lnncc.interval import Interval
from lnncc.ir import Array, Graph
from lnncc.ops import OPS
from lnncc.passes.lower import lower
from lnncc.passes.simplify import simplify
from lnncc.tube import Tube

REACH = 2.0


def fused(graph: Graph) -> Graph:
    return lower(graph, dt=1.0)


def ranges(graph: Graph) -> dict[str, tuple[float, float]]:
    return {p.label: (-REACH, REACH) for p in graph.inputs}


def noise(graph: Graph, level: float) -> dict[str, Array]:
    """Of every vector that is computed, and of the inputs."""
    computed = {out for node in graph.walk() for out in node.outputs} | {p.value for p in graph.inputs}
    loops = {out for node in graph.walk() if node.body is not None for out in node.outputs}
    names = [n for n in sorted(computed - loops) if len(graph.values[n].shape) == 1]
    return {name: np.full(graph.values[name].shape, level) for name in names}


def initial(graph: Graph) -> Tube:
    start = np.concatenate([np.zeros(0), *(s.initial for s in graph.states)])
    return Tube(Interval(start, start), np.zeros(start.shape))


def run(graph: Graph, xs: Array, state: Array, kick: Kick) -> tuple[Array, Array]:
    """One step in float64 in which ``kick`` moves every value: (states, outputs)."""
    before = graph.states[0].before
    states, outputs = disturbed.step(graph, {graph.inputs[0].value: xs}, {before: state}, kick)
    return states[before], outputs


def kicks(rng: np.random.Generator, level: Mapping[str, Array], *, steady: bool) -> Kick:
    """As large as they may be: always the same ones, or others each time."""
    held = {name: rng.choice([-1.0, 1.0], bound.shape) * bound for name, bound in level.items()}

    def kick(name: str, x: Array) -> Array:
        if name not in level:
            return x
        return x + (held[name] if steady else rng.uniform(-1, 1, x.shape) * level[name])

    return kick


def leaky(rate: float) -> Graph:
    def step(params, state, x, dt):
        state = rate * state + params * x
        return state, state

    return trace(step, jnp.array([0.5, 0.25]), state=jnp.zeros(2), inputs=jnp.zeros(2))


@pytest.mark.parametrize("make", [models.cfc, models.ltc, lambda: leaky(0.9)], ids=["cfc", "ltc", "leaky"])
@pytest.mark.parametrize("steady", [True, False])
def test_no_run_leaves_its_tube(make: Callable[[], Graph], steady: bool) -> None:
    graph, rng = fused(make()), np.random.default_rng(7)
    level = noise(graph, 1e-4)
    found = horizon.horizon(forward.stepper(graph, level, ranges(graph)), initial(graph))
    size, n = graph.values[graph.inputs[0].value].size, len(found.box.low)
    for _ in range(6):
        kick, state, moved = kicks(rng, level, steady=steady), np.zeros(n), np.zeros(n)
        for k in range(60):
            xs = rng.choice([-REACH, REACH, rng.uniform(-REACH, REACH)], size)
            state, y = run(graph, xs, state, lambda _, x: x)
            moved, z = run(graph, xs, moved, kick)
            for s in (state, moved):
                assert np.all((found.box.low <= s) & (s <= found.box.high))
            assert np.all((found.reach.low <= z) & (z <= found.reach.high))
            if k < len(found.after):
                assert np.all(np.abs(y - z) <= found.after[k])
            if found.forever is not None:
                assert np.all(np.abs(y - z) <= found.forever[0])
                assert np.all(np.abs(state - moved) <= found.forever[1])


@pytest.mark.parametrize("make", [models.cfc, models.ltc], ids=["cfc", "ltc"])
def test_a_small_error_grows_at_least_as_the_jacobian_says(make: Callable[[], Graph]) -> None:
    """The derivative of the traced graph, by JAX, at random points of the box."""
    traced, rng = simplify(make(), dt=1.0), np.random.default_rng(3)
    graph = fused(make())
    step = forward.stepper(graph, {}, ranges(graph))
    box = horizon.horizon(step, initial(graph)).box
    error = rng.uniform(0, 1, box.shape)
    found = step(Tube(box, error))[0].error

    def after(state: jax.Array, x: jax.Array) -> jax.Array:
        env = {name: jnp.asarray(a) for name, a in traced.constants.items()}
        env |= {traced.states[0].before: state, traced.inputs[0].value: x}
        scan._run(traced.nodes, env)
        return env[traced.states[0].after]

    with jax.enable_x64(True):
        jacobian = jax.jit(jax.vmap(jax.jacfwd(after)))
        states = rng.uniform(box.low, box.high, (200, len(error)))
        slopes = np.asarray(jacobian(states, rng.uniform(-REACH, REACH, (200, models.INPUTS))))
    assert np.all(np.abs(slopes) @ error <= found * (1 + 1e-9))


def test_a_leaky_integrator_is_known_exactly() -> None:
    graph = fused(leaky(0.9))
    level = {graph.states[0].after: np.array([1e-3, 2e-3])}
    found = horizon.horizon(forward.stepper(graph, level, ranges(graph)), initial(graph))
    assert found.forever is not None
    np.testing.assert_allclose(found.forever[1], [1e-2, 2e-2], rtol=0.05)
    np.testing.assert_allclose(found.after[:2], [[1e-3, 2e-3], [1.9e-3, 3.8e-3]], rtol=1e-6)
    np.testing.assert_allclose(found.box.high, [10.0 + 1e-2, 5.0 + 2e-2], rtol=0.05)


def test_an_ltc_contracts_and_a_cfc_is_not_seen_to() -> None:
    for make, contracts in ((models.ltc, True), (models.cfc, False)):
        graph = fused(make())
        found = horizon.horizon(forward.stepper(graph, noise(graph, 1e-5), ranges(graph)), initial(graph))
        assert (found.forever is not None) == contracts
        assert np.all(np.diff([a.max() for a in found.after]) >= -1e-15), "bounds do not shrink with time"


def test_a_box_is_no_wider_than_what_slow_states_can_reach() -> None:
    """A guess of where growth ends overshoots most where a state is slow; nothing of it stays."""
    graph = fused(leaky(0.98))
    box = horizon.horizon(forward.stepper(graph, {}, ranges(graph)), initial(graph)).box
    np.testing.assert_allclose(box.high, [50.0, 25.0], rtol=0.01)
    np.testing.assert_allclose(box.low, -box.high)


def test_what_grows_without_end_has_no_box() -> None:
    graph = fused(leaky(1.5))
    with pytest.raises(Unbounded, match="no box"):
        horizon.horizon(forward.stepper(graph, {}, ranges(graph)), initial(graph))


def test_an_op_without_a_rule_has_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = fused(models.cfc())
    monkeypatch.delattr(OPS["blend"], "tube")
    with pytest.raises(Unbounded, match="op blend has no rule"):
        horizon.horizon(forward.stepper(graph, {}, ranges(graph)), initial(graph))


def test_a_step_without_state_has_the_same_bound_for_ever() -> None:
    graph = fused(trace(lambda p, s, x: ((), jnp.tanh(x)), state=(), inputs=jnp.zeros(3)))
    found = horizon.horizon(forward.stepper(graph, noise(graph, 1e-3), ranges(graph)), initial(graph))
    assert found.forever is not None and found.box.shape == (0,)
    np.testing.assert_allclose(found.forever[0], found.after[0])
    assert np.all(found.after[0] > 1e-3)


def test_a_state_that_runs_away_has_no_box() -> None:
    graph = fused(trace(lambda p, s, x: (3 * s * s + x, s), state=jnp.ones(2), inputs=jnp.zeros(2)))
    with pytest.raises(Unbounded, match="no box"):
        horizon.horizon(forward.stepper(graph, noise(graph, 1e-3), ranges(graph)), initial(graph))
