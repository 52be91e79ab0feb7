"""What it costs that weights may change, in a step of two reference models: python -m examples.update_cost

Instructions of a step as counted in an emulator, flash and stack of the linked program, and the size of an update.
"""

import lnncc
from examples import program
from examples.reference_models import DATA, MODELS, RANGE, recording
from lnncc import target, twin
from lnncc.program import Program
from lnncc.validate import chip, compare

TARGETS = ("cortex-m4", "cortex-m0plus", "cortex-m55", "rv32imc")
STEPS = 20


def main() -> None:
    print("| model | target | instructions a step | updatable | flash | updatable | stack | updatable | an update |")
    print("|---|---|" + "--:|" * 7)
    for name in MODELS:
        for chosen in TARGETS:
            print(row(name, chosen), flush=True)


def compiled(name: str, chosen: str, *, updatable: bool) -> Program:
    model = lnncc.from_ncps(DATA / f"bench_{name}.weights.npz", **MODELS[name])  # type: ignore[arg-type]
    return lnncc.compile(model, dt=1.0, ranges={"x": RANGE}, target=chosen, name=name, updatable=updatable)


def row(name: str, chosen: str) -> str:
    programs = [compiled(name, chosen, updatable=changes) for changes in (False, True)]
    done = [_run(program, chosen) for program in programs]
    pairs = (
        (f"{first:,}", f"{second:,}")
        for first, second in (
            [d.run.instructions_per_step or 0 for d in done],
            [d.sizes.flash for d in done],
            [d.sizes.stack for d in done],
        )
    )
    cells = " | ".join(cell for pair in pairs for cell in pair)
    return f"| {name} | {chosen} | {cells} | {programs[1].build.interface.update_bytes:,} |"


def _run(program: Program, chosen: str) -> chip.Result:
    """Equal to the twin, or no result."""
    raw = compare.raw_inputs(program.build, {"x": recording(STEPS)[None]})
    done = chip.execute(program.build, target.load(chosen), tuple(x[0] for x in raw))
    assert compare.equal_steps(done.trace, twin.run(program.build.integer, raw)) == STEPS
    return done


if __name__ == "__main__":
    program(main)
