"""``lnncc diff``: two compilations side by side."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from lnncc import build as builds
from lnncc import target as targets
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.cli.answer import Answer, note
from lnncc.cli.compile import measured
from lnncc.ir import Array
from lnncc.report import difference
from lnncc.report.difference import Pair
from lnncc.validate import compare, deviation, host
from lnncc.validate.deviation import Error


def run(args: Namespace) -> Answer:
    """Errors are over the same inputs in both: the user's, or drawn from the ranges of the first.

    Raises E0405 for a folder that is no build, E04xx for data that do not suit.
    """
    before, after = (builds.read(Path(folder)) for folder in (args.before, args.after))
    found = difference.difference(before, after, _sizes(before, after), _errors(before, after, args.data))
    return Answer(difference.fields(found), f"{args.before} -> {args.after}\n{difference.text(found)}")


def _sizes(before: Build, after: Build) -> dict[str, Pair]:
    """As linked for the target of each, as far as there is a compiler."""
    costs = [measured(b, targets.load(b.settings.target), required=False) for b in (before, after)]
    names = ("flash", "ram", "stack")
    rows = [[None if cost is None else getattr(cost, name) for name in names] for cost in costs]
    return {f"{name}_bytes": pair for name, pair in zip(names, zip(*rows, strict=True), strict=True) if any(pair)}


def _errors(before: Build, after: Build, path: str | None) -> tuple[dict[str, Error], dict[str, Error]]:
    given = [[(s.label, s.size) for s in b.interface.given] for b in (before, after)]
    if given[0] != given[1]:
        note("errors are not compared: the two take different inputs")
        return {}, {}
    data = inputs.read(before, path)
    first, second = (dict(_error(build, data)) for build in (before, after))
    return first, second


def _error(build: Build, data: Mapping[str, Array]) -> Mapping[str, Error]:
    """Of the outputs of the C; its bits are for ``lnncc verify`` to compare."""
    done = host.run(host.build(build), build.interface, compare.raw_inputs(build, data))
    return deviation.errors(build, data, *done)[0]
