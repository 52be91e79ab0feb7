"""The statement of what is constant in time: what was seen in emulators, by whom, and what manuals say of the core."""

import json
from dataclasses import replace
from pathlib import Path

import models
import numpy as np
import pytest
from toy_model import need_target, seldom

import lnncc
from lnncc import Model, cli, share, target
from lnncc.program import Program
from lnncc.validate import timing
from lnncc.validate.lines import functions

CORES = ("cortex-m4", "cortex-m0plus", "avr-atmega328p")


@pytest.fixture(scope="module", params=seldom(("ltc", "cfc"), "ltc"))
def program(request: pytest.FixtureRequest) -> Program:
    graph = {"ltc": models.ltc, "cfc": models.cfc}[request.param]()
    return lnncc.compile(Model(graph), dt=1.0, ranges={"x": (-2.0, 2.0)}, target="cortex-m4", name=request.param)


@pytest.mark.parametrize("core", CORES)
def test_what_is_called_constant_is_so_on_other_inputs(
    program: Program, core: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other random inputs than the statement was made from make no other kernel differ."""
    need_target(core)
    chosen = target.load(core)
    seen = timing.measure(program.build, chosen)
    assert seen.steps == timing.STEPS and seen.kernels and set(seen.constant) <= set(seen.kernels)
    monkeypatch.setattr(timing, "SEED", timing.SEED + 1)
    again = timing.measure(program.build, chosen)
    if seen.instructions[0] == seen.instructions[1]:
        assert again.instructions == seen.instructions
    moved = {kernel for users in (again.varies or {}).values() for kernel in users}
    assert not moved & set(seen.constant)


def test_a_mean_divides_and_a_blend_does_not(program: Program) -> None:
    need_target("cortex-m4")
    seen = timing.measure(program.build, target.load("cortex-m4"))
    assert seen.instructions[0] == seen.instructions[1], "no branch depends on data on this core"
    if program.build.name == "ltc":
        assert seen.slow["udiv"] > 0 and any("mean" in kernel for kernel in seen.users)
        assert seen.cycles is not None and seen.cycles[1] - seen.cycles[0] >= 10 * seen.slow["udiv"]
    else:
        assert not seen.slow and not seen.users and seen.constant == seen.kernels


def test_a_loop_of_data_is_found_and_named(program: Program) -> None:
    """On a core without a divider, the division of a mean goes round as often as the quotient wants."""
    need_target("cortex-m0plus")
    seen = timing.measure(program.build, target.load("cortex-m0plus"))
    if program.build.name == "ltc":
        assert seen.instructions[0] < seen.instructions[1] and seen.varies is not None
        assert any("mean" in kernel for users in seen.varies.values() for kernel in users)


def test_inputs_are_of_the_whole_range_and_beyond(program: Program) -> None:
    [x] = timing.drawn(program.build)
    signal = program.build.interface.inputs[0]
    assert x.dtype == np.int16 and (x[0] == signal.low).all() and (x[1] == signal.high).all()
    assert x.min() <= signal.low and x.max() >= signal.high and len(np.unique(x)) > 100


def test_every_core_has_a_statement_with_its_source() -> None:
    for name in target.names():
        core = timing.core(target.load(name))
        assert core.text and core.source and all(len(ends) in (0, 2) for ends in core.slow.values())


def test_functions_of_a_header_by_line() -> None:
    text = (share.folder("runtime") / "lnn_fx.h").read_text()
    span, body = functions(text)["ln_clip"]
    lines = text.splitlines()
    assert "ln_clip(int32_t x" in lines[span[0] - 1] and lines[span[-1] - 1] == "}" and "least" in body


def test_the_verb(program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need_target("cortex-m4")
    program.save(tmp_path)
    assert cli.main(["timing", str(tmp_path), "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)["targets"]
    assert told["target"] == "cortex-m4" and told["core"]["source"].startswith("Arm Cortex-M4")
    assert cli.main(["timing", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "of the core: divisions end early" in text and f"{program.build.name} on cortex-m4" in text


def test_a_target_that_is_not_emulated_is_refused(program: Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    assert cli.main(["timing", str(tmp_path), "--on", "host"]) == 2


def test_without_traces_nothing_is_called_constant_that_was_seen_to_differ() -> None:
    seen = timing.Timing(9, "simavr", (100, 101), (200, 210), True, None, {}, (), ("ln_mean",))
    assert seen.constant == () and replace(seen, instructions=(100, 100)).constant == ("ln_mean",)
