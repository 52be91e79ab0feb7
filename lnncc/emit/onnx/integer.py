"""The integer graph as an ONNX model of plain integer operators, with the bits of the twin and of the C.

Each op is run once on a tape, as for the certificate, and the words that it leaves there are written one by one. So an
op needs no text of its own here, and what a viewer shows is what was proven.
"""

from typing import TYPE_CHECKING

import numpy as np

from lnncc import fx, interval
from lnncc.emit.onnx import ports
from lnncc.emit.onnx.words import WORDS
from lnncc.emit.onnx.writer import Operand, Tensor, Writer, trip
from lnncc.ir import Graph, Node, Value, given
from lnncc.ops import OPS
from lnncc.tape import Line, Recorded, Tape

if TYPE_CHECKING:
    from onnx import ModelProto

INT64 = np.dtype(np.int64)


def integer_model(graph: Graph, name: str = "model") -> "ModelProto":
    """One step: raw int16 inputs and states (int32 for a run-time dt) to raw int16 states and outputs.

    Raises:
        LnnccError: E0703 without the package onnx.
    """
    w = Writer()
    translator, edge = _Translator(w, graph), ports.opened(w, graph, _storage)
    for value, tensor in edge.given.items():
        w.place, w.word = f"{tensor.name}.wide", "input"
        translator.names[value] = w.cast(tensor, INT64)
    translator.nodes(graph.nodes)
    facts = ports.closed(w, graph, edge, translator.names)
    return w.model(name, {"kind": "integer", **facts})


def _storage(value: Value) -> np.dtype:
    assert value.format is not None
    return np.dtype(f"int{max(value.format.bits, 16)}")


class _Translator:
    """``names`` holds the tensor of each value; ``known`` what each is when the first step begins, for the tape."""

    def __init__(self, w: Writer, graph: Graph) -> None:
        self.w, self.tape = w, Tape()
        self.names: dict[str, Operand] = dict(graph.constants)
        self.known = {name: self.tape.given(name, array) for name, array in graph.constants.items()}
        starts = {s.before: s.initial.astype(np.int64) for s in graph.states}
        for name in given(graph):
            starts[name] = np.zeros(graph.values[name].shape, np.int64)
        for name, array in starts.items():
            self.known[name] = self.tape.given(name, interval.point(array))

    def nodes(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if node.body is None:
                self.node(node)
            else:
                self.loop(node)

    def node(self, node: Node) -> None:
        [name] = node.outputs
        self.tape.begin(name)
        result = OPS[node.op].evaluate(node.attrs, *(self.known[x] for x in node.inputs))
        for line in self.tape.ended(result):
            self.names[line.name] = self.line(line)
        self.known[name] = result.named(name)

    def line(self, line: Line) -> Operand:
        """What is known now is computed now, by the word itself."""
        xs = [self.names[x] if isinstance(x, str) else np.array(x, np.int64) for x in line.operands]
        if not any(isinstance(x, Tensor) for x in xs):
            return getattr(fx, line.word)(*xs)
        self.w.place, self.w.word = line.name, line.word
        return self.w.tensor(WORDS[line.word](self.w, *xs), line.bounds.shape, INT64)

    def loop(self, node: Node) -> None:
        body = node.body
        assert body is not None
        for param, name in zip(body.params, node.inputs, strict=True):
            self.known[param] = self._again(param, self.known[name])
        self.w.place = node.outputs[0]
        outs = self.w.loop(node.trips, [self.names[name] for name in node.inputs], trip(body, self.names, self.nodes))
        self.names.update(zip(node.outputs, outs, strict=True))
        for out, name in zip(node.outputs, body.results, strict=True):
            self.known[out] = self._again(out, self.known[name])

    def _again(self, name: str, x: Recorded) -> Recorded:
        """The same numbers, of which nothing else is known: loops join them with others."""
        return self.tape.given(name, x.bounds)
