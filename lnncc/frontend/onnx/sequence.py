"""A graph over a whole sequence is not a step: it is recognised, and refused with the way to export one step."""

from pathlib import Path
from typing import TYPE_CHECKING

from lnncc.errors import LnnccError
from lnncc.frontend.onnx.ports import Port, Signature

if TYPE_CHECKING:
    from onnx import GraphProto

RUNS = frozenset({"LSTM", "GRU", "RNN", "Scan", "Loop"})
CUTS = frozenset({"Slice", "Gather", "Split", "SplitToSequence"})
MOVES = frozenset({"Transpose", "Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape"})


def refuse(graph: "GraphProto", signature: Signature, path: Path) -> None:
    """Raises E0339 if an input of several time steps is cut into them, or goes into a node that runs over them."""
    for port in signature.inputs:
        steps = _steps(port)
        readers = _readers(graph, port.name)
        cuts = sum(op in CUTS for op in readers)
        if steps > 1 and (RUNS & set(readers) or cuts >= steps or "Split" in readers):
            raise LnnccError(
                "E0339",
                f"{path} computes a whole sequence: `{port.label}` has {steps} time steps",
                notes=(f"its shape is {port.full}, and it is read step by step",),
                helps=(
                    "export one step with the state as an input and an output: (x, h) -> (y, h_next)",
                    "in torch, wrap the cell, not the RNN around it: torch.onnx.export(cell, (x0, h0), ...)",
                ),
            )


def _steps(port: Port) -> int:
    """The longest axis before the features, of (batch, time, features) or (time, batch, features)."""
    return max(port.full[:-1], default=1) if len(port.full) == 3 else 1


def _readers(graph: "GraphProto", name: str) -> list[str]:
    """Operators that read ``name``, seen through those that only move."""
    found: list[str] = []
    names = {name}
    for node in graph.node:
        if names.isdisjoint(node.input[:1]):
            continue
        found.append(node.op_type)
        if node.op_type in MOVES:
            names |= set(node.output)
    return found
