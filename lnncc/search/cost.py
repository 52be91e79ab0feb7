"""What a step costs on a target: a model with one number for each kind of work, stated in the target's TOML."""

from collections import Counter
from collections.abc import Iterator, Mapping

from lnncc.ir import Graph, Node
from lnncc.ops import OPS
from lnncc.target import Target


def cycles(graph: Graph, target: Target) -> float | None:
    """An estimate for one step of an integer graph; None for a target that states no costs."""
    if target.cost is None:
        return None
    return sum(target.cost[kind] * count for kind, count in work(graph).items())


def work(graph: Graph) -> Counter[str]:
    """How much work of each kind a step does; the keys are those of ``[cost]`` in a target."""
    found: Counter[str] = Counter({"step": 1})
    for _, counts in by_node(graph):
        found += counts
    return found


def by_node(graph: Graph) -> Iterator[tuple[Node, Counter[str]]]:
    """Each node that is no loop, with all its work in a step: that of a call times the trips of the loops around it."""
    yield from _by_node(graph, graph.nodes, 1)


def _by_node(graph: Graph, nodes: tuple[Node, ...], trips: int) -> Iterator[tuple[Node, Counter[str]]]:
    for node in nodes:
        if node.body is not None:
            yield from _by_node(graph, node.body.nodes, trips * node.trips)
            continue
        yield node, Counter({kind: trips * count for kind, count in _work(graph, node).items()})


def _work(graph: Graph, node: Node) -> Mapping[str, int]:
    """Of one call of a kernel; an op that does not say what it does works element by element."""
    op, size = OPS[node.op], graph.values[node.outputs[0]].size
    inside: Mapping[str, int] = op.work(node, graph.values) if hasattr(op, "work") else {"element": size}
    return {"call": 1, **inside} if inside else {}
