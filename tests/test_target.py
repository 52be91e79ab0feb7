"""Targets are data, read strictly: every file loads, and every mistake in one is named."""

import importlib.util
import shutil
from pathlib import Path

import pytest

from lnncc import board, share, target
from lnncc.errors import LnnccError
from lnncc.target import HOST


def emulators_of(name: str) -> list[str]:
    board = target.load(name).board
    return [] if board is None else [emulator for emulator, _ in board.emulators]


@pytest.mark.parametrize("name", target.names())
def test_every_target_loads_and_names_what_exists(name: str) -> None:
    from lnncc.validate import cycles

    loaded = target.load(name)
    assert loaded.name == name
    assert loaded.description
    assert (loaded.board is None) == (loaded.part is None) == (loaded.kind == HOST)
    assert loaded.cycles is None or loaded.cycles in cycles.MODELS
    for emulator in emulators_of(name):
        assert importlib.util.find_spec(f"lnncc.validate.emulators.{emulator}") is not None


@pytest.mark.parametrize("name", [name for name in target.names() if "unicorn" in emulators_of(name)])
def test_unicorn_knows_the_core_and_can_map_the_board(name: str) -> None:
    from lnncc.validate.emulators.unicorn_cores import CORES

    loaded = target.load(name)
    machine = {"cortex-m": "EM_ARM", "riscv32": "EM_RISCV", "aarch64": "EM_AARCH64"}[loaded.kind]
    assert CORES[machine].model(loaded.machine("unicorn")) >= 0
    for region in (loaded.emulated().flash, loaded.emulated().ram):
        assert region.origin % 4096 == 0 == region.size % 4096


def test_the_first_targets_are_there() -> None:
    assert {"host", "host-avx2", "host-avx512", "aarch64-neon"} <= set(target.names())
    assert {f"cortex-m{n}" for n in ("0plus", "3", "4", "7", "33", "55")} <= set(target.names())
    assert {"rv32imc", "rv32imac", "rv32-rvv", "avr-atmega328p", "avr-atmega2560"} <= set(target.names())


@pytest.mark.parametrize(("typed", "meant"), [("cortex-m4f", "cortex-m4"), ("cortex_m0plus", "cortex-m0plus")])
def test_an_unknown_target_names_the_closest(typed: str, meant: str) -> None:
    with pytest.raises(LnnccError) as caught:
        target.load(typed)
    assert caught.value.code == "E0201"
    assert f"did you mean `{meant}`?" in str(caught.value)


def test_a_target_like_no_other_lists_all() -> None:
    with pytest.raises(LnnccError) as caught:
        target.load("8051")
    known = ("known: " + ", ".join(target.names()), "boards: " + ", ".join(target.boards()))
    assert caught.value.helps == (*known, "or give the file of your own board")


GOOD = """
description = "a core"
kind = "core"
cpu = "core-1"
isa = ["scalar"]
[part]
name = "P1"
flash = 1024
ram = 256
[board]
flash = [0, 4096]
ram = [0x20000000, 4096]
[board.emulators]
qemu = "board-1"
[[compiler]]
kind = "gcc"
command = "core-gcc"
flags = ["-mcpu=core-1"]
"""


def write(folder: Path, text: str) -> Path:
    (folder / "core").mkdir(exist_ok=True)
    path = folder / "one.toml"
    path.write_text(text)
    return path


def test_what_is_read(tmp_path: Path) -> None:
    loaded = target.read(write(tmp_path, GOOD))
    assert loaded.compilers == (target.Toolchain("gcc", "core-gcc", ("-mcpu=core-1",)),)
    assert loaded.part == target.Part("P1", 1024, 256)
    assert loaded.emulated().ram == board.Region(0x20000000, 4096)
    assert loaded.machine("qemu") == "board-1"
    assert loaded.cycles is None


