"""UF2, the files that boot loaders take as a copy onto a USB drive, written and read.

The format is https://github.com/microsoft/uf2: blocks of 512 bytes, each with 32 bytes of header, at most 476 of data
and a last word, so that a block says by itself where it belongs, in whatever order it arrives. Boot loaders want 256
bytes a block, at addresses that are multiples of it.
"""

import struct

from lnncc.flash.image import Segments, pages

PAGE = 256
FIRST, SECOND, LAST = 0x0A324655, 0x9E5D5157, 0x0AB16F30
NOT_FLASH, FAMILY = 0x1, 0x2000  # flags: block is to be skipped; the last word of the header names a family of chips
HEADER = struct.Struct("<8I")  # two magic words, flags, address, bytes, number of this block, of all blocks, family
BLOCK, DATA = 512, 476


def write(segments: Segments, family: int) -> bytes:
    """The program as a file for chips of ``family``, an entry of the format's list utils/uf2families.json."""
    blocks = pages(segments, PAGE)
    return b"".join(
        HEADER.pack(FIRST, SECOND, FAMILY, address, PAGE, number, len(blocks), family)
        + data.ljust(DATA, b"\0")
        + struct.pack("<I", LAST)
        for number, (address, data) in enumerate(blocks.items())
    )


def read(file: bytes) -> tuple[int, dict[int, bytes]]:
    """The family, and the blocks by address. Raises ValueError for what no boot loader would take as a whole."""
    if not file or len(file) % BLOCK:
        raise ValueError(f"{len(file)} bytes are no whole number of blocks")
    found = [_block(file[at : at + BLOCK]) for at in range(0, len(file), BLOCK)]
    families = {family for _, _, family, _, _ in found}
    if len(families) != 1:
        raise ValueError("blocks of several families")
    if [(number, count) for number, count, _, _, _ in found] != [(i, len(found)) for i in range(len(found))]:
        raise ValueError("blocks are missing or not in order")
    held = {address: data for _, _, _, address, data in found}
    if len(held) != len(found):
        raise ValueError("an address comes twice")
    return families.pop(), held


def _block(block: bytes) -> tuple[int, int, int, int, bytes]:
    first, second, flags, address, size, number, count, family = HEADER.unpack_from(block)
    if (first, second) != (FIRST, SECOND) or struct.unpack_from("<I", block, BLOCK - 4) != (LAST,):
        raise ValueError("a block has no magic number")
    if flags & NOT_FLASH or not flags & FAMILY:
        raise ValueError(f"flags {flags:#x} are not those of a block for a family's flash")
    if size != PAGE or address % PAGE:
        raise ValueError(f"{size} bytes for {address:#x}: boot loaders take pages of {PAGE}")
    return number, count, family, address, block[HEADER.size : HEADER.size + size]
