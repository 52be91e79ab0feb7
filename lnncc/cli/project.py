"""project: options that a project keeps in ``lnncc.toml``, or in ``[tool.lnncc]`` of its ``pyproject.toml``.

A key is the name of an option of ``lnncc compile`` without its dashes, or ``model``; the command line goes before it.
The file is the nearest one, in this folder or above it in the same repository; its paths are relative to it.
"""

import argparse
import os
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lnncc.errors import LnnccError, Source, meant

OWN, SHARED = "lnncc.toml", "pyproject.toml"
PATHS = ("model", "output", "calib", "params", "choices", "plot", "dump")
TABLE = "[tool.lnncc"
MOST = 1 << 20  # bytes of a file of options


@dataclass(frozen=True, slots=True)
class Project:
    path: Path
    options: Mapping[str, object]


def here() -> Project | None:
    """As ``find``, of the working directory; none where that is gone, or lies below one that may not be searched."""
    try:
        return find(Path.cwd())
    except OSError:
        return None


def find(folder: Path) -> Project | None:
    """The nearest in ``folder`` or above it in its repository. Raises E0239 for a file that is not read."""
    for place in _up(folder):
        own = place / OWN
        if own.is_file():
            return Project(own, _table(own))
        shared = _table(place / SHARED).get("tool") if (place / SHARED).is_file() else None
        options = shared.get("lnncc") if isinstance(shared, dict) else None
        if isinstance(options, dict):
            return Project(place / SHARED, options)
    return None


def _up(folder: Path) -> Iterator[Path]:
    """Up to the root of the repository; outside of one this folder alone, as those above may be anybody's."""
    places = (folder, *folder.parents)
    root = next((k for k, place in enumerate(places) if (place / ".git").exists()), 0)
    yield from places[: root + 1]


def words(project: Project, actions: Iterable[argparse.Action]) -> tuple[str, ...]:
    """The options as words of a command line, for the ``actions`` of its parser; ``model`` stays out, as ``model``.

    Raises:
        LnnccError: E0239 for a key that is no option, or a value that none can have.
    """
    known = {max(a.option_strings, key=len).removeprefix("--"): a for a in actions if a.option_strings}
    for key in project.options:
        if key not in known and key != "model":
            raise _wrong(project, key, "is no option of lnncc compile", *meant(key, ["model", *known]))
    chosen = ((key, value) for key, value in project.options.items() if key != "model")
    return tuple(word for key, value in chosen for word in _words(project, key, value, known[key]))


def path(project: Project | None, key: str) -> str | None:
    """What the project says of ``key``, a path or a model, as seen from the working directory."""
    if project is None or key not in project.options:
        return None
    value = project.options[key]
    if not isinstance(value, str) or not value:
        raise _wrong(project, key, "is no text")
    return value if key == "model" and ":" in value else _seen_from_here(project, value)


def _words(project: Project, key: str, value: object, action: argparse.Action) -> Iterator[str]:
    option = f"--{key}"
    if action.nargs == 0:  # a flag
        if not isinstance(value, bool):
            raise _wrong(project, key, "is either true or false")
        yield from [option] * value
    elif key in PATHS:
        yield f"{option}={path(project, key)}"
    elif key == "target" and isinstance(value, str) and value.endswith(".toml"):
        yield f"{option}={_seen_from_here(project, value)}"
    elif key == "tap" and isinstance(value, list):
        yield from (f"{option}={_text(project, key, one)}" for one in value)
    elif isinstance(value, dict):
        yield from (f"{option}={name}={_text(project, key, one)}" for name, one in value.items())
    else:
        yield f"{option}={_text(project, key, value)}"


def _text(project: Project, key: str, value: object) -> str:
    """A number or a word as it is; two numbers are a range, words a list."""
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case [int() | float() as low, int() | float() as high]:
            return f"{low}:{high}"
        case [str(), *_] if all(isinstance(word, str) for word in value):
            return ",".join(value)
    raise _wrong(project, key, "is no number, no word, and no list of either")


def _seen_from_here(project: Project, text: str) -> str:
    return os.path.relpath(project.path.parent / text)


def _table(path: Path) -> dict[str, object]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST + 1)
        if len(data) > MOST:
            raise ValueError(f"has more than {MOST} bytes")
        return tomllib.loads(data.decode())
    except (OSError, ValueError, RecursionError) as error:  # tomllib's and unicode's are ValueErrors
        why = " ".join(str(error).split())[:200]
        raise LnnccError(
            "E0239",
            f"cannot read the options in {path}",
            source=Source(str(path)),
            notes=(why,),
            helps=("mend the file",),
        ) from error


def _wrong(project: Project, key: str, why: str, *helps: str) -> LnnccError:
    line = _line(project.path, key)
    return LnnccError("E0239", f"`{key}` {why}", source=Source(str(project.path), line, 1), helps=(*helps, HELP))


HELP = "its keys are the options of lnncc compile, without dashes: see lnncc compile --help"


def _line(path: Path, key: str) -> int:
    """Where ``key`` is given, 0 if that cannot be found."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    start = 0 if path.name == OWN else next((k for k, line in enumerate(lines) if line.strip().startswith(TABLE)), 0)
    keys = (key, f'"{key}"', f"'{key}'", f"{TABLE}.{key}")
    return next((k + 1 for k in range(start, len(lines)) if lines[k].strip().startswith(keys)), 0)
