"""timed: a dt of a range, in parts, and what its products lose where they saturate."""

from itertools import pairwise

import numpy as np

from lnncc import enclose
from lnncc.enclose import Unbounded
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Node
from lnncc.ops.elapse import LIMIT
from lnncc.passes.prove import Proof


def octaves(integer: Graph) -> list[Interval]:
    """The range of dt, raw, cut where its leading bit moves; as vectors of one element."""
    low, high = _range(integer)
    edges = [low, *(1 << k for k in range(low.bit_length(), high.bit_length())), high + 1]
    return [Interval(np.array([a], np.int64), np.array([b - 1], np.int64)) for a, b in pairwise(edges) if a < b]


def spans(integer: Graph) -> list[tuple[float, float]]:
    """The same in the units of training, with the ends that a rounding to them has; none for a step without a dt."""
    if integer.dt is None:
        return []
    unit = _unit(integer, integer.dt)
    return [((float(x.low[0]) - 0.5) * unit, (float(x.high[0]) + 0.5) * unit) for x in octaves(integer)]


def _range(integer: Graph) -> tuple[int, int]:
    door = next(node for node in integer.walk() if node.op == "door" and node.inputs[0] == integer.dt)
    low, high = door.attrs["low"], door.attrs["high"]
    assert isinstance(low, int) and isinstance(high, int)
    return low, high


def _unit(graph: Graph, name: str | None) -> float:
    form = graph.values[str(name)].format
    assert form is not None
    return 2.0**-form.frac


def beyond(fused: Graph, integer: Graph, proof: Proof) -> dict[str, Array]:
    """By table, how much its function changes beyond where a product with dt that it reads saturates.

    The product clipped is nowhere further from another one than unclipped, so that rules hold on both sides of it.

    Raises:
        Unbounded: if anything but a function reads it.
    """
    functions = {node.outputs[0]: node for node in fused.walk() if node.op == "table"}
    found: dict[str, Array] = {}
    for node in integer.walk():
        if node.op != "elapse" or not node.attrs["flat"]:
            continue
        for reader in (n for n in integer.walk() if node.outputs[0] in n.inputs):
            name = reader.outputs[0]
            if reader.op != "table" or name not in functions:
                raise Unbounded(f"a time that saturates is read by {reader.op}")
            found[name] = _change(functions[name], integer, proof, node)
    return found


def _change(table: Node, integer: Graph, proof: Proof, elapse: Node) -> Array:
    acc, x, dt = (proof.bounds[n].magnitude.astype(float) * _unit(integer, n) for n in elapse.inputs)
    limit = LIMIT * _unit(integer, elapse.outputs[0])
    least, most = limit - acc, np.maximum(acc + x * dt, limit)
    function = table.attrs["expr"]
    assert isinstance(function, tuple)
    ends = [enclose.over(function, side).value for side in (Interval(least, most), Interval(-most, -least))]
    return np.maximum(*(end.high - end.low for end in ends))
