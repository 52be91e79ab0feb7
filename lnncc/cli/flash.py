"""``lnncc flash``: a compiled model onto a board, by the tool that its users have, and what it computes there."""

import shlex
from argparse import Namespace
from pathlib import Path

from lnncc.cli.answer import Answer, note
from lnncc.flash import session
from lnncc.flash.session import Outcome, Plan

STEPS = "all states and outputs of the self-test"


def run(args: Namespace) -> Answer:
    """Raises as ``session.plan`` and ``session.execute``."""
    folder = Path(args.folder)
    chosen = session.plan(
        folder, args.board, args.firmware, tool=args.tool, port=args.port, probe=args.probe, dry_run=args.dry_run
    )
    if args.dry_run:
        if not chosen.way.installed:
            note(f"{chosen.way.flasher.tool} is not installed: {chosen.way.tool.GET}")
        return Answer(_fields(chosen), "\n".join([f"cd {shlex.quote(str(chosen.folder))}", *_lines(chosen)]))
    for line in _lines(chosen):
        note(line)
    done = session.execute(chosen, folder, port=args.port, check=args.firmware == "vectors")
    fields = _fields(chosen) | _found(done)
    return Answer(fields, _text(chosen, done))


def _lines(chosen: Plan) -> list[str]:
    return [shlex.join(step.argv) for step in chosen.steps]


def _fields(chosen: Plan) -> dict[str, object]:
    return {
        "board": chosen.board.name,
        "tool": chosen.way.flasher.tool,
        "emulator": chosen.way.flasher.emulator,
        "device": chosen.put.device,
        "folder": str(chosen.folder),
        "commands": [list(step.argv) for step in chosen.steps],
        "image_bytes": chosen.put.bytes,
    }


def _found(done: Outcome) -> dict[str, object]:
    found = None if done.found is None else f"{done.found:08X}"
    return {
        "read_back": done.compared == "lnncc",
        "compared_by": done.compared,
        "port": done.port,
        "expected": f"{done.expected:08X}",
        "found": found,
    }


def _compared(chosen: Plan, done: Outcome) -> str:
    match done.compared:
        case "lnncc":
            return "read back and compared byte for byte"
        case "tool":
            return f"compared by {chosen.way.flasher.tool} itself"
    return f"copied to {chosen.put.device}, which cannot be read back: not compared"


def _text(chosen: Plan, done: Outcome) -> str:
    flasher = chosen.way.flasher
    played = f", played by {flasher.emulator}" if flasher.emulator is not None else ""
    lines = [
        f"{chosen.board.name}{played}: {chosen.put.bytes} bytes at {chosen.put.address:#010x} by {flasher.tool}",
        f"flash: {_compared(chosen, done)}",
    ]
    if done.found is None:
        return "\n".join([*lines, "not asked what it computes: name its serial port with --port, or use lnncc verify"])
    return "\n".join([*lines, f"ran: hash {done.found:08X} of {STEPS}, the same as the twin's"])
