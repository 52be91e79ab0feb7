"""multiply: a · b elementwise, rounded and saturated to 16 bits."""

from collections.abc import Mapping

from lnncc import fx, interval
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

IN_PLACE = (0, 1)
BY_ROW = (0, 1)


def reference(attrs: Mapping[str, Attr], a: Array, b: Array) -> Array:
    return a * b


def span(attrs: Mapping[str, Attr], a: Interval, b: Interval) -> Interval:
    return interval.multiply(a, b)


def tube(attrs: Mapping[str, Attr], a: Tube, b: Tube) -> Tube:
    """âb̂ - ab = â·(b̂ - b) + (â - a)·b."""
    return Tube(span(attrs, a.span, b.span), a.span.magnitude * b.error + a.error * b.span.magnitude)


def quantise(node: Node, q: Quantiser) -> None:
    a, b = node.inputs
    target = q.format(node.outputs[0])
    attrs: dict[str, Attr] = {"shift": q.format(a).frac + q.format(b).frac - target.frac}
    q.emit("multiply", (a, b), node.outputs[0], target, attrs | {"n": q.size(node.outputs[0]), "saturates": True})


def evaluate(attrs: Mapping[str, Attr], a: Carrier, b: Carrier) -> Carrier:
    shift = attrs["shift"]
    assert isinstance(shift, int)
    store = fx.sat16 if attrs["saturates"] else fx.narrow
    return store(fx.rshift(fx.mul(a, b), shift))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "multiply_sat" if node.attrs["saturates"] else "multiply"
