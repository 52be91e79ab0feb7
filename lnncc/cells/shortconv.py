"""The short convolution of LFM2: a causal depthwise window between two gates.

Liquid AI, LFM2: B, C, x = in_proj(u); y = out_proj(C · conv(B · x)), the window being the last ``taps`` products.
"""

from dataclasses import dataclass
from typing import TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear


class ShortConvParams(TypedDict):
    in_proj: Linear  # [3 D, D]
    kernel: jax.Array  # [taps, D], the oldest product first
    out_proj: Linear  # [D, D]


@dataclass(frozen=True, slots=True)
class ShortConv:
    """``inputs`` channels in and out; the state holds the products that the window still needs."""

    inputs: int
    taps: int = 3

    @property
    def outputs(self) -> int:
        return self.inputs

    def init(self, key: jax.Array) -> ShortConvParams:
        in_key, kernel_key, out_key = jax.random.split(key, 3)
        kernel = jax.random.uniform(kernel_key, (self.taps, self.inputs), minval=-1, maxval=1) * self.taps**-0.5
        return {
            "in_proj": linear.init(in_key, self.inputs, 3 * self.inputs),
            "kernel": kernel,
            "out_proj": linear.init(out_key, self.inputs, self.inputs),
        }

    def initial_state(self) -> jax.Array:
        """[taps - 1, D], all zero."""
        return jnp.zeros((self.taps - 1, self.inputs))

    def step(
        self, params: ShortConvParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """One sample [D] in, one out; the elapsed time is not read."""
        before, after, u = jnp.split(linear.apply(params["in_proj"], x), 3)
        window = jnp.concatenate((state, (before * u)[None]))
        return window[1:], linear.apply(params["out_proj"], after * (params["kernel"] * window).sum(axis=0))
