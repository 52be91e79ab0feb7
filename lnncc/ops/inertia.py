"""inertia: c / dt, the weight with which a potential holds on to itself over an elapsed time that each step is told.

1 / dt spans the whole range of dt, a sum of 16 bits cannot. But the unit of the conductances cancels in the quotient
that they are summed for, so it may follow dt: where dt is short, all other conductances of a destination are shifted
right by k. The integer result is the pair (weight, k) of each destination. Both follow from the leading bits of dt and
their exponent, without a division.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.ops.elapse import count
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE = True
WIDE_INPUTS = (0,)
INVERSE_BITS = 14  # of 2**16 / mantissa, which lies between 1 and 2
INTERVALS = 256
SHIFT = 7  # from node to node, of a mantissa without its leading one
LEADING = 1 << 15
HEAVIEST = 65535
MOST_SHIFTED = 15  # a conductance of 31 bits is then shifted by 30 in all


def reference(attrs: Mapping[str, Attr], dt: Array, c: Array) -> Array:
    return c / dt


def span(attrs: Mapping[str, Attr], dt: Interval, c: Interval) -> Interval:
    return Interval(c.low / dt.high, c.high / dt.low)


def tube(attrs: Mapping[str, Attr], dt: Tube, c: Tube) -> Tube:
    return Tube(span(attrs, dt.span, c.span), c.span.magnitude * dt.error / dt.span.low**2)


def quantise(node: Node, q: Quantiser) -> None:
    """Each weight is m · (2**16 / mantissa of dt) >> s, and >> n0 - norm too where that is positive."""
    dt, c = node.inputs
    turn = q.turn(node)  # n0: the norm of dt from which on k counts
    weight = q.floats(c) * q.scale(node) * 2.0 ** (turn + q.format(dt).frac - 31)
    spare = 14 - np.floor(np.log2(np.maximum(weight, 2.0**-30))).astype(np.int64)
    spare = np.minimum(spare, 30 - INVERSE_BITS)
    exact = weight * 2.0**spare
    ints = np.minimum(np.rint(exact), 32767).astype(np.int64)
    record, off = np.stack((ints, INVERSE_BITS + spare, turn), axis=-1), np.zeros((len(ints), 3))
    off[:, 0] = np.abs(ints - exact)
    nodes = _inverse()
    constants = (
        q.constant(record, Format(16, 0), label="inertia, its shift, turning point", error=off),
        q.constant(nodes, Format(16, INVERSE_BITS), label="2^16 / (2^15 + x)", error=_deviation(nodes), function=True),
    )
    n = q.size(node.outputs[0])
    q.emit("inertia", (dt, *constants), node.outputs[0], Format(32, 0), {"n": n}, (n, 2))


def _inverse() -> Array:
    """The table rounds down between nodes: they lie a quarter above."""
    exact = 2.0 ** (INVERSE_BITS + 1) / (1 + np.arange(INTERVALS + 1) / INTERVALS)
    return np.minimum(np.rint(exact + 0.25), 32767).astype(np.int64)


def _deviation(nodes: Array) -> Array:
    """That of all inputs, the steepest slope, and nothing beyond the ends, where no input is: see ``lut.Table``."""
    x = np.arange(LEADING)
    found = fx.lookup(nodes, x, 0, SHIFT)
    assert isinstance(found, np.ndarray)
    return np.array([np.abs(found - 2.0 ** (INVERSE_BITS + 16) / (LEADING + x)).max(), 1.0, 0.0, 0.0])


def evaluate(attrs: Mapping[str, Attr], dt: Carrier, record: Array, nodes: Array) -> Carrier:
    m, shift, turn = (fx.column(record, k) for k in range(3))
    norm, leading = (fx.repeat(x, count(attrs)) for x in (fx.norm(dt), fx.mantissa(dt)))
    inverse = fx.lookup(nodes, fx.sub(leading, np.array(LEADING)), 0, SHIFT)
    until = fx.sub(turn, norm)
    later, before = fx.clip(until, 0, fx.MOST_SHIFT), fx.clip(until, -MOST_SHIFTED, 0)
    weight = fx.rshift(fx.mul(m, inverse), fx.clip(fx.add(shift, later), 0, fx.MOST_SHIFT))
    return fx.stack(fx.clip(weight, 1, HEAVIEST), fx.sub(np.array(0), before))
