"""What few bits cost a CfC: weights rounded after training, and trained through the rounding.

python -m examples.accuracy.qat --data FOLDER                         # the table, from the weights that ship
python -m examples.accuracy.qat --data FOLDER --train cheetah emps    # trains those again
"""

import argparse
from functools import partial
from pathlib import Path

from examples.accuracy import fixed, train, weights
from examples.accuracy.grid import on_grid
from examples.accuracy.models import PyTree, run
from examples.accuracy.sets import TASKS
from examples.accuracy.task import Schedule, Split, Task

SETS, CELL = ("cheetah", "gesture", "traffic"), "cfc"
BITS = (16, 8, 6, 4)
TUNING = Schedule(steps=400, batch=64, rate=1e-3)


def tuned(task: Task, split: Split, bits: int) -> tuple[PyTree, float]:
    """The float weights trained on through the rounding to ``bits``, and their metric on the validation part."""
    model = task.cells[CELL]()
    wrap = partial(on_grid, model, bits=bits)
    start, title = weights.params(task, CELL), f"{task.name} {bits}"
    return train.fit(task, model, split, TUNING, start=start, wrap=wrap, title=title)


def line(task: Task, split: Split, bits: int) -> str:
    """In float, rounded to the nearest, rounded for the training inputs, trained through the rounding."""
    params, test = weights.params(task, CELL), split.test
    exact = run(task.cells[CELL](), params, test.inputs, test.elapsed)
    found = [exact, fixed.outputs(fixed.compiled(task, CELL, params, bits), test)]
    if bits <= 8:
        stored = weights.params(task, CELL, weights.tuned(CELL, bits))
        found += [fixed.outputs(fixed.compiled(task, CELL, p, bits, split.train), test) for p in (params, stored)]
    cells = [f"{task.metrics[0].of(y, test, split.unit):.4g}" for y in found] + ["-"] * (4 - len(found))
    return f"| {task.name} | {task.metrics[0].name} | {bits} | " + " | ".join(cells) + " |"


def widths(task: Task) -> tuple[int, ...]:
    """Those that weights of the set are trained through: all for the table, or what the benchmark needs."""
    return BITS[1:] if task.name in SETS else tuple(bits for cell, bits in task.tuned if cell == CELL)


def main() -> None:
    known = [name for name, task in TASKS.items() if widths(task)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with one folder a data set")
    parser.add_argument("--train", choices=known, nargs="+", default=[], metavar="SET", help="train these again")
    options = parser.parse_args()
    for task in (TASKS[name] for name in options.train):
        split = task.load(options.data)
        for bits in widths(task):
            params, valid = tuned(task, split, bits)
            weights.save(task, CELL, params, split, valid, weights.tuned(CELL, bits))
    print("| data set | metric | bits of a weight | float | nearest (PTQ) | for the inputs (GPTQ) | trained (QAT) |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for task in (TASKS[name] for name in SETS):
        split = task.load(options.data)
        for bits in BITS:
            print(line(task, split, bits), flush=True)


if __name__ == "__main__":
    main()
