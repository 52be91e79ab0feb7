"""``lnncc verify``: the compiled C against the twin, on this machine and on emulated targets."""

from argparse import Namespace
from dataclasses import asdict
from functools import partial
from pathlib import Path

import numpy as np

from lnncc import build as builds
from lnncc import target as targets
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.cli.answer import Answer
from lnncc.errors import LnnccError
from lnncc.ir import Array
from lnncc.report import errors
from lnncc.target import HOST, Target
from lnncc.validate import chip, compare, here, host, nodes
from lnncc.validate.compare import Trace, Verification

TWIN_STEPS = 10_000  # of a stream that the twin and the emulators join, where --steps asks for more


def run(args: Namespace) -> Answer:
    """Compare. The answer fails with E0601 if a bit differs, E0602 if an output is further off than allowed."""
    others = {name: targets.load(name) for name in args.on if name != HOST}
    for target in others.values():
        here.check_processor(target)
    build = builds.read(Path(args.folder))
    data = inputs.read(build, args.data, args.steps)
    runners = {name: partial(_ran, build, target) for name, target in others.items()}
    found = compare.verify(build, data, runners, twin_steps=None if args.steps is None else TWIN_STEPS)
    fields: dict[str, object] = {
        "bit_exact": found.bit_exact,
        "steps": found.steps,
        "targets": list(found.exact),
        "error": errors.fields(found.errors),
        "error_steps": found.error_steps,
        "state_error": errors.fields(found.state_errors),
    }
    text = errors.text(found)
    if args.nodes:
        blame = nodes.contributions(build, data)
        fields["nodes"], text = [asdict(c) for c in blame], f"{text}\n{errors.blame(blame)}"
    return Answer(fields, text, _failure(found, args.max_abs))


def _ran(build: Build, target: Target, raw: tuple[Array, ...]) -> Trace:
    """Raw (streams, steps, size) to states and outputs, each stream from reset."""
    if target.kind == HOST:
        return host.run(host.build(build, target=target), build.interface, raw)
    streams = [tuple(x[k] for x in raw) for k in range(len(raw[0]))]
    traces = [chip.execute(build, target, stream, count=0).trace for stream in streams]
    states, outputs = (tuple(map(np.concatenate, zip(*(t[side] for t in traces), strict=True))) for side in (0, 1))
    return states, outputs


def _failure(found: Verification, limit: float | None) -> LnnccError | None:
    if not found.bit_exact:
        counts = tuple(f"{name}: {count} of {found.steps} steps equal" for name, count in found.exact.items())
        return LnnccError(
            "E0601",
            "the compiled C does not compute what the twin computes",
            notes=counts,
            helps=("this is a bug of lnncc or of a compiler: please report it with the folder",),
        )
    over = {label: e.max_abs for label, e in found.errors.items() if limit is not None and not e.max_abs <= limit}
    if not over:
        return None
    return LnnccError(
        "E0602",
        f"an output is further from the float model than {limit:g}",
        notes=tuple(f"{label}: max error {error:.3g}" for label, error in over.items()),
        helps=("compile with tighter --range, with --calib of more typical data, or with --bits 16",),
    )
