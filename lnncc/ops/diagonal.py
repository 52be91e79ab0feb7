"""diagonal: acc + c · x elementwise, one coefficient an element; chained for linear combinations of several vectors."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, interval
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE = True
WIDE_INPUTS = (0,)
IN_PLACE = (0,)
BY_ROW = (0, 1, 2, 3)


def reference(attrs: Mapping[str, Attr], acc: Array, x: Array, c: Array) -> Array:
    return acc + c * x


def span(attrs: Mapping[str, Attr], acc: Interval, x: Interval, c: Interval) -> Interval:
    return interval.add(acc, interval.multiply(c, x))


def tube(attrs: Mapping[str, Attr], acc: Tube, x: Tube, c: Tube) -> Tube:
    return Tube(span(attrs, acc.span, x.span, c.span), acc.error + np.abs(c.span.low) * x.error)


def quantise(node: Node, q: Quantiser) -> None:
    acc, x, c = node.inputs
    coefficients, target = q.floats(c), q.format(node.outputs[0])
    biggest = np.maximum(np.abs(coefficients), 2.0**-14)
    frac = np.floor(np.log2(32767.5 / biggest)).astype(np.int64)
    shift = frac + q.format(x).frac - target.frac
    frac = frac - np.minimum(shift, 0) - np.maximum(shift - fx.MOST_SHIFT, 0)  # as in ``affine``
    shift = np.clip(shift, 0, fx.MOST_SHIFT)
    exact = coefficients * np.exp2(frac)
    q.fits(node.outputs[0], "its coefficients", float(np.abs(exact).max(initial=0.0)), 32767.5)
    ints = np.rint(exact).astype(np.int64)
    constants = (
        q.constant(ints, Format(16, 0), label="coefficients", error=np.abs(ints - exact)),
        q.constant(shift, Format(8, 0), label="shifts", error=0),
    )
    q.emit("diagonal", (q.accumulator(acc, target), x, *constants), node.outputs[0], target, {"n": len(ints)})


def evaluate(attrs: Mapping[str, Attr], acc: Carrier, x: Carrier, c: Array, shift: Array) -> Carrier:
    return fx.add(acc, fx.rshift(fx.mul(c, x), shift))
