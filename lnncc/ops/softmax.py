"""softmax: e^x / Σ e^x over groups of equally many neighbours: heads of classifiers, attention, scales of a CT-GRU.

Each group's largest element is subtracted first, so that the exponentials lie in [0, 1] and one of them is 1. The
divisor is never less than that one, which makes every quotient provably at most 1, whatever the table's error.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import choices, expr, fx, lut
from lnncc.expr import VAR, Expr
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node
from lnncc.ops.argmax import FARTHEST, count, picks
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE_INPUTS = (0,)
NEGATED: Expr = ("min", ("exp", ("neg", VAR)), expr.const(1.0))
INTERVALS = 256
REACH = 16.0  # where e^-x has long been nothing


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    grouped = x.reshape(*x.shape[:-1], -1, count(attrs))
    raised = np.exp(grouped - grouped.max(axis=-1, keepdims=True))
    return (raised / raised.sum(axis=-1, keepdims=True)).reshape(x.shape)


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    return Interval(np.zeros(x.shape), np.ones(x.shape))


def tube(attrs: Mapping[str, Attr], x: Tube) -> Tube:
    """The slopes are y (1 - y) of an element and -y y' of the others: at most 1/4 each, and 1/2 in all."""
    worst = x.error.reshape(-1, count(attrs)).max(axis=1)
    return Tube(span(attrs, x.span), np.minimum(np.repeat(worst, count(attrs)) / 2, 1.0))


def quantise(node: Node, q: Quantiser) -> None:
    [x], [out] = node.inputs, node.outputs
    size, n = q.size(x), count(node.attrs)
    top = min(32767, 65535 // n)
    function: Expr = ("mul", expr.const(top / 32768), NEGATED)
    reach, size_of_table = Interval(np.zeros(1), np.full(1, REACH)), choices.Table("linear", INTERVALS)
    table = lut.build(function, q.format(x).frac, Format(16, 15), reach, size_of_table)
    groups, whole = size // n, Format(16, 0)
    constants = (
        q.constant(picks(groups, n), whole, label="elements of each group", error=0),
        q.constant(np.repeat(np.arange(groups), n), whole, label="group of each element", error=0),
        q.constant(table.nodes, Format(16, 15), label=table.label, error=table.deviation, function=True),
        q.constant(np.full(groups, top), Format(32, 0), label="e^0", error=0),
        q.constant(np.zeros(groups, np.int64), Format(32, 0), label="nothing", error=0),
        q.constant(np.full(groups, n), whole, label="elements in each group", error=0),
        q.constant(np.full(size, 1 << q.format(out).frac), whole, label="1", error=0),
    )
    place: dict[str, Attr] = {"low": table.low, "top": table.top, "shift": table.shift}
    attrs: dict[str, Attr] = {**place, "least": 0, "most": FARTHEST, "groups": groups, "count": n}
    q.emit("softmax", (x, *constants), out, q.format(out), attrs)


def evaluate(
    attrs: Mapping[str, Attr],
    x: Carrier,
    where: Array,
    owner: Array,
    nodes: Array,
    top: Array,
    nothing: Array,
    counts: Array,
    one: Array,
) -> Carrier:
    best = fx.take(x, fx.column(where, 0))
    for k in range(1, count(attrs)):
        best = fx.add(best, fx.clip(fx.sub(fx.take(x, fx.column(where, k)), best), 0, FARTHEST))
    raised = lut.read({**attrs, "kind": "linear"}, nodes, fx.sub(fx.take(best, owner), x))
    total = fx.segment_sum(nothing, raised, counts)
    divisor = fx.add(top, fx.clip(fx.sub(total, top), 0, FARTHEST))
    return fx.div(fx.mul(raised, one), fx.take(divisor, owner))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "softmax" if bits[node.inputs[0]] == 32 else "softmax_s16"
