"""The closed-form continuous-time (CfC) cell: an LTC whose solution over time is approximated by a gate.

Hasani et al., Closed-form continuous-time neural networks, Nature Machine Intelligence 4, 2022,
arXiv:2106.13898; with the sign of time and names of the torch flavour of ncps 1.0.1. The sign that its Keras flavour
and the paper's own code have is that of ``time_a``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal, TypedDict, get_args

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.cells import linear
from lnncc.cells.linear import Linear

Mode = Literal["default", "no_gate", "pure"]
Activation = Literal["lecun_tanh", "tanh", "relu", "silu", "gelu"]
Squash = Literal["tanh", "none", "lecun_tanh"]


def lecun_tanh(x: jax.Array) -> jax.Array:
    """1.7159·tanh(0.666 x), after LeCun et al., Efficient BackProp, 1998."""
    return 1.7159 * jnp.tanh(0.666 * x)


ACTIVATIONS: Mapping[Activation, Callable[[jax.Array], jax.Array]] = {
    "lecun_tanh": lecun_tanh,
    "tanh": jnp.tanh,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "gelu": partial(jax.nn.gelu, approximate=False),
}
SQUASHES: Mapping[Squash, Callable[[jax.Array], jax.Array]] = {
    "tanh": jnp.tanh,
    "none": lambda x: x,
    "lecun_tanh": lecun_tanh,
}


class GatedHeads(TypedDict):
    """The layers behind the features in the modes "default" and "no_gate", all with H outputs."""

    ff1: Linear
    ff2: Linear
    time_a: Linear
    time_b: Linear


class PureHeads(TypedDict):
    """The layer and the vectors [H] behind the features in the mode "pure"."""

    ff1: Linear
    w_tau: jax.Array
    A: jax.Array


class GatedParams(GatedHeads):
    backbone: tuple[Linear, ...]


class PureParams(PureHeads):
    backbone: tuple[Linear, ...]


Heads = GatedHeads | PureHeads
CfCParams = GatedParams | PureParams


@dataclass(frozen=True, slots=True)
class CfC:
    """A CfC cell of ``units`` neurons, all of which are outputs.

    Args:
        mode: "default" blends two heads by the time gate, "no_gate" adds the gated head to the other,
            "pure" is the closed form with one head.
        backbone_layers: dense layers of ``backbone_units`` in front of the heads; 0 for none.
        activation: of the backbone.
        squash: of the heads ff1 and ff2 in the modes "default" and "no_gate": "tanh" in torch, "none" in ncps for
            Keras and TensorFlow, which leaves the state without a bound, "lecun_tanh" in the paper's TensorFlow code.

    Raises:
        ValueError: for a size below one, fewer than 0 layers, an unknown mode, activation or squash.
    """

    inputs: int
    units: int
    mode: Mode = "default"
    backbone_units: int = 128
    backbone_layers: int = 1
    activation: Activation = "lecun_tanh"
    squash: Squash = "tanh"

    def __post_init__(self) -> None:
        require_mode(self.mode, self.squash)
        if self.activation not in ACTIVATIONS:
            raise ValueError(f"activation must be one of {', '.join(ACTIVATIONS)}; got {self.activation!r}")
        for name, least in (("inputs", 1), ("units", 1), ("backbone_units", 1), ("backbone_layers", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} must be at least {least}, got {getattr(self, name)}")

    @property
    def outputs(self) -> int:
        return self.units

    def init(self, key: jax.Array) -> CfCParams:
        """Random parameters as ncps draws them: Xavier-uniform matrices, uniform biases."""
        head_key, *keys = jax.random.split(key, self.backbone_layers + 1)
        widths = (self.inputs + self.units, *(self.backbone_units,) * self.backbone_layers)
        backbone = tuple(linear.init(k, i, self.backbone_units) for k, i in zip(keys, widths, strict=False))
        if self.mode == "pure":
            return {"backbone": backbone, **_init_pure(head_key, widths[-1], self.units)}
        return {"backbone": backbone, **_init_gated(head_key, widths[-1], self.units)}

    def initial_state(self) -> jax.Array:
        """Hidden values [H], all zero."""
        return jnp.zeros(self.units)

    def step(
        self, params: CfCParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Hidden values [H] and inputs [I] to those ``dt`` later, as state and as outputs."""
        z = jnp.concatenate((x, state))
        for layer in params["backbone"]:
            z = ACTIVATIONS[self.activation](linear.apply(layer, z))
        state = close(params, z, dt, self.mode, squash=self.squash)
        return state, state


def init_heads(key: jax.Array, features: int, units: int, mode: Mode) -> Heads:
    return (_init_pure if mode == "pure" else _init_gated)(key, features, units)


def _init_pure(key: jax.Array, features: int, units: int) -> PureHeads:
    keys = jax.random.split(key, 3)
    return {
        "ff1": linear.init(keys[0], features, units),
        "w_tau": linear.xavier_uniform(keys[1], 1, units)[0],
        "A": linear.xavier_uniform(keys[2], 1, units)[0],
    }


def _init_gated(key: jax.Array, features: int, units: int) -> GatedHeads:
    ff1, ff2, time_a, time_b = (linear.init(k, features, units) for k in jax.random.split(key, 4))
    return {"ff1": ff1, "ff2": ff2, "time_a": time_a, "time_b": time_b}


def close(
    heads: Heads,
    z: jax.Array,
    dt: float | jax.Array,
    mode: Mode,
    mask: np.ndarray | None = None,
    *,
    squash: Squash = "tanh",
) -> jax.Array:
    """The new hidden values [H] from the features ``z`` and the elapsed time; ``mask`` is of ff1 and ff2."""
    if ("A" in heads) != (mode == "pure"):
        raise ValueError(f"these are not parameters of mode {mode!r}: they have {', '.join(sorted(heads))}")
    f1 = linear.apply(heads["ff1"], z, mask)
    if "A" in heads:
        decay = jnp.exp(-dt * (jnp.abs(heads["w_tau"]) + jnp.abs(f1)))
        return heads["A"] - heads["A"] * decay * f1
    f1, f2 = SQUASHES[squash](f1), SQUASHES[squash](linear.apply(heads["ff2"], z, mask))
    gate = jax.nn.sigmoid(linear.apply(heads["time_a"], z) * dt + linear.apply(heads["time_b"], z))
    return f1 + gate * f2 if mode == "no_gate" else f1 * (1 - gate) + gate * f2


def require_mode(mode: str, squash: str) -> None:
    for name, value, known in (("mode", mode, get_args(Mode)), ("squash", squash, get_args(Squash))):
        if value not in known:
            raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
