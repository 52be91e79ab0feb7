"""The numbers of [cost] in a target, fitted to what an emulator counted over models of all kinds.

Cycles where it counts those, as simavr does of an AVR; else instructions.

python -m examples.cost_model cortex-m4 cortex-m0plus
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from scipy.optimize import nnls

import lnncc
from lnncc import target, twin
from lnncc.cells import LTC, AutoNCP, CfC, FullyConnected, MixedMemory, Random, WiredCfC
from lnncc.choices import Choice, Choices, Table
from lnncc.search import cost
from lnncc.validate import chip, compare, toolchain

STEPS = 4
INPUTS = 6
TOO_LARGE = "E0505"
WIDE = Choices()
NARROW = Choices(Choice(weight_bits=8))
DIRECT = Choices(Choice(table=Table("direct", 256)))
OWN = Choices(Choice(table=Table("own", 64)))  # for speed, without which they do not pay
Step = Callable[..., object]


@dataclass(frozen=True, slots=True)
class Case:
    """A step with ``inputs`` of its own size; models of one ``group`` are left out of a fit together."""

    group: str
    step: Step
    params: object
    state: object
    inputs: int
    kinds: tuple[Choices, ...]


def cases() -> Iterator[Case]:
    """Kernels alone, so that what a call, a row and a weight cost can be told apart; then whole cells."""
    yield from (_matrix(rows, columns) for rows, columns in ((16, 16), (40, 24), (30, 7), (12, 64)))
    yield from (_functions(count) for count in (16, 48))
    yield from (_products(count) for count in (6, 40))
    for wiring in (AutoNCP(12, 2), AutoNCP(30, 4), FullyConnected(7), FullyConnected(14), Random(24, sparsity=0.7)):
        for unfolds in (1, 4):
            yield _cell(f"ltc {wiring}", LTC(wiring.wire(INPUTS), unfolds=unfolds), (WIDE, DIRECT, OWN))
    for units, backbone, layers, mode in (
        (8, 16, 1, "default"),
        (24, 40, 1, "default"),
        (16, 16, 2, "default"),
        (40, 12, 1, "no_gate"),
        (10, 30, 1, "pure"),
    ):
        cell = CfC(inputs=INPUTS, units=units, backbone_units=backbone, backbone_layers=layers, mode=mode)  # type: ignore[arg-type]
        yield _cell(f"cfc {units} {backbone}", cell, (WIDE, NARROW, DIRECT))
    yield _cell("wired", WiredCfC(AutoNCP(20, 3).wire(INPUTS)), (WIDE, NARROW, DIRECT))
    yield _cell("mixed", MixedMemory(LTC(AutoNCP(10, 2).wire(INPUTS))), (WIDE, NARROW))


def _cell(group: str, cell: CfC | LTC | WiredCfC | MixedMemory, kinds: tuple[Choices, ...]) -> Case:
    params = cell.init(jax.random.key(0))
    return Case(group, cell.step, params, cell.initial_state(), INPUTS, kinds)


def _matrix(rows: int, columns: int) -> Case:
    weights = jnp.asarray(np.random.default_rng(rows).uniform(-1, 1, (rows, columns)) / columns)

    def step(params: jax.Array, state: tuple[()], x: jax.Array, dt: float) -> tuple[tuple[()], jax.Array]:
        return state, params @ x

    return Case(f"matrix {rows} x {columns}", step, weights, (), columns, (WIDE, NARROW))


def _functions(count: int) -> Case:
    weights = jnp.asarray(np.random.default_rng(count).uniform(-2, 2, (count, 3)))

    def step(params: jax.Array, state: jax.Array, x: jax.Array, dt: float) -> tuple[jax.Array, jax.Array]:
        return jnp.tanh(params @ x), jax.nn.sigmoid(2 * state)

    return Case(f"functions {count}", step, weights, jnp.zeros(count), 3, (WIDE, DIRECT))


def _products(count: int) -> Case:
    def step(params: tuple[()], state: jax.Array, x: jax.Array, dt: float) -> tuple[jax.Array, jax.Array]:
        return x * x * 0.25, state * x

    return Case(f"products {count}", step, (), jnp.zeros(count), count, (WIDE,))


@dataclass(frozen=True, slots=True)
class Sample:
    group: str
    work: Mapping[str, int]
    program: lnncc.Program
    xs: np.ndarray


def samples() -> list[Sample]:
    """All models, compiled once: another core changes layouts and kernels only."""
    found = []
    for case in cases():
        xs = np.random.default_rng(0).uniform(-2, 2, (1, STEPS, case.inputs))
        for choices in case.kinds:
            given = {"state": case.state, "inputs": jnp.zeros(case.inputs), "dt": 1.0, "ranges": {"x": (-2.0, 2.0)}}
            goal = "speed" if choices is OWN else "balanced"
            program = lnncc.compile(case.step, case.params, choices=choices, optimise=goal, name="fitted", **given)  # type: ignore[arg-type]
            found.append(Sample(case.group, cost.work(program.build.integer), program, xs))
    return found


def counted(sample: Sample, name: str) -> int | None:
    """What the costliest of some steps took on target ``name``; None if the model does not fit it."""
    build, chosen = sample.program.build, target.load(name)
    raw = compare.raw_inputs(build, {"x": sample.xs})
    try:
        result = chip.execute(build, chosen, tuple(x[0] for x in raw), count=STEPS)
    except lnncc.LnnccError as error:
        if error.code != TOO_LARGE:
            raise
        return None
    assert compare.equal_steps(result.trace, twin.run(build.integer, raw)) == STEPS
    exact = result.run.cycles if chosen.cycles is None else ()  # else they are an estimate
    count = max((c.nominal for c in exact), default=result.run.instructions_per_step)
    assert count is not None
    return count


@dataclass(frozen=True, slots=True)
class Fit:
    """``costs`` from all models; ``misses`` of each model when its group was left out, as parts of its count."""

    costs: dict[str, float]
    misses: np.ndarray


def fitted(every: list[Sample], counts: np.ndarray) -> Fit:
    """The costs, none below zero, that miss the counts by the least relative square."""
    matrix = np.array([[s.work.get(kind, 0) for kind in target.COSTS] for s in every], float) / counts[:, None]
    groups = np.array([s.group for s in every])
    misses = np.empty(len(every))
    for group in dict.fromkeys(groups.tolist()):
        out = groups == group
        misses[out] = matrix[out] @ _least(matrix[~out]) - 1
    return Fit(dict(zip(target.COSTS, _least(matrix).tolist(), strict=True)), misses)


def _least(matrix: np.ndarray) -> np.ndarray:
    return nnls(matrix, np.ones(len(matrix)))[0]


def text(name: str, counts: np.ndarray, fit: Fit) -> str:
    """``[cost]`` as it stands in the target's file."""
    off, chosen = np.abs(fit.misses), target.load(name)
    compiler, unit = toolchain.find(chosen).version, "cycles" if chosen.kind == "avr" else "instructions"
    median, most, worst = (f"{np.quantile(off, part):.0%}" for part in (0.5, 0.9, 1.0))
    lines = [
        f"# An estimate: {unit} by {compiler}, -O2,",
        f"# fitted to the counts of {len(off)} emulated models. Models left out of the fit are missed by {median} in",
        f"# the median, nine of ten by at most {most}, and by {worst} at worst (a step of {counts[off.argmax()]:.0f}"
        f" {unit}).",
        "[cost]",
        *(f"{kind} = {value:.2f}" for kind, value in fit.costs.items()),
    ]
    return "\n".join(lines)


def main() -> None:
    every = samples()
    for name in sys.argv[1:]:
        fitting = [(sample, count) for sample in every if (count := counted(sample, name)) is not None]
        kept, counts = [sample for sample, _ in fitting], np.array([count for _, count in fitting], float)
        fit = fitted(kept, counts)
        print(text(name, counts, fit), flush=True)
        worst = np.argsort(-np.abs(fit.misses))[:5]
        print("\n".join(f"#   {kept[k].group}: {counts[k]:.0f}, missed by {fit.misses[k]:+.0%}" for k in worst))


if __name__ == "__main__":
    main()
