"""table: a function of one variable, interpolated between evenly spaced nodes or read as it is; flat beyond them."""

from collections.abc import Mapping

import numpy as np

from lnncc import enclose, expr, lut
from lnncc.expr import Expr
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node, Value
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE_INPUTS = (0,)
TABLES = lut.KINDS
BY_ROW = (0,)


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    return expr.evaluate(_expr(attrs), x)


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    low, high = expr.span(_expr(attrs), float(x.low.min()), float(x.high.max()))
    return Interval(np.full(x.shape, low), np.full(x.shape, high))


def tube(attrs: Mapping[str, Attr], x: Tube) -> Tube:
    found = enclose.over(_expr(attrs), x.span)
    return Tube(found.value, found.slope.magnitude * x.error)


def quantise(node: Node, q: Quantiser) -> None:
    source, target = q.format(node.inputs[0]), q.format(node.outputs[0])
    function, reach = _expr(node.attrs), q.span(node.inputs[0])
    flat = lut.is_flat(function, target)
    span = q.flat(reach) if flat else q.within(node, "what its function reads", reach)
    table = lut.build(function, source.frac, target, span, q.choice(node).table)
    nodes = q.constant(table.nodes, Format(16, target.frac), label=table.label, error=table.deviation, function=True)
    attrs: dict[str, Attr] = {
        "low": table.low,
        "top": table.top,
        "shift": table.shift,
        "kind": table.kind,
        "n": q.size(node.outputs[0]),
    }
    q.emit("table", (node.inputs[0], nodes), node.outputs[0], target, attrs)


def evaluate(attrs: Mapping[str, Attr], x: Carrier, nodes: Array) -> Carrier:
    return lut.read(attrs, nodes, x)


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    width = "" if bits[node.inputs[0]] == 32 else "_s16"
    return lut.kernel("table", node.attrs) + width


def _expr(attrs: Mapping[str, Attr]) -> Expr:
    value = attrs["expr"]
    assert isinstance(value, tuple)
    return value


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    return {lut.kernel("lookup", node.attrs): values[node.outputs[0]].size}
