"""chains: sums that are made by one node after the other, each of which adds to what the one before alone hands on."""

from collections import Counter
from collections.abc import Iterator, Mapping

from lnncc.ir import Graph, Node

Chains = Mapping[str, tuple[Node, ...]]


def chains(graph: Graph, op: str) -> Chains:
    """Of each node of ``op``, by its result, the chain that it ends: none if another node goes on with it.

    A chain is in one scope: what a loop adds in each trip is not what was added before it.
    """
    reads = Counter(_reads(graph))
    found: dict[str, tuple[Node, ...]] = {}
    for nodes in _scopes(graph.nodes):
        here: dict[str, tuple[Node, ...]] = {}
        for node in (node for node in nodes if node.op == op):
            before = node.inputs[0] if reads[node.inputs[0]] == 1 else ""
            here[node.outputs[0]] = (*here.get(before, ()), node)
            here.update({before: ()} if before in here else {})
        found |= here
    return found


def without_links(graph: Graph, known: Chains) -> Graph:
    """``graph`` without the values of those ``known`` nodes that it does not have any more."""
    gone = set(known) - {name for node in graph.walk() for name in node.outputs}
    return graph.edited(values={name: value for name, value in graph.values.items() if name not in gone})


def _reads(graph: Graph) -> Iterator[str]:
    yield from (state.after for state in graph.states)
    yield from (port.value for port in graph.outputs)
    for node in graph.walk():
        yield from node.inputs
        yield from () if node.body is None else node.body.results


def _scopes(nodes: tuple[Node, ...]) -> Iterator[tuple[Node, ...]]:
    yield nodes
    for node in nodes:
        if node.body is not None:
            yield from _scopes(node.body.nodes)
