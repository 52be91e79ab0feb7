"""What does not compile, whose error says why and what to do instead."""

from collections.abc import Mapping

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples.every_cell.case import Case
from lnncc.archive import Model
from lnncc.frontend.jaxpr import trace

TOLERANCE = 1e-3


def _adaptive(h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    """A solver that chooses its own steps by their error: nobody knows how many it takes."""

    def advance(now: tuple[jax.Array, jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array, jax.Array]:
        t, step, y = now
        slope = jnp.tanh(x) - y
        error = jnp.abs(step * (jnp.tanh(x) - (y + step * slope) - slope)).max() / 2
        good = error < TOLERANCE
        return jnp.where(good, t + step, t), jnp.where(good, 1.5, 0.5) * step, jnp.where(good, y + step * slope, y)

    _, _, h = jax.lax.while_loop(lambda now: now[0] < dt, advance, (jnp.zeros(()), dt / 4, h))
    return h, h


def _whole_sequence(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The kernel of a state-space layer over a window, as such layers train."""
    kernel = jnp.exp(-jnp.arange(len(x)) / 4.0)
    y = jnp.fft.irfft(jnp.fft.rfft(x, 2 * len(x)) * jnp.fft.rfft(kernel, 2 * len(x)))[: len(x)]
    return h, y


def _adaptive_model() -> Model:
    step = lambda _, h, x, dt: _adaptive(h, x, dt)  # noqa: E731  # the compiler's order of arguments
    return Model(trace(step, state=jnp.zeros(3), inputs=jnp.zeros(3)))


def _sequence_model() -> Model:
    step = lambda _, h, x: _whole_sequence(h, x)  # noqa: E731  # the compiler's order of arguments
    return Model(trace(step, state=jnp.zeros(1), inputs=jnp.zeros(16)))


def _state_space_model() -> Model:
    """Some of what a Liquid-S4 layer saves; S4 saves the same."""
    names = "kernel.kernel.C", "kernel.kernel.log_dt", "kernel.kernel.inv_w_real", "kernel.kernel.w_imag", "D"
    return lnncc.from_ncps({f"model.layers.0.layer.{name}": np.ones(4) for name in names})


CASES: Mapping[str, Case] = {
    "adaptive solvers (dopri5, diffrax)": Case(_adaptive_model, refused="E0302"),
    "Liquid-S4 over a whole sequence": Case(_sequence_model, refused="E0301"),
    "Liquid-S4 checkpoint (allcombs, polyb)": Case(_state_space_model, refused="E0351"),
}
