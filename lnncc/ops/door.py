"""door: an input clamped to its declared range, counted; behind it every proof may rely on that range."""

from collections.abc import Mapping

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    return x


def tube(attrs: Mapping[str, Attr], x: Tube) -> Tube:
    return x


def quantise(node: Node, q: Quantiser) -> None:
    """A range as wide as the format needs no door."""
    low, high = q.door(node.inputs[0])
    if (low, high) == fx.INT16:
        whole: dict[str, Attr] = {"start": 0, "n": q.size(node.outputs[0])}
        q.emit("slice", node.inputs, node.outputs[0], q.format(node.outputs[0]), whole)
        return
    attrs: dict[str, Attr] = {"low": low, "high": high, "n": q.size(node.outputs[0])}
    q.emit("door", node.inputs, node.outputs[0], q.format(node.outputs[0]), attrs)


def evaluate(attrs: Mapping[str, Attr], x: Carrier) -> Carrier:
    low, high = attrs["low"], attrs["high"]
    assert isinstance(low, int)
    assert isinstance(high, int)
    return fx.clip(x, low, high)


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    """The elapsed time has 32 bits."""
    return "door" if bits[node.inputs[0]] == 16 else "door_s32"
