"""The networks of the benchmark: one liquid cell and a linear readout, small enough for any microcontroller."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.cells import LTC, CfC, FullyConnected, Readout

Model = Readout
PyTree = object
DT = 1.0  # time is counted in samples where they are equally spaced

UNITS = 32  # as in the tables of the LTC paper


def cfc(inputs: int, outputs: int, units: int = UNITS, backbone: int = 64) -> Model:
    return Readout(CfC(inputs, units, backbone_units=backbone), outputs)


def ltc(inputs: int, outputs: int, units: int = UNITS, unfolds: int = 6) -> Model:
    return Readout(LTC(FullyConnected(units, units).wire(inputs), unfolds), outputs)


def pair(inputs: int, outputs: int, backbone: int = 64) -> dict[str, Callable[[], Model]]:
    """A CfC and a fully connected LTC of as many units."""
    return {"cfc": partial(cfc, inputs, outputs, backbone=backbone), "ltc": partial(ltc, inputs, outputs)}


def unrolled(model: Model) -> Model:
    """The same network with the solver of an LTC written out, which trains faster and makes larger code."""
    cell = model.cell
    return replace(model, cell=replace(cell, rolled=False)) if isinstance(cell, LTC) else model


def outputs(model: Model, params: PyTree, inputs: jax.Array, elapsed: jax.Array | None = None) -> jax.Array:
    """[n, T, I] to [n, T, O], each sequence from the initial state; ``elapsed`` [n, T] where time is irregular."""
    # recomputing a step on the way back costs less than fetching all that it held
    step = jax.checkpoint(partial(model.step, params))

    def one(xs: jax.Array, dts: jax.Array) -> jax.Array:
        return jax.lax.scan(lambda state, x: step(state, *x), model.initial_state(), (xs, dts))[1]

    if elapsed is None:
        elapsed = jnp.full(inputs.shape[:2], DT)
    return jax.vmap(one)(inputs, elapsed)


def run(model: Model, params: PyTree, inputs: np.ndarray, elapsed: np.ndarray | None = None) -> np.ndarray:
    """As ``outputs``, for arrays of NumPy, compiled."""
    return np.asarray(jax.jit(partial(outputs, model))(params, inputs, elapsed))
