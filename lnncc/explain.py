"""The page of each error code: ``docs/errors/<code>.md``, a failing and a fixed example."""

import difflib
from pathlib import Path

from lnncc import share
from lnncc.errors import LnnccError


def folder() -> Path:
    """Where the pages lie: beside the targets, in a checkout as in a wheel."""
    return share.folder("targets").parent / "docs" / "errors"


def codes() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in folder().glob("E*.md")))


def page(code: str) -> str:
    """The text of the page. Raises E0212 for a code that has none."""
    wanted, known = code.upper(), codes()
    if wanted in known:
        return (folder() / f"{wanted}.md").read_text(encoding="utf-8")
    close = difflib.get_close_matches(wanted, known, 3, 0.5)
    raise LnnccError(
        "E0212", f"there is no error code {code!r}", helps=("close: " + ", ".join(close),) if close else ()
    )
