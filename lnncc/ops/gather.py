"""gather: elements of a vector in any fixed order."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube


def reference(attrs: Mapping[str, Attr], x: Array, index: Array) -> Array:
    return x[..., index.astype(int)]


def span(attrs: Mapping[str, Attr], x: Interval, index: Interval) -> Interval:
    return x[index.low.astype(int)]


def tube(attrs: Mapping[str, Attr], x: Tube, index: Tube) -> Tube:
    return x.moved(lambda v: v[index.span.low.astype(int)])


def quantise(node: Node, q: Quantiser) -> None:
    x, index = node.inputs
    ints = q.floats(index).astype(np.int64)
    constant = q.constant(ints, Format(16, 0), label="positions", error=0)
    q.emit("gather", (x, constant), node.outputs[0], q.format(node.outputs[0]), {"n": len(ints)})


def evaluate(attrs: Mapping[str, Attr], x: Carrier, index: Array) -> Carrier:
    return fx.take(x, index)
