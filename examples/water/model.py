"""The forecaster: a CfC of eight units that is told the hours since the last sample, and gives the next value."""

from pathlib import Path

import jax
import jax.numpy as jnp
import optax
from tqdm import tqdm

from examples import leaves
from examples.water.data import WATER, Series
from lnncc.cells import CfC, Readout

INPUTS, UNITS = 3, 8
FOLDER = Path(__file__).parent
STEPS, RATE = 600, 1e-2
WARM = 24  # samples that only fill the state
COPIES, SHIFT, NOISE = 8, 1.0, 0.1  # of the series at once; in scales: how far its level is moved, and noise
Params = dict

cell = Readout(CfC(inputs=INPUTS, units=UNITS, backbone_units=12, backbone_layers=1), 1)


def run(params: Params, inputs: jax.Array, elapsed: jax.Array) -> jax.Array:
    """Forecasts [n] of the value one sample ahead, in scales."""

    def turn(h, given):
        return cell.step(params, h, *given)

    return jax.lax.scan(turn, cell.initial_state(), (inputs, elapsed))[1][:, 0]


def train(series: Series, seed: int = 0) -> Params:
    """Adam on the part where nothing happens, at other levels and with noise: two weeks are little to learn from."""
    inputs, elapsed = jnp.asarray(series.inputs[series.learned]), jnp.asarray(series.elapsed[series.learned])
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(optax.cosine_decay_schedule(RATE, STEPS)))

    def loss(params, key):
        first, second = jax.random.split(key)
        levels = jax.random.uniform(first, (COPIES, 1, 1), minval=-SHIFT, maxval=SHIFT) * jnp.array([1.0, 0.0, 0.0])
        noise = NOISE * jax.random.normal(second, (COPIES, *inputs.shape))
        forecasts = jax.vmap(lambda x: run(params, x, elapsed))(inputs + levels + noise)
        return jnp.mean((forecasts[:, WARM:-1] - (inputs + levels)[:, WARM + 1 :, 0]) ** 2)

    @jax.jit
    def update(params, state, key):
        value, slope = jax.value_and_grad(loss)(params, key)
        change, state = optimiser.update(slope, state, params)
        return optax.apply_updates(params, change), state, value

    params = cell.init(jax.random.key(seed))
    state = optimiser.init(params)
    with tqdm(range(STEPS), desc="forecaster") as bar:
        for turn in bar:
            params, state, value = update(params, state, jax.random.fold_in(jax.random.key(seed + 1), turn))
            bar.set_postfix(mse=f"{float(value):.4f}", refresh=False)
    return params


def shipped(name: str = WATER) -> Params:
    """The weights beside this file, of the series called ``name``."""
    return leaves.load(FOLDER / f"{name}.npz", jax.eval_shape(cell.init, jax.random.key(0)))
