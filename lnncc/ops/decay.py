"""decay: f · e^(-dt (c + |f|)), the closed form that a CfC in the mode "pure" moves by, at a run-time dt.

As one op, because its bound is known: u·e^(-dt u) is nowhere above 1 / (e dt), however large f may be. The result is
clipped a little above, where it never is: so the proof, which sees intervals only, knows the bound too.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx, lut
from lnncc.expr import VAR, Expr
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.ops import elapse
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE = True
WIDE_INPUTS = (0, 1, 2)
IN_PLACE = (0,)
TABLES = lut.KINDS
FALLING: Expr = ("exp", ("neg", VAR))
EXPONENT = Format(32, 16)
MARGIN = 1 + 2.0**-7  # above the bound, for what the table and the roundings may add to the peak


def reference(attrs: Mapping[str, Attr], f: Array, c: Array, dt: Array) -> Array:
    return f * np.exp(-dt * (c + np.abs(f)))


def span(attrs: Mapping[str, Attr], f: Interval, c: Interval, dt: Interval) -> Interval:
    """The shortest dt gives the highest peak, at |f| = 1 / dt."""
    peak = np.minimum(f.magnitude, 1 / dt.low)
    bound = float((peak * np.exp(-dt.low * (c.low + peak))).max()) * MARGIN
    return Interval(np.full(f.shape, -bound), np.full(f.shape, bound))


def tube(attrs: Mapping[str, Attr], f: Tube, c: Tube, dt: Tube) -> Tube:
    """The slopes are (1 - y)·e^-y·e^(-dt c) of f, y = dt·|f|, and -f (c + |f|)·e^(-dt (c + |f|)) of dt; c is known."""
    low, high = dt.span.low * _least(f.span), dt.span.high * f.span.magnitude
    slope = np.maximum.reduce([np.abs(1 - y) * np.exp(-y) for y in (low, high, np.clip(2.0, low, high))])
    most = np.maximum(*(np.exp(-end * c.span.low) for end in (dt.span.low, dt.span.high)))
    fall = f.span.magnitude * (c.span.magnitude + f.span.magnitude)
    return Tube(span(attrs, f.span, c.span, dt.span), most * (slope * f.error + fall * dt.error))


def _least(x: Interval) -> Array:
    """The least magnitude."""
    return np.maximum(np.maximum(x.low, -x.high), 0.0)


def quantise(node: Node, q: Quantiser) -> None:
    f, c, dt = node.inputs
    source, target = q.format(f), q.format(node.outputs[0])
    reach = Interval(np.zeros(1), np.full(1, elapse.LIMIT * 2.0**-EXPONENT.frac))
    table = lut.build(FALLING, EXPONENT.frac, Format(16, 15), reach, q.choice(node).table)
    most = q.within(node, "its peak", q.span(node.outputs[0]))
    limit = int(float(most.magnitude.max()) * 2.0**target.frac)
    attrs: dict[str, Attr] = {
        "left": 31 + EXPONENT.frac - source.frac - q.format(dt).frac,  # less the norm of dt
        "low": table.low,
        "top": table.top,
        "shift": table.shift,
        "kind": table.kind,
        "down": source.frac - target.frac,
        "least": -limit,
        "most": limit,
        "n": q.size(node.outputs[0]),
    }
    constants = (
        q.accumulator(c, source),
        q.constant(table.nodes, Format(16, 15), label=table.label, error=_deviation(table), function=True),
    )
    q.emit("decay", (f, constants[0], dt, constants[1]), node.outputs[0], target, attrs)


def _deviation(table: lut.Table) -> Array:
    """No exponent is below 0, where the nodes would saturate; at 0 they are a unit below 1."""
    error, *others = table.deviation
    return np.array([min(error, table.unsaturated + lut.UNTRIED + 1), *others])


def evaluate(attrs: Mapping[str, Attr], f: Carrier, c: Carrier, dt: Carrier, nodes: Array) -> Carrier:
    down, least, most = attrs["down"], attrs["least"], attrs["most"]
    assert isinstance(down, int) and isinstance(least, int) and isinstance(most, int)
    exponent = fx.sat_shift(*elapse.scaled(attrs, fx.add(fx.abs(f), c), dt), elapse.LIMIT)
    left = lut.read(attrs, nodes, exponent)
    return fx.clip(fx.rshift(fx.scale16(f, fx.add(left, left)), down), least, most)


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return lut.kernel("decay", node.attrs)
