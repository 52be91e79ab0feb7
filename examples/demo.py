"""The whole path on real data: train, compile, prove, verify on the desk, run on an emulated Cortex-M4.

python -m examples.demo [--fast] [--fold 1] [--picture F.png]
python -m examples.demo --folds    # accuracy of the shipped weights on all three folds, float and fixed point
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

import lnncc
from examples import program
from examples.imu import data, models, train, weights
from examples.imu.ridge import ridge
from lnncc import target, twin
from lnncc.extras import needs
from lnncc.validate import chip, compare, host
from lnncc.validate.footprint import Footprint

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CHIP = "cortex-m4"
CHIP_STEPS = 1000
BATCH = 256  # windows compared in one go, so that the progress bar moves


@dataclass(frozen=True, slots=True)
class Row:
    """What the table says of one cell."""

    cell: str
    float_accuracy: float
    fixed_accuracy: float
    host_exact: str
    chip_exact: str
    max_error: float
    sizes: Footprint
    instructions: int
    cycles: str
    floats: data.Floats  # outputs [windows, 50, 7] of the float model
    fixed: data.Floats  # and of the C, in the same units


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fast", action="store_true", help="use the weights that ship with the example")
    arguments.add_argument("--fold", type=int, default=1, choices=sorted(data.FOLDS), help="which subjects to test on")
    arguments.add_argument("--folds", action="store_true", help="only compare float and fixed accuracy on all folds")
    arguments.add_argument("--picture", metavar="F", help="draw what the C said into F.png or F.svg")
    options = arguments.parse_args()
    if options.folds:
        print(folds())
        return
    split = data.fold(options.fold)
    began = time.monotonic()
    rows = [run(cell, split, options.fold, fast=options.fast) for cell in models.CELLS]
    print(table(rows, options.fold))
    if options.picture:
        draw(rows, split.test, Path(options.picture))
    print(f"done in {time.monotonic() - began:.0f} s", file=sys.stderr)


def compiled(cell: str, params: object) -> lnncc.Program:
    model = models.build(cell)
    return lnncc.compile(
        model.step,
        jax.tree.map(np.asarray, params),
        state=model.initial_state(),
        inputs=jax.ShapeDtypeStruct((len(data.CHANNELS),), jnp.float32),
        dt=data.DT,
        ranges={"x": (-data.LIMIT, data.LIMIT)},
        target=CHIP,
        name=f"imu_{cell}",
    )


def run(cell: str, split: data.Fold, number: int, *, fast: bool) -> Row:
    params = weights.load(cell, number) if fast else train.fit(cell, split)
    program = compiled(cell, params)
    folder = Path("build") / f"imu_{cell}"
    program.save(folder)
    print(f"{program.report()}\nwritten to {folder}/", file=sys.stderr)
    windows = split.test.windows
    exact, fixed = verified(program, windows)
    result, equal = emulated(program, windows)
    floats = models.run(cell, params, windows)
    cycles = result.run.cycles_per_step
    return Row(
        cell,
        data.accuracy(floats, split.test.labels),
        data.accuracy(fixed, split.test.labels),
        f"{exact}/{windows.shape[0] * windows.shape[1]}",
        f"{equal}/{CHIP_STEPS}",
        float(np.abs(fixed - floats).max()),
        result.sizes,
        result.run.instructions_per_step or 0,
        "-" if cycles is None else "{min}/{nominal}/{max}".format(**cycles),
        floats,
        fixed,
    )


def verified(program: lnncc.Program, windows: data.Floats) -> tuple[int, data.Floats]:
    """Steps on which C and twin agree in every bit, over all windows, and the outputs of the C in real units."""
    build = program.build
    library = host.build(build)
    exact, outputs = 0, []
    for batch in tqdm(list(_batches(windows)), desc=f"C == twin, {build.name}"):
        raw = compare.raw_inputs(build, {"x": batch})
        trace = host.run(library, build.interface, raw)
        exact += compare.equal_steps(trace, twin.run(build.integer, raw))
        outputs.append(next(iter(compare.real_outputs(build, trace[1]).values())))
    return exact, np.concatenate(outputs)


def _batches(windows: data.Floats) -> Iterator[data.Floats]:
    for start in range(0, len(windows), BATCH):
        yield windows[start : start + BATCH]


def emulated(program: lnncc.Program, windows: data.Floats) -> tuple[chip.Result, int]:
    """The first windows, one after the other, on the emulated chip: the result and the steps equal to the twin."""
    build = program.build
    stream = windows.reshape(1, -1, windows.shape[-1])[:, :CHIP_STEPS]
    raw = compare.raw_inputs(build, {"x": stream})
    result = chip.execute(build, target.load(CHIP), tuple(x[0] for x in raw))
    return result, compare.equal_steps(result.trace, twin.run(build.integer, raw))


def table(rows: list[Row], fold: int) -> str:
    head = (
        f"\nFold {fold}, 16 bits, {CHIP}: instructions are counted in an emulator, cycles are estimated from Arm's\n"
        "instruction timings at zero wait states (min/nominal/max); neither was measured on silicon.\n\n"
        "| cell | accuracy float | fixed | max error | C == twin, host | == twin, M4 | flash | RAM | stack "
        "| instructions/step | cycles/step |\n|" + "---|" * 11 + "\n"
    )
    return head + "\n".join(
        f"| {r.cell} | {r.float_accuracy:.1%} | {r.fixed_accuracy:.1%} | {r.max_error:.1e} | {r.host_exact} "
        f"| {r.chip_exact} | {r.sizes.flash} | {r.sizes.ram} | {r.sizes.stack} | {r.instructions} | {r.cycles} |"
        for r in rows
    )


def draw(rows: Sequence[Row], test: data.Windows, path: Path) -> None:
    """Of each cell: which exercise the C tells where each was done, and its outputs over the float model's."""
    with needs("matplotlib", "plot"):
        from matplotlib.figure import Figure  # an extra
    figure = Figure(figsize=(10, 3.6 * len(rows)), layout="constrained")
    for row, (left, right) in zip(rows, figure.subplots(len(rows), 2, squeeze=False), strict=True):
        _told(left, row, test.labels)
        _followed(right, row, int(test.labels[0]))
    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else {"Date": None})


