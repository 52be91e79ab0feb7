"""Stock cells of flax and equinox, each with a run of the library itself."""

from collections.abc import Callable
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from lnncc.archive import Model

eqx = pytest.importorskip("equinox", reason="needs the equinox extra")
linen = pytest.importorskip("flax.linen", reason="needs the flax extra")
nnx = pytest.importorskip("flax.nnx", reason="needs the flax extra")

INPUTS, UNITS, STEPS = 3, 8, 120
X = jax.ShapeDtypeStruct((INPUTS,), jnp.float32)
KEY = jax.random.key(7)
XS = np.random.default_rng(11).normal(size=(STEPS, INPUTS)).astype(np.float32)
LINEN = (linen.LSTMCell, linen.OptimizedLSTMCell, linen.GRUCell, linen.MGUCell, linen.SimpleCell)
NNX = (nnx.LSTMCell, nnx.OptimizedLSTMCell, nnx.GRUCell, nnx.SimpleCell)
EQUINOX = (eqx.nn.LSTMCell, eqx.nn.GRUCell)


@dataclass(frozen=True)
class Case:
    """A model, and the outputs of the library on ``XS``."""

    model: Model
    outputs: np.ndarray


def of_linen(kind: type) -> Case:
    cell = kind(features=UNITS)
    carry = cell.initialize_carry(KEY, (INPUTS,))
    variables = cell.init(KEY, carry, XS[0])
    outputs = jax.lax.scan(lambda carry, x: cell.apply(variables, carry, x), carry, XS)[1]
    return Case(lnncc.from_linen(cell, variables, inputs=X), np.asarray(outputs))


def of_nnx(kind: type) -> Case:
    cell = kind(INPUTS, UNITS, rngs=nnx.Rngs(5))
    outputs = nnx.RNN(cell)(jnp.asarray(XS)[None])[0]
    return Case(lnncc.from_nnx(cell, inputs=X), np.asarray(outputs))


def of_equinox(kind: type) -> Case:
    cell = kind(INPUTS, UNITS, key=KEY)
    start = jnp.zeros(UNITS)

    def body(state, x):
        state = cell(x, state)
        return state, jax.tree.leaves(state)[0]

    outputs = jax.lax.scan(body, (start, start) if kind is eqx.nn.LSTMCell else start, XS)[1]
    return Case(lnncc.from_equinox(cell, inputs=X), np.asarray(outputs))


CASES: dict[str, Callable[[], Case]] = {
    **{f"linen.{kind.__name__}": lambda kind=kind: of_linen(kind) for kind in LINEN},
    **{f"nnx.{kind.__name__}": lambda kind=kind: of_nnx(kind) for kind in NNX},
    **{f"equinox.{kind.__name__}": lambda kind=kind: of_equinox(kind) for kind in EQUINOX},
}
