"""python -m examples.controller [--train] [--runs 20] [--picture F.png] [-o DIR]

The same plant, the same disturbances, two controllers: the float network, and its fixed-point C in the loop. Then what
the C saw goes once more through an emulated Cortex-M0+, which must give the same bits, and says what a step costs.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples.controller import model, plant
from examples.controller.plant import Run
from lnncc import target
from lnncc.extras import needs
from lnncc.program import Program
from lnncc.validate import chip, compare

CHIP = "cortex-m0plus"
SECONDS = 10.0
RANGE = 2.0  # of both inputs, in units of ANGLE: ±1 rad
DT = (plant.SHORTEST / plant.PERIOD, plant.LONGEST / plant.PERIOD)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--train", action="store_true", help="train first, instead of taking the shipped weights")
    arguments.add_argument("--runs", type=int, default=20, help="how many runs of 10 s")
    arguments.add_argument("--picture", metavar="F", help="draw the first run into F.png or F.svg")
    arguments.add_argument("-o", "--output", metavar="DIR", help="keep the C in this folder")
    options = arguments.parse_args()
    params = model.train() if options.train else model.shipped()
    prog = compiled(params)
    pairs = [both(params, prog, seed) for seed in range(options.runs)]
    print(table(pairs))
    print(on_the_chip(prog, [fixed for _, fixed in pairs]))
    if options.picture:
        draw(*pairs[0], Path(options.picture))
    if options.output:
        prog.save(options.output)


def compiled(params: model.Params) -> Program:
    return lnncc.compile(
        model.act,
        params,
        state=model.cell.initial_state(),
        inputs=jnp.zeros(plant.INPUTS),
        dt=DT,
        ranges={"x": (-RANGE, RANGE)},
        target=CHIP,
        name="pendulum",
    )


def both(params: model.Params, prog: Program, seed: int) -> tuple[Run, Run]:
    """The run of the float network, and that of the C, with the same chances."""
    generator = np.random.default_rng(seed)
    steps = int(SECONDS / plant.PERIOD)
    start, dts, references, kicks = (x[0] for x in model.drawn(generator, 1, steps))
    given = dts, references, float(start), kicks
    return plant.simulate(Float(params), *given), plant.simulate(Fixed(prog), *given)


class Float:
    """The network as it was trained, step by step."""

    def __init__(self, params: model.Params) -> None:
        self.params, self.state, self.act = params, model.cell.initial_state(), jax.jit(model.act)

    def __call__(self, x: np.ndarray, dt: float) -> float:
        self.state, u = self.act(self.params, self.state, jnp.asarray(x), dt / plant.PERIOD)
        return float(u[0])


class Fixed:
    """The compiled C, step by step."""

    def __init__(self, prog: Program) -> None:
        self.session = prog.session()

    def __call__(self, x: np.ndarray, dt: float) -> float:
        return float(self.session.step(x, dt / plant.PERIOD)[0])


def table(pairs: list[tuple[Run, Run]]) -> str:
    """How well each holds the reference, and how far the two pendulums part, over all runs."""
    lines = [f"{len(pairs)} runs of {len(pairs[0][0].times)} irregular samples", ""]
    lines += ["| controller | RMS error of the angle | largest angle |", "|---|---|---|"]
    for name, side in (("float", 0), ("fixed point", 1)):
        errors = np.concatenate([pair[side].angles - pair[side].references for pair in pairs])
        largest = max(np.abs(pair[side].angles).max() for pair in pairs)
        lines.append(f"| {name} | {np.degrees(np.sqrt(np.mean(errors**2))):.3f}° | {np.degrees(largest):.2f}° |")
    parted = max(np.abs(a.angles - b.angles).max() for a, b in pairs)
    return "\n".join([*lines, "", f"the two pendulums are never further apart than {np.degrees(parted):.3f}°"])


def on_the_chip(prog: Program, runs: list[Run]) -> str:
    """Bits and cost of what the C in the loop was given, emulated."""
    data = {"x": np.stack([r.inputs for r in runs]), "dt": np.stack([r.intervals for r in runs]) / plant.PERIOD}
    found = prog.verify(data, on=[CHIP])
    first = {"x": data["x"][:1], "dt": data["dt"][:1, :, None]}
    raw = tuple(x[0] for x in compare.raw_inputs(prog.build, first))
    done = chip.execute(prog.build, target.load(CHIP), raw)
    sizes = done.sizes
    return (
        f"{CHIP}, emulated: {found.exact[CHIP]} of {found.steps} steps bit-exact, "
        f"{done.run.instructions_per_step} instructions a step; "
        f"flash {sizes.flash}, RAM {sizes.ram}, stack {sizes.stack} bytes"
    )


def draw(exact: Run, fixed: Run, path: Path) -> None:
    """Angle, command, distance of the two, and the times between samples."""
    with needs("matplotlib", "plot"):
        from matplotlib.figure import Figure  # an extra
    figure = Figure(figsize=(8, 7), layout="constrained")
    angle, command, apart, interval = figure.subplots(4, 1, sharex=True, height_ratios=(3, 2, 1.5, 1.5))
    angle.step(exact.times, np.degrees(exact.references), color="0.6", where="post", label="reference")
    for run, colour, style, name in ((exact, "C0", "-", "float"), (fixed, "C3", "--", "fixed point, the C")):
        angle.plot(run.times, np.degrees(run.angles), style, color=colour, label=name)
        command.step(run.times, run.commands, style, color=colour, where="post")
    apart.plot(exact.times, np.degrees(fixed.angles - exact.angles), color="C3")
    interval.plot(exact.times, 1000 * exact.intervals, ".", color="0.3", markersize=3)
    labels = ("angle, degrees", "command", "fixed - float,\ndegrees", "time between\nsamples, ms")
    for axes, label in zip((angle, command, apart, interval), labels, strict=True):
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    angle.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)
    interval.set_xlabel("time, s")
    figure.align_ylabels()
    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else {"Date": None})


if __name__ == "__main__":
    main()
