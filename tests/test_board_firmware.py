"""Firmware for boards: built from one TOML each, in the board's memory, with what a debugger asks for."""

import re
import tempfile
from pathlib import Path

import models
import numpy as np
import pytest
from toy_model import need_target, seldom

import lnncc
from lnncc import Model, share, target
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.flash import firmware
from lnncc.flash.identity import Identity
from lnncc.ir import Graph
from lnncc.validate import elf

SERIAL = '[board.serial]\nuart = "cmsdk"\nbase = 1\nclock = 2\nbaud = 3\npins = "UART0"\n'


def compiled(graph: Graph, name: str, dt: float | tuple[float, float] = 1.0) -> Build:
    recorded = {"x": models.recording()}
    if isinstance(dt, tuple):
        recorded["dt"] = np.ones(recorded["x"].shape[:2])
    return lnncc.compile(Model(graph), dt=dt, ranges={"x": (-2.0, 2.0)}, calibration=recorded, name=name).build


@pytest.fixture(scope="module")
def builds() -> dict[str, Build]:
    """``gyro``, and ``pulse``, which is told dt."""
    return {"gyro": compiled(models.ltc(), "gyro"), "pulse": compiled(models.cfc(), "pulse", (0.25, 40.0))}


@pytest.mark.parametrize("name", seldom(target.boards(), "arduino-uno", "esp32-c3", "microbit", "nucleo-f446re"))
def test_every_board_has_firmware(tmp_path: Path, builds: dict[str, Build], name: str) -> None:
    need_target(name)
    board = target.load(name)
    memory = board.emulated()
    for kind, model in (("serial", "pulse"), ("vectors", "gyro")):
        path = tmp_path / f"{kind}.elf"
        path.write_bytes(firmware.linked(builds[model], board, kind))
        image = elf.read(path)
        assert image.symbol(f"{model}_step").size > 0
        for address, data in image.segments:
            seen = [start for start in (memory.flash.origin, memory.loads) if start is not None]
            assert any(start <= address and address + len(data) <= start + memory.flash.size for start in seen)
        for section in (s for s in image.sections if s.writable):
            start = section.address & 0x7FFFFF if board.kind == "avr" else section.address  # as avr-gcc has it
            assert memory.ram.origin <= start and start + section.size <= memory.ram.origin + memory.ram.size
    assert image.symbol("LNN_status").size == image.symbol("LNN_hash").size == 4


def test_firmware_lies_in_the_folder_of_its_build(tmp_path: Path, builds: dict[str, Build]) -> None:
    builds["gyro"].write(tmp_path)
    path = firmware.build(tmp_path, "microbit")
    assert path == tmp_path / "firmware" / "microbit-vectors.elf"
    assert path.read_bytes() == firmware.build(tmp_path, "microbit", output=tmp_path / "again.elf").read_bytes()


def test_a_folder_for_temporary_files_may_have_any_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, builds: dict[str, Build]
) -> None:
    """A comma once parted the path of the linker script in two."""
    need_target("microbit")
    whole, odd = firmware.linked(builds["gyro"], target.load("microbit"), "vectors"), tmp_path / "a, b'c"
    odd.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(odd))
    assert firmware.linked(builds["gyro"], target.load("microbit"), "vectors") == whole


def test_a_core_alone_has_no_line(tmp_path: Path, builds: dict[str, Build]) -> None:
    builds["gyro"].write(tmp_path)
    with pytest.raises(LnnccError, match="E0224") as caught:
        firmware.build(tmp_path, "cortex-m4", "serial")
    assert "nucleo-f446re" in caught.value.helps[0]


@pytest.mark.parametrize("model", ["gyro", "pulse"])
def test_an_identity_is_read_as_it_was_written(builds: dict[str, Build], model: str) -> None:
    build = builds[model]
    said = Identity.of(build, "nucleo-f446re")
    assert Identity.unpacked(said.packed()) == said
    stored = re.search(r"model_hash\[\d+\] = \{([\d, \n]+)\}", build.sources[f"{model}.c"])
    assert stored is not None and [int(word) for word in re.findall(r"\d+", stored[1])] == list(said.sha256)
    for length in range(len(said.packed())):
        with pytest.raises(ValueError):
            Identity.unpacked(said.packed()[:length])
    with pytest.raises(ValueError, match="bytes, not"):
        Identity.unpacked(said.packed() + b"\0")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('uart = "cmsdk"', 'uart = "cmsdl"', "board.serial.uart must be one of avr, cmsdk"),
        ("base = 1\n", "", "board.serial.base is missing"),
        ("baud = 3", 'baud = "fast"', "board.serial.baud must be a int"),
        ("clock = 2", "clock = 2\nclok = 2", "board.serial.clok is unknown"),
        ("baud = 3", 'baud = 3\nsetup = [["put", 1, 2]]', "board.serial.setup must be a list of [write|set|clear|wait"),
        ("baud = 3", 'baud = 3\nsetup = [["set", 1, -2]]', "board.serial.setup must be a list"),
        ("baud = 3", 'baud = 3\nsetup = [["set", 1]]', "board.serial.setup must be a list"),
    ],
)
def test_a_wrong_line_is_refused_by_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (share.folder("targets") / target.BOARDS / "mps2-an386.toml").read_text()
    start = text.index("[board.serial]")
    text = text[:start] + SERIAL + "\n" + text[text.index("[board.emulators]") :]
    path = tmp_path / "mine.toml"
    path.write_text(text)
    assert target.read_board(path).emulated().serial is not None
    path.write_text(text.replace(old, new))
    with pytest.raises(LnnccError, match="E0221") as caught:
        target.read_board(path)
    assert words in caught.value.title
