"""``lnncc run``: a compiled model on one or several targets, its output's digest and what a step costs."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from lnncc import build as builds
from lnncc import target as targets
from lnncc import twin
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.cli.answer import Answer, note
from lnncc.errors import LnnccError
from lnncc.ir import Array
from lnncc.target import HOST, Target
from lnncc.validate import chip, compare, host

Fields = dict[str, object]


def run(args: Namespace) -> Answer:
    """Run from reset, on each target. One target that cannot run raises; of several, the others are still run.

    Raises:
        LnnccError: E0201, E0222 and E0223 for what is asked, E0420 for data of several streams; as ``chip`` and
            ``host``.
    """
    chosen = [targets.load(name) for name in dict.fromkeys(args.on)]
    for target in chosen:
        if args.emulator is not None:
            target.machine(args.emulator)
    build = builds.read(Path(args.folder))
    raw = compare.raw_inputs(build, inputs.read(build, args.data))
    if len(raw[0]) != 1:
        raise LnnccError(
            "E0420", f"run takes one stream, {args.data} holds {len(raw[0])}", helps=("cut one out of the file",)
        )
    stream = tuple(x[0] for x in raw)
    if len(chosen) == 1:
        fields, how = _fields(build, chosen[0], stream, args.emulator), "estimated" if chosen[0].cycles else "counted"
        return Answer(fields, "\n".join(f"{key:<22}{_shown(value, how)}" for key, value in fields.items()))
    return _several([_attempted(build, target, stream, args.emulator) for target in chosen])


def _fields(build: Build, target: Target, raw: tuple[Array, ...], emulator: str | None) -> Fields:
    ran = _on_host(build, target, raw) if target.kind == HOST else _emulated(build, target, raw, emulator)
    return {"target": target.name, **ran}


def _on_host(build: Build, target: Target, raw: tuple[Array, ...]) -> Fields:
    library = host.build(build, target=target)
    trace = host.run(library, build.interface, tuple(x[None] for x in raw))
    costs = ("instructions_per_step", "cycles_per_step", "flash_bytes", "ram_bytes", "stack_bytes")
    return {"emulator": None, "steps": len(raw[0]), "outputs_sha256": twin.digest(trace), **dict.fromkeys(costs)}


def _emulated(build: Build, target: Target, raw: tuple[Array, ...], emulator: str | None) -> Fields:
    done = chip.execute(build, target, raw, emulator=emulator)
    for text in done.sizes.notes:
        note(f"{target.name}: {text}")
    return {
        "emulator": done.run.emulator,
        "steps": len(raw[0]),
        "outputs_sha256": twin.digest(done.trace),
        "instructions_per_step": done.run.instructions_per_step,
        "cycles_per_step": done.run.cycles_per_step,
        "flash_bytes": done.sizes.flash,
        "ram_bytes": done.sizes.ram,
        "stack_bytes": done.sizes.stack,
    }


def _attempted(build: Build, target: Target, raw: tuple[Array, ...], emulator: str | None) -> Fields | LnnccError:
    try:
        return _fields(build, target, raw, emulator)
    except LnnccError as error:
        note(f"{target.name}: {error.code}: {error.title}")
        return error


def _several(results: Sequence[Fields | LnnccError]) -> Answer:
    """All runs in one object. It fails with E0601 if bits differ, else with the first error of a target."""
    runs = [result for result in results if isinstance(result, dict)]
    errors = [result for result in results if isinstance(result, LnnccError)]
    digests = sorted({str(fields["outputs_sha256"]) for fields in runs})
    fields = {
        "outputs_sha256": digests[0] if len(digests) == 1 else None,
        "runs": runs,
        "errors": [error.to_dict() for error in errors],
    }
    return Answer(fields, _table(runs, digests), _failure(runs, digests, errors))


def _failure(runs: Sequence[Fields], digests: Sequence[str], errors: Sequence[LnnccError]) -> LnnccError | None:
    if len(digests) < 2:
        return errors[0] if errors else None
    return LnnccError(
        "E0601",
        "the targets do not give the same bits",
        notes=tuple(f"{fields['target']}: {fields['outputs_sha256']}" for fields in runs),
        helps=("this is a bug of lnncc or of a compiler: please report it with the folder",),
    )


HEADINGS = ("target", "emulator", "instructions", "cycles", "flash", "RAM", "stack")


def _table(runs: Sequence[Fields], digests: Sequence[str]) -> str:
    """Costs a step and bytes, a target a line; cycles are the nominal estimate, or what simavr counted."""
    rows = [HEADINGS, *map(_row, runs)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(_padded(row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, *(f"outputs_sha256 {digest}" for digest in digests)])


def _row(fields: Fields) -> tuple[str, ...]:
    cycles = fields["cycles_per_step"]
    shown = cycles["nominal"] if isinstance(cycles, dict) else None
    numbers = (fields["instructions_per_step"], shown, *(fields[f"{m}_bytes"] for m in ("flash", "ram", "stack")))
    return (str(fields["target"]), str(fields["emulator"] or "-"), *("-" if n is None else str(n) for n in numbers))


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Words to the left, numbers to the right."""
    return [text.ljust(w) if i < 2 else text.rjust(w) for i, (text, w) in enumerate(zip(row, widths, strict=True))]


def _shown(value: object, how: str) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items()) + f" ({how})"
    return "not known" if value is None else str(value)
