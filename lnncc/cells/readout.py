"""A linear readout behind any cell, giving one step again."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypedDict, TypeVar

import jax

from lnncc.cells import linear
from lnncc.cells.linear import Linear

P = TypeVar("P")
S = TypeVar("S")


class Cell(Protocol[P, S]):
    """What every cell offers; ``P`` is the type of its parameters, ``S`` that of its state."""

    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    def init(self, key: jax.Array) -> P: ...
    def initial_state(self) -> S: ...
    def step(self, params: P, state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]: ...


class ReadoutParams(TypedDict, Generic[P]):
    cell: P
    readout: Linear


@dataclass(frozen=True, slots=True)
class Readout(Generic[P, S]):
    """``cell`` followed by a dense layer of ``outputs`` values; itself a cell."""

    cell: Cell[P, S]
    outputs: int

    @property
    def inputs(self) -> int:
        return self.cell.inputs

    def init(self, key: jax.Array) -> ReadoutParams[P]:
        cell_key, readout_key = jax.random.split(key)
        readout = linear.init(readout_key, self.cell.outputs, self.outputs)
        return {"cell": self.cell.init(cell_key), "readout": readout}

    def initial_state(self) -> S:
        return self.cell.initial_state()

    def step(self, params: ReadoutParams[P], state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]:
        state, y = self.cell.step(params["cell"], state, x, dt)
        return state, linear.apply(params["readout"], y)
