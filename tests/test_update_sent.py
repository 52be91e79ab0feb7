"""Updates over a serial line: the firmware of a board takes them, part by part, and goes on with the new weights."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host_board import executable, held
from integer_graphs import Builder
from test_serial_line import drawn, flipped, lost, need_board, on, same
from test_update import compiled, updated
from toy_model import need_target

from lnncc import cli, twin
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.errors import LnnccError
from lnncc.flash import device, firmware, frames
from lnncc.flash.device import Device
from lnncc.flash.frames import OFFSET, PART, Type
from lnncc.options import Settings
from lnncc.passes.prove import prove
from lnncc.plan import plan
from lnncc.target import Target, load
from lnncc.validate import elf, stack


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return executable(compiled("ltc"), tmp_path_factory.mktemp("m"))


@pytest.fixture
def board(program: Path) -> Iterator[Device]:
    with held(program, compiled("ltc")) as found:
        yield found


def sent(newer: Build) -> bytes:
    assert newer.update is not None
    return newer.update


def test_a_board_goes_on_with_the_new_weights_and_back(board: Device) -> None:
    old, newer = compiled("ltc"), updated("ltc")
    raw = drawn(old, 20)
    assert not same(twin.run(newer.integer, raw), old, raw), "else nothing is shown"
    assert same(board.run(raw), old, raw)
    board.update(sent(newer))
    assert same(board.run(raw), newer, raw), "a reset leaves the new weights in use"
    assert device._greeted(board.link).sha256 in sent(newer)
    board.update(sent(updated("ltc", 2)))
    assert same(board.run(raw), updated("ltc", 2), raw)


@pytest.mark.parametrize("fault", [lost, flipped])
@pytest.mark.parametrize("way", ["there", "back"])
def test_a_fault_on_the_way_is_made_good(program: Path, fault: object, way: str) -> None:
    newer = updated("ltc")
    raw, last = drawn(newer, 5), -(-len(sent(newer)) // PART) + 2
    with held(program, compiled("ltc"), **{way: on((1, 3, last), fault)}) as board:
        board.update(sent(newer))
        assert same(board.run(raw), newer, raw) and board.link.retries > 0


@pytest.mark.parametrize("at", [-1, 0, 40])
def test_what_is_no_update_is_refused_and_the_code_has_its_weights_again(board: Device, at: int) -> None:
    old = compiled("ltc")
    raw, damaged = drawn(old, 5), bytearray(sent(updated("ltc")))
    damaged[at] ^= 1
    board.update(sent(updated("ltc", 2)))
    with pytest.raises(LnnccError, match="E0808") as caught:
        board.update(bytes(damaged))
    assert "no update of its code" in caught.value.notes[0]
    assert ("another model" if at == 0 else "CRC") in caught.value.notes[1]
    assert same(board.run(raw), old, raw)
    assert device._greeted(board.link).sha256 == board.identity.sha256


def test_an_update_that_stops_half_way_leaves_the_weights_of_the_code(board: Device) -> None:
    old = compiled("ltc")
    raw = drawn(old, 5)
    board.update(sent(updated("ltc")))
    board.link.ask(Type.UPDATE, bytes(OFFSET) + sent(updated("ltc", 2))[:PART])
    assert same(board.run(raw), old, raw)
    with pytest.raises(LnnccError, match="E0808"):
        board.link.ask(Type.TAKE)
    assert same(board.run(raw), old, raw)


def test_a_part_may_end_where_the_update_ends_and_no_further(board: Device) -> None:
    size = len(sent(updated("ltc")))
    for at, count in ((size - 1, 1), (size, 0), (0, PART)):
        board.link.ask(Type.UPDATE, at.to_bytes(OFFSET, "little") + bytes(count))
    wrong = [(size, 1), (size - 1, 2), (size + 1, 0), ((1 << 32) - 1, PART), ((1 << 32) - PART, PART)]
    for payload in [*(at.to_bytes(OFFSET, "little") + bytes(n) for at, n in wrong), *map(bytes, range(OFFSET))]:
        with pytest.raises(LnnccError, match="E0808") as caught:
            board.link.ask(Type.UPDATE, payload)
        assert caught.value.notes == (frames.REASONS[3],)


def test_a_part_may_be_larger_than_a_whole_update(tmp_path: Path) -> None:
    """It then goes beyond its end from wherever it begins."""
    build = small()
    size = build.interface.update_bytes
    assert size is not None and size < PART
    with held(executable(build, tmp_path), build) as board:
        for at in (0, 1, size):
            with pytest.raises(LnnccError, match="E0808") as caught:
                board.link.ask(Type.UPDATE, at.to_bytes(OFFSET, "little") + bytes(PART))
            assert caught.value.notes == (frames.REASONS[3],)
        board.link.ask(Type.UPDATE, bytes(OFFSET + size))


def firmware_of(build: Build, board: Target, folder: Path) -> elf.Image:
    path = folder / "serial.elf"
    path.write_bytes(firmware.linked(build, board, "serial"))
    return elf.read(path)


def of_ram(image: elf.Image) -> tuple[int, int]:
    """Where what is no stack begins and ends in RAM."""
    places = [section for section in image.sections if section.writable]
    return min(s.address for s in places), max(s.address + s.size for s in places)


@pytest.mark.parametrize(("name", "core", "start"), [
    ("microbit", "cortex-m0plus", "on_reset"),
    ("nucleo-f446re", "cortex-m4", "on_reset"),
    ("esp32-c3", "rv32imc", "start"),
])  # fmt: skip
def test_an_update_has_what_the_deepest_stack_leaves_of_ram(tmp_path: Path, name: str, core: str, start: str) -> None:
    """To the eight bytes: in less there is no place for it, and the stack always has what it can need."""
    need_target(name)
    build, board = compiled("ltc", core), load(name)
    memory, whole = board.emulated(), firmware_of(build, board, tmp_path)
    deepest, (begin, end) = stack.bound(whole, start).size, of_ram(whole)
    assert build.interface.update_bytes == whole.symbol("arrived").size
    assert begin - memory.ram.origin >= deepest and end <= memory.ram.origin + memory.ram.size
    least = -(-(deepest + end - begin) // 8) * 8
    for size, receives in ((least, True), (least - 8, False)):
        tight = replace(board, board=replace(memory, ram=replace(memory.ram, size=size)))
        found = firmware_of(build, tight, tmp_path)
        assert any(s.name == "arrived" for s in found.symbols) == receives
        assert of_ram(found)[1] <= memory.ram.origin + size
        assert not receives or of_ram(found)[0] - memory.ram.origin >= stack.bound(found, start).size == deepest


@pytest.mark.parametrize(("code", "refused"), [("E0805", False), ("E0703", True)])
def test_a_stack_without_a_bound_leaves_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, refused: bool
) -> None:
    need_target("microbit")

    def bound(image: elf.Image, name: str) -> stack.Stack:
        raise LnnccError(code, name)

    monkeypatch.setattr(stack, "bound", bound)
    build, board = compiled("ltc", "cortex-m0plus"), load("microbit")
    if refused:
        with pytest.raises(LnnccError, match=code):
            firmware_of(build, board, tmp_path)
    else:
        assert not any(s.name == "arrived" for s in firmware_of(build, board, tmp_path).symbols)


def test_firmware_without_room_says_so(tmp_path: Path) -> None:
    with held(executable(compiled("ltc"), tmp_path, receives=False), compiled("ltc")) as board:
        with pytest.raises(LnnccError, match="E0808") as caught:
            board.update(sent(updated("ltc")))
        assert "no room for an update" in caught.value.notes[0]


def small() -> Build:
    """A decaying state without more weights than its own."""
    b, rng = Builder(), np.random.default_rng(0)
    x, v = b.input(1), b.state(np.zeros(1))
    b.becomes(v, b.requantise(b.affine(rng, b.concat(x, v), 1), 10))
    b.output(b.slice(v, 0, 1))
    graph, proof = prove(b.graph())
    layout = plan(graph, "m", proof.bounds, load("host"), updatable=True)
    return Build(Settings("m", updatable=True), Choices(), layout.interface, graph, graph, emit(layout), {}, {}, {})


# The command.


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Of the code, and of its update."""
    root = tmp_path_factory.mktemp("folders")
    compiled("ltc", "cortex-m0plus").write(root / "old")
    updated("ltc", target="cortex-m0plus").write(root / "new")
    return str(root / "old"), str(root / "new")


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ((), "E0210", "--to PORT"),
        (("m.lnn",), "E0210", "go together"),
        (("m.lnn", "--to", "COM3"), "E0210", "go together"),
        (("-o", "newer", "--to", "COM3"), "E0210", "go together"),
        (("--to", "COM3", "--number", "3"), "E0210", "nothing is made"),
        (("--to", "COM3", "--ncps", "cell=ltc"), "E0210", "nothing is made"),
        (("--to", "COM3"), "E0238", "holds no update"),
    ],
)
def test_words_that_ask_for_nothing(
    folders: tuple[str, str], capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str, says: str
) -> None:
    assert cli.main(["update", folders[0], *words]) == 2
    said = capsys.readouterr().err
    assert code in said and says in said


