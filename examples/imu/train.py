"""Training: Adam on windows drawn afresh in every step, the weights averaged over the last steps."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from examples.imu import augment
from examples.imu.data import CLASSES, DT, SETTLED, Floats, Fold, accuracy, fold
from examples.imu.models import Model, build

PyTree = object


@dataclass(frozen=True, slots=True)
class Schedule:
    steps: int
    batch: int
    rate: float  # of Adam, at its peak
    decay: float = 1e-3
    smoothing: float = 0.1  # of the labels
    averaging: float = 0.99  # of the weights, a step
    seed: int = 0


SCHEDULES = {"cfc": Schedule(steps=1500, batch=64, rate=5e-3), "ltc": Schedule(steps=600, batch=64, rate=1e-2)}
CHUNK = 25  # steps between two ticks of the progress bar


def outputs(model: Model, params: PyTree, windows: jax.Array) -> jax.Array:
    """[n, 50, 6] to the outputs of all steps [n, 50, 7], each window from the initial state."""

    def one(window: jax.Array) -> jax.Array:
        def step(state: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
            return jax.checkpoint(model.step)(params, state, x, DT)

        return jax.lax.scan(step, model.initial_state(), window)[1]

    return jax.vmap(one)(windows)


def run(cell: str, params: PyTree, windows: Floats) -> Floats:
    return np.asarray(jax.jit(partial(outputs, build(cell)))(params, jnp.asarray(windows)))


def fit(cell: str, split: Fold, schedule: Schedule | None = None, *, progress: bool = True) -> PyTree:
    schedule = schedule or SCHEDULES[cell]
    model = build(cell, rolled=False)
    rate = optax.cosine_onecycle_schedule(schedule.steps, schedule.rate, pct_start=0.15)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=schedule.decay))
    src = augment.source(split)

    def loss(params, key):
        x, labels = jax.vmap(partial(augment.draw, src))(jax.random.split(key, schedule.batch))
        logits = outputs(model, params, x)[:, SETTLED:]
        targets = optax.smooth_labels(jax.nn.one_hot(labels, len(CLASSES)), schedule.smoothing)
        ce = optax.softmax_cross_entropy(logits.mean(1), targets)
        return jnp.mean(ce)

    def update(carry, key):
        params, average, state = carry
        value, grads = jax.value_and_grad(loss)(params, key)
        updates, state = optimiser.update(grads, state, params)
        params = optax.apply_updates(params, updates)
        average = optax.incremental_update(params, average, 1 - schedule.averaging)
        return (params, average, state), value

    chunk = jax.jit(partial(jax.lax.scan, update))
    first, rest = jax.random.split(jax.random.key(schedule.seed))
    params = model.init(first)
    keys = jax.random.split(rest, schedule.steps)
    carry = params, params, optimiser.init(params)
    with tqdm(total=schedule.steps, disable=not progress, desc=cell, mininterval=10) as bar:
        for at in range(0, schedule.steps, CHUNK):
            carry, losses = chunk(carry, keys[at : at + CHUNK])
            bar.update(CHUNK)
            bar.set_postfix(loss=f"{losses.mean():.3f}", refresh=False)
    return carry[1]
