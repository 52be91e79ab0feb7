"""esptool: chips of Espressif by their boot ROM, over the serial port (docs.espressif.com/projects/esptool)."""

from lnncc.flash import esp
from lnncc.flash.ports import ports
from lnncc.flash.step import ELF, Device, Put, Step, command
from lnncc.flash.tools import Told

GET = "pip install 'lnncc[esp]' (esptool 5)"
NAMED_BY = "--port"
NOBODY = "plug the board in, or name its serial port"
TOLD = {"chip": str, "offset": int, "flash_size": str, "baud": int}  # offset of the application in flash
IMAGE = "firmware.esp"


def found() -> tuple[str, ...] | None:
    return command(["esptool"], "esptool")


def devices(told: Told) -> tuple[Device, ...] | None:
    return ports()


def steps(call: tuple[str, ...], put: Put) -> tuple[Step, ...]:
    chip, size = ("--chip", put.text("chip")), put.text("flash_size")
    on = (*chip, "--port", put.device or "PORT", "--baud", str(put.number("baud")))
    offset = f"{put.number('offset'):#x}"
    return (
        Step((*call, *chip, "elf2image", "--flash-mode", "dio", "--flash-size", size, "-o", IMAGE, ELF), makes=IMAGE),
        Step((*call, *on, "--after", "no-reset", "write-flash", offset, IMAGE)),
        Step((*call, *on, "verify-flash", offset, IMAGE), compares=True),
    )


def blocks(image: bytes) -> dict[int, bytes]:
    return esp.read(image)
