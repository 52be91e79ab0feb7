"""Which tool, through which device, with which words: every board, every tool, and all that is refused."""

import contextlib
import functools
import json
import os
import re
import shlex
import shutil
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import flash_fakes as fakes
import models
import pytest
from test_board_firmware import compiled
from toy_model import compiler, need_target

from lnncc import cli, packages, share, target
from lnncc.build import Build
from lnncc.cli import flash
from lnncc.errors import LnnccError
from lnncc.flash import choose, esp, firmware, hearing, image, listing, ports, session, step, tools, uf2, usb, volumes
from lnncc.flash.tools import pyocd
from lnncc.validate import elf, process
from lnncc.validate import firmware as linking

WAYS = [(board, entry.tool) for board in target.boards() for entry in target.load(board).flashers]
NUCLEO = "066BFF554854847187034412"
PUT = step.Put(((0x0800_0000, b"\1\2\3\4"),), None, {})


@pytest.fixture(scope="module")
def build() -> Build:
    return compiled(models.ltc(), "gyro")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, build: Build) -> Path:
    place = tmp_path_factory.mktemp("gyro")
    build.write(place)
    return place


@pytest.fixture(autouse=True)
def linked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Firmware of a board is the same in every test."""
    monkeypatch.setattr(firmware, "linked", _linked_once)


@functools.cache
def _linked(board: target.Target, kind: firmware.Kind) -> bytes:
    return LINK(_builds[0], board, kind)


def _linked_once(build: Build, board: target.Target, kind: firmware.Kind) -> bytes:
    _builds[:] = [build]
    return _linked(board, kind)


LINK, _builds = firmware.linked, list[Build]()


@pytest.fixture
def tool_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of PATH; nothing hangs on this machine."""
    place = tmp_path / "bin"
    place.mkdir()
    monkeypatch.setenv("PATH", str(place))
    monkeypatch.setattr(usb, "DEVICES", tmp_path / "usb")
    monkeypatch.setattr(ports, "PLACES", ((tmp_path / "by-id", "*"),))
    monkeypatch.setattr(volumes, "PLACES", (f"{tmp_path}/media/*",))
    monkeypatch.setattr(step, "find_spec", lambda name: None)  # no tool that comes as a package
    return place


def refused(code: str, call: Callable[[], object]) -> LnnccError:
    with pytest.raises(LnnccError, match=code) as caught:
        call()
    return caught.value


def chosen(board: str, tool: str | None = None, **named: str | None) -> str | None:
    way = choose.way(target.load(board), tool)
    return choose.device(way, port=named.get("port"), probe=named.get("probe"))


def test_every_board_can_be_flashed_and_every_tool_flashes_one() -> None:
    assert {board for board, _ in WAYS} == set(target.boards())
    assert {tool for _, tool in WAYS} == set(tools.names())
    assert set(tools.names()) == {"pyocd", "openocd", "probe-rs", "st-flash", "avrdude", "esptool", "uf2", "gdb"}


