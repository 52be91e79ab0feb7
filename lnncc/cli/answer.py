"""What a verb answers: the same facts for people and for scripts. It goes to stdout, all else to stderr."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lnncc.errors import LnnccError


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """``fields`` is the JSON object, ``text`` the same in words; a ``failure`` is what was found, and sets the exit.

    Of a ``live`` answer the parts are printed as they come, and nothing else.
    """

    fields: Mapping[str, object]
    text: str
    failure: LnnccError | None = None
    live: "Iterator[Answer] | None" = None


def note(text: str) -> None:
    """A line for the user that is no part of the answer."""
    print(f"note: {text}", file=sys.stderr, flush=True)
