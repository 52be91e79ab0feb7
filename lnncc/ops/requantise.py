"""requantise: a wide value rounded to 16 bits; it saturates, counted, unless the proof says that it cannot."""

from collections.abc import Mapping

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE_INPUTS = (0,)
BY_ROW = (0,)


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    return x


def tube(attrs: Mapping[str, Attr], x: Tube) -> Tube:
    return x


def quantise(node: Node, q: Quantiser) -> None:
    source, target = q.format(node.inputs[0]), q.format(node.outputs[0])
    attrs: dict[str, Attr] = {
        "shift": source.frac - target.frac,
        "n": q.size(node.outputs[0]),
        "saturates": True,
    }
    q.emit("requantise", node.inputs, node.outputs[0], target, attrs)


def evaluate(attrs: Mapping[str, Attr], x: Carrier) -> Carrier:
    shift = attrs["shift"]
    assert isinstance(shift, int)
    store = fx.sat16 if attrs["saturates"] else fx.narrow
    return store(fx.rshift(x, shift))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "requantise_sat" if node.attrs["saturates"] else "requantise"
