"""concat: vectors one after the other; ``plan`` lets their producers write in place where it can, else copies."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc import tube as tubes
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node, Value
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube


def reference(attrs: Mapping[str, Attr], *xs: Array) -> Array:
    """A constant among them has no axis of streams."""
    lead = np.broadcast_shapes(*(x.shape[:-1] for x in xs))
    return np.concatenate([np.broadcast_to(x, (*lead, x.shape[-1])) for x in xs], axis=-1)


def span(attrs: Mapping[str, Attr], *xs: Interval) -> Interval:
    return Interval(np.concatenate([x.low for x in xs]), np.concatenate([x.high for x in xs]))


def tube(attrs: Mapping[str, Attr], *xs: Tube) -> Tube:
    return tubes.concat(xs)


def quantise(node: Node, q: Quantiser) -> None:
    target = q.format(node.outputs[0])
    q.emit("concat", tuple(q.aligned(x, target) for x in node.inputs), node.outputs[0], target, {})


def evaluate(attrs: Mapping[str, Attr], *xs: Carrier) -> Carrier:
    return fx.concat(*xs)


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    """Most of them cost nothing: their producers write in place."""
    return {}
