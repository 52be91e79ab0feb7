"""python -m examples.controller [--emps FOLDER] [--train] [--runs 20] [--picture F.png] [-o DIR]

The same plant, the same disturbances, two controllers: the float network, and its fixed-point C in the loop. Then what
the C saw goes once more through an emulated Cortex-M0+, which must give the same bits, and says what a step costs.
With --emps the plant is a motor and a ball screw, fitted to its recordings, and follows the reference of the recording.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples import program
from examples.controller import emps, model, plant
from examples.controller.plant import PENDULUM, Plant, Run
from lnncc import target
from lnncc.extras import needs
from lnncc.program import Program
from lnncc.validate import chip, compare

CHIP = "cortex-m0plus"
SECONDS = 10.0
SAMPLES = 1000  # of a run along a recording, about 22 s
RANGE = {"pendulum": 2.0, "emps": 3.0}  # of both inputs, in scales of the plant: ±1 rad, and ±1.5
DT = (plant.SHORTEST / plant.PERIOD, plant.LONGEST / plant.PERIOD)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--emps", metavar="FOLDER", type=Path, help="the plant of the recordings in this folder")
    arguments.add_argument("--train", action="store_true", help="train first, instead of taking the shipped weights")
    arguments.add_argument("--runs", type=int, default=20, help="how many runs of 10 s")
    arguments.add_argument("--picture", metavar="F", help="draw the first run into F.png or F.svg")
    arguments.add_argument("-o", "--output", metavar="DIR", help="keep the C in this folder")
    options = arguments.parse_args()
    chosen = PENDULUM if options.emps is None else emps.fitted(emps.read(options.emps, emps.FITTED))
    params = model.train(chosen) if options.train else model.shipped(chosen)
    prog = compiled(params, chosen)
    if options.emps is None:
        pairs = [both(chosen, params, prog, chances(seed)) for seed in range(options.runs)]
    else:
        recorded = emps.read(options.emps, emps.SHOWN)
        pairs = [both(chosen, params, prog, along(recorded, seed)) for seed in range(options.runs)]
        print(emps.told(chosen, recorded))
    print(table(pairs, chosen))
    print(on_the_chip(prog, [fixed for _, fixed in pairs]))
    if options.picture:
        draw(*pairs[0], chosen, Path(options.picture))
    if options.output:
        prog.save(options.output)


def compiled(params: model.Params, chosen: Plant = PENDULUM) -> Program:
    return lnncc.compile(
        model.act,
        params,
        state=model.cell.initial_state(),
        inputs=jnp.zeros(plant.INPUTS),
        dt=DT,
        ranges={"x": (-RANGE[chosen.name], RANGE[chosen.name])},
        target=CHIP,
        name=chosen.name,
    )


Given = tuple[np.ndarray, np.ndarray, float, np.ndarray]  # intervals, references, where it starts, kicks


def chances(seed: int) -> Given:
    """Of one run of the pendulum."""
    drawn = model.drawn(np.random.default_rng(seed), 1, int(SECONDS / plant.PERIOD))
    start, dts, references, kicks = (x[0] for x in drawn)
    return dts, references, float(start), kicks


def along(recorded: Mapping[str, np.ndarray], seed: int) -> Given:
    """The recorded reference, heard at irregular times; nothing kicks."""
    times, references = recorded["time_exp"], recorded["q_ref"]
    dts = plant.intervals(np.random.default_rng(seed), (SAMPLES,))
    at = np.concatenate([[0.0], np.cumsum(dts)[:-1]])
    return dts, np.interp(at, times, references), float(references[0]), np.zeros(SAMPLES)


def both(chosen: Plant, params: model.Params, prog: Program, given: Given) -> tuple[Run, Run]:
    """The run of the float network, and that of the C, with the same chances."""
    return plant.simulate(chosen, Float(params), *given), plant.simulate(chosen, Fixed(prog), *given)


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


def table(pairs: list[tuple[Run, Run]], chosen: Plant = PENDULUM) -> str:
    """How well each holds the reference, and how far the two pendulums part, over all runs."""
    lines = [f"{len(pairs)} runs of {len(pairs[0][0].times)} irregular samples", ""]
    lines += [f"| controller | RMS error of the {chosen.called} | largest {chosen.called} |", "|---|---|---|"]
    for name, side in (("float", 0), ("fixed point", 1)):
        errors = np.concatenate([pair[side].positions - pair[side].references for pair in pairs])
        largest = max(np.abs(pair[side].positions).max() for pair in pairs)
        rms, most = chosen.shown * np.sqrt(np.mean(errors**2)), chosen.shown * largest
        lines.append(f"| {name} | {rms:.3f}{chosen.unit} | {most:.2f}{chosen.unit} |")
    parted = chosen.shown * max(np.abs(a.positions - b.positions).max() for a, b in pairs)
    return "\n".join([*lines, "", f"the two plants are never further apart than {parted:.3f}{chosen.unit}"])


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


def draw(exact: Run, fixed: Run, chosen: Plant, path: Path) -> None:
    """Position, command, distance of the two, and the times between samples."""
    with needs("matplotlib", "plot"):
        from matplotlib.figure import Figure  # an extra
    figure = Figure(figsize=(8, 7), layout="constrained")
    place, command, apart, interval = figure.subplots(4, 1, sharex=True, height_ratios=(3, 2, 1.5, 1.5))
    place.step(exact.times, chosen.shown * exact.references, color="0.6", where="post", label="reference")
    for run, colour, style, name in ((exact, "C0", "-", "float"), (fixed, "C3", "--", "fixed point, the C")):
        place.plot(run.times, chosen.shown * run.positions, style, color=colour, label=name)
        command.step(run.times, run.commands, style, color=colour, where="post")
    apart.plot(exact.times, chosen.shown * (fixed.positions - exact.positions), color="C3")
    interval.plot(exact.times, 1000 * exact.intervals, ".", color="0.3", markersize=3)
    labels = (
        f"{chosen.called}, {chosen.unit}",
        "command",
        f"fixed - float,\n{chosen.unit}",
        "time between\nsamples, ms",
    )
    for axes, label in zip((place, command, apart, interval), labels, strict=True):
        axes.set_ylabel(label)
        axes.grid(alpha=0.3)
    place.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=3, frameon=False)
    interval.set_xlabel("time, s")
    figure.align_ylabels()
    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else {"Date": None})


if __name__ == "__main__":
    program(main)
