"""tails: a function with straight tails as a ramp and a table of what is left: silu, gelu, softplus, relu and kin."""

from dataclasses import replace

from lnncc import expr
from lnncc.expr import VAR, Expr
from lnncc.ir import Graph, Node, Value


def tails(graph: Graph) -> Graph:
    """The same fused graph, in which every table has flat tails that can have them."""
    values = dict(graph.values)
    return graph.edited(nodes=_nodes(graph.nodes, values), values=values)


def _nodes(nodes: tuple[Node, ...], values: dict[str, Value]) -> tuple[Node, ...]:
    written: list[Node] = []
    for node in nodes:
        if node.body is not None:
            written.append(replace(node, body=replace(node.body, nodes=_nodes(node.body.nodes, values))))
        else:
            written += _apart(node, values)
    return tuple(written)


def _apart(node: Node, values: dict[str, Value]) -> list[Node]:
    function = node.attrs.get("expr")
    if node.op != "table" or not isinstance(function, tuple):
        return [node]
    slopes = expr.slopes(function)
    if slopes is None or slopes == (0, 0):
        return [node]
    (out,), (x,) = node.outputs, node.inputs
    rest = f"{out}d"
    values[rest] = Value(rest, values[out].shape)
    difference = ("sub", function, _ramp(*slopes))
    left, right = (slope == 1 for slope in slopes)
    return [
        Node("table", (x,), (rest,), {"expr": difference}, source=node.source),
        Node("ramp", (rest, x), (out,), {"left": left, "right": right}, source=node.source),
    ]


def _ramp(left: int, right: int) -> Expr:
    if left and right:
        return VAR
    return ("max" if right else "min", VAR, expr.const(0.0))
