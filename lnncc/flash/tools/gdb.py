"""GDB's ``load``, through whatever serves it: a probe's server, a Black Magic Probe, or the one inside QEMU."""

from lnncc.flash.step import BACK, ELF, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "apt install gdb-multiarch"
NAMED_BY = "--probe"
NOBODY = "start a server (openocd, pyocd gdbserver, JLinkGDBServer) and name it: --probe localhost:3333"
TOLD = {"reset": str}  # what the server understands as a reset


def found() -> tuple[str, ...] | None:
    return command(["gdb-multiarch"])


def devices(told: Told) -> tuple[Device, ...] | None:
    return ()


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    """The board is halted until flash was compared, and runs when gdb leaves. Under -batch, gdb outlives an error."""
    end = put.address + put.size
    first = ("load", "compare-sections", f"dump binary memory {BACK} {put.address:#x} {end:#x}", "disconnect")
    then = (f"monitor {put.text('reset')}", "detach")
    return (
        Step(_session(call, put, first), back=True, says=("Transfer rate", "matched.")),
        Step(_session(call, put, then), says=("detached",)),
    )


def _session(call: tuple[str, ...], put: Put, said: tuple[str, ...]) -> tuple[str, ...]:
    lines = (f"target extended-remote {put.device or 'SERVER'}", *said)
    return (*call, "-nx", "-q", "-batch", *(word for line in lines for word in ("-ex", line)), ELF)
