"""A serial line with a board at its other end: one frame there, one frame back, asked again where one is lost."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lnncc.errors import LnnccError
from lnncc.extras import needs
from lnncc.flash.frames import ANSWER, BAUD, DAMAGED, ERROR, REASONS, REFUSALS, Frame, Type, packed, unpacked

with needs("pyserial", "serial"):
    import serial

ATTEMPTS = 4
SECONDS = 2.0  # for one answer; the step of a large model on an AVR takes a fifth of that
NOISE = Frame(ERROR, 0, bytes([DAMAGED]))  # what a board says of a frame that it could not read
SEQUENCES = 255  # 0 is the board's, for what it could not read


@dataclass(slots=True)
class Link:
    """``retries`` counts frames that were sent again, because no answer came, or a damaged one."""

    name: str
    port: "serial.SerialBase"
    seconds: float = SECONDS
    sequence: int = 0
    retries: int = 0

    def ask(self, kind: Type, payload: bytes = b"", attempts: int = ATTEMPTS) -> bytes:
        """The payload of the answer.

        A frame that is sent again keeps its number, by which the board knows it: nothing is stepped twice.

        Raises:
            LnnccError: E0806 if the port is lost, E0807 without an answer, E0808 if all of them are damaged, or the
                board refuses the frame.
        """
        self.sequence = self.sequence % SEQUENCES + 1
        frame = Frame(kind, self.sequence, payload)
        heard = False
        for attempt in range(attempts):
            self.retries += attempt > 0
            answer = self._exchanged(frame)
            if answer is not None and answer.type == ERROR and answer.sequence == self.sequence:
                raise _refused(self.name, kind, answer)
            if answer is not None and answer.type == ANSWER | kind:
                return answer.payload
            heard = heard or answer is not None
        raise _garbled(self.name, kind, attempts) if heard else _silent(self.name, kind, attempts, self.seconds)

    def _exchanged(self, frame: Frame) -> Frame | None:
        """The answer to ``frame``; a frame of type ERROR and number 0 if only damaged ones were heard of; else None.

        What was damaged may have been noise before the frame, so its answer is still waited for, but not so long.
        """
        deadline, heard = time.monotonic() + self.seconds, None
        try:
            self.port.write(packed(frame))
            while (line := self._line(deadline)) is not None:
                answer = unpacked(line)
                if answer is not None and answer.sequence == frame.sequence:
                    return answer
                if answer is None or answer == NOISE:
                    heard, deadline = NOISE, min(deadline, time.monotonic() + self.seconds / 4)
        except (OSError, serial.SerialException) as error:
            raise _lost(self.name, error) from error
        return heard

    def _line(self, deadline: float) -> bytes | None:
        """What comes before the next zero, if anything; None if it is too late."""
        line = b""
        while not line:
            if time.monotonic() > deadline:  # a line of zeros alone goes on for ever
                return None
            self.port.timeout = max(deadline - time.monotonic(), 0.0)
            got = self.port.read_until(b"\0")
            if not got.endswith(b"\0"):
                return None
            line = got[:-1]
        return line


@contextmanager
def opened(name: str, baud: int = BAUD, seconds: float = SECONDS) -> Iterator[Link]:
    """The port ``name``: a device, or a URL that pyserial knows, such as socket://host:port. Raises E0806."""
    try:
        port = serial.serial_for_url(name, baudrate=baud, timeout=seconds, write_timeout=seconds)
    except (OSError, ValueError, serial.SerialException) as error:
        raise _absent(name, error) from error
    with port:
        yield Link(name, port, seconds)


def _absent(name: str, error: Exception) -> LnnccError:
    from serial.tools import list_ports

    there = ", ".join(sorted(port.device for port in list_ports.comports())) or "none"
    return LnnccError(
        "E0806",
        f"the port {name} cannot be opened",
        notes=(" ".join(str(error).split())[:200], f"serial ports here: {there}"),
        helps=(
            "plug the board in, close other programs that use the port, and see that you may open it",
            "without a board: emulated:BOARD, for example emulated:arduino-uno",
        ),
    )


def _lost(name: str, error: Exception) -> LnnccError:
    return LnnccError(
        "E0806",
        f"the port {name} was lost",
        notes=(" ".join(str(error).split())[:200],),
        helps=("plug the board in again, and start again",),
    )


def _silent(name: str, kind: Type, attempts: int, seconds: float) -> LnnccError:
    return LnnccError(
        "E0807",
        f"no answer from the board at {name}",
        notes=(f"asked {attempts} times for {kind.name}, and waited {seconds:g} s each time",),
        helps=(
            "does it hold firmware that answers frames? lnncc flash DIR --board B --firmware serial",
            "is this its port, and its baud rate the one of --baud?",
        ),
    )


def _garbled(name: str, kind: Type, attempts: int) -> LnnccError:
    return LnnccError(
        "E0808",
        f"the frames of the board at {name} are damaged",
        notes=(f"of {attempts} answers to {kind.name} none had the right CRC",),
        helps=("see that the baud rate is that of --baud, and use a shorter or better cable",),
    )


def _refused(name: str, kind: Type, answer: Frame) -> LnnccError:
    why = [REASONS.get(code, "it does not say why") for code in answer.payload[:1]]
    why += [text for bit, text in REFUSALS.items() if bit & sum(answer.payload[1:2])]
    return LnnccError(
        "E0808",
        f"the board at {name} refused {kind.name}",
        notes=tuple(why),
        helps=("build and flash its firmware again, from the same folder",),
    )
