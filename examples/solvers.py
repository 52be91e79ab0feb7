"""What fewer or cheaper solver steps cost in error and save in instructions: an LTC with the initial weights of ncps.

python -m examples.solvers

Errors are of the generated C against the float model as trained, on inputs that the refit has not seen.
"""

import lnncc
from examples import program
from examples.reference_models import DATA, MODELS, RANGE, recording
from lnncc import target, twin
from lnncc.validate import chip, compare

NAME, TARGET = "ltc_ncp28", "cortex-m4"
SOLVERS = (None, *(f"unfolds={n}" for n in (3, 2, 1)), "frozen=2", "frozen=3", *(f"refit={n}" for n in (3, 2, 1)))
EMULATED = 16


def compiled(solver: str | None) -> lnncc.Program:
    model = lnncc.from_ncps(DATA / f"bench_{NAME}.weights.npz", **MODELS[NAME])  # type: ignore[arg-type]
    given = {"dt": 1.0, "ranges": {"x": RANGE}, "target": TARGET, "name": NAME}
    return lnncc.compile(model, calibration=recording(seed=1), solver=solver, **given)  # type: ignore[arg-type]


def row(solver: str | None) -> str:
    build = (program := compiled(solver)).build
    found = program.verify(recording(seed=2))
    assert found.bit_exact
    [error], [state] = found.errors.values(), found.state_errors.values()
    raw = tuple(x[0, :EMULATED] for x in compare.raw_inputs(build, {"x": recording(seed=2)[None]}))
    result = chip.execute(build, target.load(TARGET), raw)
    assert compare.equal_steps(result.trace, twin.run(build.integer, tuple(x[None] for x in raw))) == EMULATED
    errors = f"{error.max_abs:.1e} | {error.relative_rms:.2%} | {state.relative_rms:.2%}"
    return f"| {solver or 'as trained'} | {errors} | {result.run.instructions_per_step} | {result.sizes.flash} |"


def main() -> None:
    print("| solver | max error | relative RMS | of states | instructions/step | flash |\n|" + "---|" * 6)
    for solver in SOLVERS:
        print(row(solver), flush=True)


if __name__ == "__main__":
    program(main)