@pytest.mark.parametrize(("board", "tool"), WAYS)
def test_a_dry_run_prints_what_would_be_run(
    folder: Path, board: str, tool: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the firmware of each board lies, tests/test_board_firmware.py has."""
    memory = target.load(board).emulated().flash
    segments = ((memory.origin, bytes(range(256))), (memory.origin + 300, b"data"))
    (folder / firmware.FOLDER / board / step.FLAT).unlink(missing_ok=True)
    monkeypatch.setattr(session, "_built", lambda folder, board, kind, path: segments)
    monkeypatch.setattr(choose, "device", lambda way, port, probe, must: None)
    monkeypatch.setattr(process, "call", lambda *_: pytest.fail("a dry run runs nothing"))
    assert cli.main(["flash", str(folder), "--board", board, "--tool", tool, "--dry-run", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["board"], found["tool"]) == ("lnncc.flash/1", board, tool)
    assert found["image_bytes"] == 260
    place, words = Path(found["folder"]), [word for command in found["commands"] for word in command]
    for name in re.findall(r"firmware\.\w+", " ".join(words)):
        assert name in ("firmware.elf", "firmware.esp") or (place / name).is_file(), "what is written lies there"
    if tool in ("st-flash", "avrdude"):
        assert (place / step.FLAT).read_bytes() == image.flat(segments)
    else:
        assert not (place / step.FLAT).exists(), "on an ESP32-C3 it would have 100 MB"
    entry = next(e for e in target.load(board).flashers if e.tool == tool)
    for key, value in entry.told:
        if key not in ("adapter", "family", "board_id", "offset"):
            for text in (value,) if not isinstance(value, tuple) else value:
                assert any(str(text) in word for word in words), f"{key} is not told to {tool}"
    if tool in ("st-flash", "pyocd", "openocd", "gdb"):
        assert any(f"{memory.origin:#x}" in word for word in words)


def test_a_dry_run_for_people_can_be_pasted_into_a_shell(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["flash", str(folder), "--board", "microbit", "--tool", "openocd", "--dry-run"]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"cd {folder}/firmware/microbit"
    assert shlex.split(second)[:5] == ["openocd", "-f", "interface/cmsis-dap.cfg", "-f", "target/nrf51.cfg"]
    assert "program firmware.elf verify" in shlex.split(second)


def test_a_board_of_the_users_own_file_is_flashed_too(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_target("microbit")
    path = tmp_path / "mine.toml"
    path.write_text('description = "Mine"\nlike = "microbit"\n[[flasher]]\ntool = "gdb"\nreset = "reset halt"\n')
    assert cli.main(["flash", str(folder), "--board", str(path), "--tool", "gdb", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"cd {folder}/firmware/mine\n") and "'monitor reset halt'" in shown


def test_a_dry_run_says_what_is_not_installed(
    folder: Path, tool_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_target("microbit")
    assert cli.main(["flash", str(folder), "--board", "microbit", "--tool", "probe-rs", "--dry-run"]) == 0
    shown = capsys.readouterr()
    assert "note: probe-rs is not installed: cargo install probe-rs-tools" in shown.err
    assert "probe-rs download --chip nRF51822_xxAA --verify firmware.elf" in shown.out


@pytest.mark.parametrize(("board", "tool"), WAYS)
def test_where_the_tool_is_missing_it_is_said_how_to_get_it(board: str, tool: str, tool_folder: Path) -> None:
    if tool == "uf2":
        pytest.skip("every system can copy a file")
    error = refused("E0706", lambda: choose.way(target.load(board), tool))
    assert error.exit_code == 7 and error.helps == (f"for {tool}: {tools.load(tool).GET}",)


def test_of_the_installed_tools_the_board_prefers_the_first(tool_folder: Path) -> None:
    board = target.load("nucleo-f446re")
    assert len(refused("E0706", lambda: choose.way(board, None)).helps) == len(board.flashers)
    fakes.says(tool_folder, "probe-rs", "")
    assert choose.way(board, None).flasher.tool == "probe-rs"
    fakes.says(tool_folder, "openocd", "")
    assert choose.way(board, None).flasher.tool == "openocd"
    assert choose.way(board, "probe-rs").flasher.tool == "probe-rs"


def test_a_tool_that_comes_as_a_package_is_called_by_this_python(
    tool_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step, "find_spec", lambda name: object())
    assert choose.way(target.load("esp32-c3"), None).call == (step.sys.executable, "-m", "esptool")
    fakes.says(tool_folder, "esptool", "")
    assert choose.way(target.load("esp32-c3"), None).call == ("esptool",)


def test_what_is_no_board_or_not_its_tool_is_refused() -> None:
    assert "nucleo-f446re" in refused("E0227", lambda: choose.way(target.load("cortex-m4"), None)).helps[0]
    assert refused("E0226", lambda: choose.way(target.load("arduino-uno"), "openocd")).helps == (
        "choose one of: avrdude",
    )


@pytest.mark.parametrize(
    ("board", "tool", "program", "text", "first"),
    [
        ("nucleo-f446re", "st-flash", "st-info", fakes.ST_LINKS, "0671FF373654393143244522"),
        ("microbit", "pyocd", "pyocd", fakes.PYOCD, "9900000031324e45"),
        ("nucleo-f446re", "probe-rs", "probe-rs", fakes.PROBE_RS, f"0483:374b:{NUCLEO}"),
        ("nucleo-f446re", "probe-rs", "probe-rs", fakes.PROBE_RS_OLDER, "2dbc:1924:ME2023089880002"),
    ],
)
def test_two_probes_are_refused_until_one_is_named(
    tool_folder: Path, board: str, tool: str, program: str, text: str, first: str
) -> None:
    fakes.says(tool_folder, "st-flash", "")
    fakes.says(tool_folder, program, text)
    error = refused("E0811", lambda: chosen(board, tool))
    assert error.exit_code == 8 and len(error.notes) == 2 and error.notes[0].startswith(f"{first}  (")
    assert error.helps == (f"name one: --probe {first}",)
    assert chosen(board, tool, probe=first) == first
    missing = refused("E0812", lambda: chosen(board, tool, probe="nobody"))
    assert "nobody" in missing.title and first in missing.notes[0]
    if program in fakes.NONE:
        fakes.says(tool_folder, program, fakes.NONE[program])
        assert refused("E0812", lambda: chosen(board, tool)).helps == (tools.load(tool).NOBODY,)


def test_the_second_format_of_probe_rs_has_a_serial_number_with_colons(tool_folder: Path) -> None:
    fakes.says(tool_folder, "probe-rs", fakes.PROBE_RS)
    assert chosen("microbit", "probe-rs", probe="303a:1001:50:78:7D:62:33:A4") == "303a:1001:50:78:7D:62:33:A4"


def test_a_listing_of_another_kind_is_none(tool_folder: Path) -> None:
    fakes.says(tool_folder, "pyocd", "Traceback\n")
    assert pyocd.devices({}) is None and chosen("microbit", "pyocd") is None


@pytest.mark.parametrize(
    ("board", "tool", "program"),
    [("nucleo-f446re", "st-flash", "st-info"), ("microbit", "pyocd", "pyocd"), ("microbit", "probe-rs", "probe-rs")],
)
def test_a_listing_that_never_ends_or_does_not_start_is_said(
    folder: Path, tool_folder: Path, monkeypatch: pytest.MonkeyPatch, board: str, tool: str, program: str
) -> None:
    monkeypatch.setattr(listing, "SECONDS", 0.3)
    fakes.says(tool_folder, "st-flash", "")
    fakes.program(tool_folder, program, "echo waiting for a probe; /bin/sleep 60")
    error = refused("E0810", lambda: chosen(board, tool))
    assert error.title == f"{program} was asked which probes it sees, and did not end in 0.3 s" and error.exit_code == 8
    assert error.notes[0].startswith(program) and error.notes[1:] == ("waiting for a probe",)
    assert "--tool" in error.helps[1]
    (tool_folder / program).write_text("#!/no/such/shell\n")
    assert "did not start" in refused("E0810", lambda: chosen(board, tool, probe="any")).title


def usb_device(folder: Path, name: str, **files: str) -> None:
    (folder / name).mkdir(parents=True)
    for file, text in files.items():
        (folder / name / file).write_text(text + "\n")


def test_openocd_gets_the_probes_from_the_system(tool_folder: Path, tmp_path: Path) -> None:
    fakes.says(tool_folder, "openocd", "")
    assert chosen("nucleo-f446re", "openocd") is None, "no system that lists them: openocd has to see for itself"
    place = tmp_path / "usb"
    usb_device(place, "1-1", idVendor="046d", idProduct="c31c", product="Keyboard")
    assert refused("E0812", lambda: chosen("nucleo-f446re", "openocd")).title.startswith("nothing answers")
    usb_device(place, "1-2", idVendor="0483", idProduct="374b", product="STM32 STLink", serial=NUCLEO)
    usb_device(place, "1-3", idVendor="1366", idProduct="1061", product="J-Link", serial="001050247387")
    usb_device(place, "1-4", idVendor="2e8a", idProduct="000c", product="Debugprobe on Pico (CMSIS-DAP)", serial="E66")
    assert chosen("nucleo-f446re", "openocd") == NUCLEO
    assert chosen("nrf52840", "openocd") == "001050247387"
    assert chosen("rp2040", "openocd") == "E66"
    usb_device(place, "1-5", idVendor="0483", idProduct="3748", product="STM32 STLink", serial="36")
    assert len(refused("E0811", lambda: chosen("nucleo-f446re", "openocd")).notes) == 2
    (line, *_) = tools.load("openocd").steps(("openocd",), step.Put(PUT.segments, "36", {"config": ("a.cfg",)}))
    assert line.argv[3:5] == ("-c", "adapter serial 36")


@pytest.mark.parametrize(("board", "tool"), [("arduino-uno", "avrdude"), ("esp32-c3", "esptool")])
def test_two_serial_ports_are_refused_until_one_is_named(
    tool_folder: Path, tmp_path: Path, board: str, tool: str
) -> None:
    fakes.says(tool_folder, tool, "")
    assert refused("E0812", lambda: chosen(board)).helps == (tools.load(tool).NOBODY,)
    place = tmp_path / "by-id"
    place.mkdir()
    (place / "usb-Arduino__www.arduino.cc__0043_85-if00").symlink_to("../../ttyACM0")
    assert chosen(board) == str(place / "usb-Arduino__www.arduino.cc__0043_85-if00")
    (place / "usb-1a86_USB2.0-Serial-if00-port0").symlink_to("../../ttyUSB0")
    error = refused("E0811", lambda: chosen(board))
    assert len(error.notes) == 2 and "ttyACM0" in "".join(error.notes) and "--port" in error.helps[0]
    assert chosen(board, port="/dev/ttyACM0") == "/dev/ttyACM0"
    assert "not a probe" in refused("E0228", lambda: chosen(board, probe="x")).title


def drive(folder: Path, board_id: str) -> Path:
    folder.mkdir(parents=True)
    text = f"UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: {board_id}\r\n"
    (folder / "INFO_UF2.TXT").write_bytes(text.encode())
    return folder


def test_two_drives_are_refused_and_another_board_is_never_written(tool_folder: Path, tmp_path: Path) -> None:
    media = tmp_path / "media"
    (media / "stick").mkdir(parents=True)
    assert "BOOTSEL" in refused("E0812", lambda: chosen("rp2040", "uf2")).helps[0]
    assert "no drive" in refused("E0812", lambda: chosen("rp2040", "uf2", probe=str(media / "stick"))).title
    other = drive(media / "FTHR840BOOT", "nRF52840-Feather-revD")
    assert "nRF52840-Feather" in refused("E0814", lambda: chosen("rp2040", "uf2")).title
    assert refused("E0814", lambda: chosen("rp2040", "uf2", probe=str(other))).exit_code == 8
    pico = drive(media / "RPI-RP2", "RPI-RP2")
    assert len(refused("E0811", lambda: chosen("rp2040", "uf2")).notes) == 2
    assert chosen("rp2040", "uf2", probe=str(pico)) == str(pico)
    shutil.rmtree(other)
    assert chosen("rp2040") == str(pico)


def test_gdb_needs_a_server_and_an_emulated_board_nothing(tool_folder: Path) -> None:
    fakes.says(tool_folder, "gdb-multiarch", "")
    assert "--probe localhost:3333" in refused("E0812", lambda: chosen("nucleo-f446re", "gdb")).helps[0]
    assert chosen("nucleo-f446re", "gdb", probe="localhost:3333") == "localhost:3333"
    assert chosen("qemu-netduinoplus2") == "gdb.sock"
    for named in ({"port": "/dev/ttyACM0"}, {"probe": "localhost:3333"}):
        assert "plays the board" in refused("E0228", lambda named=named: chosen("qemu-netduinoplus2", **named)).title


def test_a_missing_folder_and_a_missing_option_are_said(tool_folder: Path, tmp_path: Path) -> None:
    fakes.says(tool_folder, "st-flash", "")
    fakes.says(tool_folder, "st-info", fakes.NONE["st-info"].replace("0", "1") + f"  serial: {NUCLEO}\n")
    assert cli.main(["flash", str(tmp_path / "none"), "--board", "nucleo-f446re"]) == 4
    assert cli.main(["flash", str(tmp_path)]) == 2
    assert cli.main(["flash", str(tmp_path), "--board", "nucleo"]) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('tool = "openocd"', 'tool = "openocb"', "tool 'openocb' is none of avrdude"),
        ('adapter = "stlink"', "", "openocd lacks adapter"),
        ('adapter = "stlink"', "adapter = 3", "does not know adapter = 3"),
        ('adapter = "stlink"', 'adapter = "stlink"\nspeed = 3', "does not know speed = 3"),
        ('adapter = "stlink"', 'adapter = "stlink"\nemulator = "renode"', "'renode' is none of qemu, simavr"),
        ('adapter = "stlink"', "adapter = [3]", "adapter must be a list of strings"),
        ('adapter = "stlink"', "adapter = 3.5", "adapter must be a int"),
    ],
)
def test_a_wrong_entry_is_refused_by_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    text = (share.folder("targets") / target.BOARDS / "nucleo-f446re.toml").read_text()
    assert old in text
    path = tmp_path / "nucleo-f446re.toml"
    path.write_text(text.replace(old, new, 1))
    assert words in refused("E0221", lambda: choose.way(target.read_board(path), None)).title


@pytest.mark.parametrize("like", ["none", "cortex-m4", "qemu-microbit"])
def test_a_board_is_like_one_with_memory_of_its_own(tmp_path: Path, like: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(f'description = "Mine"\nlike = "{like}"\n')
    assert "like must be a board with a memory map" in refused("E0221", lambda: target.read_board(path)).title
    path.write_text('description = "Mine"\nlike = "microbit"\n')
    mine = target.read_board(path)
    assert mine.board == target.load("microbit").board and mine.flashers == ()
    assert "its file names no tool" in refused("E0227", lambda: choose.way(mine, None)).title


def flashed(folder: Path, **named: str) -> session.Outcome:
    plan = session.plan(folder, "nucleo-f446re", tool="st-flash")
    return session.execute(plan, folder, **named)


def test_what_a_probe_wrote_is_read_back(
    folder: Path, tool_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    need_target("nucleo-f446re")
    fakes.st_flash(tool_folder, tmp_path / "memory")
    outcome = flashed(folder)
    assert outcome.compared == "lnncc" and outcome.found is None and outcome.port is None
    program = elf.read(folder / "firmware" / "nucleo-f446re" / step.ELF)
    assert (tmp_path / "memory").read_bytes() == image.flat(program.segments)
    assert cli.main(["flash", str(folder), "--board", "nucleo-f446re"]) == 0
    shown = capsys.readouterr()
    assert "read back and compared byte for byte" in shown.out and "name its serial port with --port" in shown.out
    assert f"note: st-flash --serial {NUCLEO} write firmware.bin 0x8000000" in shown.err


def test_one_other_bit_in_flash_is_found(folder: Path, tool_folder: Path, tmp_path: Path) -> None:
    need_target("nucleo-f446re")
    memory = tmp_path / "memory"
    damage = f"printf '\\125' | /bin/dd of='{memory}' bs=1 seek=100 conv=notrunc 2>/dev/null"
    fakes.st_flash(tool_folder, memory, after=damage)
    error = refused("E0813", lambda: flashed(folder))
    assert "0x08000064" in error.title and error.exit_code == 8


@pytest.mark.parametrize(
    ("text", "words"),
    [("echo ERROR: no chip; exit 255", "exit status 255"), ("exec /bin/sleep 9", "did not end"), (":", "failed")],
)
def test_a_tool_that_fails_is_quoted(
    folder: Path, tool_folder: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    need_target("nucleo-f446re")
    monkeypatch.setattr(session, "SECONDS", 0.5)
    fakes.st_flash(tool_folder, tool_folder / "memory")
    fakes.program(tool_folder, "st-flash", text)
    error = refused("E0810", lambda: flashed(folder))
    assert words in error.title and error.title.startswith("st-flash")
    assert error.notes == (("ERROR: no chip",) if "255" in words else ())


def test_a_tool_that_went_away_is_said(folder: Path, tool_folder: Path) -> None:
    need_target("nucleo-f446re")
    fakes.st_flash(tool_folder, tool_folder / "memory")
    plan = session.plan(folder, "nucleo-f446re", tool="st-flash")
    (tool_folder / "st-flash").unlink()
    assert "did not start" in refused("E0810", lambda: session.execute(plan, folder)).title


def test_a_board_that_computes_something_else_is_refused(
    folder: Path, build: Build, tool_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_target("nucleo-f446re")
    fakes.st_flash(tool_folder, tmp_path / "memory")
    expected = packages.selftest(build).expected
    monkeypatch.setattr(hearing, "hash_of", lambda port, baud, name: expected)
    assert flashed(folder, port="/dev/ttyACM0") == session.Outcome("lnncc", "/dev/ttyACM0", expected, expected)
    monkeypatch.setattr(hearing, "hash_of", lambda port, baud, name: expected ^ 1)
    error = refused("E0601", lambda: flashed(folder, port="/dev/ttyACM0"))
    assert f"{expected ^ 1:#010x}" in error.notes[0] and f"{expected:#010x}" in error.notes[0]


def test_where_nobody_compared_flash_may_be_wrong_too(
    folder: Path, build: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    need_target("rp2040")
    monkeypatch.setattr(volumes, "PLACES", (f"{tmp_path}/media/*",))
    drive(tmp_path / "media" / "RPI-RP2", "RPI-RP2")
    monkeypatch.setattr(hearing, "hash_of", lambda port, baud, name: packages.selftest(build).expected ^ 1)
    plan = session.plan(folder, "rp2040")
    error = refused("E0601", lambda: session.execute(plan, folder, port="/dev/ttyACM0"))
    assert error.helps[0].startswith("flash was not compared: flash again")


@pytest.mark.parametrize(("board", "tool"), WAYS)
def test_who_compares_is_said_of_every_tool(board: str, tool: str) -> None:
    way = choose.Way(next(e for e in target.load(board).flashers if e.tool == tool), tools.load(tool), (tool,), True)
    steps = way.tool.steps(way.call, step.Put(PUT.segments, None, way.told))
    wanted = {"uf2": None, "probe-rs": "tool", "esptool": "tool"}.get(tool, "lnncc")
    assert session._compared(steps) == wanted
    outcome = session.Outcome(wanted, None, 1, None)
    plan = session.Plan(target.load(board), way, Path(), step.Put(PUT.segments, None, way.told), steps)
    said = {None: "not compared", "tool": f"compared by {tool} itself", "lnncc": "read back and compared"}[wanted]
    assert said in flash._text(plan, outcome)


def test_a_port_that_is_none_and_a_silent_board_are_said(tmp_path: Path) -> None:
    assert "cannot be used" in refused("E0812", lambda: hearing.hash_of(str(tmp_path / "no"), 115200, "gyro")).title
    with answering(b"") as port:
        silent = refused("E0812", lambda: hearing.hash_of(port, 115200, "gyro", 0.1))
        assert silent.notes == ("it said nothing at all",)
    with answering(b"other 01234567 passed\n") as port:
        heard = refused("E0812", lambda: hearing.hash_of(port, 115200, "gyro", 0.1))
        assert "other 01234567 passed" in heard.notes[0]
    with answering(b"noise gyro 89ABCDEF FAILED\n") as port:
        assert hearing.hash_of(port, 115200, "gyro") == 0x89ABCDEF


@contextlib.contextmanager
def answering(text: bytes) -> Iterator[str]:
    """A serial port at which a byte is answered with ``text``."""
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    thread = threading.Thread(target=lambda: (os.read(ours, 1), os.write(ours, text)))
    thread.start()
    try:
        yield os.ttyname(theirs)
    finally:
        thread.join()
        os.close(ours)
        os.close(theirs)


def test_a_uf2_file_lands_on_its_drive(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_target("rp2040")
    monkeypatch.setattr(volumes, "PLACES", (f"{tmp_path}/media/*",))
    pico = drive(tmp_path / "media" / "RPI-RP2", "RPI-RP2")
    plan = session.plan(folder, "rp2040")
    outcome = session.execute(plan, folder)
    assert f"copied to {pico}, which cannot be read back: not compared" in flash._text(plan, outcome)
    assert outcome.compared is None, "nothing can be read back from such a drive"
    family, blocks = uf2.read((pico / "firmware.uf2").read_bytes())
    program = elf.read(folder / "firmware" / "rp2040" / step.ELF)
    assert family == 0xE48BFF56 and image.first_difference(program.segments, blocks) is None


def test_the_image_that_esptool_makes_holds_the_program(folder: Path) -> None:
    pytest.importorskip("esptool")
    need_target("esp32-c3")
    plan = session.plan(folder, "esp32-c3", port="/dev/ttyUSB0")
    made = process.call(plan.steps[0].argv, plan.folder, 60)
    assert made.status == 0, made.text
    data = (plan.folder / "firmware.esp").read_bytes()
    blocks = esp.read(data)
    assert image.first_difference(plan.put.segments, blocks) is None
    program = elf.read(plan.folder / step.ELF)
    for section in (s for s in program.sections if s.data and not s.writable):
        start = max(at for at in blocks if at <= section.address)
        assert blocks[start][section.address - start :][: section.size] == section.data
    for at, words in ((0, "magic"), (40, "checksum"), (len(data) - 1, "SHA-256")):
        damaged = bytearray(data)
        damaged[at] ^= 1
        with pytest.raises(ValueError, match=words):
            esp.read(bytes(damaged))
    with pytest.raises(ValueError, match="cut off"):
        esp.read(data[:30])
    with pytest.raises(ValueError, match="another number"):
        esp.read(data + b"\0")


DATA = """#include <stdint.h>
volatile uint32_t told = 0x12345678u;
volatile uint32_t zero;
extern const volatile uint32_t fixed;
const volatile uint32_t fixed = 99u;
int main(void)
{
    zero += fixed;
    told += 1u;
    return 0;
}
"""


@pytest.mark.parametrize("kind", ["gcc", "zig"])
def test_initialised_data_of_an_esp32_c3_is_in_ram(tmp_path: Path, kind: str) -> None:
    """As its boot loader starts an image: segments lie where they say, all else is left over from before."""
    unicorn = pytest.importorskip("unicorn")
    pytest.importorskip("esptool")
    need_target("esp32-c3")
    board = target.load("esp32-c3")
    common, start = linking.text_folders(board)
    (tmp_path / "main.c").write_text(DATA)
    device, memory = share.folder("templates") / "device", board.emulated()
    context = {"name": "data", "target": board, "board": memory, "loads": memory.loads}
    script = linking.rendered((start,), "link.ld", context, tmp_path)
    own = [tmp_path / "main.c", device / "halt.c", common / "memory.c", start / "startup.c"]
    linked = linking.linked(compiler("esp32-c3", kind), [], own, (device, common), script, tmp_path)
    program = elf.read(linked)
    words = (step.sys.executable, "-m", "esptool", "--chip", "esp32c3", "elf2image", "-o", "data.esp", str(linked))
    assert process.call(words, tmp_path, 60).status == 0
    core = unicorn.Uc(unicorn.UC_ARCH_RISCV, unicorn.UC_MODE_RISCV32)
    for at, size in ((memory.flash.origin, 1 << 20), (memory.loads, 1 << 20), (memory.ram.origin, memory.ram.size)):
        core.mem_map(at, size)
        core.mem_write(at, b"\xa5" * size)
    blocks = esp.read((tmp_path / "data.esp").read_bytes())
    assert any(memory.ram.origin <= at < memory.ram.origin + memory.ram.size for at in blocks)
    for at, data in blocks.items():
        core.mem_write(at, data)
    core.emu_start(program.entry, 0, count=20_000)
    found = [int.from_bytes(core.mem_read(program.symbol(name).address, 4), "little") for name in ("told", "zero")]
    assert found == [0x12345679, 99]


def test_esptool_says_that_the_port_is_none(folder: Path) -> None:
    pytest.importorskip("esptool")
    need_target("esp32-c3")
    plan = session.plan(folder, "esp32-c3", port="/dev/there-is-no-such-port")
    error = refused("E0810", lambda: session.execute(plan, folder))
    assert "esptool" in error.title or "python" in error.title
    assert any("no-such-port" in note for note in error.notes)


@pytest.mark.parametrize("board", ["nucleo-f446re", "stm32f4-discovery", "stm32h7", "netduinoplus2"])
def test_openocd_takes_its_words_as_far_as_the_probe(folder: Path, board: str) -> None:
    if shutil.which("openocd") is None:
        pytest.skip("openocd is not installed")
    need_target(board)
    way = choose.way(target.load(board), "openocd")
    put = step.Put(PUT.segments, None, way.told)
    (line,) = way.tool.steps(way.call, put)
    done = process.call(line.argv, folder, 30)
    assert done.status != 0 and "open failed" in done.text and "Can't find" not in done.text


def test_a_program_beside_us_is_ended(tmp_path: Path) -> None:
    with process.beside(("/bin/sleep", "60"), tmp_path, "log") as running:
        assert running.poll() is None
    assert running.poll() is not None
    with process.beside(("/bin/sh", "-c", "trap '' TERM; echo on; while :; do sleep 1; done"), tmp_path, "log") as deaf:
        while (tmp_path / "log").read_text() != "on\n":
            pass
        process_ending = process.ENDING
        process.ENDING = 0.2
    process.ENDING = process_ending
    assert deaf.poll() == -9


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    """A tool is often a script: who reads the other end of a pipe of its child sees that one end."""
    for last, seconds in ("wait", 0.3), ("exit 3", 9.0):
        fifo = tmp_path / last
        os.mkfifo(fifo)
        with contextlib.ExitStack() as stack:
            reader = threading.Thread(target=lambda fifo=fifo: fifo.read_bytes())
            reader.start()
            stack.callback(reader.join, 9.0)
            words = ("/bin/sh", "-c", f"/bin/sleep 60 > '{fifo}' 2>&1 & echo on; {last}")
            if last == "wait":
                with pytest.raises(TimeoutError, match="on"):
                    process.call(words, tmp_path, seconds)
            else:
                assert process.call(words, tmp_path, seconds) == process.Done(3, "on\n")
        assert not reader.is_alive(), "the child lives on"


def test_the_kinds_of_firmware_have_names_that_the_command_line_takes() -> None:
    assert cli.parser.parse(["flash", "out", "--board", "b", "--firmware", "serial"]).firmware == "serial"
    assert firmware.FOLDER == "firmware"
