"""Training: Adam on random sequences; of the weights seen, those that do best on the validation part are kept.

python -m examples.accuracy.train --data FOLDER cheetah occupancy        # both cells of each
python -m examples.accuracy.train --data FOLDER cheetah --cell cfc
"""

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax
from tqdm import tqdm

from examples.accuracy import sets, weights
from examples.accuracy.models import Model, PyTree, outputs, run, unrolled
from examples.accuracy.task import Part, Schedule, Split, Task

LOOKS = 40  # at the validation part in a training
Carry = tuple[PyTree, optax.OptState]
Wrap = Callable[[PyTree], PyTree]


def fit(
    task: Task,
    model: Model,
    split: Split,
    schedule: Schedule,
    *,
    start: PyTree | None = None,
    wrap: Wrap = lambda params: params,
    seed: int = 0,
    title: str = "",
) -> tuple[PyTree, float]:
    """The best parameters on ``split.valid``, and its metric there; the seed fixes all chance.

    ``start`` are parameters to begin with. The model sees ``wrap(params)``, for training under quantisation.
    """
    first, rest = jax.random.split(jax.random.key(seed))
    model, params = unrolled(model), model.init(first) if start is None else start
    rate = optax.cosine_onecycle_schedule(schedule.steps, schedule.rate, pct_start=0.1)
    optimiser = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=schedule.decay))
    update = partial(_update, partial(_loss, model, split, wrap), optimiser, split.train, schedule.batch)
    return _kept(task, model, split, update, (params, optimiser.init(params)), rest, schedule, wrap, title)


def _loss(model: Model, split: Split, wrap: Wrap, params: PyTree, batch: Sequence[jax.Array | None]) -> jax.Array:
    """Cross entropy for classes, squared error in the units of the data for numbers, over the judged steps."""
    inputs, targets, judged, elapsed = batch
    found = outputs(model, wrap(params), inputs, elapsed)
    if targets.ndim == 2:
        losses = optax.softmax_cross_entropy_with_integer_labels(found, targets)
    else:
        share = split.unit**2 / (split.unit**2).mean()
        losses = ((found - targets) ** 2 * share).mean(-1)
    return (losses * judged).sum() / judged.sum()


def _update(
    loss: Callable[[PyTree, Sequence[jax.Array | None]], jax.Array],
    optimiser: optax.GradientTransformation,
    part: Part,
    size: int,
    carry: Carry,
    key: jax.Array,
) -> tuple[Carry, jax.Array]:
    rows = jax.random.randint(key, (size,), 0, len(part.inputs))
    arrays = (part.inputs, part.targets, part.judged, part.elapsed)
    batch = [None if a is None else jnp.asarray(a)[rows] for a in arrays]
    params, state = carry
    value, gradient = jax.value_and_grad(loss)(params, batch)
    change, state = optimiser.update(gradient, state, params)
    return (optax.apply_updates(params, change), state), value


def _kept(
    task: Task,
    model: Model,
    split: Split,
    update: Callable[[Carry, jax.Array], tuple[Carry, jax.Array]],
    carry: Carry,
    key: jax.Array,
    schedule: Schedule,
    wrap: Wrap,
    title: str,
) -> tuple[PyTree, float]:
    chunk = jax.jit(partial(jax.lax.scan, update))
    judge = jax.jit(partial(outputs, model))
    metric, best = task.metrics[0], None
    keys = jax.random.split(key, (LOOKS, max(schedule.steps // LOOKS, 1)))
    for some in (bar := tqdm(keys, desc=title, disable=not title)):
        carry, losses = chunk(carry, some)
        seen = wrap(carry[0])
        valid = metric.of(np.asarray(judge(seen, split.valid.inputs, split.valid.elapsed)), split.valid, split.unit)
        if np.isfinite(valid) and (best is None or metric.better(valid, best[1])):
            best = seen, valid
        bar.set_postfix(loss=f"{losses.mean():.4f}", valid=f"{valid:.4g}")
    if best is None:
        raise FloatingPointError(f"{task.name}: no finite result on the validation part; lower the rate")
    return best


def trained(task: Task, cell: str, split: Split, *, seed: int = 0, progress: bool = True) -> tuple[PyTree, float]:
    """Both of ``fit``, with the cell and the schedule of the task."""
    title = f"{task.name} {cell}" if progress else ""
    return fit(task, task.cells[cell](), split, task.schedules[cell], seed=seed, title=title)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", choices=sorted(sets.TASKS), metavar="SET")
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder a data set")
    parser.add_argument("--cell", help="train this cell only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--dry-run", action="store_true", help="save nothing")
    options = parser.parse_args()
    for name in options.names:
        task = sets.TASKS[name]
        split = task.load(options.data)
        for cell in [options.cell] if options.cell else task.schedules:
            params, valid = trained(task, cell, split, seed=options.seed)
            found = run(task.cells[cell](), params, split.test.inputs, split.test.elapsed)
            test = task.metrics[0].of(found, split.test, split.unit)
            print(f"{name} {cell}: {task.metrics[0].name} {valid:.4f} on validation, {test:.4f} on test", flush=True)
            if not options.dry_run:
                weights.save(task, cell, params, split, valid)


if __name__ == "__main__":
    main()
