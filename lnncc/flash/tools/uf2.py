"""UF2: a copy onto the drive that a boot loader shows, which writes it and starts it."""

from lnncc.errors import LnnccError
from lnncc.flash import uf2
from lnncc.flash.step import Device, Put, Step
from lnncc.flash.tools import Told
from lnncc.flash.volumes import INFO, volumes

GET = ""  # nothing: every system can copy a file
NAMED_BY = "--probe"
NOBODY = "put the board into its boot loader (BOOTSEL held, or reset twice) and mount its drive, or name the folder"
TOLD = {"family": int, "board_id": str}  # of the format's list of families; what INFO_UF2.TXT says
IMAGE = "firmware.uf2"


def found() -> tuple[str, ...] | None:
    return ("cp",)


def devices(told: Told) -> tuple[Device, ...] | None:
    return volumes()


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    """The board starts when it has the last block, and its drive is gone. So nothing is compared: a CURRENT.UF2, which
    some boot loaders offer, could be read from the next start of theirs on only, and is what was copied until then."""
    return Step((*call, IMAGE, put.device or "VOLUME")), Step(("sync",))


def files(put: Put) -> dict[str, bytes]:
    return {IMAGE: uf2.write(put.segments, put.number("family"))}


def blocks(image: bytes) -> dict[int, bytes]:
    return uf2.read(image)[1]


def check(told: Told, device: Device) -> None:
    """Raise E0814 if the drive is another board's."""
    if device.what == told["board_id"]:
        return
    raise LnnccError(
        "E0814",
        f"the drive {device.id} is that of a board {device.what!r:.80}, not {told['board_id']!r}",
        notes=(f"read from {INFO}",),
        helps=("choose the board that is plugged in, or name the other drive: --probe FOLDER",),
    )
