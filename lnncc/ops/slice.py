"""slice: ``n`` elements of a vector from ``start``; a view, no code."""

from collections.abc import Mapping

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node, Value
from lnncc.tube import Tube


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    start, n = _range(attrs)
    return x[..., start : start + n]


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    start, n = _range(attrs)
    return x[start : start + n]


def tube(attrs: Mapping[str, Attr], x: Tube) -> Tube:
    start, n = _range(attrs)
    return x.moved(lambda v: v[start : start + n])


def evaluate(attrs: Mapping[str, Attr], x: Carrier) -> Carrier:
    return fx.part(x, *_range(attrs))


def _range(attrs: Mapping[str, Attr]) -> tuple[int, int]:
    start, n = attrs["start"], attrs["n"]
    assert isinstance(start, int)
    assert isinstance(n, int)
    return start, n


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    """A view: nothing is done."""
    return {}
