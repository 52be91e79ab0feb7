"""UF2 files hold the program's bytes at its addresses; what is damaged is not read."""

import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_model import need_target, toy_firmware

from lnncc import target
from lnncc.flash import image, uf2
from lnncc.validate import elf, toolchain

RP2040, NRF52840 = 0xE48BFF56, 0xADA52840
PROGRAM = ((0x10000000, bytes(range(200)) * 2), (0x10000400, b"tail"))


@st.composite
def programs(draw: st.DrawFn) -> tuple[tuple[int, bytes], ...]:
    """Segments in order that do not overlap, with gaps or without."""
    at, segments = draw(st.integers(0, 1 << 20)), []
    for data in draw(st.lists(st.binary(min_size=1, max_size=700), min_size=1, max_size=4)):
        segments.append((at, data))
        at += len(data) + draw(st.sampled_from((0, 1, 255, 256, 5000)))
    return tuple(segments)


@given(programs(), st.sampled_from((RP2040, NRF52840)))
def test_what_is_written_is_read_back(segments: tuple[tuple[int, bytes], ...], family: int) -> None:
    found, blocks = uf2.read(uf2.write(segments, family))
    assert found == family and image.first_difference(segments, blocks) is None
    held = {a + i for a, data in segments for i in range(len(data))}
    for address, data in blocks.items():
        assert address % 256 == 0 and len(data) == 256
        inside = [i for i in range(256) if address + i in held]
        assert inside and all(data[i] == 0xFF for i in range(256) if i not in inside)


@given(programs(), st.data())
def test_one_other_byte_is_found_where_it_is(segments: tuple[tuple[int, bytes], ...], data: st.DataObject) -> None:
    address, content = data.draw(st.sampled_from(segments))
    at = address + data.draw(st.integers(0, len(content) - 1))
    _, blocks = uf2.read(uf2.write(segments, RP2040))
    page = at - at % 256
    changed = bytearray(blocks[page])
    changed[at - page] ^= 1 << data.draw(st.integers(0, 7))
    assert image.first_difference(segments, blocks | {page: bytes(changed)}) == at
    del blocks[page]
    assert image.first_difference(segments, blocks) == max(page, min(a for a, d in segments if a + len(d) > page))


def test_flat_fills_gaps_as_erased_flash() -> None:
    assert image.span(PROGRAM) == (0x10000000, 0x10000404)
    flat = image.flat(PROGRAM)
    assert flat[:400] == PROGRAM[0][1] and flat[400:1024] == b"\xff" * 624 and flat[1024:] == b"tail"


def test_the_first_block_is_that_of_the_specification() -> None:
    block = uf2.write(((0x10000000, b"\1\2\3"),), RP2040)
    words = struct.unpack_from("<8I", block)
    assert words == (0x0A324655, 0x9E5D5157, 0x2000, 0x10000000, 256, 0, 1, RP2040)
    assert block[32:35] == b"\1\2\3" and len(block) == 512 and block[-4:] == bytes.fromhex("306fb10a")


@pytest.mark.parametrize(
    ("at", "new", "words"),
    [
        (0, b"x", "magic"),
        (4, b"x", "magic"),
        (508, b"x", "magic"),
        (8, b"\1", "flags"),
        (9, b"\0", "flags"),
        (12, b"\1", "pages"),
        (16, b"\xff", "pages"),
        (20, b"\1", "order"),
        (24, b"\7", "order"),
        (28, b"\0", "families"),
        (512 + 12, b"\0\0", "twice"),
    ],
)
def test_a_damaged_file_is_not_read(at: int, new: bytes, words: str) -> None:
    file = bytearray(uf2.write(PROGRAM, RP2040))
    file[at : at + len(new)] = new
    with pytest.raises(ValueError, match=words):
        uf2.read(bytes(file))


@pytest.mark.parametrize("file", [b"", uf2.write(PROGRAM, RP2040)[:-1]])
def test_a_cut_file_is_not_read(file: bytes) -> None:
    with pytest.raises(ValueError, match="whole number"):
        uf2.read(file)


@pytest.mark.parametrize(("name", "family"), [("rp2040", RP2040), ("nrf52840", NRF52840)])
def test_firmware_of_a_board_keeps_every_byte_and_address(tmp_path: Path, name: str, family: int) -> None:
    need_target(name)
    program = elf.read(toy_firmware(name, toolchain.find(target.load(name)).kind))
    written = uf2.write(program.segments, family)
    found, blocks = uf2.read(written)
    assert found == family and image.first_difference(program.segments, blocks) is None
    for section in program.sections:
        if section.data and not section.writable:
            inside = b"".join(blocks[page] for page in sorted(blocks))
            at = section.address - min(blocks)
            assert inside[at : at + section.size] == section.data
    if shutil.which("file") is not None:
        (tmp_path / "a.uf2").write_bytes(written)
        assert "UF2" in subprocess.run(["file", tmp_path / "a.uf2"], capture_output=True, text=True).stdout
