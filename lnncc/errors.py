"""What goes wrong, said once: a code, a title, where in the user's file, and what to do."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

MAX_LINES = 12


@dataclass(frozen=True, slots=True)
class Source:
    """A place in the user's own file; ``line`` and ``column`` count from 1, 0 is unknown."""

    file: str
    line: int = 0
    column: int = 0
    end_column: int = 0
    function: str = ""


class LnnccError(Exception):
    """An error that the user can act on.

    ``code`` is ``E`` and four digits; its second digit is the exit code (``E0301`` exits with 3).
    ``notes`` say what is known, ``helps`` what to do; ``source`` is shown with a caret.
    """

    def __init__(
        self,
        code: str,
        title: str,
        *,
        source: Source | None = None,
        notes: tuple[str, ...] = (),
        helps: tuple[str, ...] = (),
    ) -> None:
        super().__init__(f"{code}: {title}")
        self.code, self.title, self.source = code, title, source
        self.notes, self.helps = notes, helps

    @property
    def exit_code(self) -> int:
        return int(self.code[2])

    def __str__(self) -> str:
        """At most MAX_LINES; where they do not suffice, what to do stays and notes go."""
        lines = [f"error[{self.code}]: {self.title}", *_excerpt(self.source)]
        helps = [f"  = help: {text}" for text in self.helps]
        lines += [f"  = note: {note}" for note in self.notes[: max(MAX_LINES - len(lines) - len(helps), 0)]]
        return "\n".join([*lines, *helps][:MAX_LINES])

    def to_dict(self) -> dict[str, object]:
        """The error as one JSON object, for ``--json``."""
        place = None
        if self.source is not None:
            place = {"file": self.source.file, "line": self.source.line, "column": self.source.column}
        return {
            "code": self.code,
            "title": self.title,
            "source": place,
            "notes": list(self.notes),
            "helps": list(self.helps),
        }


def meant(word: str, known: Iterable[str]) -> tuple[str, ...]:
    """A help that names what is closest to ``word``, if anything is close."""
    found = difflib.get_close_matches(word, list(known), 1)
    return tuple(f"did you mean `{name}`?" for name in found)


def _excerpt(source: Source | None) -> list[str]:
    """The user's line with a caret under the culprit, as far as the file can be read."""
    if source is None:
        return []
    if source.line < 1:
        return [f" --> {source.file}" + (f", at {source.function}" if source.function else "")]
    where = f" --> {source.file}:{source.line}:{source.column}"
    lines = [where + (f" in {source.function}()" if source.function else "")]
    try:
        with open(source.file, encoding="utf-8") as file:
            text = file.read().splitlines()[source.line - 1]
    except (OSError, IndexError, UnicodeDecodeError):
        return lines
    gutter = f"{source.line} | "
    start = max(source.column - 1, 0)
    width = max(source.end_column - source.column, 1)
    blank = " " * (len(gutter) - 2) + "| "
    return [*lines, gutter + text, blank + " " * start + "^" * width]
