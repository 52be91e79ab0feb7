"""The numbers of [cost] in a target, fitted to instructions counted in an emulator over models of all kinds.

python -m examples.cost_model cortex-m4
"""

import sys
from collections.abc import Iterator, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import nnls

import lnncc
from lnncc import target, twin
from lnncc.cells import LTC, AutoNCP, CfC
from lnncc.choices import Choice, Choices, Table
from lnncc.search import cost
from lnncc.validate import chip, compare, toolchain

STEPS = 4
INPUTS = 6
KINDS: Mapping[str, Choices] = {
    "16 linear": Choices(),
    "8 linear": Choices(Choice(weight_bits=8)),
    "16 direct": Choices(Choice(table=Table("direct", 512))),
}
CELLS = (
    CfC(inputs=INPUTS, units=8, backbone_units=16),
    CfC(inputs=INPUTS, units=24, backbone_units=40),
    CfC(inputs=INPUTS, units=16, backbone_units=16, backbone_layers=2),
    CfC(inputs=INPUTS, units=40, backbone_units=12, mode="no_gate"),
    LTC(AutoNCP(12, 2).wire(INPUTS)),
    LTC(AutoNCP(30, 4).wire(INPUTS)),
)


def programs(name: str) -> Iterator[lnncc.Program]:
    for cell in CELLS:
        params, state = cell.init(jax.random.key(0)), cell.initial_state()
        for choices in KINDS.values():
            given = {"state": state, "inputs": jnp.zeros(INPUTS), "dt": 1.0, "ranges": {"x": (-2.0, 2.0)}}
            yield lnncc.compile(cell.step, params, choices=choices, target=name, name="fitted", **given)  # type: ignore[arg-type]


def counted(program: lnncc.Program, name: str) -> int:
    xs = np.random.default_rng(0).uniform(-2, 2, (1, STEPS, INPUTS))
    gcc = toolchain.find(target.load(name), "gcc")
    raw = compare.raw_inputs(program.build, {"x": xs})
    result = chip.execute(program.build, target.load(name), tuple(x[0] for x in raw), compiler=gcc, count=STEPS)
    assert compare.equal_steps(result.trace, twin.run(program.build.integer, raw)) == STEPS
    assert result.run.instructions_per_step is not None
    return result.run.instructions_per_step


def fitted(name: str) -> tuple[dict[str, float], float]:
    """The costs, none below zero, that miss the counts by the least relative square, and the worst miss."""
    every = list(programs(name))
    work = [cost.work(p.build.integer) for p in every]
    counts = np.array([counted(p, name) for p in every], float)
    matrix = np.array([[w[kind] for kind in target.COSTS] for w in work], float) / counts[:, None]
    found = nnls(matrix, np.ones(len(counts)))[0]
    return dict(zip(target.COSTS, found.tolist(), strict=True)), float(np.abs(matrix @ found - 1).max())


def main() -> None:
    for name in sys.argv[1:]:
        found, miss = fitted(name)
        models = len(CELLS) * len(KINDS)
        print(f"# {name}: instructions by gcc, fitted to {models} emulated models; worst miss {miss:.0%}")
        print("[cost]")
        print("\n".join(f"{kind} = {value:.2f}" for kind, value in found.items()))


if __name__ == "__main__":
    main()
