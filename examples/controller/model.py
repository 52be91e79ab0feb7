"""The controller: a CfC that is told the time since the last sample, and its training through the plant."""

from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from examples import leaves
from examples.controller import plant
from lnncc.cells import CfC, Readout

UNITS = 16
WEIGHTS = Path(__file__).parent / "weights.npz"
BATCH, LENGTH, STEPS, RATE = 64, 120, 1500, 3e-3
EFFORT = 0.02  # what a command costs beside an angle
Params = dict

cell = Readout(CfC(inputs=plant.INPUTS, units=UNITS, backbone_units=24, backbone_layers=1), 1)


def act(params: Params, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    """State and command of one step; dt in units of the period, as the network was trained."""
    return cell.step(params, h, x, dt)


def cost(params: Params, start: jax.Array, dts: jax.Array, references: jax.Array, kicks: jax.Array) -> jax.Array:
    """Of one run: mean squared error of the angle in units of ANGLE, and of commands."""

    def turn(carry, given):
        h, state = carry
        dt, reference, kick = given
        h, u = act(params, h, jnp.stack([state[0], reference]) / plant.ANGLE, dt / plant.PERIOD)
        u = jnp.clip(u[0], -1, 1)
        error = (state[0] - reference) / plant.ANGLE
        after = plant.advance(state + jnp.array([0.0, 1.0]) * kick, u, dt)
        return (h, after), error**2 + EFFORT * u**2

    carry = cell.initial_state(), jnp.stack([start, 0.0])
    return jnp.mean(jnp.minimum(jax.lax.scan(turn, carry, (dts, references, kicks))[1], 25.0))


def drawn(generator: np.random.Generator, batch: int, length: int) -> tuple[np.ndarray, ...]:
    """Starts [batch], intervals, references and kicks [batch, length]."""
    references = np.repeat(generator.uniform(-0.3, 0.3, (batch, -(-length // 40))), 40, axis=1)[:, :length]
    kicks = generator.normal(0, 0.3, (batch, length)) * (generator.random((batch, length)) < 0.05)
    return generator.uniform(-0.3, 0.3, batch), plant.intervals(generator, (batch, length)), references, kicks


def train(seed: int = 0) -> Params:
    """Adam through the simulated plant; half a minute on two cores."""
    generator, params = np.random.default_rng(seed), cell.init(jax.random.key(seed))
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(optax.cosine_decay_schedule(RATE, STEPS)))

    def loss(params, given):
        return jnp.mean(jax.vmap(partial(cost, params))(*given))

    @jax.jit
    def update(params, state, given):
        value, slope = jax.value_and_grad(loss)(params, given)
        change, state = optimiser.update(slope, state)
        return optax.apply_updates(params, change), state, value

    state = optimiser.init(params)
    with tqdm(range(STEPS), desc="controller") as bar:
        for _ in bar:
            params, state, value = update(params, state, drawn(generator, BATCH, LENGTH))
            bar.set_postfix(cost=f"{float(value):.4f}", refresh=False)
    return params


def shipped() -> Params:
    """The weights beside this file."""
    return leaves.load(WEIGHTS, jax.eval_shape(cell.init, jax.random.key(0)))