def _told(axes: "Axes", row: Row, labels: data.Ints) -> None:
    """Shares of the windows of each exercise, in percent."""
    shares = np.zeros((len(data.CLASSES), len(data.CLASSES)))
    np.add.at(shares, (labels, data.classify(row.fixed)), 1)
    shares *= 100 / np.maximum(shares.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=100)
    for (done, told), share in np.ndenumerate(shares):
        color = "white" if share > 50 else "black"
        axes.text(told, done, f"{share:.0f}" if share else "", ha="center", va="center", color=color)
    for set_ticks in (axes.set_xticks, axes.set_yticks):
        set_ticks(range(len(data.CLASSES)), data.CLASSES)
    axes.set(xlabel="told by the C", ylabel="done", title=f"{row.cell}: windows told so, %")


def _followed(axes: "Axes", row: Row, label: int) -> None:
    """The first window."""
    seconds = np.arange(data.WINDOW) * data.PERIOD
    for k, name in enumerate(data.CLASSES):
        axes.plot(seconds, row.floats[0, :, k], color=f"C{k}", linewidth=5, alpha=0.3)
        axes.plot(seconds, row.fixed[0, :, k], color=f"C{k}", linewidth=1.2, label=name)
    axes.axvspan(data.SETTLED * data.PERIOD, seconds[-1], color="0.95", zorder=0)
    axes.legend(loc="upper left", ncols=4, fontsize="small", frameon=False)
    title = f"{row.cell}: a window of {data.CLASSES[label]}; pale the float model, dark the C"
    axes.set(xlabel="seconds; the mean over the grey part tells", ylabel="output", title=title)


def folds() -> str:
    """Accuracy by fold and over all of them, of the baseline and of both cells in float and in fixed point."""
    lines = ["| fold | windows | ridge |" + "".join(f" {cell} float | fixed |" for cell in models.CELLS)]
    lines.append("|" + "---|" * (lines[0].count("|") - 1))
    counts, sums = 0, np.zeros(1 + 2 * len(models.CELLS))
    for number in data.FOLDS:
        split = data.fold(number)
        found = [ridge(split)]
        for cell in models.CELLS:
            params = weights.load(cell, number)
            floats = models.run(cell, params, split.test.windows)
            _, fixed = verified(compiled(cell, params), split.test.windows)
            found += [data.accuracy(floats, split.test.labels), data.accuracy(fixed, split.test.labels)]
        n = len(split.test.windows)
        counts, sums = counts + n, sums + n * np.array(found)
        lines.append(_line(str(number), n, found))
    lines.append(_line("all", counts, list(sums / counts)))
    return "\n".join(lines)


def _line(name: str, windows: int, accuracies: list[float]) -> str:
    return f"| {name} | {windows} |" + "".join(f" {a:.1%} |" for a in accuracies)


if __name__ == "__main__":
    program(main)
