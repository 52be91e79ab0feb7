"""Training: Adam on windows drawn afresh in every step, the weights averaged over the last steps.

python -m examples.imu.train --all               trains and saves both cells on all folds, prints the table
python -m examples.imu.train --cell ltc --fold 2 trains and saves one
python -m examples.imu.train                     measures the saved weights
"""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import optax
from tqdm import tqdm

from examples.imu import augment, measure
from examples.imu.data import CLASSES, FOLDS, SETTLED, Fold, fold
from examples.imu.models import CELLS, Model, PyTree, build, outputs, run
from examples.imu.weights import load, save

__all__ = ["fit", "load", "run", "save"]

LAYOUT = argparse.RawDescriptionHelpFormatter
CHUNK = 25  # steps between two moves of the progress bar
Carry = tuple[PyTree, PyTree, optax.OptState]  # parameters, their running average, optimiser
Loss = Callable[[PyTree, jax.Array], jax.Array]


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long and how fast; ``steps`` is a multiple of ``CHUNK``."""

    steps: int
    batch: int
    rate: float  # of Adam, at its peak: it rises over the first 15 % of the steps, then falls as a cosine
    decay: float  # of the weights
    smoothing: float = 0.1  # of the labels
    averaging: float = 0.99  # what the running average of the weights keeps in a step
    seed: int = 0


SCHEDULES: Mapping[str, Schedule] = {
    "cfc": Schedule(steps=1500, batch=64, rate=5e-3, decay=1e-3),
    "ltc": Schedule(steps=1000, batch=64, rate=1.5e-2, decay=1e-3),
}


def fit(cell: str, split: Fold, schedule: Schedule | None = None, *, progress: bool = True) -> PyTree:
    """Parameters of ``cell`` trained on the training subjects of ``split``; the seed fixes all chance."""
    plan = schedule or SCHEDULES[cell]
    model = build(cell, rolled=False)
    rate = optax.cosine_onecycle_schedule(plan.steps, plan.rate, pct_start=0.15)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=plan.decay))
    first, rest = jax.random.split(jax.random.key(plan.seed))
    params = model.init(first)
    carry: Carry = params, params, optimiser.init(params)
    update = partial(_update, _loss(model, split, plan), optimiser, plan.averaging)
    return _iterated(update, carry, jax.random.split(rest, plan.steps), cell if progress else "")


def _loss(model: Model, split: Fold, plan: Schedule) -> Loss:
    draw = jax.vmap(partial(augment.draw, augment.source(split)))

    def loss(params: PyTree, key: jax.Array) -> jax.Array:
        windows, labels = draw(jax.random.split(key, plan.batch))
        logits = outputs(model, params, windows)[:, SETTLED:].mean(1)
        targets = optax.smooth_labels(jax.nn.one_hot(labels, len(CLASSES)), plan.smoothing)
        return jnp.mean(optax.softmax_cross_entropy(logits, targets))

    return loss


def _update(
    loss: Loss, optimiser: optax.GradientTransformation, keep: float, carry: Carry, key: jax.Array
) -> tuple[Carry, jax.Array]:
    params, average, state = carry
    value, gradient = jax.value_and_grad(loss)(params, key)
    change, state = optimiser.update(gradient, state, params)
    params = optax.apply_updates(params, change)
    return (params, optax.incremental_update(params, average, 1 - keep), state), value


def _iterated(
    update: Callable[[Carry, jax.Array], tuple[Carry, jax.Array]], carry: Carry, keys: jax.Array, title: str
) -> PyTree:
    """The averaged parameters after one update for each key; a bar if there is a title."""
    chunk = jax.jit(partial(jax.lax.scan, update))
    with tqdm(total=len(keys), disable=not title, desc=f"training {title}", unit="step") as bar:
        for start in range(0, len(keys), CHUNK):
            carry, losses = chunk(carry, keys[start : start + CHUNK])
            bar.set_postfix(loss=f"{losses.mean():.3f}", refresh=False)
            bar.update(len(losses))
    return carry[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=LAYOUT)
    parser.add_argument("--all", action="store_true", help="train both cells on all folds")
    parser.add_argument("--cell", choices=sorted(CELLS), help="train this cell only")
    parser.add_argument("--fold", type=int, choices=sorted(FOLDS), help="train on this fold only")
    options = parser.parse_args()
    wanted = options.all or options.cell or options.fold
    for number in [options.fold] if options.fold else FOLDS if wanted else ():
        for cell in [options.cell] if options.cell else CELLS:
            save(cell, number, fit(cell, fold(number)))
    measured = measure.measured()
    if wanted:
        measure.record(measured)
    print(measure.table(measured))


if __name__ == "__main__":
    main()