def test_an_update_is_sent_and_the_board_says_whose_weights_it_has(
    folders: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    need_board("microbit")
    assert cli.main(["update", folders[1], "--to", "emulated:microbit", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sent_to"] == "emulated:microbit" and found["number"] == 1
    update = Path(folders[1], found["file"]).read_bytes()
    assert found["bytes"] == len(update) and bytes.fromhex(found["model"]) in update


@pytest.mark.matrix
def test_an_emulated_board_computes_as_the_new_model(folders: tuple[str, str]) -> None:
    """On a core whose words of memory want their alignment."""
    need_board("microbit")
    old, newer = compiled("ltc", "cortex-m0plus"), updated("ltc", target="cortex-m0plus")
    raw = drawn(old, 12)
    with device.connected("emulated:microbit", old) as board:
        board.update(sent(newer))
        assert same(board.run(raw), newer, raw)


def test_a_board_with_other_code_is_an_error(monkeypatch: pytest.MonkeyPatch, program: Path) -> None:
    """Before a byte of the update is sent; other weights are no other code."""
    old, newer, other = compiled("ltc"), updated("ltc"), compiled("cfc")

    @contextmanager
    def opened(name: str, baud: int, seconds: float) -> Iterator[object]:
        with held(program, old) as board:
            yield board.link

    monkeypatch.setattr(device.link, "opened", opened)
    device.updated("COM3", newer, newer)
    with pytest.raises(LnnccError, match="E0809"):
        device.updated("COM3", other, updated("cfc"))
