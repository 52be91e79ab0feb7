"""What a board says of the model that it holds: the answer to HELLO, as bytes and as data."""

import struct
from dataclasses import dataclass

from lnncc.build import Build
from lnncc.emit.files import ABI
from lnncc.ir import DT
from lnncc.plan.interface import COUNTERS, HASH_BYTES, Interface, Signal
from lnncc.plan.layout import digest

PROTOCOL = 1
HASH_AT = 2
HEAD = struct.Struct(f"<BB{HASH_BYTES}sBHHH")  # protocol, ABI, hash, FLAGS, inputs, states, outputs
PORT = struct.Struct("<Hbhh")  # size, fraction bits, lowest, highest
FLAGS = (DT, *COUNTERS[1:])  # dt is told at each step; the state has such a counter beside that of all
TIME = struct.Struct("<bii")  # fraction bits, lowest, highest


@dataclass(frozen=True, slots=True)
class Identity:
    """The model by the first bytes of its hash, its interface by role and index, and the board it was built for."""

    protocol: int
    abi: int
    sha256: bytes
    interface: Interface
    board: str

    @classmethod
    def of(cls, build: Build, board: str) -> "Identity":
        """What firmware of ``build`` says on ``board``. Labels, which the chip does not know, are the roles."""
        io = build.interface
        inputs, states, outputs = (tuple(map(_anonymous, side)) for side in (io.inputs, io.states, io.outputs))
        dt = None if io.dt is None else _anonymous(io.dt)
        anonymous = Interface(build.name, inputs, states, outputs, dt, io.counters)
        return cls(PROTOCOL, ABI, digest(build.integer), anonymous, board)

    def packed(self) -> bytes:
        io = self.interface
        counts = (len(side) for side in (io.inputs, io.states, io.outputs))
        has = {DT: io.dt is not None} | dict.fromkeys(io.counters, True)
        flags = sum(has.get(name, False) << bit for bit, name in enumerate(FLAGS))
        parts = [HEAD.pack(self.protocol, self.abi, self.sha256, flags, *counts)]
        parts += [PORT.pack(s.size, s.frac, s.low, s.high) for s in io.inputs + io.states + io.outputs]
        parts += [] if io.dt is None else [TIME.pack(io.dt.frac, io.dt.low, io.dt.high)]
        return b"".join([*parts, _text(io.name), _text(self.board)])

    @classmethod
    def unpacked(cls, data: bytes) -> "Identity":
        """Raises ValueError for bytes that are none."""
        try:
            return _unpacked(data)
        except (struct.error, IndexError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from error


def _unpacked(data: bytes) -> Identity:
    protocol, abi, sha256, flags, *counts = HEAD.unpack_from(data)
    has = [name for bit, name in enumerate(FLAGS) if flags >> bit & 1]
    at, sides = HEAD.size, list[tuple[Signal, ...]]()
    for role, count in zip("xsy", counts, strict=True):
        fields = [PORT.unpack_from(data, at + k * PORT.size) for k in range(count)]
        sides.append(tuple(Signal(f"{role}{k}", f"{role}{k}", *values) for k, values in enumerate(fields)))
        at += count * PORT.size
    dt = Signal("dt", "dt", 1, *TIME.unpack_from(data, at), bits=32) if DT in has else None
    at += TIME.size if DT in has else 0
    name, at = _string(data, at)
    board, at = _string(data, at)
    if at != len(data):
        raise ValueError(f"{len(data)} bytes, not {at}")
    inputs, states, outputs = sides
    counters = (COUNTERS[0], *(kind for kind in COUNTERS[1:] if kind in has))
    return Identity(protocol, abi, sha256, Interface(name, inputs, states, outputs, dt, counters), board)


def _anonymous(signal: Signal) -> Signal:
    return Signal(signal.id, signal.id, signal.size, signal.frac, signal.low, signal.high, signal.bits)


def _text(text: str) -> bytes:
    data = text.encode("ascii", "replace")[:255]
    return bytes([len(data)]) + data


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    return data[at + 1 : end].decode("ascii"), end
