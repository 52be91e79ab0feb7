"""What two reference models cost on four cores: an LTC and a CfC with the initial weights of ncps 1.0.1.

python -m examples.reference_models
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

import lnncc
from lnncc import target, twin
from lnncc.validate import chip, compare

DATA = Path(__file__).parents[1] / "tests" / "data" / "ncps"
MODELS: Mapping[str, Mapping[str, object]] = {
    "cfc64": {"mode": "default", "activation": "lecun_tanh", "proj": "proj"},
    "ltc_ncp28": {"unfolds": 6, "implicit": False},
}
TARGETS = ("cortex-m4", "cortex-m33", "cortex-m3", "cortex-m0plus")
GOALS = ("balanced", "speed", "size")
RANGE = (-4.0, 4.0)
STEPS = 1000
INPUTS = 8


def compiled(name: str, optimise: str = "balanced") -> lnncc.Program:
    model = lnncc.from_ncps(DATA / f"bench_{name}.weights.npz", **MODELS[name])  # type: ignore[arg-type]
    return lnncc.compile(model, dt=1.0, ranges={"x": RANGE}, target=TARGETS[0], optimise=optimise, name=name)


def recording(steps: int = STEPS, seed: int = 0) -> np.ndarray:
    """(steps, 8): an autoregressive process, clipped to the declared range."""
    rng = np.random.default_rng(seed)
    x, xs = np.zeros(INPUTS), []
    for _ in range(steps):
        x = 0.9 * x + 0.44 * rng.normal(size=INPUTS)
        xs.append(np.clip(x, *RANGE))
    return np.array(xs)


def rows(name: str, optimise: str) -> list[str]:
    program, xs = compiled(name, optimise), recording()
    build = program.build
    error = program.verify(xs).errors["y"].max_abs
    raw = compare.raw_inputs(build, {"x": xs[None]})
    expected = twin.run(build.integer, raw)
    label = f"{name}, {optimise}"
    return [
        _row(label, error, chip.execute(build, target.load(t), tuple(x[0] for x in raw)), expected) for t in TARGETS
    ]


def _row(name: str, error: float, result: chip.Result, expected: compare.Trace) -> str:
    sizes, cycles = result.sizes, result.run.cycles_per_step
    estimate = "-" if cycles is None else "{min}/{nominal}/{max}".format(**cycles)
    exact = f"{compare.equal_steps(result.trace, expected)}/{STEPS}"
    cost = f"{sizes.flash} | {sizes.ram} | {sizes.stack} | {result.run.instructions_per_step} | {estimate}"
    return f"| {name} | {result.target} | {error:.1e} | {exact} | {cost} |"


def main() -> None:
    print("| model | target | max error | == twin | flash | RAM | stack | instructions/step | cycles/step |")
    print("|" + "---|" * 9)
    for name in MODELS:
        for optimise in GOALS:
            print("\n".join(rows(name, optimise)))


if __name__ == "__main__":
    main()
