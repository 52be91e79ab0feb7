"""mean: (N + p·z) / (D + p) of a pair (N, D) and a value z of weight p: the fused semi-implicit update of an LTC.

A weighted mean with non-negative weights stays in the hull of what it averages; with the same integers in numerator and
denominator that holds for the rounded quotient too, exactly and for ever.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, quotient
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node, Value
from lnncc.means import lost
from lnncc.ops import synapses
from lnncc.quantiser import Quantiser
from lnncc.quotient import Pair
from lnncc.tube import Tube

WIDE_INPUTS = (0, 2)
IN_PLACE = (1,)


def reference(attrs: Mapping[str, Attr], pair: Array, z: Array, p: Array) -> Array:
    return (pair[..., 0] + p * z) / (pair[..., 1] + p)


def span(attrs: Mapping[str, Attr], pair: Interval, z: Interval, p: Interval) -> Interval:
    hull = Interval(*synapses.base_hull(pair))
    weighted = p.low > 0
    return Interval(
        np.where(weighted, np.minimum(hull.low, z.low), hull.low),
        np.where(weighted, np.maximum(hull.high, z.high), hull.high),
    )


def tube(attrs: Mapping[str, Attr], pair: Pair | Tube, z: Tube, p: Tube) -> Tube:
    whole = pair if isinstance(pair, Pair) else Pair(pair.span.low, ())
    return quotient.tube(whole, z, p)


def quantise(node: Node, q: Quantiser) -> None:
    pair, z, p = node.inputs
    target = q.format(node.outputs[0])
    time = q.time(node)
    if time is not None:
        inputs = (q.pair(pair, node), q.aligned(z, target), time)
        q.emit("mean_dt", inputs, node.outputs[0], target, {"n": q.size(node.outputs[0])})
        return
    exact = q.floats(p) * q.scale(node)
    ints = np.rint(exact).astype(np.int64)
    weights = q.constant(ints, Format(16, 0), label="weight of z", error=np.abs(ints - exact))
    inputs = (_coarse(pair, node, q), q.aligned(z, target), weights)
    q.emit("mean", inputs, node.outputs[0], target, {"n": q.size(node.outputs[0])})


def _coarse(pair: str, node: Node, q: Quantiser) -> str:
    """The pair in the unit of the weight of z."""
    shift, n = q.finer(node), q.size(node.outputs[0])
    if shift == 0:
        return q.pair(pair, node)
    out = q.fresh(pair)
    attrs: Mapping[str, Attr] = {"shift": shift, "down": lost(shift), "n": n}
    q.emit("coarsen", (pair,), out, Format(32, q.format(node.outputs[0]).frac), attrs)
    return out


def evaluate(attrs: Mapping[str, Attr], pair: Carrier, z: Carrier, p: Array) -> Carrier:
    n, d = fx.column(pair, 0), fx.column(pair, 1)
    return fx.div(fx.mac(n, z, p), fx.add(d, p))


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    return {"division": values[node.outputs[0]].size}
