"""``lnncc export``: a compiled model as ONNX, for viewers and for any runtime that should give the same bits."""

from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path

from lnncc import build as builds
from lnncc.cli.answer import Answer
from lnncc.program import Program


def run(args: Namespace) -> Answer:
    """Export. Raises E0405 without a build, and as ``Program.export_onnx``."""
    facts = Program(builds.read(Path(args.folder))).export_onnx(args.output, args.kind)
    inputs, states, outputs = (facts[key] for key in ("inputs", "states", "outputs"))
    assert isinstance(states, Mapping) and isinstance(inputs, Mapping) and isinstance(outputs, Mapping)
    pairs = {name: state["next"] for name, state in states.items()}
    fields = {"file": args.output, "kind": args.kind, "inputs": [*inputs], "states": pairs, "outputs": [*outputs]}
    lines = [f"{args.output}: one step in {args.kind}", f"  takes {', '.join(inputs)}", f"  gives {', '.join(outputs)}"]
    lines += [f"  state {before} -> {after}" for before, after in pairs.items()]
    return Answer(fields, "\n".join(lines))
