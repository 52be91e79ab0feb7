"""Frames over a serial line, this side of it: the same bytes as templates/device/frame.c."""

import binascii
from dataclasses import dataclass
from enum import IntEnum

BAUD = 115_200  # of every board that lnncc knows
LONGEST_RUN = 254
HEADER, CRC = 2, 2
START = 0xFFFF


class Type(IntEnum):
    """What a frame asks for; an answer has ANSWER added, or is ERROR. docs/boards.md has the payloads."""

    HELLO = 1
    RESET = 2
    STEP = 3
    READ = 4
    SAVE = 5
    RESTORE = 6
    UPDATE = 7
    TAKE = 8


ANSWER, ERROR = 0x80, 0xFF
DAMAGED = 1
REASONS = {
    DAMAGED: "the frame came damaged",
    2: "it does not know such a frame: its firmware is older, or has no room for an update",
    3: "the frame has not the length that its model takes",
    4: "the bytes are no state of its model, or no update of its code",
}
REFUSALS = {
    32: "they are of another model, in another format, or for other code",
    64: "their CRC is not that of the bytes",
    128: "they hold a state outside its bounds, or what would make a step read beyond its tables",
}  # bits of what NAME_restore and NAME_update return
PART = 128  # bytes of an update in a frame
OFFSET = 4  # bytes before them, that say where they belong


@dataclass(frozen=True, slots=True)
class Frame:
    """``type`` and ``sequence`` are a byte each; an answer has the sequence number of what it answers."""

    type: int
    sequence: int
    payload: bytes = b""


def packed(frame: Frame) -> bytes:
    """The frame as it goes over the line, between two zeros."""
    body = bytes([frame.type, frame.sequence]) + frame.payload
    return b"\0" + stuffed(body + crc(body).to_bytes(CRC, "little")) + b"\0"


def unpacked(line: bytes) -> Frame | None:
    """What stood between two zeros, without them; None if it is no frame, or a damaged one."""
    body = unstuffed(line)
    if body is None or len(body) < HEADER + CRC or crc(body[:-CRC]).to_bytes(CRC, "little") != body[-CRC:]:
        return None
    return Frame(body[0], body[1], body[HEADER:-CRC])


def crc(data: bytes) -> int:
    """CRC-16/IBM-3740."""
    return binascii.crc_hqx(data, START)


def stuffed(data: bytes) -> bytes:
    """``data`` without a zero in it. Source: Cheshire, Baker: COBS, IEEE/ACM Trans. Networking 7 (2), 1999."""
    runs, at, more = list[bytes](), 0, True
    while more:
        run = data[at : at + LONGEST_RUN].partition(b"\0")[0]
        runs.append(bytes([len(run) + 1]) + run)
        at += len(run)
        more = at < len(data)
        at += len(run) < LONGEST_RUN  # past the zero that ended the run
    return b"".join(runs)


def unstuffed(line: bytes) -> bytes | None:
    """The inverse of ``stuffed``; None if the runs do not end where the line ends."""
    parts, at, owing = list[bytes](), 0, False
    while at < len(line):
        end = at + line[at]
        parts.append((b"\0" if owing else b"") + line[at + 1 : end])
        owing = line[at] <= LONGEST_RUN
        at = end
    return b"".join(parts) if at == len(line) else None
