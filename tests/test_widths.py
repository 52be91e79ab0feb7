"""widths: a wide value is rounded to 16 bits once, where it is made."""

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from lnncc import ir
from lnncc.ir import Graph
from lnncc.ops import NAMES
from lnncc.passes.fuse import fuse
from lnncc.passes.simplify import simplify
from lnncc.passes.widths import widths

W = np.random.default_rng(0).normal(0, 0.3, (4, 3)).astype(np.float32)
Pair = tuple[jax.Array, jax.Array]


def step(w: jax.Array, state: Pair, x: jax.Array) -> tuple[Pair, jax.Array]:
    """Two solvers, each driven by the same matrix times the input, which is an output too."""
    drive = w @ x

    def relaxed(rate: float, v: jax.Array) -> jax.Array:
        return jax.lax.fori_loop(0, 3, lambda _, v: v + rate * (jnp.tanh(v) * drive - v), v)

    return (relaxed(0.1, state[0]), relaxed(0.2, state[1])), drive


def narrowed() -> Graph:
    zeros = jnp.zeros(4)
    model = lnncc.trace(step, W, state=(zeros, zeros), inputs=jnp.zeros(3))
    return widths(fuse(simplify(model.graph, dt=None)))


def test_what_two_loops_read_is_rounded_once_and_outside_of_them() -> None:
    graph = ir.verify(narrowed(), NAMES | {"loop"})
    drive = next(node for node in graph.nodes if node.op == "affine")
    rounded = [node for node in graph.walk() if node.op == "requantise" and node.inputs == drive.outputs]
    assert len(rounded) == 1 and rounded[0] in graph.nodes
    loops = [node for node in graph.nodes if node.body is not None]
    readers = [node for loop in loops for node in loop.body.nodes if rounded[0].outputs[0] in node.inputs]
    assert len(readers) == len(loops) == 2
    assert graph.outputs[0].value == rounded[0].outputs[0]
