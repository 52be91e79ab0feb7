"""Boards: each loads strictly, is built for its own memory, and where an emulator knows it, gives the same bits."""

from pathlib import Path

import pytest
from toy_model import TOY, inputs, need_target, toy_firmware, toy_reference

import lnncc
from lnncc import cli, share, target
from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.validate import elf, emulate, toolchain
from tests import models

WANTED = {
    "nucleo-f446re",
    "stm32f4-discovery",
    "microbit",
    "rp2040",
    "nrf52840",
    "stm32h7",
    "mps3-an547",
    "esp32-c3",
    "arduino-uno",
    "arduino-mega",
}


def test_the_boards_are_there() -> None:
    assert set(target.boards()) >= WANTED
    assert not set(target.boards()) & set(target.names())


@pytest.mark.parametrize("name", target.boards())
def test_a_board_is_its_core_with_a_memory_of_its_own(name: str) -> None:
    board = target.load(name)
    assert board.name == name and board.part is not None
    memory = board.emulated()
    assert (memory.flash.size, memory.ram.size) == (board.part.flash, board.part.ram)
    core = next(t for t in map(target.load, target.names()) if t.cpu == board.cpu and t.kind == board.kind)
    assert (board.isa, board.compilers, board.split) == (core.isa, core.compilers, core.split)


OWN = """
description = "my board"
core = "cortex-m4"
[part]
name = "P1"
flash = 65_536
ram = {ram}
[board]
flash = [0x0800_0000, 65_536]
ram = [0x2000_0000, {ram}]
[board.emulators]
unicorn = "CORTEX_M4"
"""


def test_a_board_of_the_users_own_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN.format(ram=16_384))
    made = lnncc.compile(Model(models.cfc()), ranges={"x": (-2, 2)}, dt=1.0, target=str(path))
    same = lnncc.compile(Model(models.cfc()), ranges={"x": (-2, 2)}, dt=1.0, target="cortex-m4")
    assert made.build.files() == same.build.files(), "a build names no path, and can be read anywhere"
    assert made.verify(models.recording(steps=20), on=[str(path)]).exact.keys() == {"host", "mine"}


def test_a_model_must_fit_the_users_board(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN.format(ram=128))
    lnncc.save(Model(models.cfc()), tmp_path / "m.lnn")
    words = ["compile", str(tmp_path / "m.lnn"), "--dt", "1", "--range", "x=-2:2", "-o", str(tmp_path / "out")]
    assert cli.main([*words, "--target", str(path)]) == 5
    assert "does not fit mine (P1)" in capsys.readouterr().err and not (tmp_path / "out").exists()
    assert cli.main([*words, "--target", str(tmp_path / "gone.toml")]) == 2
    assert "E0221" in capsys.readouterr().err


@pytest.mark.parametrize("name", target.boards())
def test_what_is_built_lies_in_the_board_and_runs(name: str) -> None:
    need_target(name)
    board, xs = target.load(name), inputs(20)
    path = toy_firmware(name, toolchain.find(board).kind)
    memory = board.emulated()
    for section in elf.read(path).sections:
        start = section.address & 0x7FFFFF if board.kind == "avr" else section.address  # RAM is at 0x800000 to avr-gcc
        region = memory.ram if section.writable else memory.flash
        assert region.origin <= start and start + section.size <= region.origin + region.size
    assert emulate.run(path, TOY, board, xs.tobytes(), count=0).output == toy_reference(xs)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('core = "cortex-m4"', 'core = "cortex-m4x"', "core must be a target"),
        ('core = "cortex-m4"', "", "core is missing"),
        ("[part]", "cpu = 1\n[part]", "cpu is unknown"),
        ("flash = 524_288", "", "part.flash is missing"),
    ],
)
def test_a_wrong_board_is_refused_by_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (share.folder("targets") / target.BOARDS / "nucleo-f446re.toml").read_text()
    assert old in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(LnnccError, match="E0221") as caught:
        target.read_board(path)
    assert words in caught.value.title and "mine.toml" in caught.value.title


def test_a_mistyped_board_is_named() -> None:
    with pytest.raises(LnnccError, match="E0201") as caught:
        target.load("arduino_uno")
    assert caught.value.helps[0] == "did you mean `arduino-uno`?"


def test_the_readme_holds_the_table_of_the_records(capsys: pytest.CaptureFixture[str]) -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text()
    assert cli.main(["boards"]) == 0
    table = text.partition("<!-- boards -->\n")[2].partition("<!-- end of boards -->")[0]
    assert table == capsys.readouterr().out, "put what `lnncc boards` prints into the README"
    assert all(f"| `{name}` |" in table for name in target.boards())
