"""Firmware for a board: a model that runs its test vectors, or serves a serial line, one frame in and one frame out."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
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
from lnncc.validate import elf, firmware, host, stack, toolchain
from lnncc.validate.toolchain import Compiler

Kind = Literal["vectors", "serial"]
FOLDER = "firmware"  # of a build
STARTS = ("start", toolchain.ENTRY)  # the first C of a program, by its kind of core
FLAGS = ("-fno-jump-tables",)  # on RISC-V no stack is counted through one
ALIGNED = 8  # bytes: of the stack, where it begins


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

        def made(compiler: Compiler) -> Path:
            return _receiving(compiler, build, target, folder, kind) or _made(compiler, build, target, folder, kind)

        return toolchain.first_to(made, target)[0].read_bytes()


def _made(compiler: Compiler, build: Build, target: Target, folder: Path, kind: Kind) -> Path:
    context = _context(build, target)
    return _link(compiler, target, _objects(compiler, target, folder, kind, context), folder, context)


def _receiving(compiler: Compiler, build: Build, target: Target, folder: Path, kind: Kind) -> Path | None:
    """Firmware that takes updates, whose stack has all of RAM that nothing else has; None where that is not enough.

    What is enough is counted in its own machine code, from its start; where that has no bound, nothing is.
    """
    if kind != "serial" or build.interface.update_bytes is None:
        return None
    context = _context(build, target, receives=True)
    objects = _objects(compiler, target, folder, kind, context)
    try:
        left = _left(_link(compiler, target, objects, folder, {**context, "stack": ALIGNED}), target)
    except LnnccError as error:
        if error.code in ("E0501", "E0805"):
            return None
        raise
    return None if left is None else _link(compiler, target, objects, folder, {**context, "stack": left})


def _left(program: Path, target: Target) -> int | None:
    """Bytes of RAM beside all that ``program`` has there, if its stack is never deeper."""
    image = replace(elf.read(program), vector_bytes=target.vector_bytes)
    places = [section for section in image.sections if section.writable]
    taken = max(s.address + s.size for s in places) - min(s.address for s in places)
    left = (target.emulated().ram.size - taken) // ALIGNED * ALIGNED
    start = next(name for name in STARTS if any(s.name == name for s in image.symbols))
    return left if stack.bound(image, start).size <= left else None


def _context(build: Build, target: Target, *, receives: bool = False) -> Mapping[str, object]:
    """``receives``: updates, which then stay where they arrive, in RAM."""
    return {
        "name": build.name,
        "interface": build.interface,
        "target": target,
        "board": target.emulated(),
        "serial": line(target),
        "loads": target.emulated().loads,
        "abi": ABI,
        "identity": Identity.of(build, target.name).packed(),
        "room": {"part": PART, "hash": HASH_BYTES, "hash_at": HASH_AT, "model_at": MODEL_AT} if receives else None,
        "test": packages.selftest(build),
    }


def _rendered(kind: Kind, context: Mapping[str, object]) -> dict[str, str]:
    """What stands between the model and the texts that are compiled as they are."""
    texts = {f"{kind}.c": render(f"device/{kind}.c", (), **context), "board.h": render("device/board.h", (), **context)}
    if kind == "vectors":
        texts[f"{context['name']}_selftest.h"] = render(f"{packages.FOLDER}/selftest.h", (), **context)
    return texts


def _objects(
    compiler: Compiler, target: Target, folder: Path, kind: Kind, context: Mapping[str, object]
) -> Sequence[Path]:
    """Of the texts for ``context``, which it writes, and of the model."""
    host.write(folder / kind, _rendered(kind, context).items())
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
    return firmware.compiled(compiler, [folder / "model" / f"{context['name']}.c"], own, include, output, FLAGS)


def _link(
    compiler: Compiler, target: Target, objects: Sequence[Path], folder: Path, context: Mapping[str, object]
) -> Path:
    script = firmware.rendered((firmware.text_folders(target)[1],), "link.ld", context, folder)
    return toolchain.link(compiler, objects, folder / "firmware.elf", script)
