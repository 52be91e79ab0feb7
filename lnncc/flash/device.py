"""A model on a board, spoken to over its serial line: the same steps as the twin's, from the same raw integers."""

import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lnncc import target as targets
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.flash import firmware, link
from lnncc.flash.frames import BAUD, OFFSET, PART, Type
from lnncc.flash.identity import PROTOCOL, Identity
from lnncc.flash.link import Link
from lnncc.ir import Array
from lnncc.plan.interface import Signal
from lnncc.twin import Trace
from lnncc.validate import serve

EMULATED = "emulated:"
EMULATED_SECONDS = 15.0  # for an answer: an emulator has to wait for a busy machine
HELLOS = 8  # an Arduino starts again when its port is opened, and its boot loader then waits for a second or two


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """States and outputs, raw, one 1-D int16 array a signal, and the state's counters by name."""

    states: tuple[Array, ...]
    outputs: tuple[Array, ...]
    counters: Mapping[str, int]


@dataclass(frozen=True, slots=True, eq=False)
class Device:
    """What answered at the other end of ``link``, and what it said of itself. Everything raises as ``Link.ask``."""

    link: Link
    identity: Identity

    def reset(self) -> None:
        self.link.ask(Type.RESET)

    def step(self, inputs: Sequence[Array]) -> Reading:
        """One step: an int16 array an input, and behind them the elapsed time as an int32 array of one."""
        given = self.identity.interface.given
        payload = b"".join(x.astype(f"<i{s.bits // 8}").tobytes() for x, s in zip(inputs, given, strict=True))
        return self._reading(self.link.ask(Type.STEP, payload))

    def read(self) -> Reading:
        """States as they are, and the outputs of the last step, zeros before the first."""
        return self._reading(self.link.ask(Type.READ))

    def save(self) -> bytes:
        """What NAME_save writes."""
        return self.link.ask(Type.SAVE)

    def restore(self, saved: bytes) -> None:
        """NAME_restore of ``saved``; E0808 if it refuses."""
        self.link.ask(Type.RESTORE, saved)

    def update(self, update: bytes) -> None:
        """NAME_update with what `lnncc update` wrote; the model starts again. E0808 if it refuses, or has no room."""
        self.link.ask(Type.UPDATE, bytes(OFFSET))  # so short that who has no room can read it, and say so
        for at in range(0, len(update), PART):
            self.link.ask(Type.UPDATE, at.to_bytes(OFFSET, "little") + update[at : at + PART])
        self.link.ask(Type.TAKE)

    def run(self, inputs: tuple[Array, ...]) -> Trace:
        """All streams, each from reset: as ``twin.run``."""
        streams = [tuple(x[k] for x in inputs) for k in range(len(inputs[0]))]
        done = [self._stream(stream) for stream in streams]
        states, outputs = (tuple(map(np.stack, zip(*(d[side] for d in done), strict=True))) for side in (0, 1))
        return states, outputs

    def _stream(self, inputs: tuple[Array, ...]) -> Trace:
        self.reset()
        readings = [self.step([x[k] for x in inputs]) for k in range(len(inputs[0]))]
        states = tuple(map(np.stack, zip(*(r.states for r in readings), strict=True)))
        return states, tuple(map(np.stack, zip(*(r.outputs for r in readings), strict=True)))

    def _reading(self, payload: bytes) -> Reading:
        io = self.identity.interface
        counters = struct.Struct(f"<{len(io.counters)}I")
        size = sum(s.bytes for s in io.states + io.outputs) + counters.size
        if len(payload) != size:
            raise _confused(self.link.name, f"a result of {len(payload)} bytes, not {size}")
        states, at = _arrays(payload, 0, io.states)
        outputs, at = _arrays(payload, at, io.outputs)
        return Reading(states, outputs, dict(zip(io.counters, counters.unpack_from(payload, at), strict=True)))


def _arrays(payload: bytes, at: int, signals: tuple[Signal, ...]) -> tuple[tuple[Array, ...], int]:
    arrays = list[Array]()
    for signal in signals:
        arrays.append(np.frombuffer(payload, "<i2", signal.size, at).astype(np.int16))
        at += signal.bytes
    return tuple(arrays), at


def updated(port: str, code: Build, newer: Build, baud: int = BAUD) -> None:
    """Send the update of ``newer`` to a device that runs ``code``, with whatever weights. Raises as ``connected``."""
    assert newer.update is not None
    with connected(port, code, baud, weights=False) as board:
        board.update(newer.update)
        _require_same(port, _greeted(board.link), Identity.of(newer, board.identity.board))


@contextmanager
def connected(port: str, build: Build | None, baud: int = BAUD, *, weights: bool = True) -> Iterator[Device]:
    """The model behind ``port``, which must be that of ``build``, if given; without ``weights``, but for its weights.

    ``port`` is a device, a URL that pyserial knows, or ``emulated:BOARD``: firmware of ``build`` for that board, in its
    first emulator that has a serial line.

    Raises:
        LnnccError: E0806 to E0808 as ``Link``, E0809 for another model; of an emulated board as
            ``firmware.linked`` and ``serve.serve``, E0225 without a build.
    """
    seconds = EMULATED_SECONDS if port.startswith(EMULATED) else link.SECONDS
    with _reached(port, build) as name, link.opened(name, baud, seconds) as line:
        device = Device(line, _greeted(line))
        if build is not None:
            wanted = Identity.of(build, device.identity.board)
            _require_same(port, device.identity, wanted if weights else replace(wanted, sha256=device.identity.sha256))
        yield device


def _greeted(line: Link) -> Identity:
    try:
        said = Identity.unpacked(line.ask(Type.HELLO, attempts=HELLOS))
    except ValueError as error:
        raise _confused(line.name, "what it says of its model is no identity") from error
    if said.protocol != PROTOCOL:
        raise _confused(line.name, f"its firmware speaks protocol {said.protocol}, this is {PROTOCOL}")
    return said


def _require_same(port: str, said: Identity, wanted: Identity) -> None:
    if said == wanted:
        return
    raise LnnccError(
        "E0809",
        f"the board at {port} holds another model",
        notes=(f"the board: {_described(said)}", f"the folder: {_described(wanted)}"),
        helps=("flash the firmware of this folder, or give the folder that the board's firmware was built from",),
    )


def _described(identity: Identity) -> str:
    return f"{identity.interface.name}, model hash {identity.sha256.hex()}, ABI {identity.abi}"


def _confused(name: str, why: str) -> LnnccError:
    return LnnccError(
        "E0808",
        f"the answers of the board at {name} make no sense",
        notes=(why,),
        helps=("build its firmware with this version of lnncc, and flash it",),
    )


@contextmanager
def _reached(port: str, build: Build | None) -> Iterator[str]:
    """What pyserial calls ``port``."""
    if not port.startswith(EMULATED):
        yield port
        return
    board = port.removeprefix(EMULATED)
    if build is None:
        raise LnnccError(
            "E0225",
            f"{port} needs a model to run",
            helps=(f"give the folder that lnncc compile wrote: lnncc monitor {port} DIR",),
        )
    target = targets.load(board)
    with tempfile.TemporaryDirectory(prefix="lnncc-emulated-") as folder:
        elf = Path(folder) / "serial.elf"
        line = firmware.line(target).line
        serve.emulator_of(target)  # before a compiler is looked for
        elf.write_bytes(firmware.linked(build, target, "serial"))
        with serve.serve(elf, target, line) as name:
            yield name
