"""``lnncc completion SHELL``: a script by which a shell completes verbs, options, targets and files."""

import argparse
from argparse import Namespace
from types import MappingProxyType, ModuleType

from lnncc import explain, extras
from lnncc import target as targets
from lnncc.cli import parser
from lnncc.cli.answer import Answer

FOLDERS = frozenset({"DIR", "DIR1", "DIR2", "FOLDER"})  # metavars of what a folder is asked for
FILES = frozenset({"X.npz", "FILE", "F", "MODEL"})


def run(args: Namespace) -> Answer:
    """Raises E0703 without shtab."""
    with extras.needs("shtab", "completion"):
        import shtab  # an extra
    top, verbs = parser.parsers()
    known = MappingProxyType({"TARGET": _targets(), "T": _targets(), "CODE": explain.codes()})
    for verb in verbs.values():
        for action in verb._actions:
            _completed(action, shtab, known)
    script = shtab.complete(top, args.shell)
    return Answer({"shell": args.shell, "script": script}, script)


def _targets() -> tuple[str, ...]:
    return (*targets.names(), *targets.boards())


def _completed(action: argparse.Action, shtab: ModuleType, known: "MappingProxyType[str, tuple[str, ...]]") -> None:
    """Words that an argument may be, in this copy of the parser; or that a path is looked for."""
    metavar = str(action.metavar)
    if metavar in known:
        action.choices = known[metavar]
    elif metavar in FOLDERS:
        action.complete = shtab.DIRECTORY  # type: ignore[attr-defined]  # where shtab looks
    elif metavar in FILES:
        action.complete = shtab.FILE  # type: ignore[attr-defined]
