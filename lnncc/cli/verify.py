"""``lnncc verify``: the compiled C against the twin, on this machine and on emulated targets."""

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from lnncc import build as builds
from lnncc.cli import inputs
from lnncc.cli.answer import Answer
from lnncc.report import errors
from lnncc.validate import compare, nodes
from lnncc.validate.runners import runnable, runners
from lnncc.validate.verdict import failure

TWIN_STEPS = 10_000  # of a stream that the twin and the emulators join, where --steps asks for more


def run(args: Namespace) -> Answer:
    """Compare. The answer fails with E0601 if a bit differs, E0602 if an output is further off than allowed."""
    others = runnable(args.on)
    build = builds.read(Path(args.folder))
    data = inputs.read(build, args.data, args.steps)
    found = compare.verify(build, data, runners(build, others), twin_steps=None if args.steps is None else TWIN_STEPS)
    fields: dict[str, object] = {
        "bit_exact": found.bit_exact,
        "steps": found.steps,
        "targets": list(found.exact),
        "error": errors.fields(found.errors),
        "error_steps": found.error_steps,
        "state_error": errors.fields(found.state_errors),
    }
    text = errors.text(found)
    if args.nodes:
        blame = nodes.contributions(build, data)
        fields["nodes"], text = [asdict(c) for c in blame], f"{text}\n{errors.blame(blame)}"
    return Answer(fields, text, failure(found, args.max_abs))
