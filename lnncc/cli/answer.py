"""What a verb answers: the same facts for people and for scripts. It goes to stdout, all else to stderr."""

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TextIO

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
    tell(f"note: {text}")


def tell(text: str) -> None:
    """A line on stderr. Who closed it, or left, wants none; what is being done goes on."""
    if sys.stderr is None:  # print would take stdout then
        return
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        _to_nowhere(sys.stderr)


def put(text: str) -> bool:
    """A part of the answer, on stdout; False if its reader has left. What its encoding lacks is escaped.

    Raises:
        LnnccError: E0211 if it cannot be written for another reason, a full disk, say.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except BrokenPipeError:
        _to_nowhere(sys.stdout)
        return False
    except OSError as error:
        _to_nowhere(sys.stdout)
        raise LnnccError(
            "E0211", f"cannot write the answer: {error.strerror or error}", helps=("send it elsewhere",)
        ) from error
    return True


def _to_nowhere(stream: TextIO) -> None:
    """What is left in its buffer would else be written, and fail again, as Python ends."""
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())
