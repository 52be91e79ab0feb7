"""``lnncc update``: other weights for a device that runs the code of a compiled model."""

from argparse import Namespace
from pathlib import Path

from lnncc import build as builds
from lnncc.build import Build
from lnncc.cli import model
from lnncc.cli.answer import Answer, note
from lnncc.cli.compile import recorded, states, writing
from lnncc.errors import LnnccError
from lnncc.plan.image import MODEL_AT, STRUCTURE_AT
from lnncc.update import update


def run(args: Namespace) -> Answer:
    """Write an update, or send that of DIR, or both.

    Raises:
        LnnccError: E0210 with neither, E0238 for a folder without one, E0405 without a build, E0211 if it cannot be
            written; as ``update``, ``model.load`` and, sending, ``device.updated``.
    """
    if args.model is None and args.to is None:
        raise _usage("give MODEL, the new weights; or --to PORT, to send the update that DIR holds")
    if (args.model is None) != (args.output is None):
        raise _usage("MODEL and -o DIR2 go together: the new weights, and the folder for what is made of them")
    making = (args.calib, args.saturating, args.number, args.state, args.ncps, args.params)
    if args.model is None and any(word not in (None, False, []) for word in making):
        raise _usage("without MODEL nothing is made, so what says how does not belong there")
    old = builds.read(Path(args.folder))
    newer, saturating = (old, ()) if args.model is None else _made(args, old)
    if newer.update is None:
        raise _none(args.folder)
    if args.to is not None:
        from lnncc.flash import device

        device.updated(args.to, old, newer, args.baud)
    return _answer(args, newer, newer.update, saturating)


def _made(args: Namespace, old: Build) -> tuple[Build, tuple[str, ...]]:
    """Written to the folder of -o; and what may saturate now."""
    given = model.load(args.model, states(args.state), args.ncps, args.params)
    timed = old.settings.dt_range is not None
    data = None if args.calib is None else recorded(Path(args.calib), given.graph, timed)
    made = update(old, given.graph, data, saturating=args.saturating, number=args.number)
    if made.saturating:
        note(f"may saturate now, counted, and could not before: {', '.join(made.saturating)}")
    with writing(Path(args.output), "-o"):
        made.build.write(Path(args.output))
    return made.build, made.saturating


def _answer(args: Namespace, newer: Build, file: bytes, saturating: tuple[str, ...]) -> Answer:
    number, base = builds.lineage(newer.origin)
    folder = args.output or args.folder
    hashes = {
        "base": base.hex(),
        "model": file[MODEL_AT:][: len(base)].hex(),
        "structure": file[STRUCTURE_AT:MODEL_AT].hex(),
    }
    name = f"{newer.name}{builds.UPDATE}"
    fields = {"name": newer.name, "target": newer.settings.target, "file": name, "bytes": len(file), "number": number}
    lines = (
        f"{Path(folder) / name}: {len(file)} bytes, update {number} of {newer.name} for {newer.settings.target}",
        f"  from model {hashes['base']} to {hashes['model']}, for code of structure {hashes['structure']}",
        f"next: lnncc verify {folder}" if args.to is None else f"{args.to} took it, and started again with it",
    )
    told = {"saturating": list(saturating), "sent_to": args.to}
    return Answer(fields | hashes | told, "\n".join(lines))


def _usage(title: str) -> LnnccError:
    return LnnccError("E0210", f"lnncc update: {title}", helps=("see lnncc update --help",))


def _none(folder: str) -> LnnccError:
    return LnnccError(
        "E0238",
        f"{folder} holds no update",
        notes=("it is what `lnncc compile` wrote, and `lnncc update` puts the update into another folder",),
        helps=("make one: lnncc update " + folder + " MODEL -o DIR2; then send that of DIR2",),
    )
