"""python -m examples.field [--fast] [--picture F.png] [-o DIR]

A watch tells exercises (examples/imu). Its new wearers turned it, and its sensors have drifted. For each of them the
readout alone is retrained, on integers that the device computes, and sent as a weights-only update to the running
device, an emulated Cortex-M4: same code, same formats, other weights.
"""

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from examples import program
from examples.field import adapt
from examples.field.adapt import Params, Wearer
from examples.imu import data, models, weights
from lnncc import target, twin
from lnncc.errors import LnnccError
from lnncc.extras import needs
from lnncc.program import Program
from lnncc.validate import compare, emulate, firmware, host

CHIP, NAME = "cortex-m4", "watch"
CELL, FOLD = "cfc", 2
BEFORE, AFTER = 300, 300  # steps of the running device


@dataclass(frozen=True, slots=True)
class Row:
    """Shares of windows told right: as the watch was meant to be worn, as it is, and after the update."""

    subject: int
    learned: int
    tested: int
    meant: float
    turned: float
    adapted: float


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--fast", action="store_true", help="one wearer")
    arguments.add_argument("--picture", metavar="F", help="draw into F.png or F.svg")
    arguments.add_argument("-o", "--output", metavar="DIR", help="keep the C, and each update, in this folder")
    options = arguments.parse_args()
    split, params = data.fold(FOLD), shipped()
    deployed = compiled(params)
    meant, turned = (adapt.wearers(split, FOLD, turned=t) for t in (False, True))
    subjects = list(turned)[: 1 if options.fast else None]
    updates = {n: adapted(deployed, params, turned[n]) for n in subjects}
    rows = [row(n, deployed, updates[n], meant[n], turned[n]) for n in subjects]
    print(table(rows))
    print(running(deployed, updates[subjects[0]], turned[subjects[0]]))
    if options.picture:
        draw(rows, Path(options.picture))
    if options.output:
        deployed.save(Path(options.output) / "deployed")
        for n, program in updates.items():
            program.save(Path(options.output) / f"wearer{n}")


def shipped() -> Params:
    return jax.tree.map(np.asarray, weights.load(CELL, FOLD))


def compiled(params: Params) -> Program:
    model = models.build(CELL)
    return lnncc.compile(
        model.step,
        params,
        state=model.initial_state(),
        inputs=jax.ShapeDtypeStruct((len(data.CHANNELS),), jnp.float32),
        dt=data.DT,
        ranges={"x": (-data.LIMIT, data.LIMIT)},
        target=CHIP,
        name=NAME,
        updatable=True,
    )


def adapted(deployed: Program, params: Params, wearer: Wearer) -> Program:
    """The update for a wearer: what the device computed of the windows to learn from is all that it takes."""
    states, _ = ran(deployed, wearer.learned)
    features = adapt.settled(states, 2.0 ** -deployed.build.interface.states[0].frac)
    model = models.build(CELL)
    new = lnncc.trace(
        model.step,
        adapt.retrained(params, features, wearer.told),
        state=model.initial_state(),
        inputs=jax.ShapeDtypeStruct((len(data.CHANNELS),), jnp.float32),
    )
    return deployed.update(new)


