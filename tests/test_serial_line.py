"""A model behind a serial line: the same bits whatever happens to frames on the way, and clear errors."""

import contextlib
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from host_board import Fault, executable, held, wired
from hypothesis import given, settings
from hypothesis import strategies as st
from test_board_firmware import builds as builds
from toy_model import need_target, seldom

from lnncc import cli, packages, target, twin
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.flash import device, firmware, frames, link, on_device
from lnncc.flash.device import Device
from lnncc.flash.frames import Frame, Type
from lnncc.flash.identity import PROTOCOL, Identity
from lnncc.flash.link import ATTEMPTS
from lnncc.ir import Array
from lnncc.plan.interface import HASH_BYTES, SAVED_BESIDE
from lnncc.validate import serve
from lnncc.validate.emulators.served import served

MODELS = ("gyro", "pulse")
EMULATED = ("arduino-uno", "microbit", "netduinoplus2", "nucleo-f446re", "mps2-an386", "mps3-an547", "qemu-virt-rv32")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Build]) -> dict[str, Path]:
    return {name: executable(build, tmp_path_factory.mktemp(name)) for name, build in builds.items()}


def drawn(build: Build, steps: int, streams: int = 1) -> tuple[Array, ...]:
    """Raw inputs in and out of range."""
    generator = np.random.default_rng(steps)
    sides = [(-(1 << s.bits - 1), 1 << s.bits - 1, (streams, steps, s.size)) for s in build.interface.given]
    return tuple(
        generator.integers(*side).astype(f"int{s.bits}") for side, s in zip(sides, build.interface.given, strict=True)
    )


def same(trace: twin.Trace, build: Build, raw: tuple[Array, ...]) -> bool:
    return on_device.first_difference(build, trace, twin.run(build.integer, raw)) is None


@pytest.mark.parametrize("model", MODELS)
def test_the_firmware_gives_the_bits_of_the_twin(
    builds: dict[str, Build], programs: dict[str, Path], model: str
) -> None:
    build, raw = builds[model], drawn(builds[model], 30, streams=2)
    with held(programs[model], build) as board:
        assert same(board.run(raw), build, raw)
        assert board.link.retries == 0


@pytest.mark.parametrize("model", MODELS)
def test_it_says_which_model_it_is(builds: dict[str, Build], programs: dict[str, Path], model: str) -> None:
    with wired(programs[model]) as line:
        assert device._greeted(line) == Identity.of(builds[model], "nucleo-f446re")


def test_states_are_read_saved_and_restored(builds: dict[str, Build], programs: dict[str, Path]) -> None:
    build, raw = builds["pulse"], drawn(builds["pulse"], 12)
    states, outputs = twin.run(build.integer, raw)
    with held(programs["pulse"], build) as board:
        fresh = board.read()
        assert not any(y.any() for y in fresh.outputs) and not any(fresh.counters.values())
        for k in range(6):
            board.step([x[0, k] for x in raw])
        now = board.read()
        assert [s.tolist() for s in now.states] == [s[0, 5].tolist() for s in states]
        assert [y.tolist() for y in now.outputs] == [y[0, 5].tolist() for y in outputs]
        assert now.counters["clipped"] >= now.counters["dt_clipped"] > 0, "times out of range are clamped, and counted"
        saved = board.save()
        assert board.identity.sha256 in saved[:SAVED_BESIDE]
        board.reset()
        assert [s.tolist() for s in board.read().states] == [s.initial.tolist() for s in build.integer.states]
        board.restore(saved)
        again = [board.step([x[0, k] for x in raw]) for k in range(6, 12)]
        assert [r.states[0].tolist() for r in again] == states[0][0, 6:].tolist()
        with pytest.raises(LnnccError, match="E0808") as caught:
            board.restore(saved[:-1] + bytes([saved[-1] ^ 1]))
        assert "no state of its model" in caught.value.notes[0] and "CRC" in caught.value.notes[1]


def lost(_data: bytes) -> bytes:
    return b""


def flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 0x10 or 1]) + data[middle + 1 :]


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def twice(data: bytes) -> bytes:
    return data + data


