"""ramp: d plus the part of x between two ends: the straight tails of silu, gelu and softplus beside their table.

Far from zero such a function is x on one side or both and 0 on the other, and its difference to that ramp is flat: a
small table holds it, where the function itself would need one as wide as its input.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, interval
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE_INPUTS = (1,)
IN_PLACE = (0,)
BY_ROW = (0, 1)


def reference(attrs: Mapping[str, Attr], d: Array, x: Array) -> Array:
    return d + np.clip(x, *_ends(attrs))


def span(attrs: Mapping[str, Attr], d: Interval, x: Interval) -> Interval:
    return interval.add(d, Interval(np.clip(x.low, *_ends(attrs)), np.clip(x.high, *_ends(attrs))))


def tube(attrs: Mapping[str, Attr], d: Tube, x: Tube) -> Tube:
    return Tube(span(attrs, d.span, x.span), d.error + x.error)


def quantise(node: Node, q: Quantiser) -> None:
    """A narrow x of fewer fraction bits than the result is brought to its format first."""
    d, x = node.inputs
    target = q.format(node.outputs[0])
    if q.format(x).frac < target.frac:
        assert q.format(x).bits == 16, "formats gives a ramp no more fraction bits than its wide input"
        x = q.aligned(x, target)
    shift = q.format(x).frac - target.frac
    most = 1 << min(15 + shift, 30)  # saturates the result all the same, and leaves room for rounding
    left, right = (most if straight else 0 for straight in (node.attrs["left"], node.attrs["right"]))
    attrs: dict[str, Attr] = {"low": -left, "high": right, "shift": shift, "saturates": True, "n": q.size(d)}
    q.emit("ramp", (q.aligned(d, target), x), node.outputs[0], target, attrs)


def evaluate(attrs: Mapping[str, Attr], d: Carrier, x: Carrier) -> Carrier:
    low, high, shift = attrs["low"], attrs["high"], attrs["shift"]
    assert isinstance(low, int) and isinstance(high, int) and isinstance(shift, int)
    store = fx.sat16 if attrs["saturates"] else fx.narrow
    return store(fx.add(d, fx.rshift(fx.clip(x, low, high), shift)))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    wide = "" if bits[node.inputs[1]] == 32 else "_s16"
    return f"ramp{wide}{'_sat' if node.attrs['saturates'] else ''}"


def _ends(attrs: Mapping[str, Attr]) -> tuple[float, float]:
    """``left`` and ``right`` say on which sides of zero x itself is the tail."""
    return -np.inf if attrs["left"] else 0.0, np.inf if attrs["right"] else 0.0
