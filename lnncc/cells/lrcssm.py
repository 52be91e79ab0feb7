"""A block of LrcSSM: a normed, diagonal LRC between dense layers, with a residual around it.

Farsang, Hasani, Rus, Grosu, Scaling Up Liquid-Resistance Liquid-Capacitance Networks, arXiv:2505.21717.
"""

from dataclasses import dataclass
from typing import Literal, TypedDict

import jax
import jax.numpy as jnp

from lnncc.cells import linear
from lnncc.cells.linear import Linear
from lnncc.cells.lrc import LRCU, LRCParams

Norm = Literal["layer", "rms", "none"]
EPSILON = 1e-5


class BlockParams(TypedDict):
    scale: jax.Array  # [D] of the norm
    offset: jax.Array  # [D] of the norm, if it is a layer norm
    lrc: LRCParams
    value: Linear  # [D, N]
    gate: Linear  # [D, N]


class LrcSSMParams(TypedDict):
    encoder: Linear  # [D, I]
    blocks: tuple[BlockParams, ...]


@dataclass(frozen=True, slots=True)
class LrcSSM:
    """``blocks`` of x + GLU(LRC(norm(x))) behind an encoder; ``width`` channels, ``units`` states a block.

    Raises:
        ValueError: for an unknown norm.
    """

    inputs: int
    width: int
    units: int
    blocks: int = 2
    norm: Norm = "layer"

    def __post_init__(self) -> None:
        if self.norm not in ("layer", "rms", "none"):
            raise ValueError(f"norm must be layer, rms or none; got {self.norm!r}")

    @property
    def outputs(self) -> int:
        return self.width

    def init(self, key: jax.Array) -> LrcSSMParams:
        encoder_key, *keys = jax.random.split(key, self.blocks + 1)
        return {
            "encoder": linear.init(encoder_key, self.inputs, self.width),
            "blocks": tuple(self._init_block(k) for k in keys),
        }

    def _init_block(self, key: jax.Array) -> BlockParams:
        lrc_key, value_key, gate_key = jax.random.split(key, 3)
        return {
            "scale": jnp.ones(self.width),
            "offset": jnp.zeros(self.width),
            "lrc": self._lrc.init(lrc_key),
            "value": linear.init(value_key, self.units, self.width),
            "gate": linear.init(gate_key, self.units, self.width),
        }

    @property
    def _lrc(self) -> LRCU:
        return LRCU(self.width, self.units, "symmetric")

    def initial_state(self) -> jax.Array:
        """Potentials [blocks, N], all zero."""
        return jnp.zeros((self.blocks, self.units))

    def step(
        self, params: LrcSSMParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Potentials and inputs [I] to the potentials ``dt`` later and the channels [D] of the last block."""
        x, after = linear.apply(params["encoder"], x), []
        for block, before in zip(params["blocks"], state, strict=True):
            h, _ = self._lrc.step(block["lrc"], before, self._normed(block, x), dt)
            after.append(h)
            x = x + linear.apply(block["value"], h) * jax.nn.sigmoid(linear.apply(block["gate"], h))
        return jnp.stack(after), x

    def _normed(self, block: BlockParams, x: jax.Array) -> jax.Array:
        if self.norm == "none":
            return x
        centred = x - x.mean() if self.norm == "layer" else x
        normed = centred * jax.lax.rsqrt((centred**2).mean() + EPSILON) * block["scale"]
        return normed + block["offset"] if self.norm == "layer" else normed