def noisy(data: bytes) -> bytes:
    return b"\0\x03ab\x09\0garbage" + data + b"\xff\x02more"


FAULTS = (lost, flipped, cut, twice, noisy)


def on(numbers: Sequence[int], fault: "type[object] | object") -> Fault:
    return lambda number, data: fault(data) if number in numbers else data  # type: ignore[operator]


@pytest.mark.parametrize("way", ["there", "back"])
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_on_the_way_changes_no_bit(
    builds: dict[str, Build], programs: dict[str, Path], way: str, fault: object
) -> None:
    """Whether a request or an answer is hit: what was asked again is not done again."""
    build, raw = builds["gyro"], drawn(builds["gyro"], 8)
    with held(programs["gyro"], build, **{way: on((1, 4, 7, 8), fault)}) as board:
        assert same(board.run(raw), build, raw)
        assert (board.link.retries > 0) == (fault in (lost, flipped, cut))


@settings(max_examples=15, deadline=None)
@given(faults=st.lists(st.sampled_from([*FAULTS, None, None, None]), max_size=20))
def test_any_mixture_of_faults_changes_no_bit(
    builds: dict[str, Build], programs: dict[str, Path], faults: list[object]
) -> None:
    """Of each pair of messages there and back one comes through at the last attempt but one."""
    build, raw = builds["gyro"], drawn(builds["gyro"], 5)

    def fault(number: int, data: bytes) -> bytes:
        chosen = faults[number] if number < len(faults) and number % (ATTEMPTS - 1) else None
        return data if chosen is None else chosen(data)  # type: ignore[operator]

    with held(programs["gyro"], build, there=fault) as board:
        assert same(board.run(raw), build, raw)


def test_more_steps_than_there_are_numbers(builds: dict[str, Build], programs: dict[str, Path]) -> None:
    build, raw = builds["gyro"], drawn(builds["gyro"], 600)
    with held(programs["gyro"], build) as board:
        assert same(board.run(raw), build, raw)


def test_what_the_firmware_does_not_understand_it_refuses(programs: dict[str, Path]) -> None:
    asked = {
        Frame(0, 9): 2,
        Frame(7, 9): 2,
        Frame(frames.ANSWER | Type.STEP, 9): 2,
        Frame(Type.STEP, 9, b"\1"): 3,
        Frame(Type.HELLO, 9, b"\1"): 3,
        Frame(Type.RESTORE, 9): 3,
        Frame(Type.STEP, 9, bytes(500)): frames.DAMAGED,
    }
    with wired(programs["gyro"]) as line:
        for frame, why in asked.items():
            line.port.write(frames.packed(frame))
            _, body = line.port.read_until(b"\0"), line.port.read_until(b"\0")
            answer = frames.unpacked(body[:-1])
            assert answer == Frame(frames.ERROR, 0 if why == frames.DAMAGED else 9, bytes([why]))


@pytest.mark.parametrize(
    ("there", "back", "code", "words"),
    [
        (on(range(99), lost), None, "E0807", "waited 0.4 s each time"),
        (None, on(range(99), lost), "E0807", "asked 4 times for READ"),
        (None, on(range(99), flipped), "E0808", "of 4 answers to READ none"),
        (on(range(99), flipped), None, "E0808", "none had the right CRC"),
    ],
)
def test_a_line_that_lets_nothing_through_is_an_error(
    builds: dict[str, Build], programs: dict[str, Path], there: Fault | None, back: Fault | None, code: str, words: str
) -> None:
    ways = {"there": there, "back": back}
    with held(programs["gyro"], builds["gyro"], **{k: v for k, v in ways.items() if v}) as board:
        with pytest.raises(LnnccError, match=code) as caught:
            board.read()
        assert words in caught.value.notes[0] and board.link.retries == ATTEMPTS - 1


def test_a_board_that_is_unplugged_is_an_error(builds: dict[str, Build], programs: dict[str, Path]) -> None:
    with held(programs["gyro"], builds["gyro"]) as board:
        board.link.port.process.kill()  # type: ignore[attr-defined]  # it is a Wire
        board.link.port.process.wait()  # type: ignore[attr-defined]
        with pytest.raises(LnnccError, match="E0806") as caught:
            board.read()
        assert "was lost" in caught.value.title
        with contextlib.suppress(OSError):
            board.link.port.process.stdin.close()  # type: ignore[attr-defined]


