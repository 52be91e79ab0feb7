"""blend: a + t · (b - a) with t in [0, 1]: the gate of a CfC. The result lies between a and b, exactly."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, interval
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

IN_PLACE = (0, 1, 2)
BY_ROW = (0, 1, 2)
ONE = 1 << 15  # t is Q0.15; it never reaches ONE, which leaves a with weight 1 - t > 0


def reference(attrs: Mapping[str, Attr], a: Array, b: Array, t: Array) -> Array:
    return a + t * (b - a)


def span(attrs: Mapping[str, Attr], a: Interval, b: Interval, t: Interval) -> Interval:
    return interval.join(a, b)


def tube(attrs: Mapping[str, Attr], a: Tube, b: Tube, t: Tube) -> Tube:
    """The slopes are 1 - t, t and b - a: the first two share t, and their sum is largest at one of its ends."""
    mixed = np.maximum(*((1 - end) * a.error + end * b.error for end in (t.span.low, t.span.high)))
    apart = np.maximum(np.abs(b.span.high - a.span.low), np.abs(b.span.low - a.span.high))
    corners = [reference(attrs, x, y, end) for x in _ends(a) for y in _ends(b) for end in _ends(t)]
    return Tube(Interval(np.min(corners, axis=0), np.max(corners, axis=0)), mixed + apart * t.error)


def _ends(x: Tube) -> tuple[Array, Array]:
    return x.span.low, x.span.high


def quantise(node: Node, q: Quantiser) -> None:
    a, b, t = node.inputs
    target = q.format(node.outputs[0])
    aligned = q.aligned(a, target), q.aligned(b, target)
    q.emit(
        "blend",
        (*aligned, q.aligned(t, Format(16, 15))),
        node.outputs[0],
        target,
        {"n": q.size(node.outputs[0])},
    )


def evaluate(attrs: Mapping[str, Attr], a: Carrier, b: Carrier, t: Carrier) -> Carrier:
    """The weights ``rest`` and t are not negative and add up to 2**15: by the lemma of means y is between a and b."""
    rest = fx.sub(np.array(ONE), t)
    return fx.rshift(fx.mac(fx.mul(a, rest), b, t), 15)
