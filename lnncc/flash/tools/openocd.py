"""OpenOCD: ST-LINK, J-Link and CMSIS-DAP probes (OpenOCD User's Guide, "Flash Programming")."""

import re

from lnncc.flash import usb
from lnncc.flash.step import BACK, ELF, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "apt install openocd (openocd.org)"
NAMED_BY = "--probe"
NOBODY = "plug the board's debug connector in"
TOLD = {"config": tuple, "adapter": str}  # its scripts, in order; stlink, jlink or cmsis-dap


def found() -> tuple[str, ...] | None:
    return command(["openocd"])


def devices(told: Told) -> tuple[Device, ...] | None:
    """OpenOCD lists none, and takes the first it finds."""
    return usb.probes(str(told["adapter"]))


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    scripts = [word for name in put.texts("config") for word in ("-f", name)]
    chosen = ["-c", f"adapter serial {_word(put.device)}"] if put.device else []
    said = (f"program {ELF} verify", f"dump_image {BACK} {put.address:#x} {put.size}", "reset run", "shutdown")
    return (Step((*call, *scripts, *chosen, *(word for line in said for word in ("-c", line))), back=True),)


def _word(text: str) -> str:
    """As one word of Tcl: nothing in it is a command or a variable, since a USB device may call itself anything."""
    return re.sub(r"[^A-Za-z0-9]", lambda found: "\\" + found[0], text)
