"""What a verb answers: the same facts for people and for scripts. It goes to stdout, all else to stderr."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass

from lnncc.errors import LnnccError


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """``fields`` is the JSON object, ``text`` the same in words; a ``failure`` is what was found, and sets the exit."""

    fields: Mapping[str, object]
    text: str
    failure: LnnccError | None = None


def note(text: str) -> None:
    """A line for the user that is no part of the answer."""
    print(f"note: {text}", file=sys.stderr, flush=True)
