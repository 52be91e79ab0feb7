"""fetch: constants as values; written by the planner alone, for machines with a memory of their own for constants."""

from collections.abc import Mapping

from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Node


def reference(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x


def span(attrs: Mapping[str, Attr], x: Interval) -> Interval:
    return x


def evaluate(attrs: Mapping[str, Attr], x: Carrier) -> Carrier:
    return x


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    return "fetch" if bits[node.inputs[0]] == 32 else "fetch_s16"
