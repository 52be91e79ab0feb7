"""Names found again by numbers: whole, scaled or part of an array; none where it would be a guess."""

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph, Value
from lnncc.passes.fuse import fuse
from lnncc.passes.name import name
from lnncc.passes.simplify import simplify
from tests import models

RNG = np.random.default_rng(0)


def labels(fused: np.ndarray, **arrays: np.ndarray) -> list[str]:
    model = Graph({}, arrays, (), (), (), (), labels={c: f"net/{c}" for c in arrays})
    graph = Graph({"w": Value("w", fused.shape)}, {"w": fused}, (), (), (), ())
    return list(name(graph, model).labels.values())


def test_whole_scaled_and_part() -> None:
    a, b = RNG.normal(size=(6, 9)), RNG.normal(size=(5, 9))
    assert labels(b.T, a=a, b=b) == ["net/b"]
    assert labels(a[:, 4:] * 1.7159, a=a, b=b) == ["net/a"]
    assert labels(np.where(RNG.random((6, 9)) < 0.3, 0, a), a=a, b=b) == ["net/a"]


def test_as_it_is_goes_before_scaled() -> None:
    a = RNG.normal(size=(4, 4))
    assert labels(2 * a, a=a, b=2 * a) == ["net/b"]


def test_no_name_for_what_is_another_or_too_little() -> None:
    a = RNG.normal(size=(6, 9))
    assert labels(RNG.normal(size=(6, 9)), a=a) == []
    assert labels(a[:1, :3], a=a) == []
    assert labels(a[:, :6] @ RNG.normal(size=(6, 6)), a=a) == []


def test_the_matrices_of_a_cell_have_the_names_of_its_parameters() -> None:
    def step(p: dict[str, jax.Array], h: jax.Array, x: jax.Array, dt: float) -> tuple[jax.Array, jax.Array]:
        return jnp.tanh(p["inward"] @ x + p["around"] @ h), h

    params = {"inward": jnp.array(RNG.normal(size=(6, 3))), "around": jnp.array(RNG.normal(size=(6, 6)))}
    model = trace(step, params, state=jnp.zeros(6), inputs=jnp.zeros(3))
    graph = name(fuse(simplify(model, dt=None)), model)
    assert sorted(graph.labels.values()) == sorted(label for label in model.labels.values())
    assert len(name(fuse(simplify(models.cfc(), dt=1.0)), models.cfc()).labels) == 4  # the two of the gate became one
