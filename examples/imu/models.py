"""The two networks: a CfC and an LTC, both wired by AutoNCP, both with a linear readout to the classes."""

from collections.abc import Callable
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from examples.imu.data import CHANNELS, CLASSES, DT, Floats
from lnncc.cells import LTC, AutoNCP, Readout, WiredCfC

PyTree = object
Model = Readout


def _cfc(_rolled: bool) -> Model:
    wiring = AutoNCP(units=40, outputs=12, sparsity=0.5, seed=1).wire(len(CHANNELS))
    return Readout(WiredCfC(wiring), len(CLASSES))


def _ltc(rolled: bool) -> Model:
    wiring = AutoNCP(units=32, outputs=12, sparsity=0.5, seed=1).wire(len(CHANNELS))
    return Readout(LTC(wiring, unfolds=3, rolled=rolled), len(CLASSES))


CELLS: dict[str, Callable[[bool], Model]] = {"cfc": _cfc, "ltc": _ltc}


def build(cell: str, *, rolled: bool = True) -> Model:
    """The untrained network "cfc" or "ltc": ``init``, ``initial_state`` and the canonical ``step``.

    ``rolled`` keeps the solver of the LTC a loop, which makes small code; written out it trains faster.

    Raises:
        ValueError: for another name.
    """
    if cell not in CELLS:
        raise ValueError(f"cell must be one of {', '.join(CELLS)}; got {cell!r}")
    return CELLS[cell](rolled)


def outputs(model: Model, params: PyTree, windows: jax.Array) -> jax.Array:
    """[n, 50, 6] to the outputs of all steps [n, 50, 7]; each window starts from the initial state."""
    # recomputing a step on the way back costs less than fetching all that it held: half the time for the LTC
    step = jax.checkpoint(partial(model.step, params))

    def one(window: jax.Array) -> jax.Array:
        return jax.lax.scan(lambda state, x: step(state, x, DT), model.initial_state(), window)[1]

    return jax.vmap(one)(windows)


def run(cell: str, params: PyTree, windows: Floats) -> Floats:
    """As ``outputs``, for arrays of NumPy, compiled."""
    model = build(cell)
    return np.asarray(jax.jit(partial(outputs, model))(params, jnp.asarray(windows)))
