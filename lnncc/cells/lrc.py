"""Liquid-resistance cells: an LTC whose conductances saturate, with or without a capacitance that is liquid too.

Farsang, Neubauer, Grosu, Liquid Resistance Liquid Capacitance Networks, arXiv:2403.08791: dh/dt = -σ(f) h + tanh(u) e
is the saturated LTC (STC); with ε(w) in front of all of it an LRC; one explicit Euler step of an LRC is the unit LRCU.
The form of f and u is the diagonal one of LrcSSM, arXiv:2505.21717.
"""

from dataclasses import dataclass
from typing import Literal, TypedDict

import jax
import jax.numpy as jnp

Elastance = Literal["none", "asymmetric", "symmetric"]


class LRCParams(TypedDict):
    """Arrays for N neurons and I inputs; of a matrix the rows are destinations."""

    sensory_sigma: jax.Array  # [I] steepness of the inputs' sigmoids
    sensory_mu: jax.Array  # [I]
    sigma: jax.Array  # [N] steepness of the neurons'
    mu: jax.Array  # [N]
    gleak: jax.Array  # [N]
    sensory_g: jax.Array  # [N, I] conductances in f
    g: jax.Array  # [N]
    sensory_k: jax.Array  # [N, I] conductances in u
    k: jax.Array  # [N]
    e: jax.Array  # [N] reversal potentials
    elastance_w: jax.Array  # [N, I]
    elastance_h: jax.Array  # [N]
    elastance_b: jax.Array  # [N]
    elastance_k: jax.Array  # [N] half width of the symmetric form


@dataclass(frozen=True, slots=True)
class LRCU:
    """``units`` neurons; ``elastance`` "none" makes it the STC. One explicit Euler step, no division.

    For dt · ε · σ <= 1 the step is a mean of h and of what pulls, plus a bounded term.

    Raises:
        ValueError: for an unknown elastance.
    """

    inputs: int
    units: int
    elastance: Elastance = "asymmetric"

    def __post_init__(self) -> None:
        if self.elastance not in ("none", "asymmetric", "symmetric"):
            raise ValueError(f"elastance must be none, asymmetric or symmetric; got {self.elastance!r}")

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> LRCParams:
        """Uniform in the ranges of the paper's code."""
        n, i = (self.units,), (self.inputs,)
        keys = iter(jax.random.split(key, 14))

        def uniform(shape: tuple[int, ...], low: float, high: float) -> jax.Array:
            return jax.random.uniform(next(keys), shape, minval=low, maxval=high)

        return {
            "sensory_sigma": uniform(i, 3, 8),
            "sensory_mu": uniform(i, 0.3, 0.8),
            "sigma": uniform(n, 3, 8),
            "mu": uniform(n, 0.3, 0.8),
            "gleak": uniform(n, 0.001, 1),
            "sensory_g": uniform(n + i, 0.001, 1),
            "g": uniform(n, 0.001, 1),
            "sensory_k": uniform(n + i, -1, 1),
            "k": uniform(n, -1, 1),
            "e": uniform(n, -1, 1),
            "elastance_w": uniform(n + i, -1, 1),
            "elastance_h": uniform(n, -1, 1),
            "elastance_b": uniform(n, -1, 1),
            "elastance_k": uniform(n, 0.5, 1),
        }

    def initial_state(self) -> jax.Array:
        """Potentials [N], all zero."""
        return jnp.zeros(self.units)

    def step(
        self, params: LRCParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Potentials [N] and inputs [I] to the potentials ``dt`` later, as state and as outputs."""
        heard = jax.nn.sigmoid(params["sensory_sigma"] * (x - params["sensory_mu"]))
        open_ = jax.nn.sigmoid(params["sigma"] * (state - params["mu"]))
        f = params["gleak"] + params["sensory_g"] @ heard + params["g"] * open_
        u = params["gleak"] + params["sensory_k"] @ heard + params["k"] * open_
        rate = dt * self._elastance(params, state, x)
        state = state + rate * (params["e"] * jnp.tanh(u) - jax.nn.sigmoid(f) * state)
        return state, state

    def _elastance(self, params: LRCParams, h: jax.Array, x: jax.Array) -> jax.Array | float:
        """ε: the inverse of the capacitance."""
        if self.elastance == "none":
            return 1.0
        w = params["elastance_w"] @ x + params["elastance_h"] * h + params["elastance_b"]
        if self.elastance == "asymmetric":
            return jax.nn.sigmoid(w)
        k = params["elastance_k"]
        return jax.nn.sigmoid(w + k) - jax.nn.sigmoid(w - k)
