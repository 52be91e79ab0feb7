"""A dense layer W x + b, and the initial weights that ncps gives it."""

from typing import TypedDict

import jax
import numpy as np


class Linear(TypedDict):
    """``weight`` is [outputs, inputs], ``bias`` [outputs]: the layout of torch."""

    weight: jax.Array
    bias: jax.Array


def apply(layer: Linear, x: jax.Array, mask: np.ndarray | None = None) -> jax.Array:
    """``mask`` [outputs, inputs] says which weights count; None means all."""
    weight = layer["weight"] if mask is None else layer["weight"] * mask
    return weight @ x + layer["bias"]


def init(key: jax.Array, inputs: int, outputs: int) -> Linear:
    """Xavier-uniform weights; biases uniform within 1/sqrt(inputs)."""
    weight_key, bias_key = jax.random.split(key)
    bound = inputs**-0.5
    return {
        "weight": xavier_uniform(weight_key, outputs, inputs),
        "bias": jax.random.uniform(bias_key, (outputs,), minval=-bound, maxval=bound),
    }


def xavier_uniform(key: jax.Array, rows: int, columns: int) -> jax.Array:
    """[rows, columns], uniform within sqrt(6 / (rows + columns)): Glorot and Bengio, AISTATS 2010."""
    bound = (6 / (rows + columns)) ** 0.5
    return jax.random.uniform(key, (rows, columns), minval=-bound, maxval=bound)
