"""The whole path on real data: train, compile, prove, verify on the desk, run on an emulated Cortex-M4.

    python -m examples.demo [--fast] [--fold 1]
"""

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from tqdm import tqdm

import lnncc
from examples.imu import data, train
from examples.imu.models import CELLS, build
from lnncc import target, twin
from lnncc.validate import chip, compare, host

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
    sizes: chip.Sizes
    instructions: int
    cycles: str


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fast", action="store_true", help="use the weights that ship with the example")
    arguments.add_argument("--fold", type=int, default=1, choices=sorted(data.FOLDS), help="which subjects to test on")
    options = arguments.parse_args()
    split = data.fold(options.fold)
    began = time.monotonic()
    rows = [run(cell, split, options.fold, fast=options.fast) for cell in CELLS]
    print(table(rows, options.fold))
    print(f"done in {time.monotonic() - began:.0f} s", file=sys.stderr)


def run(cell: str, split: data.Fold, number: int, *, fast: bool) -> Row:
    params = train.load(cell, number) if fast else train.fit(cell, split)
    model = build(cell)
    program = lnncc.compile(
        model.step,
        jax.tree.map(np.asarray, params),
        state=model.initial_state(),
        inputs=jax.ShapeDtypeStruct((len(data.CHANNELS),), jnp.float32),
        dt=data.DT,
        ranges={"x": (-data.LIMIT, data.LIMIT)},
        target=CHIP,
        name=f"imu_{cell}",
    )
    folder = Path("build") / f"imu_{cell}"
    program.save(folder)
    print(f"{program.report()}\nwritten to {folder}/", file=sys.stderr)
    windows = split.test.windows
    exact, fixed = verified(program, windows)
    result, equal = emulated(program, windows)
    floats = train.run(cell, params, windows)
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
    )


def verified(program: lnncc.Program, windows: data.Floats) -> tuple[int, data.Floats]:
    """Steps on which C and twin agree in every bit, over all windows, and the outputs of the C in real units."""
    build = program.build
    library = host.build(build.sources, build.interface)
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


if __name__ == "__main__":
    main()
