"""pyOCD: CMSIS-DAP, ST-LINK and J-Link probes on Cortex-M (pyocd.io). Chips it does not know come as packs."""

import json

from lnncc.flash.listing import listing
from lnncc.flash.step import BACK, ELF, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "pip install pyocd"
NAMED_BY = "--probe"
NOBODY = "plug the board's debug connector in"
TOLD = {"target": str}  # a name of `pyocd list --targets`, or of `pyocd pack find`


def found() -> tuple[str, ...] | None:
    return command(["pyocd"], "pyocd")


def devices(told: Told) -> tuple[Device, ...] | None:
    """What ``pyocd json --probes`` lists, which is ``pyocd list`` for programs; None if it says something else."""
    call = found()
    if call is None:
        return None
    text = listing((*call, "json", "--probes"))
    try:
        listed = json.loads(text[text.index("{") :])["boards"]
        return tuple(Device(str(entry["unique_id"]), str(entry["info"])) for entry in listed)
    except (ValueError, KeyError, TypeError):
        return None


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    """Without -W it waits for a probe for ever."""
    on = ("-W", "--target", put.text("target"), *put.on("--uid"))
    return (
        Step((*call, "load", *on, "--no-reset", ELF)),
        Step((*call, "commander", *on, "--command", f"savemem {put.address:#x} {put.size} {BACK}"), back=True),
        Step((*call, "reset", *on)),
    )
