"""What stands around a cell in some flavours: another clock, or fewer outputs than neurons."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import jax

P = TypeVar("P", contravariant=True)
S = TypeVar("S")


class Stepping(Protocol[P, S]):
    """What is read here of a cell: it is not trained any more."""

    @property
    def inputs(self) -> int: ...
    @property
    def outputs(self) -> int: ...
    def initial_state(self) -> S: ...
    def step(self, params: P, state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]: ...


@dataclass(frozen=True, slots=True)
class Clock(Generic[P, S]):
    """``cell`` that hears ``fixed`` as its elapsed time, or ``offset`` more than passed; itself such a cell."""

    cell: Stepping[P, S]
    offset: float
    fixed: float | None

    @property
    def inputs(self) -> int:
        return self.cell.inputs

    @property
    def outputs(self) -> int:
        return self.cell.outputs

    def initial_state(self) -> S:
        return self.cell.initial_state()

    def step(self, params: P, state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]:
        return self.cell.step(params, state, x, dt + self.offset if self.fixed is None else self.fixed)


@dataclass(frozen=True, slots=True)
class First(Generic[P, S]):
    """``cell``, of which the first ``outputs`` outputs are shown; itself such a cell."""

    cell: Stepping[P, S]
    outputs: int

    @property
    def inputs(self) -> int:
        return self.cell.inputs

    def initial_state(self) -> S:
        return self.cell.initial_state()

    def step(self, params: P, state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]:
        state, y = self.cell.step(params, state, x, dt)
        return state, y[: self.outputs]
