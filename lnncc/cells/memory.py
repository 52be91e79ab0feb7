"""Mixed memory: an LSTM that remembers in front of a liquid cell that moves in continuous time.

Lechner and Hasani, Learning Long-Term Dependencies in Irregularly-Sampled Time Series, arXiv:2006.04418; in the
arrangement and with the names of the torch flavour of ncps 1.0.1: the cell hears the input, and its state is what the
LSTM shows.
"""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypedDict, TypeVar

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear
from lnncc.cells.readout import Cell

P = TypeVar("P")
FORGET_BIAS = 1.0  # added to the forget gate, as in ncps


class LSTMParams(TypedDict):
    """Rows in blocks of H: input, input gate, forget gate, output gate."""

    input_map: Linear  # [4 H, I]
    recurrent_map: jax.Array  # [4 H, H]


class MixedParams(TypedDict, Generic[P]):
    cell: P
    lstm: LSTMParams


class Memory(NamedTuple):
    """The state [H] of the cell, and that of the LSTM [H], which no rule bounds for all time."""

    h: jax.Array
    c: jax.Array


@dataclass(frozen=True, slots=True)
class MixedMemory(Generic[P]):
    """``cell`` (LTC, CfC or WiredCfC) behind an LSTM of as many neurons; itself a cell."""

    cell: Cell[P, jax.Array]

    @property
    def inputs(self) -> int:
        return self.cell.inputs

    @property
    def outputs(self) -> int:
        return self.cell.outputs

    def init(self, key: jax.Array) -> MixedParams[P]:
        """Random parameters as ncps draws them: Xavier-uniform, biases within 0.1, an orthogonal recurrence."""
        cell_key, weight_key, bias_key, recurrent_key = jax.random.split(key, 4)
        size = self.cell.initial_state().size
        input_map: Linear = {
            "weight": linear.xavier_uniform(weight_key, 4 * size, self.inputs),
            "bias": jax.random.uniform(bias_key, (4 * size,), minval=-0.1, maxval=0.1),
        }
        recurrent_map = jax.nn.initializers.orthogonal()(recurrent_key, (4 * size, size))
        return {"cell": self.cell.init(cell_key), "lstm": {"input_map": input_map, "recurrent_map": recurrent_map}}

    def initial_state(self) -> Memory:
        """All zero."""
        h = self.cell.initial_state()
        return Memory(h, jnp.zeros_like(h))

    def step(
        self, params: MixedParams[P], state: Memory, x: jax.Array, dt: float | jax.Array
    ) -> tuple[Memory, jax.Array]:
        """The LSTM does one step, however long it was; then the cell does ``dt``."""
        remembered = remember(params["lstm"], state, x)
        h, y = self.cell.step(params["cell"], remembered.h, x, dt)
        return Memory(h, remembered.c), y


def remember(params: LSTMParams, state: Memory, x: jax.Array) -> Memory:
    """One step of the LSTM."""
    z = linear.apply(params["input_map"], x) + params["recurrent_map"] @ state.h
    new, keep_new, keep, show = jnp.split(z, 4)
    c = state.c * jax.nn.sigmoid(keep + FORGET_BIAS) + jnp.tanh(new) * jax.nn.sigmoid(keep_new)
    return Memory(jnp.tanh(c) * jax.nn.sigmoid(show), c)
