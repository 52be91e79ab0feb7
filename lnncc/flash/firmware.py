"""Firmware for a board: a model that runs its test vectors, or serves a serial line, one frame in and one frame out."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from lnncc import build as builds
from lnncc import packages, share
from lnncc import target as targets
from lnncc.board import Serial
from lnncc.build import Build
from lnncc.emit.files import ABI
from lnncc.emit.render import render
from lnncc.errors import LnnccError
from lnncc.flash.frames import PART
from lnncc.flash.identity import HASH_AT, Identity
from lnncc.plan.image import MODEL_AT
from lnncc.plan.interface import HASH_BYTES
from lnncc.retarget import retargeted
from lnncc.target import Target
from lnncc.validate import firmware, host, toolchain
from lnncc.validate.toolchain import Compiler

Kind = Literal["vectors", "serial"]
FOLDER = "firmware"  # of a build


def build(folder: Path, board: str, kind: Kind = "vectors", output: Path | None = None) -> Path:
    """Firmware of the build in ``folder``; the path of its ELF, ``folder/firmware/<board>-<kind>.elf`` unless given.

    ``vectors`` runs the model's self-test, and again for each byte that comes in: it prints "NAME HASH passed" over the
    serial line, and leaves 1 (passed) or 2 in the word LNN_status and the hash in LNN_hash. ``serial`` answers frames.

    Raises:
        LnnccError: E0201 or E0224 for the board, E0405 for the folder, E0501 if the board's memory is too small, E0701
            and E0702 for the compiler.
    """
    target = targets.load(board)
    path = output or folder / FOLDER / f"{target.name}-{kind}.elf"
    data = linked(builds.read(folder), target, kind)
    builds.replace(path, data)
    return path


def line(target: Target) -> Serial:
    """The serial line of a board. Raises E0224 if there is none."""
    found = target.board.serial if target.board is not None else None
    if found is None:
        known = [name for name in targets.boards() if (b := targets.load(name).board) is not None and b.serial]
        raise LnnccError(
            "E0224",
            f"{target.name} is no board with a serial line",
            notes=("its file has no table [board.serial]",),
            helps=("choose one of: " + ", ".join(known),),
        )
    return found


def linked(build: Build, target: Target, kind: Kind) -> bytes:
    """The ELF, by the first compiler that does not fail. Raises as ``build``."""
    line(target)
    with tempfile.TemporaryDirectory(prefix="lnncc-firmware-") as name:
        folder = Path(name)
        sources = folder / "model"
        host.write(sources, retargeted(build, target).sources.items())
        context = _context(build, target)
        host.write(folder / kind, _rendered(kind, context).items())

        def made(compiler: Compiler) -> Path:
            return _link(compiler, target, build.name, folder, kind, context)

        return toolchain.first_to(made, target)[0].read_bytes()


def _context(build: Build, target: Target) -> Mapping[str, object]:
    return {
        "name": build.name,
        "interface": build.interface,
        "target": target,
        "board": target.emulated(),
        "serial": line(target),
        "loads": target.emulated().loads,
        "abi": ABI,
        "identity": Identity.of(build, target.name).packed(),
        "room": _room(build, target),
        "test": packages.selftest(build),
    }


def _room(build: Build, target: Target) -> Mapping[str, int] | None:
    """How an update arrives, where weights may change and half of the board's RAM holds it; it stays there."""
    size = build.interface.update_bytes
    if size is None or 2 * size > target.emulated().ram.size:
        return None
    return {"part": PART, "hash": HASH_BYTES, "hash_at": HASH_AT, "model_at": MODEL_AT}


def _rendered(kind: Kind, context: Mapping[str, object]) -> dict[str, str]:
    """What stands between the model and the texts that are compiled as they are."""
    texts = {f"{kind}.c": render(f"device/{kind}.c", (), **context), "board.h": render("device/board.h", (), **context)}
    if kind == "vectors":
        texts[f"{context['name']}_selftest.h"] = render(f"{packages.FOLDER}/selftest.h", (), **context)
    return texts


def _link(
    compiler: Compiler, target: Target, name: str, folder: Path, kind: Kind, context: Mapping[str, object]
) -> Path:
    device, (common, start) = share.folder("templates") / "device", firmware.text_folders(target)
    boot = target.emulated().boot
    own = [
        folder / kind / f"{kind}.c",
        device / "uart" / f"{line(target).uart}.c",
        device / "halt.c",
        common / "memory.c",
        start / "startup.c",
        *([device / "frame.c"] if kind == "serial" else []),
        *([] if boot is None else [share.folder("targets") / "boot" / f"{boot}.c"]),
    ]
    include = (folder / "model", folder / kind, device, common)
    output = folder / "objects"
    output.mkdir(exist_ok=True)
    script = firmware.rendered((start,), "link.ld", context, output)
    return firmware.linked(compiler, [folder / "model" / f"{name}.c"], own, include, script, output)
