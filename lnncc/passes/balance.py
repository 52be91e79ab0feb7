"""balance: fraction bits that what a matrix multiplies gives up for its weights.

The sum of a row's products has to fit an accumulator in the worst case. Where rows are long that leaves weights less
than they could store: of 288 weights of 0.1 beside states of 15 bits, 12 to 14. The error of a row in units of its
size,

    Σ (δw·x)² + Σ (w·δx)²  with δ a unit of either,

is then mostly that of the weights. A bit fewer for x halves δw and doubles δx, and costs nothing at run time: x only
has another format from where it is made. It is given where the mean of the squares falls to less than a third.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

import numpy as np

from lnncc.interval import Interval
from lnncc.ir import Array, Format, Graph, Node
from lnncc.ops import affine

MOST = 3  # bits given up
WORTH = 3.0  # by which the mean square has to fall for a bit, of 4 at most: what x rounds is the same in all rows
NARROW = 7.5  # the largest weight of 4 bits
TYPICAL = 0.5  # of the largest magnitude: what an element is taken to have in RMS where no recording tells


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """A matrix and what it multiplies: ``reach`` its largest magnitudes, ``power`` its mean squares."""

    weights: Array
    reach: Array
    power: Array
    target: int  # fraction bits of the sum

    def storable(self, frac: int) -> bool:
        """Whether narrow weights, should they be chosen, would not need a shift to the left."""
        return float(np.abs(self.weights).max(initial=0.0)) * 2.0 ** (self.target - frac) < NARROW

    def error(self, frac: int) -> float:
        """Mean square of the result's error, as a part of its size, where x has ``frac`` fraction bits."""
        raw = np.minimum(np.ceil(self.reach * 2.0**frac) + 1, 2.0**15)
        units = affine.units(self.weights, raw, frac - self.target)
        square = self.weights**2
        size = float((square @ self.power).sum())
        found = float((units**2 @ self.power).sum()) + float(square.sum()) * 4.0**-frac
        return found / size if size > 0 else 0.0


def balance(
    graph: Graph,
    members: Sequence[Sequence[str]],
    chosen: Mapping[str, Format],
    spans: Mapping[str, Interval],
    moments: Mapping[str, Array],
) -> dict[str, int]:
    """By value, how many bits it gives up, for all that share its format; ``members`` are those that do.

    A value that anything but a matrix reads, or that is an output, keeps what it has.
    """
    kept = {p.value for p in graph.outputs} | {p.value for p in graph.inputs}
    given: dict[str, int] = {}
    for group in members:
        if chosen[group[0]].bits == 16 and not kept & set(group):
            products = _products(graph, set(group), chosen, spans, moments)
            if products:
                given |= dict.fromkeys(group, _best(products, chosen[group[0]].frac))
    return {name: bits for name, bits in given.items() if bits}


def _best(products: Sequence[Product], frac: int) -> int:
    offered = takewhile(lambda bits: bits == 0 or all(p.storable(frac - bits) for p in products), range(MOST + 1))
    errors = [sum(p.error(frac - bits) for p in products) for bits in offered]
    worth = (later * WORTH < now for now, later in pairwise(errors))
    return sum(1 for _ in takewhile(bool, worth))


def _products(
    graph: Graph,
    group: set[str],
    chosen: Mapping[str, Format],
    spans: Mapping[str, Interval],
    moments: Mapping[str, Array],
) -> list[Product]:
    """The matrices that multiply a value of ``group``; none if it is read otherwise, but to make others of it."""
    found = []
    for node in graph.walk():
        read = group & set(node.inputs)
        if node.body is not None and read:
            return []
        if not read or set(node.outputs) <= group:
            continue
        if node.op != "affine" or read != {node.inputs[1]}:
            return []
        found.append(_product(graph, node, chosen, spans, moments))
    return found


def _product(
    graph: Graph, node: Node, chosen: Mapping[str, Format], spans: Mapping[str, Interval], moments: Mapping[str, Array]
) -> Product:
    x, reach = node.inputs[1], spans[node.inputs[1]].magnitude
    power = np.diagonal(moments[x]) if x in moments else (TYPICAL * reach) ** 2
    return Product(graph.constants[node.inputs[2]], reach, power, chosen[node.outputs[0]].frac)
