"""What a step costs on a target: a model with one number for each kind of work, stated in the target's TOML."""

from collections import Counter
from collections.abc import Mapping

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
    _count(graph, graph.nodes, 1, found)
    return found


def _count(graph: Graph, nodes: tuple[Node, ...], trips: int, found: Counter[str]) -> None:
    for node in nodes:
        if node.body is not None:
            _count(graph, node.body.nodes, trips * node.trips, found)
            continue
        for kind, count in _work(graph, node).items():
            found[kind] += trips * count


def _work(graph: Graph, node: Node) -> Mapping[str, int]:
    """Of one call of a kernel; an op that does not say what it does works element by element."""
    op, size = OPS[node.op], graph.values[node.outputs[0]].size
    inside: Mapping[str, int] = op.work(node, graph.values) if hasattr(op, "work") else {"element": size}
    return {"call": 1, **inside} if inside else {}
