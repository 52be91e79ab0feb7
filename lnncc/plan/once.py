"""Once: what was computed already is not computed again. No number changes.

An op that works row by row, on values that are put together from parts, gives its results on the parts, put together.
Where one of those is there anyhow, the others are computed by themselves: the state of a wired network after a step is
what its layers handed to each other, say.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from lnncc.ir import Graph, Node, Port
from lnncc.ops import OPS

Key = tuple[object, ...]


def once(graph: Graph) -> Graph:
    """``graph`` without nodes that repeat others, and without those that nobody reads any more."""
    writer = _Writer(graph)
    nodes = writer.nodes(graph.nodes, {}, {})
    states = tuple(replace(s, after=writer.name(s.after)) for s in graph.states)
    outputs = tuple(Port(p.label, writer.name(p.value)) for p in graph.outputs)
    live = _live(nodes, {*(s.after for s in states), *(p.value for p in outputs)})
    return replace(graph, nodes=live, states=states, outputs=outputs, values=writer.values)


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.values = dict(graph.values)
        self.instead: dict[str, str] = {}  # of values that are not computed again

    def name(self, name: str) -> str:
        return self.instead.get(name, name)

    def nodes(self, nodes: tuple[Node, ...], known: Mapping[Key, str], parts: Mapping[str, Node]) -> tuple[Node, ...]:
        """``known`` are results by what they are of, ``parts`` what was put together; both of scopes around, too."""
        known, parts, written = dict(known), dict(parts), list[Node]()
        later = {self._key(node): node.outputs[0] for node in reversed(nodes) if node.body is None}
        for old in nodes:
            node = replace(old, inputs=tuple(map(self.name, old.inputs)))
            if node.body is not None:
                inner = self.nodes(node.body.nodes, known, parts)
                body = replace(node.body, nodes=inner, results=tuple(map(self.name, node.body.results)))
                written.append(replace(node, body=body))
                continue
            for made in self._cut(node, known, parts, later):
                key, [output] = self._key(made), made.outputs
                if key in known:
                    self.instead.update({} if output == known[key] else {output: known[key]})
                    continue
                known[key] = output
                parts.update({output: made} if made.op == "concat" else {})
                written.append(made)
        return tuple(written)

    def _key(self, node: Node) -> Key:
        value = self.values[node.outputs[0]]
        return node.op, tuple(sorted(node.attrs.items())), node.inputs, value.shape, value.format

    def _cut(
        self, node: Node, known: Mapping[Key, str], parts: Mapping[str, Node], later: Mapping[Key, str]
    ) -> tuple[Node, ...]:
        """``node``, or its parts and what puts them together. A part that comes ``later`` gets that name."""
        rows: tuple[int, ...] = getattr(OPS.get(node.op), "BY_ROW", ())
        joined = {i: parts[node.inputs[i]].inputs for i in rows if node.inputs[i] in parts}
        sizes = {tuple(self.values[x].shape for x in inputs) for inputs in joined.values()}
        if not rows or len(joined) < len(rows) or len(sizes) > 1:
            return (node,)
        pieces = [self._piece(node, {i: joined[i][k] for i in rows}) for k in range(len(joined[rows[0]]))]
        if not any(self._key(piece) in known for piece in pieces):
            return (node,)
        pieces = [replace(p, outputs=(later.get(self._key(p), p.outputs[0]),)) for p in pieces]
        names = tuple(known.get(self._key(p), p.outputs[0]) for p in pieces)
        return (*(p for p in pieces if self._key(p) not in known), Node("concat", names, node.outputs))

    def _piece(self, node: Node, inputs: Mapping[int, str]) -> Node:
        first, [whole] = inputs[min(inputs)], node.outputs
        size = self.values[first].shape[0]
        value = replace(self.values[whole], name=f"{whole}.of.{first}", shape=(size, *self.values[whole].shape[1:]))
        self.values[value.name] = value
        key = "rows" if "rows" in node.attrs else "n"
        read = tuple(inputs.get(i, x) for i, x in enumerate(node.inputs))
        return replace(node, inputs=read, outputs=(value.name,), attrs={**node.attrs, key: size})


def _live(nodes: tuple[Node, ...], wanted: Iterable[str]) -> tuple[Node, ...]:
    """Those of ``nodes`` on which ``wanted`` depends; loops stay whole."""
    needed, kept = set(wanted), list[Node]()
    for node in reversed(nodes):
        if node.body is not None:
            body = replace(node.body, nodes=_live(node.body.nodes, node.body.results))
            needed.update(x for inner in body.nodes for x in _reads(inner))
            needed.update(body.results)
            kept.append(replace(node, body=body))
        elif needed.isdisjoint(node.outputs):
            continue
        else:
            kept.append(node)
        needed.update(node.inputs)
    return tuple(reversed(kept))


def _reads(node: Node) -> list[str]:
    inner = [] if node.body is None else [*node.body.results, *(x for n in node.body.nodes for x in _reads(n))]
    return [*node.inputs, *inner]
