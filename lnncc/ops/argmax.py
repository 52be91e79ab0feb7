"""argmax: for each group of equally many neighbours the number of its largest element, the first of equals."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE_INPUTS = (0,)
FARTHEST = 1 << 30  # what one element may be above another
NUMBERS: Mapping[str, Attr] = {"least": 0, "most": FARTHEST, "low": 0, "shift": 0, "left": 1}  # of the words below
TRUTH = (0, 1)  # whether a difference that is not negative is one


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    """As in NumPy and JAX."""
    return np.argmax(x.reshape(*x.shape[:-1], -1, count(attrs)), axis=-1).astype(np.float64)


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    """From the first to the last element that may be the largest."""
    low, high = (end.reshape(-1, count(attrs)) for end in (x.low, x.high))
    may = high >= low.max(axis=1, keepdims=True)
    last = count(attrs) - 1 - np.argmax(may[:, ::-1], axis=1)
    return Interval(np.argmax(may, axis=1).astype(np.float64), last.astype(np.float64))


def tube(attrs: Mapping[str, Attr], x: Tube) -> Tube:
    """Where two runs differ at all, each may choose any element that may be the largest."""
    found = span(attrs, x.span)
    same = (x.error.reshape(-1, count(attrs)) == 0).all(axis=1)
    return Tube(found, np.where(same, 0.0, found.high - found.low))


def quantise(node: Node, q: Quantiser) -> None:
    """``formats`` gives the result no fraction bits unless it shares them with something else."""
    [x], [out] = node.inputs, node.outputs
    n, whole = count(node.attrs), Format(16, 0)
    groups = q.size(x) // n
    constants = (
        q.constant(picks(groups, n), whole, label="elements of each group", error=0),
        q.constant(np.tile(np.arange(n) << q.format(out).frac, (groups, 1)), whole, label="their numbers", error=0),
        q.constant(np.array(TRUTH), whole, label="x > 0", error=np.array([0.0, np.inf, 0.0, 0.0]), function=True),
    )
    attrs: dict[str, Attr] = {**NUMBERS, "groups": groups, "count": n}
    q.emit("argmax", (x, *constants), out, q.format(out), attrs)


def picks(groups: int, n: int) -> Array:
    """(groups, n): where the elements of each group stand."""
    return np.arange(groups * n, dtype=np.int64).reshape(groups, n)


def evaluate(attrs: Mapping[str, Attr], x: Carrier, where: Array, numbers: Array, truth: Array) -> Carrier:
    """The number moves to k by the weight g of 0 or 1: by the lemma of means it stays among those there are."""
    best, found = fx.take(x, fx.column(where, 0)), fx.column(numbers, 0)
    for k in range(1, count(attrs)):
        more = fx.clip(fx.sub(fx.take(x, fx.column(where, k)), best), 0, FARTHEST)
        best, g = fx.add(best, more), fx.direct(truth, more, 0, 0)
        moved = fx.mac(fx.mul(found, fx.sub(np.array(1), g)), fx.column(numbers, k), g)
        found = fx.rshift(moved, 0)
    return found


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "argmax" if bits[node.inputs[0]] == 32 else "argmax_s16"


def count(attrs: Mapping[str, Attr]) -> int:
    n = attrs["count"]
    assert isinstance(n, int)
    return n
