"""The manifest of a folder of generated files: read back from any origin, and what is wrong with it said."""

import hashlib
import json
import shlex
from collections.abc import Mapping
from pathlib import Path

from lnncc import archive, share
from lnncc import choices as chosen
from lnncc.choices import Choices
from lnncc.errors import LnnccError
from lnncc.options import Settings
from lnncc.plan.interface import Interface, Signal

FAMILY = "lnncc.manifest/"
SCHEMA = f"{FAMILY}2"
MAX_JSON = 1 << 25  # bytes; in Python objects it is several times that
PORTS = ("inputs", "states", "outputs")


def told(folder: Path, manifest: Mapping[str, object]) -> tuple[Settings, Choices, dict[str, bytes]]:
    """What the manifest says, and the files that it names, if they are those. Raises E0405."""
    try:
        settings, choices = _settings(table(manifest["settings"])), chosen.from_dict(table(manifest["choices"]))
        digests = table(manifest["sha256"])
        files = {name: file(folder, name, archive.MAX_FILE) for name in digests}
        missing = {f"{settings.name}{end}" for end in (".lnn", ".integer.lnn", ".certificate.json")} - set(files)
    except (KeyError, TypeError, ValueError, OSError) as error:
        raise broken(folder, str(error)) from error
    if missing:
        raise broken(folder, f"the manifest lacks {min(missing)}")
    for name, digest in digests.items():
        if hashlib.sha256(files[name]).hexdigest() != digest:
            raise broken(folder, f"{name} was changed after it was generated")
    return settings, choices, files


def read(folder: Path, *, any_version: bool = False) -> Mapping[str, object]:
    """The one manifest in ``folder``, of this schema or of any version. Raises E0405."""
    found = {path.name: data for path in sorted(folder.glob("*.json")) if (data := _if_manifest(path)) is not None}
    others = [name for name, data in found.items() if data["schema"] != SCHEMA]
    if others and not any_version:
        raise outdated(folder, found[others[0]], f"{others[0]} is not of schema {SCHEMA}")
    if not found:
        raise LnnccError(
            "E0405",
            f"{folder} holds no compiled model",
            helps=("compile one into it: lnncc compile MODEL -o DIR",),
        )
    if len(found) > 1:
        raise LnnccError(
            "E0405",
            f"{folder} holds {len(found)} compiled models: {', '.join(found)[:200]}",
            helps=("compile each into a folder of its own",),
        )
    (data,) = found.values()
    return data


def _if_manifest(path: Path) -> Mapping[str, object] | None:
    try:
        data = loaded(file(path.parent, path.name, MAX_JSON))
    except (ValueError, TypeError, RecursionError, OSError):
        return None
    return data if str(data.get("schema")).startswith(FAMILY) else None


def file(folder: Path, name: str, most: int) -> bytes:
    """What a plain file inside ``folder`` holds, wherever its name or a link points. Raises ValueError or OSError."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()) or not path.is_file():
        raise ValueError(f"{name!r:.60} is no file inside the folder")
    with path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        raise ValueError(f"{name!r:.60} has more than {most} bytes")
    return data


def loaded(data: bytes) -> Mapping[str, object]:
    """A JSON object. Raises ValueError, TypeError or RecursionError."""
    if len(data) > MAX_JSON:
        raise ValueError(f"a JSON file has {len(data)} bytes")
    return table(json.loads(data))


def table(item: object) -> dict[str, object]:
    """``item``, if it is an object of JSON. Raises TypeError."""
    if not isinstance(item, dict):
        raise TypeError("something else stands where an object should")
    return item


def _settings(data: Mapping[str, object]) -> Settings:
    """JSON has lists where the settings have pairs."""
    settings = Settings(**{key: tuple(value) if isinstance(value, list) else value for key, value in data.items()})  # type: ignore[arg-type]
    if not all(isinstance(x, str) for x in (settings.name, settings.target, settings.optimise)):
        raise TypeError("a name is no text")
    return settings


def interface(manifest: Mapping[str, object]) -> Interface | None:
    """That which the manifest tells; None if it tells none."""
    try:
        data = table(manifest["interface"])
        ports = (tuple(Signal(**signal) for signal in data[port]) for port in PORTS)  # type: ignore[union-attr]
        dt, counters = data["dt"], data["counters"]
        taps = tuple(Signal(**signal) for signal in data["taps"])  # type: ignore[union-attr]
        told = None if dt is None else Signal(**dt)  # type: ignore[arg-type]
        return Interface(str(data["name"]), *ports, told, tuple(counters), taps, data["update_bytes"])  # type: ignore[arg-type]
    except (KeyError, TypeError):
        return None


def broken(folder: Path, why: str) -> LnnccError:
    """What to raise for a folder that is none of lnncc's, or no longer."""
    note = " ".join(why.split())[:300]
    return LnnccError("E0405", f"{folder} is no whole build", notes=(note,), helps=("compile the model again",))


def outdated(folder: Path, manifest: Mapping[str, object], why: str) -> LnnccError:
    """As ``broken``; but what another lnncc wrote is no fault, and says how it is made anew."""
    made_from, ours = manifest.get("made_from"), share.version()
    theirs = made_from.get("lnncc") if isinstance(made_from, dict) else "older"
    if theirs == ours:
        return broken(folder, why)
    return LnnccError(
        "E0405",
        f"{folder} was written by another version of lnncc: {str(theirs)[:20]}, and this is {ours}",
        notes=(" ".join(why.split())[:300],),
        helps=(
            f"compile the model again, in the same formats: {_command(folder, manifest)}",
            "or use the version that wrote it",
        ),
    )


def _command(folder: Path, manifest: Mapping[str, object]) -> str:
    """What makes it anew in the same formats, with the options that the manifest tells."""
    told, made_from = (manifest.get(key) for key in ("settings", "made_from"))
    settings, made = (table if isinstance(table, dict) else {} for table in (told, made_from))
    name, ranges = str(settings.get("name", "model")), made.get("ranges")
    words = ["lnncc", "compile", f"{folder}/{name}.lnn", "--choices", str(folder), "-o", str(folder)]
    for key in ("target", "dt", "optimise", "batch", "solver", "name"):
        value = settings.get(key)
        if value is not None:
            words += [f"--{key}", ":".join(map(str, value)) if isinstance(value, list) else str(value)]
    spans = ranges.items() if isinstance(ranges, dict) else ()
    for label, span in ((label, span) for label, span in spans if isinstance(span, list)):
        words += ["--range", f"{label}={':'.join(map(str, span))}"]
    words += ["--updatable"] if settings.get("updatable") is True else []
    taps = settings.get("taps")
    words += [word for name in (taps if isinstance(taps, list) else ()) for word in ("--tap", str(name))]
    if made.get("calibration"):
        words += ["--calib", "X.npz"]
    return shlex.join(words)