def ran(program: Program, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integer states [n, 50, 40] and outputs [n, 50, 7] of the C."""
    raw = compare.raw_inputs(program.build, {"x": windows})
    states, outputs = host.run(host.build(program.build), program.build.interface, raw)
    return states[0], outputs[0]


def row(subject: int, deployed: Program, updated: Program, meant: Wearer, turned: Wearer) -> Row:
    def right(program: Program, wearer: Wearer) -> float:
        return data.accuracy(ran(program, wearer.tested)[1], wearer.labels)

    told, tested = len(turned.told), len(turned.labels)
    shares = right(deployed, meant), right(deployed, turned), right(updated, turned)
    return Row(subject, told, tested, *shares)


def table(rows: Sequence[Row]) -> str:
    head = "| wearer | windows learned, tested | as meant | turned | turned, after the update |\n|---|---|--:|--:|--:|"
    lines = [
        f"| subject {r.subject} | {r.learned}, {r.tested} | {r.meant:.1%} | {r.turned:.1%} | {r.adapted:.1%} |"
        for r in rows
    ]
    tested = sum(r.tested for r in rows)
    means = [sum(getattr(r, key) * r.tested for r in rows) / tested for key in ("meant", "turned", "adapted")]
    lines.append(f"| all | {sum(r.learned for r in rows)}, {tested} | " + " | ".join(f"{m:.1%}" for m in means) + " |")
    return "\n".join([head, *lines])


def running(deployed: Program, updated: Program, wearer: Wearer) -> str:
    """A device that takes the update between two steps, its state as it is, against the twins of both."""
    old, new = deployed.build, updated.build
    assert new.update is not None
    stream = wearer.tested.reshape(1, -1, len(data.CHANNELS))[:, : BEFORE + AFTER]
    [raw] = compare.raw_inputs(old, {"x": stream})
    first = twin.run(old.integer, (raw[:, :BEFORE],))
    [state] = new.integer.states
    kept = replace(new.integer, states=(replace(state, initial=first[0][0][0, -1].astype(np.int64)),))
    second = twin.run(kept, (raw[:, BEFORE:],))
    expected = np.concatenate(
        [np.concatenate([s[0][0], y[0][0]], axis=1) for s, y in (first, second)],
    )
    try:
        output = emulated(deployed, new.update, raw[0])
    except LnnccError as error:
        return f"{CHIP}: not run, {error.title}"
    found = np.frombuffer(output, "<i2").reshape(expected.shape)
    equal = int((found == expected).all(axis=1).sum())
    return (
        f"{CHIP}, emulated: update of {len(new.update):,} bytes taken before step {BEFORE}, states kept; "
        f"{equal} of {len(expected)} steps are those of the twins, bit for bit"
    )


def emulated(deployed: Program, update: bytes, raw: np.ndarray) -> bytes:
    """States and outputs of each step. Raises E07xx and E08xx where it cannot be built or run here."""
    build, chip = deployed.build, target.load(CHIP)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        host.write(folder, build.sources.items())
        (folder / f"{NAME}.c").rename(folder / "generated.c")
        words = ", ".join(f"{word}u" for word in np.frombuffer(update, "<u4"))
        text = (Path(__file__).parent / "running.c").read_text()
        text = text.replace("WORDS", words).replace("BEFORE_STEP", str(BEFORE))
        (folder / f"{NAME}.c").write_text(text)
        image = firmware.build(folder, build.interface, chip, folder)
        return emulate.run(image, build.interface, chip, raw.astype("<i2").tobytes(), count=0).output


def draw(rows: Sequence[Row], path: Path) -> None:
    """Bars of each wearer."""
    with needs("matplotlib", "plot"):
        from matplotlib.figure import Figure  # an extra
    figure = Figure(figsize=(7, 3.2), layout="constrained")
    axes = figure.subplots()
    at, width = np.arange(len(rows)), 0.27
    bars = (("meant", "C0", "worn as meant"), ("turned", "C3", "turned"), ("adapted", "C2", "turned, after the update"))
    for k, (key, color, label) in enumerate(bars):
        drawn = axes.bar(at + (k - 1) * width, [100 * getattr(r, key) for r in rows], width, color=color, label=label)
        axes.bar_label(drawn, fmt="%.0f", padding=2)
    axes.set_xticks(at, [f"subject {r.subject}" for r in rows])
    axes.set_ylabel("windows told right, %")
    axes.set_ylim(0, 118)
    axes.legend(loc="upper center", ncols=3, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None} if path.suffix == ".png" else {"Date": None})


if __name__ == "__main__":
    program(main)
