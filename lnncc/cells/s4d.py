"""A block of S4D: a diagonal state-space layer of complex numbers, written as pairs of real ones, before a GLU.

Gu, Gupta, Goel, Ré, On the Parameterization and Initialization of Diagonal State Space Models, arXiv:2206.11893; the
initial values are those of S4D-Lin, the discretisation is the zero-order hold.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear

STEPS = (1e-3, 1e-1)  # of the channels' own time


class Modes(NamedTuple):
    """Real and imaginary parts [D, N]."""

    re: jax.Array
    im: jax.Array


class S4DParams(TypedDict):
    encoder: Linear  # [D, I]
    log_step: jax.Array  # [D]
    log_decay: jax.Array  # [D, N], of minus the real part of A
    frequency: jax.Array  # [D, N], its imaginary part
    c: Modes  # what each mode adds to the output of its channel
    d: jax.Array  # [D], what the input adds
    mix: Linear  # [2 D, D], of the GLU: values, then gates


@dataclass(frozen=True, slots=True)
class S4D:
    """x + GLU(gelu(SSM(x))) behind an encoder; ``width`` channels of ``modes`` complex modes each.

    A mode and its conjugate are one: the output is twice the real part.
    """

    inputs: int
    width: int
    modes: int

    @property
    def outputs(self) -> int:
        return self.width

    def init(self, key: jax.Array) -> S4DParams:
        encoder_key, step_key, *c_keys, d_key, mix_key = jax.random.split(key, 6)
        shape = self.width, self.modes
        re, im = (jax.random.normal(k, shape) * 0.5**0.5 for k in c_keys)
        return {
            "encoder": linear.init(encoder_key, self.inputs, self.width),
            "log_step": jax.random.uniform(step_key, (self.width,), minval=jnp.log(STEPS[0]), maxval=jnp.log(STEPS[1])),
            "log_decay": jnp.full(shape, jnp.log(0.5)),
            "frequency": jnp.broadcast_to(jnp.pi * jnp.arange(self.modes), shape),
            "c": Modes(re, im),
            "d": jax.random.normal(d_key, (self.width,)),
            "mix": linear.init(mix_key, self.width, 2 * self.width),
        }

    def initial_state(self) -> Modes:
        """All zero."""
        return Modes(*(jnp.zeros((self.width, self.modes)),) * 2)

    def step(self, params: S4DParams, state: Modes, x: jax.Array, dt: float | jax.Array) -> tuple[Modes, jax.Array]:
        """The modes and inputs [I] to the modes ``dt`` later and the channels [D]; dt is 1 where it was trained so."""
        x = linear.apply(params["encoder"], x)
        turn, gain = self._held(params, dt)
        state = _plus(_times(turn, state), Modes(gain.re * x[:, None], gain.im * x[:, None]))
        y = 2 * (params["c"].re * state.re - params["c"].im * state.im).sum(axis=1) + params["d"] * x
        value, gate = jnp.split(linear.apply(params["mix"], jax.nn.gelu(y, approximate=False)), 2)
        return state, x + value * jax.nn.sigmoid(gate)

    def _held(self, params: S4DParams, dt: float | jax.Array) -> tuple[Modes, Modes]:
        """(e^(A h), (e^(A h) - 1) / A) with h the step of each channel over ``dt``."""
        a = Modes(-jnp.exp(params["log_decay"]), params["frequency"])
        h = (jnp.exp(params["log_step"]) * dt)[:, None]
        size = jnp.exp(a.re * h)
        turn = Modes(size * jnp.cos(a.im * h), size * jnp.sin(a.im * h))
        square = a.re**2 + a.im**2
        return turn, _times(Modes(turn.re - 1, turn.im), Modes(a.re / square, -a.im / square))


def _times(a: Modes, b: Modes) -> Modes:
    return Modes(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)


def _plus(a: Modes, b: Modes) -> Modes:
    return Modes(a.re + b.re, a.im + b.im)
