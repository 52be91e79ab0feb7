"""Fusing: whatever way a cell is written it comes to the same few nodes, and they mean the same."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lnncc import ir, primitives
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.ops import NAMES
from lnncc.passes.fuse import fuse
from lnncc.passes.ranges import reference_nodes
from lnncc.passes.simplify import simplify

UNITS, INPUTS = 5, 3
Step = Callable[..., tuple[jax.Array, jax.Array]]


def fused(step: Step, params: object, state: object = None) -> tuple[Graph, Graph]:
    initial = jnp.zeros(UNITS) if state is None else state
    graph = simplify(trace(step, params, state=initial, inputs=jnp.zeros(INPUTS)), dt=0.5)
    return graph, ir.verify(fuse(graph), NAMES | {"loop"})


def ops(graph: Graph) -> list[str]:
    return [node.op for node in graph.walk()]


def assert_same_meaning(graph: Graph, other: Graph) -> None:
    """Three steps from the initial state on random inputs, in float64."""
    rng = np.random.default_rng(0)
    states = tuple(np.asarray(s.initial, np.float64) for s in graph.states)
    mine = tuple(s.initial for s in other.states)
    for _ in range(3):
        xs = tuple(rng.normal(size=graph.values[p.value].shape) for p in graph.inputs)
        states, ys = primitives.step(graph, states, xs)
        env = dict(other.constants) | {p.value: x.ravel() for p, x in zip(other.inputs, xs, strict=True)}
        env |= {s.before: x for s, x in zip(other.states, mine, strict=True)}
        reference_nodes(other.nodes, env)
        mine = tuple(env[s.after] for s in other.states)
        for expected, port in zip(ys, other.outputs, strict=True):
            np.testing.assert_allclose(env[port.value], expected.ravel(), rtol=1e-9, atol=1e-11)
        for expected, got in zip(states, mine, strict=True):
            np.testing.assert_allclose(got, expected.ravel(), rtol=1e-9, atol=1e-11)


def ltc_params(seed: int = 0) -> dict[str, jax.Array]:
    rng = np.random.default_rng(seed)
    shapes = {"w": (UNITS, UNITS), "sigma": (UNITS, UNITS), "mu": (UNITS, UNITS), "erev": (UNITS, UNITS)}
    shapes |= {f"s_{k}": (INPUTS, UNITS) for k in ("w", "sigma", "mu", "erev")}
    params = {k: jnp.asarray(rng.uniform(0.2, 1.5, s)) for k, s in shapes.items()}
    params |= {k: jnp.asarray(rng.uniform(0.2, 1.0, UNITS)) for k in ("cm", "gleak", "vleak")}
    params["mask"] = jnp.asarray(rng.integers(0, 2, (UNITS, UNITS)).astype(np.float32)).at[0, 0].set(1.0)
    return params


def ltc_masked_after(p: dict, v: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    s = p["s_w"] * jax.nn.sigmoid(p["s_sigma"] * (x[:, None] - p["s_mu"]))

    def unfold(_: int, v: jax.Array) -> jax.Array:
        g = p["w"] * jax.nn.sigmoid(p["sigma"] * (v[:, None] - p["mu"])) * p["mask"]
        top = p["cm"] / dt * v + p["gleak"] * p["vleak"] + (g * p["erev"]).sum(0) + (s * p["s_erev"]).sum(0)
        return top / (p["cm"] / dt + p["gleak"] + g.sum(0) + s.sum(0))

    v = jax.lax.fori_loop(0, 4, unfold, v)
    return v, v[:2] * 2 + 1


def ltc_masked_before_transposed(p: dict, v: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    def unfold(v: jax.Array, _: None) -> tuple[jax.Array, None]:
        f = jax.nn.sigmoid((v[None, :] - p["mu"].T) * p["sigma"].T)
        sensory = jax.nn.sigmoid(p["s_sigma"] * (x[:, None] - p["s_mu"]))
        weight = (p["w"] * p["mask"]).T
        top = jnp.einsum("ji,ji->j", f, weight * p["erev"].T) + jnp.einsum("ij,ij->j", sensory, p["s_w"] * p["s_erev"])
        bottom = jnp.einsum("ji,ji->j", weight, f) + (sensory * p["s_w"]).sum(axis=0)
        c = p["cm"] / dt
        return (c * v + top + p["gleak"] * p["vleak"]) / (bottom + c + p["gleak"]), None

    v, _ = jax.lax.scan(unfold, v, None, length=4)
    return v, 1 + 2 * v[:2]


@pytest.mark.parametrize("step", [ltc_masked_after, ltc_masked_before_transposed])
def test_every_spelling_of_an_ltc_is_synapses_and_means_in_a_rolled_loop(step: Step) -> None:
    params = ltc_params()
    graph, result = fused(step, params)
    assert ops(result) == ["door", "synapses", "loop", "synapses", "mean", "slice", "diagonal"]
    sensory, inner = (n for n in result.walk() if n.op == "synapses")
    assert len(result.constants[sensory.inputs[4]]) == INPUTS * UNITS
    assert len(result.constants[inner.inputs[4]]) == int(params["mask"].sum())
    assert_same_meaning(graph, result)


def test_two_spellings_of_an_ltc_have_the_same_constants() -> None:
    first, second = (fused(s, ltc_params())[1] for s in (ltc_masked_after, ltc_masked_before_transposed))
    assert len(first.constants) == len(second.constants)
    for a, b in zip(first.constants.values(), second.constants.values(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6)


def cfc_params() -> dict[str, jax.Array]:
    rng = np.random.default_rng(1)
    names = ("f1", "f2", "a", "b")
    return {n: jnp.asarray(rng.normal(size=(UNITS, UNITS + INPUTS))) for n in names} | {"bias": jnp.ones(UNITS)}


def heads(p: dict, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    z = jnp.concatenate([x, h])
    return jnp.tanh(p["f1"] @ z + p["bias"]), jnp.tanh(z @ p["f2"].T), jax.nn.sigmoid(p["a"] @ z * dt + p["b"] @ z)


BLENDS = {
    "weights": lambda a, b, t: a * (1 - t) + t * b,
    "difference": lambda a, b, t: a + t * (b - a),
    "factored": lambda a, b, t: b * t - (t - 1) * a,
}


@pytest.mark.parametrize("spelling", BLENDS)
def test_every_spelling_of_a_gate_is_a_blend_and_the_time_heads_are_one(spelling: str) -> None:
    def step(p: dict, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = BLENDS[spelling](*heads(p, h, x, dt))
        return h, h

    graph, result = fused(step, cfc_params())
    assert ops(result).count("blend") == 1
    assert ops(result).count("affine") == 6  # three heads, each with a segment for x and one for h
    assert "multiply" not in ops(result)
    assert_same_meaning(graph, result)


ACTIVATIONS = {
    "tanh": jnp.tanh,
    "lecun": lambda x: 1.7159 * jnp.tanh(0.666 * x),
    "silu": jax.nn.silu,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "relu": jax.nn.relu,
    "softplus": jax.nn.softplus,
    "pure": lambda x: 0.5 - 0.5 * jnp.exp(-0.5 * (0.3 + jnp.abs(x))) * x,
    "clip": lambda x: jnp.clip(x, -1.0, 1.0),
    "where": lambda x: jnp.where(x > 0, x, 0.1 * x),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_a_chain_of_one_variable_is_one_table(name: str) -> None:
    def step(p: dict, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = ACTIVATIONS[name](p["f1"] @ jnp.concatenate([x, h]) + p["bias"])
        return h, h

    graph, result = fused(step, cfc_params())
    assert ops(result).count("table") == 1
    assert not {"multiply", "blend"} & set(ops(result))
    assert_same_meaning(graph, result)


def test_a_gru_written_in_jax_fuses() -> None:
    def step(p: dict, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
        z = jnp.concatenate([x, h])
        r, u = jax.nn.sigmoid(p["a"] @ z), jax.nn.sigmoid(p["b"] @ z)
        n = jnp.tanh(p["f1"] @ jnp.concatenate([x, r * h]))
        h = (1 - u) * n + u * h
        return h, h

    graph, result = fused(step, cfc_params())
    assert ops(result).count("blend") == 1
    assert ops(result).count("multiply") == 1
    assert_same_meaning(graph, result)


def test_several_states_and_outputs_keep_their_order() -> None:
    def step(p: dict, s: dict, x: jax.Array, dt: jax.Array) -> tuple[dict, dict]:
        new = {"a": jnp.tanh(p["f1"][:, :INPUTS] @ x + s["b"]), "b": 0.5 * s["a"]}
        return new, {"sum": new["a"] + s["b"], "first": new["a"][:2]}

    graph, result = fused(step, cfc_params(), {"a": jnp.zeros(UNITS), "b": jnp.ones(UNITS)})
    assert [s.label for s in result.states] == [s.label for s in graph.states]
    assert [p.label for p in result.outputs] == [p.label for p in graph.outputs]
    assert_same_meaning(graph, result)


def test_a_low_rank_product_stays_two_products() -> None:
    rng = np.random.default_rng(3)
    params = {"down": jnp.asarray(rng.normal(size=(1, UNITS))), "up": jnp.asarray(rng.normal(size=(UNITS, 1)))}

    def step(p: dict, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.tanh(p["up"] @ (p["down"] @ (h + x.sum())))
        return h, h

    graph, result = fused(step, params)
    sizes = [result.constants[n.inputs[2]].size for n in result.walk() if n.op == "affine"]
    assert sum(sizes) < UNITS * (UNITS + INPUTS)
    assert_same_meaning(graph, result)


def test_a_power_of_two_running_values_is_refused_at_the_users_line() -> None:
    def step(p: dict, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.power(jax.nn.sigmoid(h), p["f1"] @ jnp.concatenate([x, h]))
        return h, h

    with pytest.raises(LnnccError) as caught:
        fused(step, cfc_params())
    assert caught.value.code == "E0306"
    assert caught.value.source is not None
    assert caught.value.source.file == __file__
