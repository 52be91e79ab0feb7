"""Layers one behind the other, as one cell: those of ncps with their states, dense ones between them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import jax

from lnncc.cells.cfc import lecun_tanh
from lnncc.errors import LnnccError
from lnncc.frontend.keras.layers import Layer
from lnncc.frontend.ncps_wraps import Stepping

PyTree = object
Function = Callable[[jax.Array], jax.Array]
FUNCTIONS: Mapping[str, Function] = {
    "linear": lambda x: x,
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "elu": jax.nn.elu,
    "tanh": jax.numpy.tanh,
    "lecun_tanh": lecun_tanh,
    "sigmoid": jax.nn.sigmoid,
    "silu": jax.nn.silu,
    "gelu": partial(jax.nn.gelu, approximate=False),
    "softplus": jax.nn.softplus,
    "softmax": jax.nn.softmax,
}


@dataclass(frozen=True, slots=True)
class Stage:
    """A cell, or without one a dense layer that ends in ``function``."""

    name: str
    inputs: int
    outputs: int
    cell: Stepping | None
    function: Function = FUNCTIONS["linear"]


def activation(layer: Layer, origin: str) -> Function:
    """What a dense layer ends in. Raises E0326 if it is not known."""
    if layer.activation not in FUNCTIONS:
        raise LnnccError(
            "E0326",
            f"layer {layer.name!r:.40} of {origin} ends in {layer.activation!r:.40}, which is not known",
            helps=(f"known are {', '.join(FUNCTIONS)}", "or export one step as ONNX, and use from_onnx"),
        )
    return FUNCTIONS[layer.activation]


@dataclass(frozen=True, slots=True)
class Chain:
    """``stages`` in order; the state is that of the only cell, or a dict of them by name. Itself a cell."""

    stages: tuple[Stage, ...]

    @property
    def inputs(self) -> int:
        return self.stages[0].inputs

    @property
    def outputs(self) -> int:
        return self.stages[-1].outputs

    def initial_state(self) -> PyTree:
        states = {stage.name: stage.cell.initial_state() for stage in self.stages if stage.cell is not None}
        return states if len(states) > 1 else next(iter(states.values()))

    def step(
        self, params: Mapping[str, Mapping[str, jax.Array]], state: PyTree, x: jax.Array, dt: float | jax.Array
    ) -> tuple[PyTree, jax.Array]:
        """Each stage hears what the one before it gave in this same step."""
        several = sum(stage.cell is not None for stage in self.stages) > 1
        after: dict[str, PyTree] = {}
        for stage in self.stages:
            own = params[stage.name]
            if stage.cell is None:
                x = stage.function(own["weight"] @ x + own.get("bias", 0.0))
            else:
                before = state[stage.name] if several else state  # type: ignore[index]
                after[stage.name], x = stage.cell.step(own, before, x, dt)
        return after if several else next(iter(after.values())), x
