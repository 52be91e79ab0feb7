"""``lnncc bench``: the suites of the repository's ``examples``, which a wheel does not carry."""

import sys
from argparse import Namespace
from importlib import import_module
from pathlib import Path

from lnncc.cli.answer import Answer
from lnncc.errors import LnnccError, meant
from lnncc.share import PACKAGE


def run(args: Namespace) -> Answer:
    """Measure. Raises E0213 away from a checkout, E0214 for a set that is none, E0409 for a folder that is none."""
    root = _checkout(args.suite)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    folder = Path(args.data)
    if not folder.is_dir():
        raise LnnccError(
            "E0409", f"there is no folder {folder}", helps=("give the folder of the data sets with --data",)
        )
    measure = import_module(f"examples.{args.suite}.measure")
    table = import_module(f"examples.{args.suite}.table")
    _require_sets(args.set, sorted(measure.TASKS))
    rows = list(measure.rows(folder, args.set))
    text = (table.full if args.full else table.short)(rows) if rows else "no data set was found"
    return Answer({"suite": args.suite, "rows": [row.fields() for row in rows]}, text)


def _checkout(suite: str) -> Path:
    """The root of a checkout: that of this very lnncc, or the current folder."""
    for root in (PACKAGE.parent, Path.cwd()):
        if (root / "examples" / suite / "measure.py").is_file():
            return root
    raise LnnccError(
        "E0213",
        f"the benchmark {suite} is not part of an installed lnncc",
        notes=("its data sets' readers and trained weights are in examples/ of the repository",),
        helps=("clone the repository, and call lnncc bench in its folder",),
    )


def _require_sets(names: list[str], known: list[str]) -> None:
    for name in names:
        if name not in known:
            raise LnnccError(
                "E0214", f"there is no data set {name}", helps=(*meant(name, known), f"choose of {', '.join(known)}")
            )
