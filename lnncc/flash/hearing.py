"""What a board says of its self-test over the serial line: firmware on test vectors prints a hash of all its bits."""

import re
import time

from lnncc.errors import LnnccError
from lnncc.extras import needs

with needs("pyserial", "serial"):
    import serial

ASKED_AGAIN = 2.0  # seconds after which a board that said nothing is asked once more
SECONDS = 180.0  # a busy machine emulates slowly
REMEMBERED = 4096  # characters
KEPT = 200  # characters of what else was said


def hash_of(port: str, baud: int, name: str, seconds: float = SECONDS) -> int:
    """The hash that the model ``name`` says it computed. Any byte asks for it; opening the port resets some boards.

    Raises:
        LnnccError: E0812 if the port cannot be opened, or nothing of the kind is said in ``seconds``.
    """
    said, end = "", time.monotonic() + seconds
    try:
        with serial.Serial(port, baud, timeout=ASKED_AGAIN, write_timeout=ASKED_AGAIN) as line:
            while time.monotonic() < end:
                line.write(b"?")
                while time.monotonic() < end and (received := line.read(1) + line.read(line.in_waiting)):
                    said = (said + received.decode("ascii", errors="replace"))[-REMEMBERED:]
                    found = re.search(rf"\b{name} ([0-9A-F]{{8}}) (?:passed|FAILED)\b", said)
                    if found is not None:
                        return int(found[1], 16)
    except (serial.SerialException, OSError) as error:
        raise LnnccError(
            "E0812",
            f"the port {port} cannot be used: {' '.join(str(error).split())[:160]}",
            helps=("close what else uses it, or name another: --port",),
        ) from error
    heard = f"it said {said[-KEPT:]!r}" if said else "it said nothing at all"
    raise LnnccError(
        "E0812",
        f"the board did not say on {port} what its self-test gave, in {seconds:g} s",
        notes=(heard,),
        helps=("see docs/flashing.md: where the board's serial line comes out, and which port that is",),
    )
