"""synapse_tables: for each destination the pair (Σ g·e, Σ g), where each g is a table of its own of one source.

What ``synapses`` does with one table of f for all, and a multiplication before and behind it, this does with a table of
w · f(a · v + b) a synapse. Where it lies between two nodes depends on the source alone, so that machines find that out
once a source. More constants, fewer instructions; ``synapses`` makes itself this op if it is so chosen.
"""

from collections.abc import Mapping

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.ir import Array, Attr, Node, Value

WIDE = True
WIDE_INPUTS = (0,)
IN_PLACE = (0,)


def evaluate(
    attrs: Mapping[str, Attr], base: Carrier, v: Carrier, nodes: Array, e: Array, src: Array, counts: Array
) -> Carrier:
    shift = attrs["shift"]
    assert isinstance(shift, int)
    g = fx.interpolate(nodes, fx.take(v, src), shift)
    n, d = fx.column(base, 0), fx.column(base, 1)
    return fx.stack(fx.segment_sum(n, fx.mul(e, g), counts), fx.segment_sum(d, g, counts))


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    synapses, sources, pairs = (values[name].size for name in (node.inputs[4], node.inputs[1], node.outputs[0]))
    return {"synapse_own": synapses, "position": sources, "destination": pairs // 2}