def test_flash_is_estimated_from_constants_and_calls(tmp_path: Path) -> None:
    loaded = target.read(
        write(tmp_path, GOOD.replace("[part]", "[code]\nbalanced = [300, 100]\nsize = [700, 20]\n[part]"))
    )
    found = [target.flash_estimate(loaded, goal, 5000, 4) for goal in ("balanced", "speed", "size")]
    assert found == [5700, 5700, 5780]
    assert target.flash_estimate(target.read(write(tmp_path, GOOD)), "size", 5000, 4) is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('cpu = "core-1"', "", "cpu is missing"),
        ("flash = 1024", "", "part.flash is missing"),
        ('command = "core-gcc"', "", "compiler[0].command is missing"),
        ('cpu = "core-1"', 'cpu = "core-1"\ncpus = 2', "cpus is unknown"),
        ("flash = 1024", "flash = 1024\nrom = 1", "part.rom is unknown"),
        ('command = "core-gcc"', 'command = "core-gcc"\ncmd = ""', "compiler[0].cmd is unknown"),
        ("ram = [0x20000000, 4096]", "ram = [0x20000000, 4096]\nrom = 1", "board.rom is unknown"),
        ('cpu = "core-1"', "cpu = 1", "cpu must be a str, not 1"),
        ("flash = 1024", 'flash = "1 kB"', "part.flash must be a int, not '1 kB'"),
        ("flash = 1024", "flash = true", "part.flash must be a int, not True"),
        ("flash = [0, 4096]", "flash = [0]", "board.flash must be [origin, bytes]"),
        ("flash = [0, 4096]", "flash = [0, 1.5]", "board.flash must be [origin, bytes]"),
        ('flags = ["-mcpu=core-1"]', "flags = [1]", "compiler[0].flags must be a list of strings"),
        ('qemu = "board-1"', "qemu = 1", "board.emulators.qemu must be a str"),
        ("[[compiler]]", "[compiler]", "compiler must be a list"),
        ('kind = "core"', 'kind = "heart"', "kind 'heart' has no folder"),
        ('isa = ["scalar"]', 'isa = ["abacus"]', "isa 'abacus' has no runtime/simd/abacus.h"),
        ('isa = ["scalar"]', "isa = []", "isa must be a list of names of runtime/simd, not []"),
        ('cpu = "core-1"', "cpu = ", "Invalid value"),
        ("[part]", "[code]\nbalanced = [1]\nsize = [1, 2]\n[part]", "code.balanced must be [bytes of a step, bytes of"),
        ("[part]", "[code]\nbalanced = [1, 2]\n[part]", "code.size is missing"),
        ('cpu = "core-1"', 'cpu = "core-1"\nsplit = 1', "split must be true or false, not 1"),
    ],
)
def test_a_wrong_file_is_refused_by_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(LnnccError) as caught:
        target.read(write(tmp_path, GOOD.replace(old, new, 1)))
    assert caught.value.code == "E0221"
    assert words in caught.value.title
    assert "one.toml" in caught.value.title


def test_compilers_may_not_be_mixed_with_other_things(tmp_path: Path) -> None:
    text = 'compiler = ["gcc"]\n' + GOOD.split("[[compiler]]")[0]
    with pytest.raises(LnnccError, match=r"compiler must be a list of tables"):
        target.read(write(tmp_path, text))


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match="E0221"):
        target.read(tmp_path / "none.toml")


def test_only_boards_are_emulated() -> None:
    with pytest.raises(LnnccError) as caught:
        target.load("host").emulated()
    assert caught.value.code == "E0222"
    assert "cortex-m4" in caught.value.helps[0]


def test_an_emulator_must_know_the_board() -> None:
    with pytest.raises(LnnccError) as caught:
        target.load("cortex-m4").machine("simavr")
    assert caught.value.code == "E0223"
    assert "unicorn" in caught.value.helps[0]


@pytest.mark.parametrize(
    ("flash", "ram", "stack", "fits"),
    [(1024, 200, 56, True), (1025, 0, 0, False), (0, 200, 57, False)],
)
def test_what_fits(tmp_path: Path, flash: int, ram: int, stack: int, fits: bool) -> None:
    loaded = target.read(write(tmp_path, GOOD))
    if fits:
        target.check_fit(loaded, flash=flash, ram=ram, stack=stack)
        return
    with pytest.raises(LnnccError) as caught:
        target.check_fit(loaded, flash=flash, ram=ram, stack=stack)
    assert caught.value.code == "E0501"
    assert "P1" in caught.value.title


def test_the_host_fits_everything() -> None:
    target.check_fit(target.load("host"), flash=10**9, ram=10**9, stack=10**9)


def test_an_installed_wheel_carries_its_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("targets", "runtime"):
        shutil.copytree(share.folder(kind), tmp_path / "lnncc" / "_data" / kind)
    (tmp_path / "targets").mkdir()
    monkeypatch.setattr(share, "PACKAGE", tmp_path / "lnncc")
    assert share.folder("targets") == tmp_path / "lnncc" / "_data" / "targets"
    assert target.load("cortex-m4").cpu == "cortex-m4"
    with pytest.raises(FileNotFoundError, match="templates"):
        share.folder("templates")
