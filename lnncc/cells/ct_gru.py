"""CT-GRU: a GRU that keeps its state on several time scales at once, and chooses among them by softmax.

Mozer, Kazakov, Lindsey, Discrete Event, Continuous Time RNNs, arXiv:1710.04110.
"""

from dataclasses import dataclass
from typing import TypedDict

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.cells import linear
from lnncc.cells.linear import Linear


class CTGRUParams(TypedDict):
    retrieve: Linear  # [H, I + H], the log of the time scale to read at
    store: Linear  # [H, I + H], that to write at
    new: Linear  # [H, I + H]


@dataclass(frozen=True, slots=True)
class CTGRU:
    """``units`` neurons with ``scales`` traces each, of time constants 1, √10, 10, ..."""

    inputs: int
    units: int
    scales: int = 8

    @property
    def outputs(self) -> int:
        return self.units

    @property
    def log_tau(self) -> np.ndarray:
        return np.log(10.0) / 2 * np.arange(self.scales)

    def init(self, key: jax.Array) -> CTGRUParams:
        retrieve, store, new = (linear.init(k, self.inputs + self.units, self.units) for k in jax.random.split(key, 3))
        return {"retrieve": retrieve, "store": store, "new": new}

    def initial_state(self) -> jax.Array:
        """Traces [H, M], all zero."""
        return jnp.zeros((self.units, self.scales))

    def step(
        self, params: CTGRUParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Traces [H, M] and inputs [I] to the traces ``dt`` later; the outputs [H] are their sums."""
        h = state.sum(axis=1)
        z = jnp.concatenate((x, h))
        read = (self._chosen(params["retrieve"], z) * state).sum(axis=1)
        new = jnp.tanh(linear.apply(params["new"], jnp.concatenate((x, read))))
        write = self._chosen(params["store"], z)
        state = ((1 - write) * state + write * new[:, None]) * jnp.exp(-dt / jnp.exp(self.log_tau))
        return state, state.sum(axis=1)

    def _chosen(self, layer: Linear, z: jax.Array) -> jax.Array:
        """[H, M], the weight of each time scale for each neuron."""
        return jax.nn.softmax(-((linear.apply(layer, z)[:, None] - self.log_tau) ** 2), axis=1)