def answering(payload: bytes) -> Fault:
    """Whatever was asked, this is the answer's payload."""

    def fault(_number: int, data: bytes) -> bytes:
        frame = frames.unpacked(data[1:-1])
        assert frame is not None
        return frames.packed(replace(frame, payload=payload))

    return fault


def test_answers_that_make_no_sense_are_an_error(builds: dict[str, Build], programs: dict[str, Path]) -> None:
    said = Identity.of(builds["gyro"], "nucleo-f446re")
    newer = replace(said, protocol=PROTOCOL + 1).packed()
    for payload, words in ((b"", "no identity"), (newer, f"speaks protocol {PROTOCOL + 1}")):
        with wired(programs["gyro"], back=answering(payload)) as line:
            with pytest.raises(LnnccError, match="E0808") as caught:
                device._greeted(line)
            assert words in caught.value.notes[0]
    with held(programs["gyro"], builds["gyro"], back=answering(b"12345")) as board:
        with pytest.raises(LnnccError, match="E0808") as caught:
            board.read()
        assert "a result of 5 bytes" in caught.value.notes[0]


def test_another_model_is_an_error(builds: dict[str, Build]) -> None:
    gyro, pulse = (Identity.of(builds[name], "microbit") for name in MODELS)
    device._require_same("COM3", gyro, gyro)
    for other in (pulse, replace(gyro, sha256=bytes(HASH_BYTES))):
        with pytest.raises(LnnccError, match="E0809") as caught:
            device._require_same("COM3", other, gyro)
        assert other.sha256.hex() in caught.value.notes[0] and gyro.sha256.hex() in caught.value.notes[1]


@pytest.mark.parametrize("port", ["/dev/no-such-port", "nonsense://port", "socket://127.0.0.1:1"])
def test_a_port_that_is_none_is_an_error(port: str) -> None:
    with pytest.raises(LnnccError, match="E0806") as caught, link.opened(port):
        pass
    assert port in caught.value.title and "serial ports here" in caught.value.notes[1]


def test_a_port_that_takes_nothing_is_lost() -> None:
    """As one behind which nobody reads, or that is held by flow control."""
    ours, theirs = os.openpty()
    try:
        with pytest.raises(LnnccError, match="E0806") as caught, link.opened(os.ttyname(theirs), seconds=0.2) as line:
            line.ask(Type.RESTORE, bytes(1 << 17))
        assert "was lost" in caught.value.title and "timeout" in caught.value.notes[0]
    finally:
        os.close(ours)
        os.close(theirs)


def test_an_emulated_board_needs_a_model_and_an_emulator(builds: dict[str, Build]) -> None:
    with pytest.raises(LnnccError, match="E0225"), device.connected("emulated:microbit", None):
        pass
    with pytest.raises(LnnccError, match="E0201"), device.connected("emulated:macrobit", builds["gyro"]):
        pass
    with pytest.raises(LnnccError, match="E0224"), device.connected("emulated:cortex-m4", builds["gyro"]):
        pass
    with pytest.raises(LnnccError, match="E0223"), device.connected("emulated:rp2040", builds["gyro"]):
        pass


@pytest.mark.parametrize("name", seldom(EMULATED, "microbit"))
def test_emulated_boards_give_the_bits_of_the_twin(tmp_path: Path, builds: dict[str, Build], name: str) -> None:
    need_board(name)
    build = builds["pulse" if name in ("microbit", "qemu-virt-rv32") else "gyro"]
    build.write(tmp_path)
    raw = drawn(build, 12)
    with device.connected(f"emulated:{name}", build) as board:
        assert board.identity.board == name
        assert same(board.run(raw), build, raw)


def need_board(name: str) -> None:
    """Skip, saying what is missing, where a board with its serial line cannot be built and emulated."""
    need_target(name)
    try:
        serve.emulator_of(target.load(name))
    except LnnccError as error:
        pytest.skip(error.title)


