"""The weights of a CfC as the compiler will store them in few bits, and training through that rounding.

A row of a matrix has as many fraction bits as its largest weight leaves: where the compiler could clip that weight and
have one more (``lnncc.ops.affine``), weights on this grid give it no reason. What one row does to the inputs and to the
state are two matrices, each with fraction bits of its own. The compiler sees the matrices
with the constants of the activation multiplied in, and the two layers of the time gate as one.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from examples.accuracy.models import DT, Model, PyTree
from lnncc.cells import CfC
from lnncc.cells.cfc import GatedParams
from lnncc.cells.linear import Linear


class Scale(NamedTuple):
    """An activation is ``outer`` · f(``inner`` · x): constants that end in the matrices before and behind it."""

    inner: float = 1.0
    outer: float = 1.0


SCALES = {"lecun_tanh": Scale(0.666, 1.7159)}


def rounded(weight: jax.Array, bits: int, scale: float = 1.0) -> jax.Array:
    """[rows, columns] such that scale · weight is on the grid of ``bits``; gradients pass as if it were not rounded.

    Straight-through, after Bengio, Léonard and Courville, arXiv:1308.3432.
    """
    real, most = weight * scale, 2 ** (bits - 1)
    biggest = jnp.maximum(jnp.abs(real).max(axis=1, keepdims=True), 2.0**-60)
    frac = jnp.floor(jnp.log2((most - 0.5) / biggest)).astype(int)
    ints = jnp.clip(jnp.round(jnp.ldexp(real, frac)), 1 - most, most - 1)
    return weight + jax.lax.stop_gradient(jnp.ldexp(ints, -frac) / scale - weight)


def on_grid(model: Model, params: PyTree, bits: int) -> PyTree:
    """The parameters of a CfC with backbone and readout, all matrices rounded to ``bits``.

    Raises:
        ValueError: for another cell, mode or number of backbone layers.
    """
    cell = model.cell
    if not isinstance(cell, CfC) or cell.mode != "default" or cell.backbone_layers != 1:
        raise ValueError(f"only a gated CfC with a backbone of one layer is rounded here, not {cell}")
    scale = SCALES.get(cell.activation, Scale())
    heads: GatedParams = params["cell"]  # type: ignore[index]  # the tree of this very cell
    inside = {
        "backbone": (_split(heads["backbone"][0], cell.inputs, bits, scale.inner),),
        "ff1": _layer(heads["ff1"], bits, scale.outer),
        "ff2": _layer(heads["ff2"], bits, scale.outer),
        "time_a": jax.tree.map(jnp.zeros_like, heads["time_a"]),
        "time_b": _layer(_merged(heads["time_a"], heads["time_b"]), bits, scale.outer),
    }
    return {"cell": inside, "readout": _layer(params["readout"], bits, 1.0)}  # type: ignore[index]


def _layer(layer: Linear, bits: int, scale: float) -> Linear:
    return {"weight": rounded(layer["weight"], bits, scale), "bias": layer["bias"]}


def _split(layer: Linear, inputs: int, bits: int, scale: float) -> Linear:
    parts = layer["weight"][:, :inputs], layer["weight"][:, inputs:]
    return {"weight": jnp.hstack([rounded(part, bits, scale) for part in parts]), "bias": layer["bias"]}


def _merged(rate: Linear, offset: Linear) -> Linear:
    """Where all steps are equally long, rate · dt + offset is one layer."""
    return jax.tree.map(lambda a, b: a * DT + b, rate, offset)
