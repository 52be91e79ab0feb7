"""Joined: what a matrix multiplies lies in one place. No number changes.

A kernel reads one vector, where an ``affine`` may multiply several. They are put one behind the other, in the order in
which a state has them if it has all: then the state itself can be the place, and nothing need be copied.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from lnncc.ir import Graph, Node, Value

OPERANDS = 4  # of an ``affine`` that multiplies one vector; further ones are behind them
Place = tuple[str, int]  # a state, and an element of it


def joined(graph: Graph) -> Graph:
    """``graph`` with a ``concat`` in front of each matrix that multiplies several vectors."""
    writer = _Writer(graph)
    return replace(graph, nodes=writer.nodes(graph.nodes, {}), values=writer.values, constants=writer.constants)


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.values, self.constants = dict(graph.values), dict(graph.constants)
        self.places = _places(graph)

    def nodes(self, nodes: tuple[Node, ...], known: Mapping[tuple[str, ...], str]) -> tuple[Node, ...]:
        """``known`` are vectors by what they are put together from; also of scopes around."""
        known = dict(known)
        return tuple(made for node in nodes for made in self._node(node, known))

    def _node(self, node: Node, known: dict[tuple[str, ...], str]) -> Iterator[Node]:
        if node.body is not None:
            yield replace(node, body=replace(node.body, nodes=self.nodes(node.body.nodes, known)))
            return
        if node.op != "affine" or len(node.inputs) == OPERANDS:
            yield node
            return
        acc, first, w, s, *more = node.inputs
        parts = (first, *more)
        order = self._order(parts)
        vector = tuple(parts[i] for i in order)
        if vector not in known:
            known[vector] = "+".join(vector)
            size = sum(self.values[part].size for part in vector)
            self.values[known[vector]] = Value(known[vector], (size,), self.values[first].format)
            yield Node("concat", vector, (known[vector],))
        yield replace(node, inputs=(acc, known[vector], self._weights(w, parts, order), s))

    def _order(self, parts: tuple[str, ...]) -> list[int]:
        places = [self.places.get(part) for part in parts]
        known = [place for place in places if place is not None]
        if len({state for state, _ in known}) != 1 or len(known) < len(places):
            return list(range(len(parts)))
        return sorted(range(len(parts)), key=lambda i: known[i])

    def _weights(self, w: str, parts: tuple[str, ...], order: list[int]) -> str:
        """The same columns in that order."""
        if order == sorted(order):
            return w
        name = f"{w}.{''.join(map(str, order))}"
        ends = np.cumsum([self.values[part].size for part in parts])
        blocks = np.split(self.constants[w], ends[:-1], axis=1)
        self.constants[name] = np.concatenate([blocks[i] for i in order], axis=1)
        self.values[name] = replace(self.values[w], name=name)
        return name


def _places(graph: Graph) -> dict[str, Place]:
    """Where a state has what it holds before a step, and what it will hold."""
    found: dict[str, Place] = {}
    for state in graph.states:
        found[state.before] = state.before, 0
        makers = (n for n in graph.nodes if state.after in n.outputs and n.op == "concat")
        at = 0
        for part in (part for maker in makers for part in maker.inputs):
            found.setdefault(part, (state.before, at))
            at += graph.values[part].size
    for node in graph.nodes:
        if node.op == "slice" and node.inputs[0] in found:
            (state, first), start = found[node.inputs[0]], node.attrs["start"]
            assert isinstance(start, int)
            found[node.outputs[0]] = state, first + start
    return found
