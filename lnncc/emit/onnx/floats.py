"""The float graph as an ONNX model, primitive by primitive: any ONNX tool runs it, and ours reads it back."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from lnncc import primitives
from lnncc.emit.onnx import ports
from lnncc.emit.onnx.formulas import ELEMENTWISE, STRUCTURAL
from lnncc.emit.onnx.writer import Operand, Tensor, Writer, trip
from lnncc.ir import Array, Graph, Node, Value

if TYPE_CHECKING:
    from onnx import ModelProto

BOOL = np.dtype(np.bool_)
LOGICAL = frozenset({"and", "or", "not"})  # of truths; other operations are of numbers, or of either
EITHER = frozenset(STRUCTURAL) - {"sum", "dot", "argmax"} | {"eq", "ne"}


def float_model(graph: Graph, name: str = "model", *, dt: float | None = None, double: bool = False) -> "ModelProto":
    """One step of a graph of primitives, in float32 or ``double``; ``dt`` is written in, if it is one number.

    Raises:
        LnnccError: E0703 without the package onnx.
    """
    w, dtype = Writer(), np.dtype(np.float64 if double else np.float32)
    numbers = dict(graph.constants)
    if graph.dt is not None and dt is not None:
        numbers[graph.dt], graph = np.asarray(dt), graph.edited(dt=None)
    edge = ports.opened(w, graph, lambda value: dtype)
    translator = _Translator(w, graph.values, {key: _stored(array, dtype) for key, array in numbers.items()}, dtype)
    translator.names.update(edge.given)
    translator.nodes(graph.nodes)
    return w.model(name, {"kind": str(dtype), **ports.closed(w, graph, edge, translator.names)})


def _stored(array: Array, dtype: np.dtype) -> Array:
    """Rounded; what is too large for float32 is its largest number."""
    if array.dtype == BOOL:
        return array
    most = np.finfo(dtype).max
    return np.asarray(np.clip(array, -most, most), dtype)


class _Translator:
    """``names`` holds the tensor of each value, of numbers or of truths."""

    def __init__(self, w: Writer, values: Mapping[str, Value], names: dict[str, Operand], dtype: np.dtype) -> None:
        self.w, self.values, self.names, self.dtype = w, values, names, dtype

    def nodes(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            xs = [self.names[name] for name in node.inputs]
            self.w.place, self.w.word = node.outputs[0], node.op
            outs = [self.made(node, xs)] if node.body is None else self.loop(node, xs)
            self.names.update(zip(node.outputs, outs, strict=True))

    def made(self, node: Node, xs: list[Operand]) -> Tensor:
        truths = node.op in LOGICAL or (node.op in EITHER and all(x.dtype == BOOL for x in xs))
        kinds = [BOOL if truths or (node.op == "select" and k == 0) else self.dtype for k in range(len(xs))]
        xs = [self.w.cast(x, kind) for x, kind in zip(xs, kinds, strict=True)]
        shape = self.values[node.outputs[0]].shape
        if node.op in STRUCTURAL:
            name, dtype = STRUCTURAL[node.op](self.w, node.attrs, shape, *xs), BOOL if truths else self.dtype
        else:
            name = ELEMENTWISE[node.op](self.w, *xs).name
            dtype = BOOL if node.op in primitives.PREDICATES else self.dtype
        return self.w.tensor(name, shape, dtype)

    def loop(self, node: Node, first: list[Operand]) -> list[Tensor]:
        assert node.body is not None
        return self.w.loop(node.trips, first, trip(node.body, self.names, self.nodes))
