"""avrdude: AVR boards by their boot loader, over the serial port (avrdude's manual, "Option Descriptions")."""

from lnncc.flash.ports import ports
from lnncc.flash.step import BACK, FLAT, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "apt install avrdude (github.com/avrdudes/avrdude)"
NAMED_BY = "--port"
NOBODY = "plug the board in, or name its serial port"
TOLD = {"part": str, "programmer": str, "baud": int}


def found() -> tuple[str, ...] | None:
    return command(["avrdude"])


def devices(told: Told) -> tuple[Device, ...] | None:
    return ports()


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    """It verifies what it writes, then reads all of flash. -D: a boot loader erases a page as it writes it."""
    on = (
        "-p",
        put.text("part"),
        "-c",
        put.text("programmer"),
        "-P",
        put.device or "PORT",
        "-b",
        str(put.number("baud")),
    )
    return (Step((*call, "-q", *on, "-D", "-U", f"flash:w:{FLAT}:r", "-U", f"flash:r:{BACK}:r"), back=True),)
