"""The figures that the reference models must keep: bits, error, instructions, flash, and no dead synapse."""

import numpy as np
import pytest
from toy_model import need_target

import lnncc
from examples import reference_models
from lnncc import target, twin
from lnncc.validate import chip, compare, toolchain

pytest.importorskip("unicorn", reason="needs the mcu extra")

MAX_ERROR = {"cfc64": 1e-3, "ltc_ncp28": 8e-4}
STEPS = 200


@pytest.mark.parametrize("name", MAX_ERROR)
def test_c_is_the_twin_and_close_to_float(name: str) -> None:
    found = reference_models.compiled(name).verify(reference_models.recording(STEPS))
    assert found.bit_exact
    assert found.errors["y"].max_abs < MAX_ERROR[name]


@pytest.mark.parametrize("core", reference_models.TARGETS)
def test_the_ltc_gives_the_same_bits_on_every_core(core: str) -> None:
    build = reference_models.compiled("ltc_ncp28").build
    raw = compare.raw_inputs(build, {"x": reference_models.recording(STEPS)[None]})
    result = chip.execute(build, target.load(core), tuple(x[0] for x in raw), count=1)
    assert compare.equal_steps(result.trace, twin.run(build.integer, raw)) == STEPS


def test_the_ltc_drops_dead_synapses_and_keeps_its_budget_on_cortex_m4() -> None:
    build = reference_models.compiled("ltc_ncp28").build
    loop = next(n for n in build.integer.walk() if n.op == "loop")
    inner, outer = ([n for n in nodes if n.op == "synapses"] for nodes in (loop.body.nodes, build.integer.nodes))
    evaluated = [sum(len(build.integer.constants[n.inputs[2]]) for n in nodes) for nodes in (inner, outer)]
    assert evaluated[0] * loop.attrs["trips"] + evaluated[1] == 560
    chosen = target.load("cortex-m4")
    raw = compare.raw_inputs(build, {"x": reference_models.recording(16)[None]})
    result = chip.execute(build, chosen, tuple(x[0] for x in raw), compiler=toolchain.find(chosen, "zig"))
    assert result.run.instructions_per_step is not None
    assert result.run.instructions_per_step <= 9_700
    assert result.sizes.flash <= 5_000


def test_a_table_a_synapse_is_faster_and_takes_no_more_memory() -> None:
    program = reference_models.compiled("ltc_ncp28", "speed")
    found = program.verify(reference_models.recording(STEPS))
    assert found.bit_exact
    assert found.errors["y"].max_abs < MAX_ERROR["ltc_ncp28"]
    chosen = target.load("cortex-m4")
    raw = compare.raw_inputs(program.build, {"x": reference_models.recording(16)[None]})
    result = chip.execute(
        program.build, chosen, tuple(x[0] for x in raw), compiler=toolchain.find(chosen, "zig"), count=2
    )
    assert result.run.instructions_per_step is not None
    assert result.run.instructions_per_step <= 8_000
    assert result.sizes.ram + result.sizes.stack <= 600


@pytest.mark.parametrize(("core", "most"), [("cortex-m4", 33_000), ("cortex-m0plus", 160_000)])
def test_a_cfc_keeps_its_budget(core: str, most: int) -> None:
    build, chosen = reference_models.compiled("cfc64").build, target.load(core)
    raw = compare.raw_inputs(build, {"x": reference_models.recording(4)[None]})
    result = chip.execute(build, chosen, tuple(x[0] for x in raw), compiler=toolchain.find(chosen, "zig"), count=1)
    assert compare.equal_steps(result.trace, twin.run(build.integer, raw)) == 4
    assert result.run.instructions_per_step is not None
    assert result.run.instructions_per_step <= most


BUDGETS = ("cfc64", 16, 14_500), ("cfc64", 8, 13_300), ("ltc_ncp28", 16, 5_300)


@pytest.mark.parametrize(("name", "bits", "most"), BUDGETS)
def test_vectors_keep_a_budget(name: str, bits: int, most: int) -> None:
    """On an emulated Cortex-M55, where a vector's instruction counts as one."""
    need_target("cortex-m55")
    model = lnncc.from_ncps(reference_models.DATA / f"bench_{name}.weights.npz", **reference_models.MODELS[name])
    program = lnncc.compile(model, dt=1.0, ranges={"x": reference_models.RANGE}, bits=bits, name=name)
    build, chosen = program.build, target.load("cortex-m55")
    raw = compare.raw_inputs(build, {"x": reference_models.recording(4)[None]})
    result = chip.execute(build, chosen, tuple(x[0] for x in raw), count=1)
    assert compare.equal_steps(result.trace, twin.run(build.integer, raw)) == 4
    assert result.run.instructions_per_step is not None
    assert result.run.instructions_per_step <= most


def test_size_takes_little_stack() -> None:
    program = reference_models.compiled("cfc64", "size")
    assert program.verify(reference_models.recording(STEPS)).bit_exact
    sizes = chip.measure(program.build, target.load("cortex-m4"))
    assert sizes.ram + sizes.stack <= 700


def test_eight_bit_weights_are_bit_exact_too() -> None:
    model = lnncc.from_ncps(reference_models.DATA / "bench_cfc64.weights.npz", **reference_models.MODELS["cfc64"])
    program = lnncc.compile(model, dt=1.0, ranges={"x": (-4, 4)}, bits=8, name="small")
    found = program.verify(reference_models.recording(STEPS))
    assert found.bit_exact
    assert found.errors["y"].max_abs < 2e-2
    assert "int8_t" in program.build.sources["small.c"]
    assert np.isfinite(found.errors["y"].rms)
