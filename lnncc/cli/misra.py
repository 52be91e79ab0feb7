"""``lnncc misra``: where a build departs from MISRA C:2012, by rule, and why."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from lnncc import build as builds
from lnncc import target as targets
from lnncc.cli.answer import Answer
from lnncc.errors import LnnccError
from lnncc.validate import misra
from lnncc.validate.misra import Deviation, Violation

SHOWN = 3  # places of a rule in a file


def run(args: Namespace) -> Answer:
    """The deviations that this build has, with places. Fails with E0712 where none is listed; as ``misra``."""
    build = builds.read(Path(args.folder))
    found = misra.violations(build.sources, targets.load(build.settings.target))
    covered, left = misra.reasons(found, misra.listed(), build.name)
    fields = {
        "places": len(found),
        "deviations": [_fields(deviation, places) for deviation, places in covered.items()],
        "not_listed": [_place(v) for v in left],
    }
    return Answer(fields, "\n".join(_lines(covered, len(found))), _failure(left))


def _fields(deviation: Deviation, places: Sequence[Violation]) -> dict[str, object]:
    return {"rules": sorted({v.rule for v in places}), "what": deviation.what, "why": deviation.why,
            "places": [_place(v) for v in places]}  # fmt: skip


def _lines(covered: Mapping[Deviation, Sequence[Violation]], count: int) -> list[str]:
    lines = [f"MISRA C:2012, rules by number: {count} places in the portable C, {len(covered)} deviations"]
    for deviation, places in covered.items():
        rules = ", ".join(dict.fromkeys(v.rule for v in places))
        lines += [f"rule {rules}: {deviation.what}", f"  why: {deviation.why}", f"  where: {_where(places)}"]
    return [*lines, "assembly and intrinsics of lnn/simd/ were not looked at: they are functions of their own"]


def _where(places: Sequence[Violation]) -> str:
    """Each file with its first lines."""
    files = dict.fromkeys(v.file for v in places)
    lines = {file: list(dict.fromkeys(v.line for v in places if v.file == file)) for file in files}
    return "; ".join(
        f"{file}: {', '.join(map(str, at[:SHOWN]))}" + (f" and {len(at) - SHOWN} more" if len(at) > SHOWN else "")
        for file, at in lines.items()
    )


def _place(violation: Violation) -> str:
    return f"{violation.rule} {violation.file}:{violation.line}"


def _failure(left: Sequence[Violation]) -> LnnccError | None:
    if not left:
        return None
    return LnnccError(
        "E0712",
        f"{len(left)} places depart from MISRA C:2012 for no listed reason",
        notes=tuple(f"rule {_place(v)}" for v in left[:6]),
        helps=("this is a bug of lnncc: please report it with the rule's number and the folder",),
    )
