"""Fetch: on a machine that has constants in a memory of their own, copies of those that a kernel reads as values.

A kernel says by ``LN_ROM`` which of its parameters are constants. Where a constant stands for one that is not, it is
copied first; a kernel that may work in place then has it where its result goes, which needs no further memory.
"""

from dataclasses import replace
from itertools import count

from lnncc.ir import Graph, Node, Value
from lnncc.plan import prototypes


def fetched(graph: Graph) -> Graph:
    """``graph`` with a ``fetch`` in front of every use of a constant as a value."""
    writer = _Writer(graph)
    return replace(graph, nodes=writer.nodes(graph.nodes), values=writer.values)


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.values = graph, dict(graph.values)
        self.constants = set(graph.constants)
        self.bits = {name: v.format.bits for name, v in graph.values.items() if v.format is not None}
        self.numbers = count()

    def nodes(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(written for node in nodes for written in self._node(node))

    def _node(self, node: Node) -> list[Node]:
        if node.body is not None:
            return [replace(node, body=replace(node.body, nodes=self.nodes(node.body.nodes)))]
        if node.op == "slice" and node.inputs[0] in self.constants:
            self.constants.add(node.outputs[0])
        if node.op in ("slice", "concat"):
            return [node]
        fetches = {name: self._fetch(name) for name in self._values(node) if name in self.constants}
        inputs = tuple(fetches[x].outputs[0] if x in fetches else x for x in node.inputs)
        return [*fetches.values(), replace(node, inputs=inputs)]

    def _values(self, node: Node) -> list[str]:
        """The inputs that the kernel does not read as constants."""
        kernel = prototypes.find(node.op, prototypes.function(node, self.bits))
        parameters = [p for p in kernel.parameters if p.reads]
        return [name for name, p in zip(node.inputs, parameters, strict=True) if not p.rom]

    def _fetch(self, name: str) -> Node:
        source = self.graph.values[name]
        made = Value(f"{name}.fetched{next(self.numbers)}", source.shape, source.format)
        self.values[made.name] = made
        return Node("fetch", (name,), (made.name,), {"n": source.size})
