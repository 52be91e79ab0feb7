"""``lnncc update``: other weights for a device that runs the code of a compiled model."""

from argparse import Namespace
from pathlib import Path

from lnncc import build as builds
from lnncc.cli import model
from lnncc.cli.answer import Answer, note
from lnncc.cli.compile import recorded, states, writing
from lnncc.update import update


def run(args: Namespace) -> Answer:
    """Write an update. Raises E0405 without a build, E0211 if it cannot be written, as ``update``, ``model.load``."""
    old = builds.read(Path(args.folder))
    given = model.load(args.model, states(args.state), args.ncps, args.params)
    timed = old.settings.dt_range is not None
    data = None if args.calib is None else recorded(Path(args.calib), given.graph, timed)
    made = update(old, given.graph, data, saturating=args.saturating, number=args.number)
    if made.saturating:
        note(f"may saturate now, counted, and could not before: {', '.join(made.saturating)}")
    with writing(Path(args.output), "-o"):
        made.build.write(Path(args.output))
    number, base = builds.lineage(made.build.origin)
    assert made.build.update is not None
    file = f"{old.name}{builds.UPDATE}"
    size = len(made.build.update)
    fields = {
        "name": old.name,
        "target": old.settings.target,
        "file": file,
        "bytes": size,
        "number": number,
        "base": base.hex(),
        "model": made.model.hex(),
        "structure": made.structure.hex(),
        "saturating": list(made.saturating),
    }
    lines = (
        f"{Path(args.output) / file}: {size} bytes, update {number} of {old.name} for {old.settings.target}",
        f"  from model {base.hex()} to {made.model.hex()}, for code of structure {made.structure.hex()}",
        f"next: lnncc verify {args.output}",
    )
    return Answer(fields, "\n".join(lines))
