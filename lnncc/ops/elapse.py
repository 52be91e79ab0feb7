"""elapse: acc + x · dt, the elapsed time being one integer of 32 bits for all elements: a CfC's gate at a run-time dt.

dt enters as its leading 16 bits and an exponent, so that its whole range has the same relative precision. Where only
functions read the product that are flat from there on, it saturates at what 30 bits of its format hold.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, interval
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE = True
WIDE_INPUTS = (0, 1, 2)
IN_PLACE = (0, 1)
LIMIT = 1 << 30


def reference(attrs: Mapping[str, Attr], acc: Array, x: Array, dt: Array) -> Array:
    return acc + x * dt


def span(attrs: Mapping[str, Attr], acc: Interval, x: Interval, dt: Interval) -> Interval:
    return interval.add(acc, interval.multiply(x, dt))


def tube(attrs: Mapping[str, Attr], acc: Tube, x: Tube, dt: Tube) -> Tube:
    apart = x.span.magnitude * dt.error + x.error * dt.span.magnitude
    return Tube(span(attrs, acc.span, x.span, dt.span), acc.error + apart)


def quantise(node: Node, q: Quantiser) -> None:
    acc, x, dt = node.inputs
    target = q.format(node.outputs[0])
    x = q.fine(x)
    attrs: dict[str, Attr] = {
        "left": 31 + target.frac - q.format(x).frac - q.format(dt).frac,  # less the norm of dt
        "flat": q.settled(node, "flat", float(q.span(node.outputs[0]).magnitude.max()) > 2.0 ** (29 - target.frac)),
        "n": q.size(node.outputs[0]),
    }
    q.emit("elapse", (q.accumulator(acc, target), x, dt), node.outputs[0], target, attrs)


def evaluate(attrs: Mapping[str, Attr], acc: Carrier, x: Carrier, dt: Carrier) -> Carrier:
    x, left = scaled(attrs, x, dt)
    return fx.add(acc, fx.sat_shift(x, left, LIMIT) if attrs["flat"] else fx.shift_by(x, left))


def scaled(attrs: Mapping[str, Attr], x: Carrier, dt: Carrier) -> tuple[Carrier, Carrier]:
    """x times the leading bits of dt, and how far to the left of that the product lies."""
    most, n = attrs["left"], count(attrs)
    assert isinstance(most, int)
    left = fx.clip(fx.sub(np.array(most), fx.norm(dt)), -fx.MOST_SHIFT, fx.MOST_SHIFT)
    return fx.scale16(x, fx.repeat(fx.mantissa(dt), n)), fx.repeat(left, n)


def count(attrs: Mapping[str, Attr]) -> int:
    n = attrs["n"]
    assert isinstance(n, int)
    return n


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "elapse_sat" if node.attrs["flat"] else "elapse"
