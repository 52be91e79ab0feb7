"""Compilers are found in the target's order, and what they say reaches the user."""

import ctypes
import importlib.util
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from toy_model import CORTEX, KINDS, compiler

import lnncc
from lnncc import target
from lnncc.archive import Model
from lnncc.board import Region
from lnncc.errors import LnnccError
from lnncc.target import Target, Toolchain
from lnncc.validate import chip, toolchain
from tests import models


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine with nothing in PATH and no ziglang; the folder is all that is in PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "ziglang" else real(name))
    return tmp_path


def script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("name", target.names())
def test_nothing_installed_says_what_was_looked_for(bare: Path, name: str) -> None:
    with pytest.raises(LnnccError) as caught:
        toolchain.find(target.load(name))
    assert caught.value.code == "E0701"
    assert all(entry.command in str(caught.value) for entry in target.load(name).compilers)
    assert "pip install 'lnncc[mcu]'" in str(caught.value)


def test_the_target_orders_its_compilers(bare: Path) -> None:
    script(bare / "zig", "echo clang version 1")
    assert toolchain.find(target.load("cortex-m0plus")).kind == "zig"
    script(bare / "arm-none-eabi-gcc", "echo gcc 2")
    assert toolchain.find(target.load("cortex-m4")).kind == "zig"
    found = toolchain.find(target.load("cortex-m0plus"))
    assert (found.kind, found.version, found.freestanding) == ("gcc", "gcc 2", True)
    assert toolchain.find(target.load("cortex-m4"), "zig").argv == (str(bare / "zig"), "cc")


@pytest.mark.parametrize("broken", ["exit 1", "exit 0", "kill -9 $$"])
def test_a_compiler_that_does_not_answer_is_passed_over(bare: Path, broken: str) -> None:
    script(bare / "gcc", broken)
    script(bare / "clang", "echo clang version 1")
    assert toolchain.find(target.load("host")).kind == "clang"


def test_a_kind_the_target_does_not_have() -> None:
    with pytest.raises(LnnccError, match="E0701"):
        toolchain.find(target.load("cortex-m4"), "icc")


def test_ziglang_of_this_python_comes_before_zig_in_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script(tmp_path / "zig", "echo other")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    assert toolchain.find(target.load("host"), "zig").argv[1:3] == ("-m", "ziglang")


def test_where_the_first_compiler_fails_the_next_is_taken_and_that_is_said() -> None:
    """An LTC on a core, whose first compiler knows none of its flags."""
    core = target.load("cortex-m4")
    good = next(entry for entry in core.compilers if entry.kind == "zig")
    bad = replace(good, flags=(*good.flags, "-fno-such-flag"))
    build = lnncc.compile(Model(models.ltc()), dt=1.0, ranges={"x": (-2.0, 2.0)}, target="cortex-m4").build
    taken = chip.measure(build, replace(core, compilers=(bad, good)))
    [note] = taken.notes
    assert "failed (exit status" in note and note.endswith("was taken")
    assert replace(taken, notes=()) == chip.measure(build, replace(core, compilers=(good,)))
    with pytest.raises(LnnccError, match="no-such-flag") as caught:
        chip.measure(build, replace(core, compilers=(bad, bad)))
    assert caught.value.code == "E0702"


def test_constants_that_do_not_fit_are_refused_before_any_compiler_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "run", None)
    build = lnncc.compile(Model(models.ltc()), dt=1.0, ranges={"x": (-2.0, 2.0)}, target="cortex-m4").build
    core = target.load("cortex-m4")
    board = core.emulated()
    kept = build.facts["constant_bytes"]
    assert isinstance(kept, int)
    for small in (
        replace(board, flash=replace(board.flash, size=kept - 1)),
        replace(board, constants=Region(0, kept - 1)),
    ):
        with pytest.raises(LnnccError) as caught:
            chip.measure(build, replace(core, board=small))
        assert caught.value.code == "E0505"


def test_another_failure_of_the_first_compiler_is_the_answer(bare: Path) -> None:
    script(bare / "gcc", "echo gcc 1")
    script(bare / "clang", "echo clang 1")

    def too_large(compiler: toolchain.Compiler) -> None:
        raise LnnccError("E0501", f"too large for {compiler.kind}")

    with pytest.raises(LnnccError, match="too large for gcc"):
        toolchain.first_to(too_large, target.load("host"))
    (bare / "gcc").unlink()
    (bare / "clang").unlink()
    with pytest.raises(LnnccError, match="E0701"):
        toolchain.first_to(too_large, target.load("host"))


def test_a_compile_error_quotes_the_compiler(tmp_path: Path) -> None:
    source = tmp_path / "wrong.c"
    source.write_text("int f(void) { return nothing_declared; }\n")
    with pytest.raises(LnnccError) as caught:
        toolchain.compile_object(compiler("cortex-m4", "zig"), source, tmp_path / "wrong.o")
    assert caught.value.code == "E0702"
    assert "nothing_declared" in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 12


def test_a_compiler_that_hangs_is_stopped(tmp_path: Path) -> None:
    sleep = (sys.executable, "-c", "import time; time.sleep(60)")
    slow = toolchain.Compiler("gcc", sleep, (), "slow 1", False)
    with pytest.raises(LnnccError, match=r"E0702.*did not end in 0.2 s"):
        toolchain.run(slow, (), tmp_path, seconds=0.2)


def test_what_is_too_large_for_the_board_does_not_fit(tmp_path: Path) -> None:
    script(tmp_path / "ld", "echo 'region FLASH overflowed by 12 bytes' >&2; exit 1")
    full = toolchain.Compiler("gcc", (str(tmp_path / "ld"),), (), "ld 1", True)
    with pytest.raises(LnnccError) as caught:
        toolchain.run(full, (), tmp_path)
    assert caught.value.code == "E0501"
    assert "overflowed by 12 bytes" in str(caught.value)


@pytest.mark.parametrize("kind", ["gcc", "clang", "zig"])
def test_a_shared_library_opens(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    (tmp_path / "seven.h").write_text("#define SEVEN 7\n")
    (tmp_path / "one.c").write_text('#include "seven.h"\nint seven(void) { return SEVEN * SIGN; }\n')
    library = toolchain.shared_library(
        compiler("host", kind), [tmp_path / "one.c"], tmp_path / "one.so", include=[tmp_path], flags=["-DSIGN=-1"]
    )
    assert ctypes.CDLL(str(library)).seven() == -7
    assert list(elsewhere.iterdir()) == []
    assert {path.name for path in tmp_path.iterdir()} == {"seven.h", "one.c", "one.so", "elsewhere"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [name for name in CORTEX if name != "cortex-m55"])
def test_no_float_register_is_used(tmp_path: Path, name: str, kind: str) -> None:
    from toy_model import toy_firmware

    from lnncc.validate import elf, thumb

    image = elf.read(toy_firmware(name, kind))
    step = image.symbol("toy_step")
    names = {one.name for one in thumb.decode(image, step.address, step.size) if image.is_code(one.address)}
    assert names & {"mul", "mla", "smlabb", "smlad", "smulbb"}
    assert not [used for used in names if used.startswith("v")]


def test_the_cache_falls_back_to_the_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert toolchain.find(target.load("host"), "zig").kind == "zig"


def test_a_target_may_lack_compilers() -> None:
    empty = Target("none", "none", "", "host", "", (), ())
    with pytest.raises(LnnccError, match="E0701"):
        toolchain.find(empty)
    absent = Target("odd", "odd", "", "host", "", (), (Toolchain("gcc", "no-such-compiler", ()),))
    with pytest.raises(LnnccError, match="E0701"):
        toolchain.find(absent)
