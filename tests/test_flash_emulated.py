"""End to end through the real tools: gdb into QEMU's server, avrdude into optiboot in simavr."""

import json
import shutil
from pathlib import Path

import flash_fakes as fakes
import models
import pytest
from test_board_firmware import compiled
from toy_model import need_target, seldom

from lnncc import cli, packages, target
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.flash import emulated, image, session, step
from lnncc.flash.emulated import qemu, simavr
from lnncc.validate import elf, process
from lnncc.validate.emulators import simavr as library

PLAYED = [board for board in target.boards() if any(e.emulator is not None for e in target.load(board).flashers)]


@pytest.fixture(scope="module")
def build() -> Build:
    return compiled(models.ltc(), "gyro")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Path:
    place = tmp_path_factory.mktemp("gyro")
    build.write(place)
    return place


def need(board: str) -> None:
    """Skip, saying what is missing, where the board cannot be played or its tool is not there."""
    need_target(board)
    (entry,) = target.load(board).flashers
    program = {"gdb": "gdb-multiarch", "avrdude": "avrdude"}[entry.tool]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    try:
        if entry.emulator == "qemu":
            qemu.qemu.check(target.load(board).machine("qemu"))
        else:
            library.program("board")
            simavr._source()
    except LnnccError as error:
        pytest.skip(error.title)


def test_these_boards_are_played() -> None:
    assert {"qemu-netduinoplus2", "qemu-microbit", "qemu-virt-rv32", "simavr-uno"} <= set(PLAYED)
    assert emulated.NAMES == ("qemu", "simavr")


@pytest.mark.parametrize("board", seldom(PLAYED, "qemu-netduinoplus2"))
def test_a_model_is_flashed_read_back_run_and_compared(
    folder: Path, build: Build, board: str, capsys: pytest.CaptureFixture[str]
) -> None:
    need(board)
    assert cli.main(["flash", str(folder), "--board", board, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    expected = f"{packages.selftest(build).expected:08X}"
    assert found["expected"] == found["found"] == expected
    assert found["read_back"] is True and found["board"] == board and found["port"].startswith("/dev/")
    back, program = folder / "firmware" / board / step.BACK, elf.read(folder / "firmware" / board / step.ELF)
    flat = image.flat(program.segments)
    assert back.read_bytes()[: len(flat)] == flat


def test_a_board_that_holds_a_wrong_table_is_found_out(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bits of its largest table turned before the write: flash is as gdb was told, and what it computes is not."""
    need("qemu-netduinoplus2")
    plan = session.plan(folder, "qemu-netduinoplus2")
    path = plan.folder / step.ELF
    data, image = bytearray(path.read_bytes()), elf.read(path)
    table = max((s for s in image.symbols if not s.function and s.address < 0x2000_0000), key=lambda s: s.size)
    at = data.index(image.read(table.address, table.size))
    data[at : at + table.size] = bytes(byte ^ 0x10 for byte in data[at : at + table.size])
    path.write_bytes(data)
    monkeypatch.setattr(session, "_compare", lambda put, found, what: None)
    with pytest.raises(LnnccError, match="E0601"):
        session.execute(plan, folder)


def test_gdb_says_why_it_could_not_flash(folder: Path) -> None:
    need("qemu-netduinoplus2")
    plan = session.plan(folder, "nucleo-f446re", tool="gdb", probe="localhost:1")
    with pytest.raises(LnnccError, match="E0810") as caught:
        session.execute(plan, folder)
    assert caught.value.title.startswith("gdb-multiarch failed") and "localhost:1" in " ".join(caught.value.notes)


def test_serial_firmware_is_put_there_and_not_asked(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need("qemu-netduinoplus2")
    assert cli.main(["flash", str(folder), "--board", "qemu-netduinoplus2", "--firmware", "serial"]) == 0
    assert "not asked what it computes" in capsys.readouterr().out


def test_without_its_boot_loader_the_uno_is_not_played(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("simavr-uno")
    monkeypatch.setattr(simavr, "CORES", (str(tmp_path),))
    with pytest.raises(LnnccError, match="E0707") as caught, simavr.started(target.load("simavr-uno"), tmp_path):
        pass
    assert str(tmp_path) in caught.value.notes[0]
    source = tmp_path / simavr.LOADER
    source.parent.mkdir(parents=True)
    source.write_text("#error no optiboot\n")
    with pytest.raises(LnnccError, match="E0707") as caught, simavr.started(target.load("simavr-uno"), tmp_path):
        pass
    assert any("no optiboot" in note for note in caught.value.notes)
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setattr(simavr, "SECONDS", 0.3)
    for text, words in ((None, "avr-gcc did not start"), ("/bin/sleep 60", "avr-gcc did not end in 0.3 s")):
        if text is not None:
            fakes.program(tools, "avr-gcc", text)
        with pytest.raises(LnnccError, match="E0707") as caught, simavr.started(target.load("simavr-uno"), tmp_path):
            pass
        assert words in caught.value.notes[0] and "gcc-avr" in caught.value.helps[0]


def test_an_emulator_that_does_not_start_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need("qemu-netduinoplus2")
    monkeypatch.setattr(qemu, "SERVER", ("-no-such-option",))
    started = qemu.started(target.load("qemu-netduinoplus2"), tmp_path)
    with pytest.raises(LnnccError, match="E0802") as caught, started:
        pass
    assert "status 1" in caught.value.title and "no-such-option" in " ".join(caught.value.notes)


def test_the_emulated_uno_leaves_when_its_words_are_wrong(tmp_path: Path) -> None:
    need("simavr-uno")
    assert process.call((str(library.program("board")), "atmega328p"), tmp_path, 10).status == 98
    words = (str(library.program("board")), "atmega328p", "16000000", "none.bin", "0")
    assert process.call(words, tmp_path, 10).status == 98
