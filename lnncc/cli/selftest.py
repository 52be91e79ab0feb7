"""``lnncc selftest``: a folder of C that tests the user's own compiler and core, and if asked for a run of it here."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from lnncc import kit
from lnncc import target as targets
from lnncc.build import refuse_foreign, replace
from lnncc.cli.answer import Answer
from lnncc.cli.compile import writing
from lnncc.errors import LnnccError, meant
from lnncc.kit import Part
from lnncc.target import Target
from lnncc.validate import kit as runs
from lnncc.validate.kit import Run

MARK = "kit.h"  # a folder without it is no kit


def run(args: Namespace) -> Answer:
    """Write the kit, and run it with ``--run``. Raises E0201, E0211, E0231 for a part there is not; as ``runs.run``."""
    target = targets.load(args.target)
    parts = _chosen(kit.parts(target), args.parts)
    texts = kit.files(target, parts)
    with writing(Path(args.output), "-o"):
        _write(Path(args.output), texts, target)
    done = runs.run(target, parts, texts=texts) if args.run else None
    fields = {
        "target": target.name,
        "hash": f"{kit.total(parts):08X}",
        "parts": [{"name": p.name, "covers": p.about, "table_bytes": p.table_bytes} for p in parts],
        "files": sorted(texts),
        "run": None if done is None else _fields(done),
    }
    lines = [_first(target, parts, args.output), *map(_line, parts)]
    lines += (
        [f"every board with this compiler must print: kit {kit.total(parts):08X} passed"]
        if done is None
        else _told(done)
    )
    return Answer(fields, "\n".join(lines), None if done is None else _failure(done))


def _write(folder: Path, texts: Mapping[str, str], target: Target) -> None:
    """Parts of a kit that was there before go, if they are not of this one: who compiles the folder would take them."""
    files = {name: text.encode() for name, text in texts.items()}
    refuse_foreign(folder, MARK, files)
    others = {f"{kit.FOLDER}/{name}" for part in kit.parts(target) for name in part.sources} - files.keys()
    for name in others if (folder / MARK).exists() else ():
        (folder / name).unlink(missing_ok=True)
    for name in (*(name for name in files if name != MARK), MARK):
        replace(folder / name, files[name])


def _chosen(parts: Sequence[Part], names: str | None) -> tuple[Part, ...]:
    if names is None:
        return tuple(parts)
    wanted = names.split(",")
    unknown = [name for name in wanted if name not in [part.name for part in parts]]
    if unknown:
        known = [part.name for part in parts]
        helps = (*meant(unknown[0], known), f"parts: {', '.join(known)}")
        raise LnnccError("E0231", f"the kit has no part {unknown[0]!r}", helps=helps)
    return tuple(part for part in parts if part.name in wanted)


def _first(target: Target, parts: Sequence[Part], folder: str) -> str:
    checks, many = sum(len(part.checks) for part in parts), "s" if len(parts) > 1 else ""
    return f"kit for {target.name}: {checks} checks in {len(parts)} part{many}, in {folder}"


def _line(part: Part) -> str:
    return f"  {part.name:<16}{part.table_bytes:>6} bytes of tables  {part.about}"


def _told(done: Run) -> list[str]:
    where = "this machine" if done.emulator is None else f"emulated by {done.emulator}"
    sizes = [
        f"  flash {image.flash}, RAM {image.ram} bytes: {', '.join(image.parts)}"
        for image in done.images
        if image.flash
    ]
    good = sum(result.passed for result in done.results)
    return [f"{done.compiler}, {where}: {good} of {len(done.results)} checks passed", *sizes]


def _fields(done: Run) -> dict[str, object]:
    return {
        "compiler": done.compiler,
        "emulator": done.emulator,
        "passed": all(result.passed for result in done.results),
        "failed": [result.name for result in done.results if not result.passed],
        "images": [{"parts": list(i.parts), "flash_bytes": i.flash, "ram_bytes": i.ram} for i in done.images],
    }


def _failure(done: Run) -> LnnccError | None:
    """E0605 if a check failed."""
    failed = [result for result in done.results if not result.passed]
    if not failed:
        return None
    shown = tuple(f"{r.name}: {_hash(r.hash)}, must be {r.expected:08X}" for r in failed[:6])
    return LnnccError(
        "E0605",
        f"{len(failed)} of {len(done.results)} checks of the kit fail with {done.compiler}",
        notes=shown,
        helps=("look at the words first: all else is made of them", "try -O1, or another version of the compiler"),
    )


def _hash(found: int | None) -> str:
    return "did not end" if found is None else f"{found:08X}"
