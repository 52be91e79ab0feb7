"""``lnncc verify``: the compiled C against the twin, on this machine, on emulated targets and on a board."""

from argparse import Namespace
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc import build as builds
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.cli.answer import Answer
from lnncc.ir import Array
from lnncc.report import errors
from lnncc.validate import compare, nodes
from lnncc.validate.runners import Runner, runnable, runners
from lnncc.validate.verdict import failure

if TYPE_CHECKING:  # it needs the extra, which verify without a board does not
    from lnncc.flash.on_device import Measured

TWIN_STEPS = 10_000  # of a stream that the twin, the emulators and a board join, where --steps asks for more


def run(args: Namespace) -> Answer:
    """Compare. The answer fails with E0601 if a bit differs, E0602 if an output is further off than allowed."""
    others = runnable(args.on)
    build = builds.read(Path(args.folder))
    data = inputs.read(build, args.data, args.steps)
    limit = None if args.steps is None else TWIN_STEPS
    board = _measured(args, build, data, limit)
    found = compare.verify(build, data, {**runners(build, others), **_runner(board)}, twin_steps=limit)
    fields: dict[str, object] = {
        "bit_exact": found.bit_exact,
        "steps": found.steps,
        "targets": list(found.exact),
        "error": errors.fields(found.errors),
        "error_steps": found.error_steps,
        "state_error": errors.fields(found.state_errors),
    }
    text = errors.text(found)
    if board is not None:
        fields["device"] = said = board.fields()
        text = f"{text}\n{board.target}: outputs_sha256 {said['outputs_sha256']}, {board.retries} frames sent again"
    if args.nodes:
        blame = nodes.contributions(build, data)
        fields["nodes"], text = [asdict(c) for c in blame], f"{text}\n{errors.blame(blame)}"
    verdict = failure(found, args.max_abs)
    if board is None or found.exact[board.target] == found.steps:
        return Answer(fields, text, verdict)
    from lnncc.flash import on_device

    return Answer(fields, text, on_device.failure(build, board))


def _measured(args: Namespace, build: Build, data: Mapping[str, Array], limit: int | None) -> "Measured | None":
    if args.on_device is None:
        return None
    from lnncc.flash import on_device

    return on_device.measure(build, data, args.on_device, baud=args.baud, steps=limit)


def _runner(board: "Measured | None") -> dict[str, Runner]:
    return {} if board is None else {board.target: board.run}
