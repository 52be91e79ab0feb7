"""LSTMs in continuous time: CT-LSTM, whose memory decays towards a second one, the phased LSTM, and the ODE-LSTM.

Mei and Eisner, The Neural Hawkes Process, arXiv:1612.09328; Neil et al., Phased LSTM, arXiv:1610.09513, in the form of
arXiv:2006.04418's code, whose clock reads the elapsed time; Lechner and Hasani, arXiv:2006.04418.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.ctrnn import CTRNN, CTRNNParams
from lnncc.cells.linear import Linear
from lnncc.cells.solvers import Method

FORGET_BIAS = 3.0  # added to the forget gate of the ODE-LSTM, as in its code
LEAK = 1e-3  # of the phased LSTM's closed gate, as in its paper


class CTLSTMState(NamedTuple):
    """All [H]: the memory now, what it decays to, how fast, and the output gate."""

    c: jax.Array
    target: jax.Array
    rate: jax.Array
    show: jax.Array


@dataclass(frozen=True, slots=True)
class CTLSTM:
    """An LSTM of seven gates whose memory c(t) = target + (c - target) e^(-rate · t) between inputs."""

    inputs: int
    units: int

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> Linear:
        """One layer [7 H, I + H]: input, forget and their targets, new, output, decay."""
        return linear.init(key, self.inputs + self.units, 7 * self.units)

    def initial_state(self) -> CTLSTMState:
        """All zero."""
        return CTLSTMState(*(jnp.zeros(self.units),) * 4)

    def step(
        self, params: Linear, state: CTLSTMState, x: jax.Array, dt: float | jax.Array
    ) -> tuple[CTLSTMState, jax.Array]:
        """The state after ``dt`` without an input, then the inputs [I]; the output is the hidden value before them."""
        c = state.target + (state.c - state.target) * jnp.exp(-state.rate * dt)
        h = state.show * jnp.tanh(c)
        i, f, i_bar, f_bar, new, show, decay = jnp.split(linear.apply(params, jnp.concatenate((x, h))), 7)
        now = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(new)
        target = jax.nn.sigmoid(f_bar) * state.target + jax.nn.sigmoid(i_bar) * jnp.tanh(new)
        return CTLSTMState(now, target, jax.nn.softplus(decay), jax.nn.sigmoid(show)), h


class Memory(NamedTuple):
    """Hidden values and memory, both [H]."""

    h: jax.Array
    c: jax.Array


def _lstm(layer: Linear, state: Memory, x: jax.Array, forget_bias: float) -> Memory:
    """Rows in blocks of H: input, input gate, forget gate, output gate."""
    new, keep_new, keep, show = jnp.split(linear.apply(layer, jnp.concatenate((x, state.h))), 4)
    c = jax.nn.sigmoid(keep + forget_bias) * state.c + jax.nn.sigmoid(keep_new) * jnp.tanh(new)
    return Memory(jax.nn.sigmoid(show) * jnp.tanh(c), c)


class PhasedParams(TypedDict):
    lstm: Linear  # [4 H, I + H]
    tau: jax.Array  # [H], as the next two: softplus of it counts; the period,
    shift: jax.Array  # its start,
    ratio: jax.Array  # and the part of it in which the gate is open


@dataclass(frozen=True, slots=True)
class PhasedLSTM:
    """An LSTM whose update is let through by a gate that opens periodically."""

    inputs: int
    units: int

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> PhasedParams:
        keys = jax.random.split(key, 4)
        tau, shift, ratio = (jax.random.uniform(k, (self.units,), minval=0.1, maxval=1.0) for k in keys[1:])
        return {"lstm": linear.init(keys[0], self.inputs + self.units, 4 * self.units), "tau": tau,
                "shift": shift, "ratio": ratio}  # fmt: skip

    def initial_state(self) -> Memory:
        """All zero."""
        return Memory(jnp.zeros(self.units), jnp.zeros(self.units))

    def step(
        self, params: PhasedParams, state: Memory, x: jax.Array, dt: float | jax.Array
    ) -> tuple[Memory, jax.Array]:
        """The gate k of the elapsed time blends the old state and that of an LSTM; the output is h."""
        tau, shift, ratio = (jax.nn.softplus(params[name]) for name in ("tau", "shift", "ratio"))
        phase = jnp.mod(dt - shift, tau) / tau
        rising, falling = 2 * phase * ratio, 2 - 2 * phase / ratio
        k = jnp.where(phase < ratio / 2, rising, jnp.where(phase < ratio, falling, LEAK * phase))
        new = _lstm(params["lstm"], state, x, 0.0)
        state = Memory(*(k * after + (1 - k) * before for after, before in zip(new, state, strict=True)))
        return state, state.h


class ODELSTMParams(TypedDict):
    lstm: Linear  # [4 H, I + H]
    ode: CTRNNParams


@dataclass(frozen=True, slots=True)
class ODELSTM:
    """An LSTM that remembers, and a CT-RNN that carries its hidden values over the elapsed time.

    Raises:
        ValueError: for an unknown method or fewer than one substep.
    """

    inputs: int
    units: int
    method: Method = "euler"
    substeps: int = 4

    def __post_init__(self) -> None:
        self._flow()

    @property
    def outputs(self) -> int:
        return self.units

    def _flow(self) -> CTRNN:
        return CTRNN(self.units, self.units, self.method, self.substeps)

    def init(self, key: jax.Array) -> ODELSTMParams:
        lstm_key, ode_key = jax.random.split(key)
        lstm = linear.init(lstm_key, self.inputs + self.units, 4 * self.units)
        return {"lstm": lstm, "ode": self._flow().init(ode_key)}

    def initial_state(self) -> Memory:
        """All zero."""
        return Memory(jnp.zeros(self.units), jnp.zeros(self.units))

    def step(
        self, params: ODELSTMParams, state: Memory, x: jax.Array, dt: float | jax.Array
    ) -> tuple[Memory, jax.Array]:
        """The LSTM does one step, however long it was; then its hidden values flow for ``dt``."""
        remembered = _lstm(params["lstm"], state, x, FORGET_BIAS)
        h, y = self._flow().step(params["ode"], state.h, remembered.h, dt)
        return Memory(h, remembered.c), y
