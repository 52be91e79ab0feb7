"""``lnncc run``: a compiled model on a target, its output's digest and what a step costs."""

from argparse import Namespace
from pathlib import Path

from lnncc import build as builds
from lnncc import target as targets
from lnncc import twin
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.cli.answer import Answer
from lnncc.errors import LnnccError
from lnncc.ir import Array
from lnncc.target import HOST, Target
from lnncc.validate import chip, compare, host


def run(args: Namespace) -> Answer:
    """Run from reset. Raises E0420 for data of several streams, and as ``emulate.run``."""
    target = targets.load(args.on)
    if args.emulator is not None:
        target.machine(args.emulator)
    build = builds.read(Path(args.folder))
    raw = compare.raw_inputs(build, inputs.read(build, args.data))
    if len(raw[0]) != 1:
        raise LnnccError(
            "E0420", f"run takes one stream, {args.data} holds {len(raw[0])}", helps=("cut one out of the file",)
        )
    stream = tuple(x[0] for x in raw)
    fields = _on_host(build, stream) if target.kind == HOST else _emulated(build, target, stream, args.emulator)
    fields = {"target": target.name, **fields}
    return Answer(fields, "\n".join(f"{key:<22}{_shown(value)}" for key, value in fields.items()))


def _on_host(build: Build, raw: tuple[Array, ...]) -> dict[str, object]:
    library = host.build(build)
    trace = host.run(library, build.interface, tuple(x[None] for x in raw))
    costs = ("instructions_per_step", "cycles_per_step", "flash_bytes", "ram_bytes", "stack_bytes")
    return {"emulator": None, "steps": len(raw[0]), "outputs_sha256": twin.digest(trace), **dict.fromkeys(costs)}


def _emulated(build: Build, target: Target, raw: tuple[Array, ...], emulator: str | None) -> dict[str, object]:
    done = chip.execute(build, target, raw, emulator=emulator)
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


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {part}" for key, part in value.items()) + " (estimated)"
    return "not known" if value is None else str(value)
