"""python -m examples.water [--nab FOLDER] [--train] [--picture F.png] [-o DIR]

An ATmega328P forecasts the next value and publishes a sample only where the forecast was off by more than a threshold.
The float network and the C run over the whole series: what each would publish, and what a step costs on the chip.
"""

import argparse
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples import program
from examples.water import data, model
from examples.water.data import Series
from lnncc import target
from lnncc.errors import LnnccError
from lnncc.extras import needs
from lnncc.program import Program
from lnncc.validate import chip, compare

CHIP = "avr-atmega328p"
LONGEST = 32.0  # hours, the longest gap of a series


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--nab", metavar="FOLDER", type=Path, help="the temperature of a machine instead, from NAB")
    arguments.add_argument("--train", action="store_true", help="train first, instead of taking the shipped weights")
    arguments.add_argument("--picture", metavar="F", help="draw into F.png or F.svg")
    arguments.add_argument("-o", "--output", metavar="DIR", help="keep the C in this folder")
    options = arguments.parse_args()
    series = data.water() if options.nab is None else data.machine(options.nab)
    params = model.train(series) if options.train else model.shipped(series.name)
    prog = compiled(params, series.name)
    exact, fixed = surprises(params, prog, series)
    limit = threshold(exact, series)
    print(table({"float": exact, "fixed point": fixed}, limit, series))
    print(cost(prog, series))
    if options.picture:
        draw(series, exact, fixed, limit, Path(options.picture))
    if options.output:
        prog.save(options.output)


def compiled(params: model.Params, name: str = data.WATER) -> Program:
    return lnncc.compile(
        model.cell.step,
        params,
        state=model.cell.initial_state(),
        inputs=jnp.zeros(model.INPUTS),
        dt=(1.0, LONGEST),
        ranges={"x": (-data.LIMIT, data.LIMIT)},
        target=CHIP,
        name=name,
    )


def surprises(params: model.Params, prog: Program, series: Series) -> tuple[np.ndarray, np.ndarray]:
    """How far each sample [n] was from its forecast, in the unit of the series, of the float network and of the C."""
    exact = jax.jit(model.run)(params, jnp.asarray(series.inputs), jnp.asarray(series.elapsed))
    fixed = prog.run(recorded(series))
    assert isinstance(fixed, np.ndarray)
    return tuple(_off(np.asarray(f), series) for f in (exact, fixed[:, 0]))  # type: ignore[return-value]


def _off(forecast: np.ndarray, series: Series) -> np.ndarray:
    off = np.abs(series.inputs[1:, 0] - forecast[:-1]) * series.scale
    return np.concatenate([np.zeros(model.WARM), off[model.WARM - 1 :]])


def recorded(series: Series) -> dict[str, np.ndarray]:
    return {"x": series.inputs, "dt": series.elapsed}


def threshold(surprise: np.ndarray, series: Series) -> float:
    """From the part that was learned, where nothing happens."""
    return series.margin * float(np.quantile(surprise[series.learned][model.WARM :], series.usual))


def table(found: dict[str, np.ndarray], limit: float, series: Series) -> str:
    """What each would publish, and whether it is something that happened."""
    count = len(next(iter(found.values())))
    lines = [
        f"threshold {limit:.2f} {series.unit}",
        "",
        "| | published, of " + str(count) + " | happenings found | false |",
        "|---|---|---|---|",
    ]
    for name, surprise in found.items():
        at = np.flatnonzero(surprise > limit)
        within = [(at >= first) & (at < last) for first, last in series.happenings]
        false = int((~np.any(within, axis=0)).sum())
        lines.append(f"| {name} | {len(at)} | {sum(w.any() for w in within)} of {len(within)} | {false} |")
    exact, fixed = found.values()
    differ = int(((exact > limit) != (fixed > limit)).sum())
    return "\n".join([*lines, "", f"samples that one publishes and the other does not: {differ}"])


def cost(prog: Program, series: Series) -> str:
    """Bits and cycles on the emulated chip, or why not."""
    given = {"x": series.inputs[None], "dt": series.elapsed[None, :, None]}
    raw = tuple(x[0] for x in compare.raw_inputs(prog.build, given))
    try:
        found = prog.verify(recorded(series), on=[CHIP])
        done = chip.execute(prog.build, target.load(CHIP), raw)
    except LnnccError as error:
        return f"{CHIP}: not run, {error.title}"
    cycles, sizes = max(c.nominal for c in done.run.cycles), done.sizes
    return (
        f"{CHIP}, emulated: {found.exact[CHIP]} of {found.steps} steps bit-exact, {cycles} cycles a step; "
        f"flash {sizes.flash}, RAM {sizes.ram}, stack {sizes.stack} bytes"
    )


def draw(series: Series, exact: np.ndarray, fixed: np.ndarray, limit: float, path: Path) -> None:
    """The series with what the C would publish, and the surprises."""
    with needs("matplotlib", "plot"):
        from matplotlib.figure import Figure  # an extra
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    value, surprise = figure.subplots(2, 1, sharex=True)
    days = (series.times - series.times[0]) / 86400
    published = fixed > limit
    value.plot(days, series.middle + series.scale * series.inputs[:, 0], color="0.5", linewidth=1)
    shown = series.middle + series.scale * series.inputs[published, 0]
    value.plot(
        days[published], shown, "o", color="C3", markersize=4, label=f"published: {published.sum()} of {len(days)}"
    )
    value.axvspan(*days[[series.learned.start, series.learned.stop]], color="C0", alpha=0.1, label="learned")
    for first, last in series.happenings:
        label = "happening" if first == series.happenings[0][0] else None
        value.axvspan(days[first], days[last - 1], color="C1", alpha=0.2, label=label)
    value.set_ylabel(f"{series.what}, {series.unit}\n(as clamped)")
    value.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False)
    surprise.semilogy(days, exact + 1e-3, color="C0", linewidth=1, label="float")
    surprise.semilogy(days, fixed + 1e-3, "--", color="C3", linewidth=1, label="fixed point, the C")
    surprise.axhline(limit, color="0.3", linewidth=1)
    surprise.set_ylabel(f"off by, {series.unit}")
    surprise.set_xlabel("days")
    surprise.legend(loc="lower right", ncols=2, frameon=False)
    for axes in (value, surprise):
        axes.grid(alpha=0.3)
    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else {"Date": None})


if __name__ == "__main__":
    program(main)
