"""table: a function of one variable, by linear interpolation between evenly spaced nodes, flat beyond them."""

from collections.abc import Mapping

import numpy as np

from lnncc import expr, fx, lut
from lnncc.expr import Expr
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.quantiser import Quantiser

WIDE_INPUTS = (0,)
TABLES = ("linear",)


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    return expr.evaluate(_expr(attrs), x)


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    low, high = expr.span(_expr(attrs), float(x.low.min()), float(x.high.max()))
    return Interval(np.full(x.shape, low), np.full(x.shape, high))


def quantise(node: Node, q: Quantiser) -> None:
    source, target = q.format(node.inputs[0]), q.format(node.outputs[0])
    table = lut.build(_expr(node.attrs), source.frac, target, q.span(node.inputs[0]), q.choice(node).table.intervals)
    nodes = q.constant(table.nodes, Format(16, target.frac), label=table.label)
    attrs: dict[str, Attr] = {
        "low": table.low,
        "top": table.top,
        "shift": table.shift,
        "n": q.size(node.outputs[0]),
    }
    q.emit("table", (node.inputs[0], nodes), node.outputs[0], target, attrs)


def evaluate(attrs: Mapping[str, Attr], x: Carrier, nodes: Array) -> Carrier:
    low, shift = attrs["low"], attrs["shift"]
    assert isinstance(low, int)
    assert isinstance(shift, int)
    return fx.lookup(nodes, x, low, shift)


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "table" if bits[node.inputs[0]] == 32 else "table_s16"


def _expr(attrs: Mapping[str, Attr]) -> Expr:
    value = attrs["expr"]
    assert isinstance(value, tuple)
    return value
