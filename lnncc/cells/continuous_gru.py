"""GRUs in continuous time: GRU-D, whose state decays between inputs, and GRU-ODE, whose state follows its own gates.

Che et al., Scientific Reports 8, 2018, arXiv:1606.01865, without its masks; De Brouwer et al., arXiv:1905.12374.
"""

from dataclasses import dataclass
from typing import TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear
from lnncc.cells.solvers import Method, require_solver, solve


class GRUParams(TypedDict):
    """Dense layers over [inputs, state] with H outputs."""

    reset: Linear
    keep: Linear
    new: Linear


class GRUDParams(GRUParams):
    decay: Linear  # [H, 1], of the elapsed time


def _init(key: jax.Array, inputs: int, units: int) -> GRUParams:
    reset, keep, new = (linear.init(k, inputs + units, units) for k in jax.random.split(key, 3))
    return {"reset": reset, "keep": keep, "new": new}


def _gates(params: GRUParams, x: jax.Array, h: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(how much is kept, candidate)."""
    z = jnp.concatenate((x, h))
    reset, keep = (jax.nn.sigmoid(linear.apply(params[name], z)) for name in ("reset", "keep"))
    return keep, jnp.tanh(linear.apply(params["new"], jnp.concatenate((x, reset * h))))


@dataclass(frozen=True, slots=True)
class GRUD:
    """A GRU whose state shrinks by exp(-relu(W dt + b)) before each step."""

    inputs: int
    units: int

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> GRUDParams:
        gru_key, decay_key = jax.random.split(key)
        return {**_init(gru_key, self.inputs, self.units), "decay": linear.init(decay_key, 1, self.units)}

    def initial_state(self) -> jax.Array:
        """[H], all zero."""
        return jnp.zeros(self.units)

    def step(
        self, params: GRUDParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """[H] and inputs [I] to [H] ``dt`` later, as state and as outputs."""
        decay = params["decay"]
        h = jnp.exp(-jax.nn.relu(decay["weight"][:, 0] * dt + decay["bias"])) * state
        keep, new = _gates(params, x, h)
        state = keep * h + (1 - keep) * new
        return state, state


@dataclass(frozen=True, slots=True)
class GRUODE:
    """dh/dt = (1 - z)(g - h) with the gates of a GRU, in ``substeps`` steps of ``method``.

    Raises:
        ValueError: for an unknown method or fewer than one substep.
    """

    inputs: int
    units: int
    method: Method = "euler"
    substeps: int = 4

    def __post_init__(self) -> None:
        require_solver(self.method, self.substeps)

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> GRUParams:
        return _init(key, self.inputs, self.units)

    def initial_state(self) -> jax.Array:
        """[H], all zero."""
        return jnp.zeros(self.units)

    def step(
        self, params: GRUParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """[H] and inputs [I] to [H] ``dt`` later, as state and as outputs."""

        def field(h: jax.Array) -> jax.Array:
            keep, new = _gates(params, x, h)
            return (1 - keep) * (new - h)

        state = solve(field, state, dt, self.method, self.substeps)
        return state, state
