"""The LTC of the paper's own equation: one dense nonlinearity that is conductance and drive at once.

Hasani et al., Liquid Time-constant Networks, AAAI 2021, arXiv:2006.04439: dx/dt = -(1/tau + f) x + f A, equation 2, and
its fused solver, x <- (x + h f A) / (1 + h (1/tau + f)), equation 3.
"""

from dataclasses import dataclass
from typing import TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear


class PaperLTCParams(TypedDict):
    input_map: Linear  # [N, I]
    recurrent: jax.Array  # [N, N]
    tau: jax.Array  # [N], above zero
    A: jax.Array  # [N], the potential that an open synapse pulls to


@dataclass(frozen=True, slots=True)
class PaperLTC:
    """``units`` neurons, all of which are outputs.

    f is the logistic function, so the state stays in the hull of 0 and A.

    Raises:
        ValueError: for fewer than one unfold.
    """

    inputs: int
    units: int
    unfolds: int = 6

    def __post_init__(self) -> None:
        if self.unfolds < 1:
            raise ValueError(f"unfolds must be at least 1, got {self.unfolds}")

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> PaperLTCParams:
        """Xavier-uniform inputs, an orthogonal recurrence, A within 1, time constants of 1."""
        input_key, recurrent_key, pull_key = jax.random.split(key, 3)
        return {
            "input_map": linear.init(input_key, self.inputs, self.units),
            "recurrent": jax.nn.initializers.orthogonal()(recurrent_key, (self.units, self.units)),
            "tau": jnp.ones(self.units),
            "A": jax.random.uniform(pull_key, (self.units,), minval=-1, maxval=1),
        }

    def initial_state(self) -> jax.Array:
        """[N], all zero."""
        return jnp.zeros(self.units)

    def step(
        self, params: PaperLTCParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """[N] and inputs [I] to [N] ``dt`` later, as state and as outputs."""
        drive, h = linear.apply(params["input_map"], x), dt / self.unfolds

        def unfold(_: int | jax.Array, v: jax.Array) -> jax.Array:
            f = jax.nn.sigmoid(drive + params["recurrent"] @ v)
            return (v + h * f * params["A"]) / (1 + h * (1 / params["tau"] + f))

        state = jax.lax.fori_loop(0, self.unfolds, unfold, state)
        return state, state
