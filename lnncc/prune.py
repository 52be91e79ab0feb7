"""Drops what nothing reads: nodes, carries of loops, constants, declarations. Any graph to the same graph, smaller."""

from collections.abc import Iterable
from dataclasses import replace

from lnncc.ir import Body, Graph, Node


def prune(graph: Graph) -> Graph:
    """``graph`` without dead nodes, dead carries and unused constants; ``dt`` is None if nothing reads it."""
    results = {s.after for s in graph.states} | {p.value for p in graph.outputs}
    nodes = _live(graph.nodes, set(results))
    read = reads(nodes) | results
    ports = {p.value for p in graph.inputs} | {s.before for s in graph.states}
    constants = {name: array for name, array in graph.constants.items() if name in read}
    named = read | ports | _defined(nodes)
    return graph.edited(
        nodes=nodes,
        constants=constants,
        values={name: value for name, value in graph.values.items() if name in named},
        labels={name: label for name, label in graph.labels.items() if name in constants},
        dt=graph.dt if graph.dt in read else None,
    )


def reads(nodes: Iterable[Node]) -> set[str]:
    """All names that ``nodes`` and the bodies of their loops read."""
    names: set[str] = set()
    for node in nodes:
        names |= set(node.inputs)
        if node.body is not None:
            names |= reads(node.body.nodes) | set(node.body.results)
    return names


def _live(nodes: tuple[Node, ...], wanted: set[str]) -> tuple[Node, ...]:
    kept: list[Node] = []
    for node in reversed(nodes):
        if wanted.isdisjoint(node.outputs):
            continue
        live = node if node.body is None else _live_loop(node, node.body, wanted)
        wanted |= reads([live])
        kept.append(live)
    return tuple(reversed(kept))


def _live_loop(node: Node, body: Body, wanted: set[str]) -> Node:
    """Only the carries that a result depends on, through any number of rounds."""
    live = [name in wanted for name in node.outputs]
    while True:
        inner = _live(body.nodes, set(_kept(body.results, live)))
        needed = reads(inner) | set(_kept(body.results, live))
        grown = [alive or param in needed for alive, param in zip(live, body.params, strict=True)]
        if grown == live:
            break
        live = grown
    body = Body(_kept(body.params, live), _kept(body.results, live), inner)
    return replace(node, inputs=_kept(node.inputs, live), outputs=_kept(node.outputs, live), body=body)


def _kept(names: tuple[str, ...], live: list[bool]) -> tuple[str, ...]:
    return tuple(name for name, alive in zip(names, live, strict=True) if alive)


def _defined(nodes: Iterable[Node]) -> set[str]:
    names: set[str] = set()
    for node in nodes:
        names |= set(node.outputs)
        if node.body is not None:
            names |= set(node.body.params) | _defined(node.body.nodes)
    return names
