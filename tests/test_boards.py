"""Boards: each loads strictly, is built for its own memory, and where an emulator knows it, gives the same bits."""

from pathlib import Path

import pytest
from toy_model import TOY, inputs, need_target, toy_firmware, toy_reference

from lnncc import share, target
from lnncc.errors import LnnccError
from lnncc.validate import elf, emulate, toolchain

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
    assert caught.value.helps[0] == "did you mean arduino-uno?"
