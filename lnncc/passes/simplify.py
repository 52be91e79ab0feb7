"""simplify: bind dt, fold what depends on constants only, drop what nothing reads. Float graph to float graph."""

from dataclasses import replace

import numpy as np

from lnncc import primitives
from lnncc.ir import Array, Graph, Node, Value
from lnncc.prune import prune

FOLD_LIMIT = 1 << 24  # elements; a constant larger than this stays an expression


def simplify(graph: Graph, *, dt: float | None) -> Graph:
    """The same step without constant work in it; ``dt`` becomes a constant, or stays what it is if None."""
    constants = dict(graph.constants)
    values = dict(graph.values)
    if graph.dt is not None and dt is not None:
        constants[graph.dt] = np.full(values[graph.dt].shape, dt, np.float64)
    nodes = _fold(graph.nodes, constants, values)
    return prune(graph.edited(nodes=nodes, constants=constants, dt=graph.dt if dt is None else None))


def _fold(nodes: tuple[Node, ...], constants: dict[str, Array], values: dict[str, Value]) -> tuple[Node, ...]:
    kept: list[Node] = []
    for node in nodes:
        if node.body is not None:
            kept.append(replace(node, body=replace(node.body, nodes=_fold(node.body.nodes, constants, values))))
        elif all(name in constants for name in node.inputs) and values[node.outputs[0]].size <= FOLD_LIMIT:
            with np.errstate(all="ignore"):
                result = primitives.apply(node.op, node.attrs, *(constants[name] for name in node.inputs))
            constants[node.outputs[0]] = np.asarray(result, np.float64)
        else:
            kept.append(node)
    return tuple(kept)
