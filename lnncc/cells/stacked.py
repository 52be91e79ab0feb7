"""Cells one behind the other, and behind a front end of dense layers or of a convolution over time."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear
from lnncc.cells.readout import Cell

P = TypeVar("P")
S = TypeVar("S")
Activation = Literal["relu", "tanh", "silu"]
ACTIVATIONS: Mapping[Activation, Callable[[jax.Array], jax.Array]] = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "silu": jax.nn.silu,
}


@dataclass(frozen=True, slots=True)
class Stacked:
    """Each of ``cells``, of any kinds, hears the outputs of the one before; parameters and states are tuples.

    Raises:
        ValueError: for no cells, or cells whose outputs and inputs do not match.
    """

    cells: tuple[Cell[Any, Any], ...]  # a tuple of several types has no better type

    def __post_init__(self) -> None:
        if not self.cells:
            raise ValueError("a stack has at least one cell")
        for before, after in zip(self.cells, self.cells[1:], strict=False):
            if before.outputs != after.inputs:
                raise ValueError(f"a cell of {before.outputs} outputs stands before one of {after.inputs} inputs")

    @property
    def inputs(self) -> int:
        return self.cells[0].inputs

    @property
    def outputs(self) -> int:
        return self.cells[-1].outputs

    def init(self, key: jax.Array) -> tuple[Any, ...]:
        keys = jax.random.split(key, len(self.cells))
        return tuple(cell.init(k) for cell, k in zip(self.cells, keys, strict=True))

    def initial_state(self) -> tuple[Any, ...]:
        return tuple(cell.initial_state() for cell in self.cells)

    def step(
        self, params: tuple[Any, ...], state: tuple[Any, ...], x: jax.Array, dt: float | jax.Array
    ) -> tuple[tuple[Any, ...], jax.Array]:
        """All cells do ``dt``, in order; the outputs are those of the last."""
        after: list[Any] = []
        for cell, own, before in zip(self.cells, params, state, strict=True):
            new, x = cell.step(own, before, x, dt)
            after.append(new)
        return tuple(after), x


class Front(NamedTuple, Generic[S]):
    """The samples that a convolution still needs [taps - 1, I], if any, and the state of the cell behind it."""

    window: jax.Array | None
    cell: S


class ConvolvedParams(TypedDict, Generic[P]):
    kernel: jax.Array  # [taps, outputs, inputs], the oldest sample first
    bias: jax.Array  # [outputs]
    cell: P


@dataclass(frozen=True, slots=True)
class Convolved(Generic[P, S]):
    """``cell`` behind a causal 1-D convolution over the last ``taps`` samples; one tap is a dense layer.

    Raises:
        ValueError: for fewer than one tap or an unknown activation.
    """

    cell: Cell[P, S]
    inputs: int
    taps: int = 1
    activation: Activation = "relu"

    def __post_init__(self) -> None:
        if self.taps < 1:
            raise ValueError(f"taps must be at least 1, got {self.taps}")
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {self.activation!r}")

    @property
    def outputs(self) -> int:
        return self.cell.outputs

    def init(self, key: jax.Array) -> ConvolvedParams[P]:
        cell_key, kernel_key = jax.random.split(key)
        layer: Linear = linear.init(kernel_key, self.inputs * self.taps, self.cell.inputs)
        kernel = layer["weight"].reshape(self.cell.inputs, self.taps, self.inputs).transpose(1, 0, 2)
        return {"kernel": kernel, "bias": layer["bias"], "cell": self.cell.init(cell_key)}

    def initial_state(self) -> Front[S]:
        """No samples yet."""
        window = jnp.zeros((self.taps - 1, self.inputs)) if self.taps > 1 else None
        return Front(window, self.cell.initial_state())

    def step(
        self, params: ConvolvedParams[P], state: Front[S], x: jax.Array, dt: float | jax.Array
    ) -> tuple[Front[S], jax.Array]:
        """One sample [I] in; the cell hears what the convolution makes of it and of those before."""
        window = x[None] if state.window is None else jnp.concatenate((state.window, x[None]))
        features = jnp.einsum("tji,ti->j", params["kernel"], window) + params["bias"]
        after, y = self.cell.step(params["cell"], state.cell, ACTIVATIONS[self.activation](features), dt)
        return Front(None if state.window is None else window[1:], after), y
