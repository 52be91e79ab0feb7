"""What a linked program puts into flash, and whether other bytes say the same."""

from collections.abc import Mapping, Sequence

Segments = Sequence[tuple[int, bytes]]  # (load address, bytes), as validate/elf.py reads them
ERASED = 0xFF


def span(segments: Segments) -> tuple[int, int]:
    """First address, and the one behind the last."""
    return min(address for address, _ in segments), max(address + len(data) for address, data in segments)


def flat(segments: Segments) -> bytes:
    """One block from the first address on; what no segment fills is as erased flash is."""
    start, end = span(segments)
    block = bytearray([ERASED]) * (end - start)
    for address, data in segments:
        block[address - start : address - start + len(data)] = data
    return bytes(block)


def pages(segments: Segments, size: int) -> dict[int, bytes]:
    """The aligned pages of ``size`` bytes that hold something, by address, in order."""
    start, end = span(segments)
    first = start - start % size
    block = bytes([ERASED]) * (start - first) + flat(segments) + bytes([ERASED]) * (-end % size)
    held = {page for address, data in segments for page in range(address - address % size, address + len(data), size)}
    return {page: block[page - first : page - first + size] for page in sorted(held)}


def first_difference(segments: Segments, found: Mapping[int, bytes]) -> int | None:
    """The first address at which ``found``, blocks by address, lacks a byte of the program or has another."""
    blocks = sorted(found.items())
    return next((at for address, data in segments if (at := _differs(address, data, blocks)) is not None), None)


def _differs(address: int, data: bytes, blocks: Sequence[tuple[int, bytes]]) -> int | None:
    at, end = address, address + len(data)
    for start, block in blocks:
        if start <= at < start + len(block):
            stop = min(end, start + len(block))
            wanted, there = data[at - address : stop - address], block[at - start : stop - start]
            if wanted != there:
                return at + next(i for i, (a, b) in enumerate(zip(wanted, there, strict=True)) if a != b)
            at = stop
    return at if at < end else None
