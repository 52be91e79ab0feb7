"""``lnncc report``: what a compiled model holds, costs and errs, measured here: a screen, a page, JSON."""

from argparse import Namespace
from pathlib import Path

from lnncc import build as builds
from lnncc.cli import inputs
from lnncc.cli.answer import Answer, note
from lnncc.report import measured, page, screen, summary


def run(args: Namespace) -> Answer:
    """Raises E0211 if the page cannot be written, E04xx for data that do not suit the model."""
    build = builds.read(Path(args.folder))
    data = None if args.data is None else inputs.recorded(build, Path(args.data))
    found = measured.measure(build, data, summary.steps(args.period))
    if args.html is not None:
        page.write(Path(args.html), found)
        note(f"{args.html} is written")
    facts = summary.fields(build, args.period)
    return Answer({**facts, "report": measured.fields(found)}, screen.text(found, summary.text(build, args.period)))
