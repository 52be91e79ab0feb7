"""Mixed memory: an LSTM that remembers in front of a liquid cell that moves in continuous time.

Lechner and Hasani, Learning Long-Term Dependencies in Irregularly-Sampled Time Series, arXiv:2006.04418; with the
names of the torch flavour of ncps 1.0.1. What the LSTM shows goes to the cell in one of two ways:

- "state", as in ncps for torch: it is the state of the cell, which also hears the input.
- "input", as in the paper and in ncps for Keras: it is all that the cell hears; the cell keeps its own state.
"""

from dataclasses import dataclass
from typing import Generic, Literal, NamedTuple, TypedDict, TypeVar, get_args

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear
from lnncc.cells.readout import Cell

P = TypeVar("P")
Route = Literal["state", "input"]


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
    """``cell`` (LTC, CfC or WiredCfC) behind an LSTM of as many neurons; itself a cell.

    Args:
        route: where the LSTM's output goes. By "input" the cell has as many inputs as neurons.
        sources: how many inputs the LSTM hears where ``route`` is "input"; by "state" it hears those of the cell.
        forget_bias: added to the forget gate; ncps has 1.

    Raises:
        ValueError: for an unknown route, or sizes that do not go together.
    """

    cell: Cell[P, jax.Array]
    route: Route = "state"
    sources: int | None = None
    forget_bias: float = 1.0

    def __post_init__(self) -> None:
        if self.route not in get_args(Route):
            raise ValueError(f"route must be {' or '.join(get_args(Route))}; got {self.route!r}")
        if (self.route == "input") != (self.sources is not None):
            raise ValueError('sources belong to route "input", and to no other')
        size = self.cell.initial_state().size
        if self.route == "input" and self.cell.inputs != size:
            raise ValueError(f"the cell hears an LSTM of {size} neurons, and has {self.cell.inputs} inputs")

    @property
    def inputs(self) -> int:
        return self.cell.inputs if self.sources is None else self.sources

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
        shown, c = remember(params["lstm"], state, x, self.forget_bias)
        before, heard = (shown, x) if self.route == "state" else (state.h, shown)
        h, y = self.cell.step(params["cell"], before, heard, dt)
        return Memory(h, c), y


def remember(params: LSTMParams, state: Memory, x: jax.Array, forget_bias: float) -> Memory:
    """One step of the LSTM."""
    z = linear.apply(params["input_map"], x) + params["recurrent_map"] @ state.h
    new, keep_new, keep, show = jnp.split(z, 4)
    c = state.c * jax.nn.sigmoid(keep + forget_bias) + jnp.tanh(new) * jax.nn.sigmoid(keep_new)
    return Memory(jnp.tanh(c) * jax.nn.sigmoid(show), c)
