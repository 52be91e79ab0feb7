"""st-flash of the stlink tools: the ST-LINK of Nucleo and Discovery boards, and those sold alone."""

import re

from lnncc.flash.listing import listing
from lnncc.flash.step import BACK, FLAT, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "apt install stlink-tools (github.com/stlink-org/stlink)"
NAMED_BY = "--probe"
NOBODY = "plug the board's ST-LINK connector in"
TOLD: dict[str, type] = {}


def found() -> tuple[str, ...] | None:
    return command(["st-flash"])


def devices(told: Told) -> tuple[Device, ...] | None:
    """What ``st-info --probe`` lists: a serial number each, and what chip it is connected to."""
    if command(["st-info"]) is None:
        return None
    text = listing(("st-info", "--probe"))
    chips = re.findall(r"^\s*(?:dev-type|descr):\s*(.*?)\s*$", text, re.M)
    serials = re.findall(r"^\s*serial:\s*(\S+)", text, re.M)
    return tuple(Device(s, chips[k] if k < len(chips) else "ST-LINK") for k, s in enumerate(serials))


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    start = (*call, *put.on("--serial"))
    return (
        Step((*start, "write", FLAT, f"{put.address:#x}")),
        Step((*start, "read", BACK, f"{put.address:#x}", f"{put.size:#x}"), back=True),
        Step((*start, "reset")),
    )
