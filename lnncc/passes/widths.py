"""widths: a ``requantise`` wherever a wide result meets an op, a state or an output that takes 16 bits."""

from dataclasses import replace

from lnncc.ir import Graph, Node, Port, State, Value
from lnncc.ops import OPS


def widths(graph: Graph) -> Graph:
    """The same fused graph with its roundings to 16 bits written down."""
    return _Narrower(graph).graph()


class _Narrower:
    def __init__(self, source: Graph) -> None:
        self.source, self.values = source, dict(source.values)
        self.names: dict[str, str] = {}  # of a wide value, that of its rounding
        self.home: dict[str, list[Node]] = {}  # the nodes among which a value is made
        self.wide = {out for node in source.walk() if _is_wide(node) for out in node.outputs}
        for node in source.walk():
            if node.op == "slice" and node.inputs[0] in self.wide:
                self.wide.add(node.outputs[0])

    def graph(self) -> Graph:
        nodes: list[Node] = []
        self._write(self.source.nodes, nodes)
        after = [self._narrow(s.after) for s in self.source.states]
        outputs = [self._narrow(p.value) for p in self.source.outputs]
        states = (State(s.label, s.before, a, s.initial) for s, a in zip(self.source.states, after, strict=True))
        ports = (Port(p.label, v) for p, v in zip(self.source.outputs, outputs, strict=True))
        return self.source.edited(values=self.values, nodes=tuple(nodes), states=tuple(states), outputs=tuple(ports))

    def _write(self, nodes: tuple[Node, ...], written: list[Node]) -> None:
        for node in nodes:
            takes_wide = set(range(len(node.inputs))) if node.op == "slice" else _wide_inputs(node)
            inputs = tuple(name if i in takes_wide else self._narrow(name) for i, name in enumerate(node.inputs))
            body = node.body
            if body is not None:
                inner: list[Node] = []
                self._write(body.nodes, inner)
                results = tuple(map(self._narrow, body.results))
                body = replace(body, nodes=tuple(inner), results=results)
            written.append(replace(node, inputs=inputs, body=body))
            self.home.update((out, written) for out in node.outputs)

    def _narrow(self, name: str) -> str:
        """Rounded where it is made: once, however many loops read it."""
        if name not in self.wide:
            return name
        if name not in self.names:
            self.names[name] = f"{name}n"
            self.values[self.names[name]] = Value(self.names[name], self.values[name].shape)
            self.home[name].append(Node("requantise", (name,), (self.names[name],)))
        return self.names[name]


def _is_wide(node: Node) -> bool:
    return node.body is None and getattr(OPS[node.op], "WIDE", False) and node.op != "synapses"


def _wide_inputs(node: Node) -> set[int]:
    return set() if node.body is not None else set(getattr(OPS[node.op], "WIDE_INPUTS", ()))
