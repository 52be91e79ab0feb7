"""One tool a file; the folder is the registry, a file's name (with - for _) the tool's name in boards' TOMLs.

Each has

    GET       what to install
    NAMED_BY  the option that names its device: --probe or --port
    NOBODY    what to do where no device answers
    TOLD      the keys that a board's entry must have, with their types
    found()   how to call it, None if it is not installed
    devices(told)      what answers, by the tool's own listing; None if it has none here
    steps(call, put)   the command lines, with ``call`` as the first words

and some have

    files(put)         images to lie beside the firmware, by name
    blocks(image)      what an image that it takes holds, by address; ValueError for a damaged one
    check(told, device)  raises where the device is another board's
"""

import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, cast

from lnncc.flash.step import Device, Put, Step

Told = Mapping[str, str | int | tuple[str, ...]]


class Tool(Protocol):
    """What a file of this folder has."""

    GET: str
    NAMED_BY: str
    NOBODY: str
    TOLD: Mapping[str, type]

    def found(self) -> tuple[str, ...] | None: ...

    def devices(self, told: Told) -> tuple[Device, ...] | None: ...

    def steps(self, call: tuple[str, ...], put: Put) -> tuple[Step, ...]: ...


def names() -> tuple[str, ...]:
    files = Path(__file__).parent.glob("*.py")
    return tuple(sorted(path.stem.replace("_", "-") for path in files if path.stem != "__init__"))


def load(name: str) -> Tool:
    """The tool ``name``, one of ``names()``."""
    return cast(Tool, importlib.import_module(f"lnncc.flash.tools.{name.replace('-', '_')}"))
