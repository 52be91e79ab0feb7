"""CfC cells in the layers of a wiring: inter, then command, then motor neurons within one step.

As ncps 1.0.1 does it for torch: synapses inside a layer are dense whatever the wiring says, the wiring masks
the heads ff1 and ff2 only, and the time gate stays dense.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.cells.cfc import Heads, Mode, Squash, close, init_heads, require_mode
from lnncc.cells.wirings import Wiring

WiredParams = Mapping[str, Heads]


@dataclass(frozen=True, slots=True)
class WiredCfC:
    """One CfC cell without backbone a layer of ``wiring``; the outputs are all neurons of the last layer.

    The state is one vector in the order of the layers. Parameters are ``{"layer_0": heads, …}``.

    ``squash`` is that of ``CfC``.

    Raises:
        ValueError: for an unknown mode or squash.
    """

    wiring: Wiring
    mode: Mode = "default"
    squash: Squash = "tanh"

    def __post_init__(self) -> None:
        require_mode(self.mode, self.squash)

    @property
    def inputs(self) -> int:
        return self.wiring.inputs

    @property
    def outputs(self) -> int:
        return len(self.wiring.layers[-1])

    def init(self, key: jax.Array) -> WiredParams:
        """Random parameters as ncps draws them: Xavier-uniform matrices, uniform biases."""
        masks = layer_masks(self.wiring)
        keys = jax.random.split(key, len(masks))
        return {
            f"layer_{i}": init_heads(k, mask.shape[1], mask.shape[0], self.mode)
            for i, (k, mask) in enumerate(zip(keys, masks, strict=True))
        }

    def initial_state(self) -> jax.Array:
        """Hidden values of all layers [N], all zero."""
        return jnp.zeros(self.wiring.units)

    def step(
        self, params: WiredParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Hidden values [N] and inputs [I] to the hidden values ``dt`` later and those of the last layer."""
        masks, new = layer_masks(self.wiring), []
        ends = np.cumsum([len(mask) for mask in masks])
        for i, (mask, end) in enumerate(zip(masks, ends, strict=True)):
            z = jnp.concatenate((x, state[end - len(mask) : end]))
            x = close(params[f"layer_{i}"], z, dt, self.mode, mask, squash=self.squash)
            new.append(x)
        return jnp.concatenate(new), x


def layer_masks(wiring: Wiring) -> tuple[np.ndarray, ...]:
    """For each layer, whether each neuron (row) hears each source: the layer before, then its own layer."""
    blocks = [wiring.sensory[:, wiring.layers[0]]]
    for before, layer in zip(wiring.layers, wiring.layers[1:], strict=False):
        blocks.append(wiring.adjacency[np.ix_(before, layer)])
    return tuple(np.hstack((block.T != 0, np.ones((block.shape[1],) * 2, bool))) for block in blocks)
