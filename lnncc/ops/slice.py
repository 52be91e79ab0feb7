"""slice: ``n`` elements of a vector from ``start``; a view, no code."""

from collections.abc import Mapping

from lnncc.interval import Interval
from lnncc.ir import Array, Attr

Anything = Array | Interval


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x[..., _range(attrs)]


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    return x[_range(attrs)]


def evaluate(attrs: Mapping[str, Attr], x: Anything) -> Anything:
    return x[..., _range(attrs)]


def _range(attrs: Mapping[str, Attr]) -> slice:
    start, n = attrs["start"], attrs["n"]
    assert isinstance(start, int)
    assert isinstance(n, int)
    return slice(start, start + n)
