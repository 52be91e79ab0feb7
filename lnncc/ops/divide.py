"""divide: n / d or n / √d for a d above zero: norms, and whatever division is no weighted mean.

1 / d spans too many octaves for a table of 16 bits, but each of its octaves is the one before at half the height. So
one table of one octave (two for the root) serves all: it holds what the function falls by, is read once in each
octave's place, flat beyond its ends, and what it says of the octaves from d on adds up to the function at d.
"""

import math
from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.errors import LnnccError
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE_INPUTS = (1,)
IN_PLACE = (0,)
UNBOUNDED = True  # no range follows from those of the operands where d may be small
BASE = 64  # the d, in raw units, from which on the function is told apart; also the intervals of an octave
PEAK_BITS = 15  # of the table's first node: half of the function at the start of an octave, times 2 at most
GUARD = 4  # bits that the octaves are added up with, and that are rounded off at the end


def reference(attrs: Mapping[str, Attr], n: Array, d: Array, owner: Array) -> Array:
    return n * _power(attrs, d[..., owner.astype(int)])


def span(attrs: Mapping[str, Attr], n: Interval, d: Interval, owner: Interval) -> Interval:
    """Without end where d may be zero or less: ``ranges`` refuses it then."""
    index = owner.low.astype(int)
    with np.errstate(all="ignore"):
        scale = np.where(d.low > 0, _power(attrs, d.low), np.inf)[index]
        least = _power(attrs, d.high)[index]
    corners = [end * by for end in (n.low, n.high) for by in (scale, least)]
    corners = [np.where(np.isnan(c), 0.0, c) for c in corners]
    return Interval(np.minimum.reduce(corners), np.maximum.reduce(corners))


def tube(attrs: Mapping[str, Attr], n: Tube, d: Tube, owner: Tube) -> Tube:
    """|n̂ f(d̂) - n f(d)| <= |n̂ - n| f(least d) + |n| · |f'(least d)| · |d̂ - d|."""
    index = owner.span.low.astype(int)
    least, away = d.span.low[index], d.error[index]
    falls = 0.5 * least**-1.5 if attrs["root"] else least**-2.0
    error = n.error * _power(attrs, least) + n.span.magnitude * falls * away
    return Tube(span(attrs, n.span, d.span, owner.span), error)


def _power(attrs: Mapping[str, Attr], d: Array) -> Array:
    return 1 / np.sqrt(d) if attrs["root"] else 1 / d


def quantise(node: Node, q: Quantiser) -> None:
    n, d, owner = node.inputs
    target, places, octaves = q.format(node.outputs[0]), q.format(d), 2 if node.attrs["root"] else 1
    mantissa, exponent = math.frexp(float(_power(node.attrs, np.array(BASE * 2.0**-places.frac))))
    falls, error = nodes(octaves, 2 * mantissa)
    if float(q.span(d).low.min()) * 2.0**places.frac < BASE:
        error[2] = np.inf  # below the first octave the function goes on rising, and the table does not
    right = PEAK_BITS + q.format(n).frac - target.frac - (exponent - 1) - GUARD
    octaves_above = max(math.ceil(math.log2(max(float(q.reach(d).max()) / BASE, 2.0)) / octaves), 1)
    steps = q.settled(node, "octaves", octaves_above)
    q.fits(node.outputs[0], "its divisor", 2.0 ** (octaves * octaves_above), 2.0 ** (octaves * steps))
    first, last = max(0, -right), min(steps, fx.MOST_SHIFT - right)
    if last < 1:
        raise _vanishing(node.outputs[0])
    first = min(first, last - 1)
    right = max(right, -first)
    count = q.size(node.outputs[0])
    constants = (
        q.constant(falls, Format(16, 0), label="what an octave falls by", error=error, function=True),
        q.constant(np.full(count, falls[0]), Format(16, 0), label="what is left after the last", error=0),
        q.constant(q.floats(owner).astype(np.int64), Format(16, 0), label="divisor of each element", error=0),
    )
    attrs: dict[str, Attr] = {
        "octaves": octaves,
        "first": BASE << octaves * first,
        "step": octaves * first,
        "right": right + first,
        "guard": GUARD,
        "steps": last - first,
        "intervals": len(falls) - 1,
        "count": count,
        "saturates": True,
    }
    q.emit("divide", (n, d, *constants), node.outputs[0], target, attrs)


def _vanishing(name: str) -> LnnccError:
    return LnnccError(
        "E0308",
        f"the quotient `{name}` is so small that no shift of an integer reaches its format",
        notes=("what it is divided by is far larger than anything else in the model",),
        helps=("is --dt given in the units of training?", "if it is, report the model"),
    )


def nodes(octaves: int, height: float) -> tuple[Array, Array]:
    """(the nodes and one more zero, so that the end is flat; error, slope and tails as of the nodes of any table)."""
    u = 1 + np.arange(BASE * (2**octaves - 1) + 1) / BASE
    exact = height * 2.0**PEAK_BITS * (u ** (-1.0 / octaves) - 0.5)
    rounded = np.minimum(np.rint(exact), fx.INT16[1]).astype(np.int64)
    curve = height * 2.0**PEAK_BITS * (2.0 if octaves == 1 else 0.75) / BASE**2 / 8
    error, slope = curve + 1.5, height * 2.0**PEAK_BITS / octaves / BASE
    return np.append(rounded, 0), np.array([error, slope, error, error])


def evaluate(attrs: Mapping[str, Attr], n: Carrier, d: Carrier, nodes: Array, rest: Array, owner: Array) -> Carrier:
    octaves, first, step, right = (_int(attrs, key) for key in ("octaves", "first", "step", "right"))
    total, steps = None, _int(attrs, "steps")
    for k in range(steps):
        fall = fx.take(fx.lookup(nodes, d, first << octaves * k, step + octaves * k), owner)
        fall = fx.add(fall, rest) if k == steps - 1 else fall
        part = fx.rshift(fx.mul(n, fall), right + k)
        total = part if total is None else fx.add(total, part)
    assert total is not None
    store = fx.sat16 if attrs["saturates"] else fx.narrow
    return store(fx.rshift(total, GUARD))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "divide_sat" if node.attrs["saturates"] else "divide"


def _int(attrs: Mapping[str, Attr], key: str) -> int:
    value = attrs[key]
    assert isinstance(value, int)
    return value