@pytest.mark.parametrize("name", ["arduino-uno", "netduinoplus2"])
def test_test_vectors_pass_and_say_so(tmp_path: Path, builds: dict[str, Build], name: str) -> None:
    need_board(name)
    build, board = builds["gyro"], target.load(name)
    elf = tmp_path / "vectors.elf"
    elf.write_bytes(firmware.linked(build, board, "vectors"))
    expected = f"gyro {packages.selftest(build).expected:08X} passed\r\n".encode()
    with serve.serve(elf, board, firmware.line(board).line) as terminal, link.opened(terminal, seconds=20) as line:
        for _ in range(2):
            line.port.write(b"!")
            assert line.port.read_until(b"\n").endswith(expected)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Build]) -> Path:
    path = tmp_path_factory.mktemp("gyro")
    builds["gyro"].write(path)
    return path


@pytest.fixture
def broken(programs: dict[str, Path], builds: dict[str, Build], monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind every port is a board whose answers to the third step are one off in the second state."""

    def fault(number: int, data: bytes) -> bytes:
        frame = frames.unpacked(data[1:-1])
        assert frame is not None
        value = int.from_bytes(frame.payload[2:4], "little", signed=True) + 1
        payload = frame.payload[:2] + value.to_bytes(2, "little", signed=True) + frame.payload[4:]
        return frames.packed(replace(frame, payload=payload)) if number == 4 else data

    @contextlib.contextmanager
    def connected(port: str, build: Build, baud: int) -> Iterator[Device]:
        with held(programs["gyro"], build, back=fault if port == "COM4" else lambda _, data: data) as board:
            yield board

    monkeypatch.setattr(device, "connected", connected)


def test_verify_on_a_device_says_the_first_value_that_differs(
    folder: Path, broken: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["verify", str(folder), "--on-device", "COM4", "--json"]) == 6
    said = capsys.readouterr()
    assert "nucleo-f446re at COM4 does not compute what the twin computes" in said.err
    assert "first in stream 0 at step 2: state `state`[1] is" in said.err
    answer = json.loads(said.out)
    assert not answer["bit_exact"] and answer["device"]["port"] == "COM4"


def test_verify_on_a_device_hashes_what_run_hashes(
    folder: Path, broken: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["verify", str(folder), "--on-device", "COM3", "--json"]) == 0
    measured = json.loads(capsys.readouterr().out)
    assert cli.main(["run", str(folder), "--on", "host", "--json"]) == 0
    ran = json.loads(capsys.readouterr().out)
    assert measured["device"] == {
        "port": "COM3",
        "board": "nucleo-f446re",
        "steps": ran["steps"],
        "outputs_sha256": ran["outputs_sha256"],
        "retries": 0,
    }
    assert measured["targets"] == ["host", "nucleo-f446re at COM3"] and measured["bit_exact"]


def test_verify_without_a_board_exits_with_8(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", str(folder), "--on-device", "/dev/no-such-port"]) == 8
    assert "E0806" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("program", "code"), [("raise SystemExit(3)", "E0802"), ("import time; time.sleep(60)", "E0803")]
)
def test_an_emulator_that_does_not_start_is_an_error(program: str, code: str, tmp_path: Path) -> None:
    command = (sys.executable, "-c", f"print('why', flush=True); {program}")
    with pytest.raises(LnnccError, match=code) as caught, served(command, tmp_path, re.compile(r"(/dev\S+)"), 1.0):
        pass
    assert caught.value.notes == (("why",) if code == "E0802" else ())


def test_an_emulator_ends_with_its_use(tmp_path: Path) -> None:
    """However much it says meanwhile, nobody has to read it."""
    program = "import time; print('noise' * 99999, flush=True); print('/dev/pts/7 is it', flush=True); time.sleep(60)"
    begun = time.monotonic()
    with served((sys.executable, "-c", program), tmp_path, re.compile(r"(/dev\S+)"), 30.0) as terminal:
        assert terminal == "/dev/pts/7"
    assert time.monotonic() - begun < 30.0
