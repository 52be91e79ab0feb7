"""``lnncc check``: the certificate derived again by the independent checker, and its words compared with the C."""

from argparse import Namespace
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lnncc import archive, certificate, checker, twin
from lnncc import build as builds
from lnncc import manifest as manifests
from lnncc.build import Build
from lnncc.cli.answer import Answer, note
from lnncc.errors import LnnccError
from lnncc.ir import DT
from lnncc.ops import NAMES
from lnncc.validate import host

MOST_STEPS = 1 << 10  # of a replay


def run(args: Namespace) -> Answer:
    """Check. Raises E0405 without a build, E0603 for a refused certificate; fails with E0604 if the C differs."""
    folder = Path(args.folder)
    if not list(folder.glob("*.certificate.json")):
        builds.read(folder)  # says what is missing
    stated = _checked(folder)
    build = builds.read(folder)
    steps, same = stated["replay"]["steps"], _replayed(build, stated["replay"])
    made = {node["outputs"][0]: node["words"] for node in _nodes(stated["body"]) if "words" in node}
    words = [line for lines in made.values() for line in lines]
    fields = {
        "name": build.name,
        "graph_sha256": stated["graph"]["sha256"],
        "words": len(words),
        "by_lemma": sum(line[-1] == "mean" for line in words),
        "inputs": {label: _door(build, value, words) for label, value in _given(build)},
        "saturating": [name for name, lines in made.items() if any(word == "sat16" for word, *_ in lines)],
        "replayed_steps": steps if same is not None else 0,
    }
    return Answer(fields, _text(fields), _differs(steps) if same is False else None)


def _checked(folder: Path) -> Any:
    try:
        _require_bounded(folder)
        stated = checker.check(folder)
        if stated["replay"]["steps"] not in range(1, MOST_STEPS + 1):
            raise ValueError(f"its replay is not of 1 to {MOST_STEPS} steps")
        return stated
    except Exception as error:  # whatever a file can make the checker raise
        why = _why(error)
        raise LnnccError(
            "E0603",
            f"the certificate in {folder} is refused",
            notes=(" ".join(why.split())[:400],),
            helps=("compile the model again; if a fresh certificate is refused, report the model",),
        ) from error


def _require_bounded(folder: Path) -> None:
    """Sizes, before the checker reads files that it takes to be such as lnncc writes. Raises what a reader does."""
    [path] = folder.glob("*.certificate.json")
    manifests.file(folder, path.name, manifests.MAX_JSON)
    name = path.name.replace(".certificate.json", ".integer.lnn")
    archive.unpack(manifests.file(folder, name, archive.MAX_FILE), NAMES | {"loop"}, name)


def _why(error: Exception) -> str:
    match error:
        case ValueError():
            return str(error)
        case KeyError(args=(name,)):
            return f"the checker does not know `{name}`"
    return f"{type(error).__name__}: {error}"


def _given(build: Build) -> list[tuple[str, str]]:
    """Inputs by label, and behind them a dt that is told at each step."""
    dt = build.integer.dt
    return [(p.label, p.value) for p in build.integer.inputs] + ([] if dt is None else [(DT, dt)])


def _door(build: Build, value: str, words: list[Any]) -> dict[str, int]:
    """What the only word that reads an input clamps it to; all that its format holds where there is none such."""
    form = build.integer.values[value].format
    assert form is not None
    readers = [(word, operands[1:]) for word, _, operands, *_ in words if value in operands]
    low, high = readers[0][1] if [word for word, _ in readers] == ["clip"] else (form.lowest, form.highest)
    return {"low": low, "high": high}


def _replayed(build: Build, replay: Mapping[str, Any]) -> bool | None:
    """Whether the C does what the words do, or None without a compiler."""
    try:
        library = host.build(build)
    except LnnccError as error:
        if error.code != "E0701":
            raise
        note(f"the words were not compared with the C: {error.title}")
        return None
    trace = host.run(library, build.interface, certificate.replayed_inputs(build.integer, replay["steps"]))
    return twin.digest(trace) == replay["sha256"]


def _differs(steps: int) -> LnnccError:
    return LnnccError(
        "E0604",
        "the compiled C does not compute what the certificate proves",
        notes=(f"states or outputs differ within {steps} steps from reset",),
        helps=("this is a bug of lnncc or of a compiler: please report it with the folder",),
    )


def _nodes(body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for node in body["nodes"]:
        yield node
        if "body" in node:
            yield from _nodes(node["body"])


def _text(fields: Mapping[str, Any]) -> str:
    lines = [f"{fields['name']}: the certificate holds for all inputs and for ever"]
    lines.append(f"  {fields['words']} words stay in their width, {fields['by_lemma']} by the lemma of means")
    lines += [f"  {label}: clamped to raw {r['low']} to {r['high']}" for label, r in fields["inputs"].items()]
    lines.append(f"  saturating: {', '.join(fields['saturating']) or 'nothing'}")
    if fields["replayed_steps"]:
        lines.append(f"  {fields['replayed_steps']} steps of the compiled C are those of these words")
    return "\n".join(lines)
