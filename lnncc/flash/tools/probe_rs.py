"""probe-rs: most debug probes, most Arm and RISC-V chips (probe.rs)."""

import re

from lnncc.flash.listing import listing
from lnncc.flash.step import ELF, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "cargo install probe-rs-tools (probe.rs)"
NAMED_BY = "--probe"
NOBODY = "plug a debug probe in"
TOLD = {"chip": str}  # a name of `probe-rs chip list`
# [0]: STLink V2-1 -- 0483:374b:066BFF (ST-LINK); older: [0]: STLink V2 (VID: 0483, PID: 3748, Serial: 36, StLink)
LISTED = re.compile(r"^\[\d+\]: (.+) -- (\S+) \(", re.M)
LISTED_OLDER = re.compile(r"^\[\d+\]: (.+) \(VID: (\w+), PID: (\w+), Serial: (\w+),", re.M)


def found() -> tuple[str, ...] | None:
    return command(["probe-rs"])


def devices(told: Told) -> tuple[Device, ...] | None:
    """What ``probe-rs list`` lists, by VID:PID:serial number."""
    if found() is None:
        return None
    text = listing(("probe-rs", "list"))
    older = [
        Device(f"{vendor}:{product}:{serial}", name) for name, vendor, product, serial in LISTED_OLDER.findall(text)
    ]
    return (*(Device(selector, name) for name, selector in LISTED.findall(text)), *older)


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    """It compares by itself (--verify); it has no command that leaves flash in a file."""
    on = ("--chip", put.text("chip"), *put.on("--probe"))
    return Step((*call, "download", *on, "--verify", ELF), compares=True), Step((*call, "reset", *on))
