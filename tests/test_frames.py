"""Frames: both languages write and read the same bytes, and what is damaged is known."""

from collections.abc import Callable
from pathlib import Path

import cffi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import share, target
from lnncc.flash import frames
from lnncc.flash.frames import Frame
from lnncc.validate import toolchain

SIZE = 1200  # of the buffer of the C, its CRC included
BYTES = st.one_of(
    st.binary(max_size=40),
    st.lists(st.sampled_from([b"\0", b"\1", b"\xff", b"\7" * 253, b"\7" * 254, b"\7" * 255]), max_size=4).map(b"".join),
)
FRAMES = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), BYTES)
DECLARATIONS = """
uint16_t frame_receive(uint8_t *bytes, uint16_t size);
void frame_send(uint8_t *bytes, uint16_t length);
extern const uint8_t *coming;
extern uint8_t *sent;
"""


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]]:
    """(received, sent): what the C makes of bytes that come in, and the bytes that it sends for a frame."""
    folder, device = tmp_path_factory.mktemp("frames"), share.folder("templates") / "device"
    sources = (device / "frame.c", Path(__file__).parent / "data" / "uart_memory.c")
    flags = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
    compiler = toolchain.find(target.load(target.HOST))
    library = toolchain.shared_library(compiler, sources, folder / "frames.so", include=(device,), flags=flags)
    ffi = cffi.FFI()
    ffi.cdef(DECLARATIONS)
    calls = ffi.dlopen(str(library))

    def received(line: bytes) -> bytes:
        given, buffer = ffi.new("uint8_t[]", line), ffi.new("uint8_t[]", SIZE)
        calls.coming = given
        length = calls.frame_receive(buffer, SIZE)
        return bytes(ffi.buffer(buffer, length))

    def sent(body: bytes) -> bytes:
        given, buffer = ffi.new("uint8_t[]", body + bytes(frames.CRC)), ffi.new("uint8_t[]", 2 * SIZE)
        calls.sent = buffer
        calls.frame_send(given, len(body))
        return bytes(ffi.buffer(buffer, calls.sent - buffer))

    return received, sent


def test_the_crc_is_that_of_the_catalogue() -> None:
    """CRC-16/IBM-3740 of "123456789", from the catalogue of parametrised CRC algorithms."""
    assert frames.crc(b"123456789") == 0x29B1


def test_stuffing_is_that_of_its_paper() -> None:
    """Examples of Cheshire and Baker's rule: runs of up to 254 bytes, each with its length and one more before it."""
    long = bytes(range(1, 255))
    assert frames.stuffed(b"") == b"\1"
    assert frames.stuffed(b"\0") == b"\1\1"
    assert frames.stuffed(b"\x11\x22\0\x33") == b"\3\x11\x22\2\x33"
    assert frames.stuffed(long) == b"\xff" + long
    assert frames.stuffed(b"\0" + long) == b"\1\xff" + long
    assert frames.stuffed(long + b"\xff") == b"\xff" + long + b"\2\xff"


@settings(deadline=None)
@given(FRAMES)
def test_a_frame_comes_through(frame: Frame) -> None:
    line = frames.packed(frame)
    assert line[0] == line[-1] == 0 and 0 not in line[1:-1]
    assert frames.unpacked(line[1:-1]) == frame


@settings(deadline=None)
@given(frame=FRAMES)
def test_both_languages_say_the_same(
    c: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]], frame: Frame
) -> None:
    received, sent = c
    body = bytes([frame.type, frame.sequence]) + frame.payload
    assert sent(body) == frames.packed(frame)
    assert received(frames.packed(frame)) == (body if len(body) + frames.CRC <= SIZE else b"")


@settings(deadline=None)
@given(line=st.binary(max_size=60))
def test_both_languages_refuse_the_same(
    c: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]], line: bytes
) -> None:
    """Whatever comes in: an empty line is none, so the C waits for the next one."""
    lines = [part for part in line.split(b"\0") if part]
    for part in lines:
        frame = frames.unpacked(part)
        assert c[0](part + b"\0") == (b"" if frame is None else bytes([frame.type, frame.sequence]) + frame.payload)


@settings(deadline=None)
@given(FRAMES, st.data())
def test_one_changed_byte_is_found(frame: Frame, data: st.DataObject) -> None:
    """A CRC of 16 bits finds every burst of up to 16, and a byte is one."""
    body = bytes([frame.type, frame.sequence]) + frame.payload
    body += frames.crc(body).to_bytes(frames.CRC, "little")
    at = data.draw(st.integers(0, len(body) - 1))
    other = bytes([body[at] ^ data.draw(st.integers(1, 255))])
    assert frames.unpacked(frames.stuffed(body)) == frame
    assert frames.unpacked(frames.stuffed(body[:at] + other + body[at + 1 :])) is None


def test_what_is_too_long_or_too_short_is_damaged(
    c: tuple[Callable[[bytes], bytes], Callable[[bytes], bytes]],
) -> None:
    received, _ = c
    most = SIZE - frames.HEADER - frames.CRC
    assert len(received(frames.packed(Frame(1, 1, bytes(most))))) == SIZE - frames.CRC
    assert received(frames.packed(Frame(1, 1, bytes(most + 1)))) == b""
    assert received(frames.packed(Frame(1, 1, bytes(1 << 16)))) == b"", "a count must not wrap"
    for short in (b"\1", b"\2\1", frames.stuffed(b"\1\xf1\xd1")):
        assert received(short + b"\0") == b"" and frames.unpacked(short) is None
