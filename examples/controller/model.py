"""The controller: a CfC that is told the time since the last sample, and its training through the plant."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from examples import leaves
from examples.controller import plant as plants
from examples.controller.plant import PENDULUM, Plant
from lnncc.cells import CfC, Readout

UNITS = 16
FOLDER = Path(__file__).parent
BATCH, LENGTH, STEPS, RATE = 64, 120, 1500, 3e-3
EFFORT = 0.02  # what a command costs beside a position
Params = dict

cell = Readout(CfC(inputs=plants.INPUTS, units=UNITS, backbone_units=24, backbone_layers=1), 1)


def act(params: Params, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    """State and command of one step; dt in units of the period, as the network was trained."""
    return cell.step(params, h, x, dt)


def cost(
    params: Params, plant: Plant, start: jax.Array, dts: jax.Array, references: jax.Array, kicks: jax.Array
) -> jax.Array:
    """Of one run: mean squared error of the position in scales of the plant, and of commands."""

    def turn(carry, given):
        h, state = carry
        dt, reference, kick = given
        h, u = act(params, h, jnp.stack([state[0], reference]) / plant.scale, dt / plants.PERIOD)
        u = jnp.clip(u[0], -1, 1)
        error = (state[0] - reference) / plant.scale
        after = plants.advance(plant, state + jnp.array([0.0, 1.0]) * kick, u, dt)
        return (h, after), error**2 + EFFORT * u**2

    carry = cell.initial_state(), jnp.stack([start, 0.0])
    return jnp.mean(jnp.minimum(jax.lax.scan(turn, carry, (dts, references, kicks))[1], 25.0))


def drawn(generator: np.random.Generator, batch: int, length: int) -> tuple[np.ndarray, ...]:
    """Starts [batch], intervals, references and kicks [batch, length]."""
    references = np.repeat(generator.uniform(-0.3, 0.3, (batch, -(-length // 40))), 40, axis=1)[:, :length]
    kicks = generator.normal(0, 0.3, (batch, length)) * (generator.random((batch, length)) < 0.05)
    return generator.uniform(-0.3, 0.3, batch), plants.intervals(generator, (batch, length)), references, kicks


def moves(generator: np.random.Generator, batch: int, length: int) -> tuple[np.ndarray, ...]:
    """As ``drawn``, for what goes from place to place and rests there: speeds are ramps, smoothed."""
    speeds = generator.uniform(-1.0, 1.0, (batch, -(-length // 30))) * (generator.random((batch, 1)) < 0.8)
    smooth = np.apply_along_axis(np.convolve, 1, np.repeat(speeds, 30, axis=1), np.ones(12) / 12, "same")[:, :length]
    dts, start = plants.intervals(generator, (batch, length)), generator.uniform(-0.7, 0.7, batch)
    travelled = start[:, None] + np.cumsum(smooth * dts, axis=1) - smooth[:, :1] * dts[:, :1]
    kicks = generator.normal(0, 0.1, (batch, length)) * (generator.random((batch, length)) < 0.02)
    return start + generator.normal(0, 0.02, batch), dts, travelled, kicks


DRAWN = {"pendulum": drawn, "emps": moves}


def train(plant: Plant = PENDULUM, seed: int = 0) -> Params:
    """Adam through the simulated plant; half a minute on two cores."""
    generator, params = np.random.default_rng(seed), cell.init(jax.random.key(seed))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(RATE, STEPS)))

    def loss(params, given):
        return jnp.mean(jax.vmap(partial(cost, params, plant))(*given))

    @jax.jit
    def update(params, state, given):
        value, slope = jax.value_and_grad(loss)(params, given)
        change, state = optimiser.update(slope, state)
        return optax.apply_updates(params, change), state, value

    state = optimiser.init(params)
    with tqdm(range(STEPS), desc="controller") as bar:
        for _ in bar:
            params, state, value = update(params, state, DRAWN[plant.name](generator, BATCH, LENGTH))
            bar.set_postfix(cost=f"{float(value):.4f}", refresh=False)
    return params


def shipped(plant: Plant = PENDULUM) -> Params:
    """The weights beside this file."""
    return leaves.load(FOLDER / f"{plant.name}.npz", jax.eval_shape(cell.init, jax.random.key(0)))
