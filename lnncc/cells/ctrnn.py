"""Continuous-time recurrent networks and neural ODEs, solved with fixed steps.

dh/dt = scale · tanh(W x + R h + b) - h / tau, after Funahashi and Nakamura, Neural Networks 6, 1993, and the
CT-RNN of arXiv:2006.04418; without the leak it is that paper's ODE-RNN ("node"), Rubanova et al., arXiv:1907.03907.
"""

from dataclasses import dataclass
from typing import NotRequired, TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear
from lnncc.cells.solvers import Method, require_solver, solve


class CTRNNParams(TypedDict):
    input_map: Linear  # [H, I]
    recurrent: jax.Array  # [H, H]
    scale: jax.Array  # [H]
    tau: NotRequired[jax.Array]  # [H], above zero


@dataclass(frozen=True, slots=True)
class CTRNN:
    """``units`` neurons, all of which are outputs; ``leak`` pulls each towards zero with its time constant.

    Raises:
        ValueError: for an unknown method or fewer than one substep.
    """

    inputs: int
    units: int
    method: Method = "euler"
    substeps: int = 6
    leak: bool = True

    def __post_init__(self) -> None:
        require_solver(self.method, self.substeps)

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> CTRNNParams:
        """Xavier-uniform inputs, an orthogonal recurrence, time constants of 1; without a leak one that forgets."""
        key, recurrent_key = jax.random.split(key)
        recurrent = jax.nn.initializers.orthogonal()(recurrent_key, (self.units, self.units))
        params: CTRNNParams = {
            "input_map": linear.init(key, self.inputs, self.units),
            "recurrent": recurrent if self.leak else recurrent / 2 - jnp.eye(self.units),
            "scale": jnp.ones(self.units),
        }
        return {**params, "tau": jnp.ones(self.units)} if self.leak else params

    def initial_state(self) -> jax.Array:
        """[H], all zero."""
        return jnp.zeros(self.units)

    def step(
        self, params: CTRNNParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """[H] and inputs [I] to [H] ``dt`` later, as state and as outputs."""
        drive = linear.apply(params["input_map"], x)

        def field(h: jax.Array) -> jax.Array:
            slope = params["scale"] * jnp.tanh(drive + params["recurrent"] @ h)
            return slope - h / params["tau"] if "tau" in params else slope

        state = solve(field, state, dt, self.method, self.substeps)
        return state, state
