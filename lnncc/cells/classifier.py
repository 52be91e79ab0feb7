"""A head that classifies behind any cell: the probability of each class, or the class itself."""

from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

import jax
import jax.numpy as jnp

from lnncc.cells.readout import Cell, Readout, ReadoutParams

P = TypeVar("P")
S = TypeVar("S")
Head = Literal["softmax", "argmax"]


@dataclass(frozen=True, slots=True)
class Classifier(Generic[P, S]):
    """``cell``, a dense layer of ``classes`` scores, then softmax of them or the number of the largest.

    Raises:
        ValueError: for an unknown head.
    """

    cell: Cell[P, S]
    classes: int
    head: Head = "softmax"

    def __post_init__(self) -> None:
        if self.head not in ("softmax", "argmax"):
            raise ValueError(f"head must be softmax or argmax; got {self.head!r}")

    @property
    def inputs(self) -> int:
        return self.cell.inputs

    @property
    def outputs(self) -> int:
        return self.classes if self.head == "softmax" else 1

    @property
    def _scores(self) -> Readout[P, S]:
        return Readout(self.cell, self.classes)

    def init(self, key: jax.Array) -> ReadoutParams[P]:
        return self._scores.init(key)

    def initial_state(self) -> S:
        return self.cell.initial_state()

    def step(self, params: ReadoutParams[P], state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]:
        """The outputs are probabilities [classes], or one class as an integer [1]; train with softmax."""
        state, scores = self._scores.step(params, state, x, dt)
        return state, jax.nn.softmax(scores) if self.head == "softmax" else jnp.argmax(scores, keepdims=True)
