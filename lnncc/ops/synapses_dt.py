"""synapses_dt: ``synapses`` where ``inertia`` says by how many bits k the conductances of a destination are shifted."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, lut
from lnncc.fx import Carrier
from lnncc.ir import Array, Attr, Node
from lnncc.ops import synapses
from lnncc.ops.synapses import F_BITS

WIDE = True
WIDE_INPUTS = (0, 5)
IN_PLACE = (0,)


def evaluate(
    attrs: Mapping[str, Attr], base: Carrier, v: Carrier, record: Array, counts: Array, nodes: Array, time: Carrier
) -> Carrier:
    w, e = fx.column(record, 2), fx.column(record, 3)
    shift = fx.add(np.array(F_BITS), fx.repeat(fx.column(time, 1), counts))
    g = fx.rshift(fx.mul(w, synapses.opened(attrs, v, record, nodes)), shift)
    return synapses.summed(base, g, e, counts)


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return lut.kernel("synapses_dt", node.attrs)


work = synapses.work
