"""reroll: copies become a loop where they are copies, and nothing changes what the graph computes."""

from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
import pytest
from jax import nn

from lnncc import primitives
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.passes import reroll as module
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify

W = np.random.default_rng(0).normal(0, 0.5, (4, 4)).astype(np.float32)
Pair = tuple[jnp.ndarray, jnp.ndarray]
Step = Callable[[dict, jnp.ndarray, jnp.ndarray], Pair]


def once(v: jnp.ndarray, x: jnp.ndarray, w: np.ndarray = W) -> jnp.ndarray:
    """A semi-implicit solver step, as ncps has it."""
    g = nn.sigmoid(2 * v - 0.3)
    return (v + w @ g + x) / (1 + jnp.abs(w) @ g)


def six(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    for _ in range(6):
        v = once(v, x)
    return v, v


def in_the_body(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    """Work on the input that every copy repeats."""
    for _ in range(3):
        v = once(v, jnp.tanh(x) + 1)
    return v, v


def beside_the_start(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    """Every copy reads where the first one began too."""
    start = v
    for _ in range(4):
        v = once(v, x) + 0.1 * jnp.tanh(start)
    return v, v


def two_carries(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    u = x
    for _ in range(5):
        v, u = once(v, u), jnp.tanh(v + u)
    return v, u


def read_behind(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    """What the last copy computed on its way is an output."""
    for _ in range(3):
        g = jnp.tanh(v + x)
        v = jnp.sin(g) + W @ g
    return v, g


def two_runs(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    v, y = six(params, v, x)
    for _ in range(3):
        y = jnp.exp(-jnp.abs(y * 0.3)) - 0.5 * jnp.tanh(y + v)
    return v, y


def other_weights(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    for k in range(3):
        v = once(v, x, W + np.float32(k))
    return v, v


def read_between(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    first = once(v, x)
    v = once(once(first, x), x)
    return v, first


def linear(params: dict, v: jnp.ndarray, x: jnp.ndarray) -> Pair:
    for _ in range(4):
        v = W @ (v + x) * 0.5 - v
    return v, v


def rolled(step: Step) -> Graph:
    graph = simplify(trace(step, {}, state=np.zeros(4, np.float32), inputs=np.zeros(4, np.float32)), dt=None)
    found = reroll(graph)
    for seed in range(3):
        state, x = np.random.default_rng(seed).uniform(-1, 1, (2, 4))
        for a, b in zip(*(primitives.step(g, (state,), (x,)) for g in (graph, found)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)
    return found


def trips(graph: Graph) -> list[object]:
    return [node.attrs["trips"] for node in graph.nodes if node.body is not None]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (six, [6]),
        (in_the_body, [3]),
        (beside_the_start, [3]),  # the first copy computes what all read, and stays
        (two_carries, [5]),
        (read_behind, [3]),
        (two_runs, [6, 3]),
    ],
)
def test_copies_become_a_loop(step: Step, expected: list[int]) -> None:
    assert trips(rolled(step)) == expected


def test_the_loop_carries_what_changes_and_no_more() -> None:
    (loop,) = (node for node in rolled(six).nodes if node.body is not None)
    assert len(loop.inputs) == 1
    (loop,) = (node for node in rolled(two_carries).nodes if node.body is not None)
    assert len(loop.inputs) == 2


@pytest.mark.parametrize("step", [other_weights, linear])
def test_what_are_no_copies_stays_as_it_is(step: Step) -> None:
    graph = simplify(trace(step, {}, state=np.zeros(4, np.float32), inputs=np.zeros(4, np.float32)), dt=None)
    assert reroll(graph) is graph


def test_a_result_between_two_copies_keeps_the_first_apart() -> None:
    assert trips(rolled(read_between)) == [2]


def test_a_graph_too_large_to_search_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LARGEST", 3)
    assert trips(rolled(six)) == []
