"""conductance: the unit of each destination's conductances, as fine as the sums they enter allow.

The unit cancels in the quotient of a mean, so it may be any number, and with a run-time dt it may depend on dt.

A sum of g·e has 31 bits for both. Of 16 bits of e and 16 of Σ g, a neuron of many synapses has few for each g, and each
is rounded: where that costs more than the last bits of e, g has them, and D is brought to 16 bits when all are summed
(``coarsen``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import fx
from lnncc.choices import Choices
from lnncc.interval import Interval
from lnncc.ir import Array, Format, Graph, Node
from lnncc.ops.inertia import MOST_SHIFTED

PAIR_LIMIT = 65535  # largest Σ g: times an e of 16 bits it still fits int32, with room for half a divisor
WEIGHT_LIMIT = 32767  # largest single g
MOST_FINER = 4  # bits that g may get from e
WORTH = 3.0  # by which the mean square of what is rounded has to fall, since it costs a call


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """By the value of a mean and of every pair that leads to it: integer g = real g · scale, and the value of the
    ``inertia`` that it depends on. By the latter too, and ``turns``, the norms of dt from which on g is shifted.
    By the same values ``finer``: how many bits of e the g of the pairs have been given; none if it is not there."""

    scales: Mapping[str, Array]
    finer: Mapping[str, int]
    times: Mapping[str, str]
    turns: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What is summed for one mean besides the weight of z: all of it, the largest single one, how many roundings.

    ``owner``, ``weight`` and ``e`` are of the single ones; ``spread`` is half of how far apart what is averaged can be.
    """

    chain: list[str]
    total: Array
    biggest: Array
    terms: Array
    owner: Array
    weight: Array
    e: Array
    spread: Array

    def added(self, each: Array) -> Array:
        """Of what is known of each single one, the sums of all destinations."""
        return np.bincount(self.owner, each, len(self.total))


def units(
    graph: Graph,
    spans: Mapping[str, Interval],
    choices: Choices,
    *,
    limit: int = WEIGHT_LIMIT,
    most_finer: int = MOST_FINER,
) -> Units:
    """Units for all means of a fused graph with formats; ``spans`` are the intervals of its values, ``limit`` is of a
    single conductance."""
    makers = {node.outputs[0]: node for node in graph.walk()}
    scales: dict[str, Array] = {}
    finer: dict[str, int] = {}
    times: dict[str, str] = {}
    turns: dict[str, Array] = {}
    for mean in (node for node in graph.walk() if node.op == "mean"):
        sums, weight = _sums(graph, makers, mean, choices, spans[mean.outputs[0]]), mean.inputs[2]
        if weight in graph.constants:
            most = most_finer if sums.chain[1:] else 0
            bits = _finer(sums, graph.constants[weight], _frac(graph, mean.outputs[0]), limit, most)
            scale = _scale(sums, graph.constants[weight], 0, limit, bits)
            assert all(finer.get(pair, bits) == bits for pair in sums.chain), "means of one pair want other units of it"
            finer.update(dict.fromkeys(sums.chain, bits))
            scales.update({mean.outputs[0]: scale, **dict.fromkeys(sums.chain[1:], scale * 2.0**bits)})
        else:
            inertia = makers[weight]
            turns[weight] = _turn(graph, inertia, sums.total, spans[inertia.inputs[0]])
            scale = _scale(sums, _heaviest(graph, inertia, turns[weight]), 1, limit)
            times.update(dict.fromkeys(sums.chain, weight))
            scales.update(dict.fromkeys((weight, *sums.chain), scale))
    return Units(scales, finer, times, turns)


def _sums(graph: Graph, makers: Mapping[str, Node], mean: Node, choices: Choices, reach: Interval) -> _Sums:
    """Tables of single synapses hold half units. The mean is in ``reach``."""
    chain, pair = [mean.outputs[0]], mean.inputs[0]
    size = graph.values[mean.outputs[0]].size
    total, biggest, terms = np.zeros(size), np.zeros(size), np.full(size, 2.0)
    single = [(np.zeros(0, np.int64), np.zeros(0), np.zeros(0))]
    while pair not in graph.constants:
        chain.append(pair)
        synapses = makers[pair]
        weights, e, counts = (graph.constants[synapses.inputs[i]] for i in (4, 5, 7))
        owner = np.repeat(np.arange(len(counts)), counts.astype(int))
        np.add.at(total, owner, weights)
        single.append((owner, weights, e))
        np.maximum.at(biggest, owner, weights * (2 if choices.of(synapses).table.kind == "own" else 1))
        terms += counts
        pair = synapses.inputs[0]
    spread = (reach.high - reach.low) / 2
    owners, alone, potentials = (np.concatenate(some) for some in zip(*single, strict=True))
    return _Sums(chain, total + graph.constants[pair][:, 1], biggest, terms, owners, alone, potentials, spread)


def _scale(sums: _Sums, weight: Array, roundings: int, limit: int, finer: int = 0) -> Array:
    """The finest unit in which the sum with ``weight`` added fits, and every single conductance.

    With ``finer`` bits single ones are in a unit as many times smaller, and the e, rounded, may be half a unit larger.
    """
    lost = sums.terms + roundings + (2.0**finer + 2 if finer else 0)
    room = (PAIR_LIMIT - lost) / (sums.total + weight)
    return np.minimum(room, limit / 2.0**finer / np.maximum(sums.biggest, 1e-300))


def _finer(sums: _Sums, weight: Array, frac: int, limit: int, most: int) -> int:
    """How many bits the g of all destinations get, where e and the quotient have ``frac`` fraction bits."""
    squares = [_square(sums, weight, frac, limit, bits) for bits in range(most + 1)]
    shares = [float(np.mean(one / squares[0])) for one in squares]
    best = int(np.argmin(shares))
    return best if shares[best] * WORTH < 1 else 0


def _square(sums: _Sums, weight: Array, frac: int, limit: int, finer: int) -> Array:
    """Mean square of what a quotient is off by, of twelfths: each g, each e, the sum of all g where it is rounded too,
    and the quotient itself. A synapse is taken to be half open."""
    scale, half = _scale(sums, weight, 0, limit, finer), 0.5
    unit, g = 2.0**-frac, half * scale[sums.owner] * sums.weight
    rounded = sums.terms * (sums.spread * 2.0**-finer) ** 2 + (sums.spread**2 if finer else 0.0)
    coarse = Format(16 - finer, frac - finer)
    e = np.clip(np.rint(sums.e * 2.0**coarse.frac), coarse.lowest, coarse.highest)
    known = e * 2.0**-coarse.frac - sums.e
    stored = sums.added((g * unit * 2.0**finer) ** 2) + 12 * sums.added(g * known) ** 2
    return (rounded + stored) / (scale * (half * sums.total + weight)) ** 2 + unit**2


def _turn(graph: Graph, inertia: Node, total: Array, span: Interval) -> Array:
    """Where the inertia weighs about as much as all the rest: on neither side more than about a bit is lost.

    ``span`` is that of the time which divides it.
    """
    ends = span.low, span.high
    shortest, longest = (fx.norm(np.array([int(end[0] * 2.0 ** _frac(graph, inertia.inputs[0]))])) for end in ends)
    assert isinstance(shortest, np.ndarray) and isinstance(longest, np.ndarray)
    c = graph.constants[inertia.inputs[1]]
    balance = np.rint(np.log2(np.maximum(total, 1e-30) / c)) + 30 - _frac(graph, inertia.inputs[0])
    return np.clip(balance, np.maximum(longest, shortest - MOST_SHIFTED), shortest).astype(np.int64)


def _heaviest(graph: Graph, inertia: Node, turn: Array) -> Array:
    """The largest c / dt of the octave of the turning point."""
    return graph.constants[inertia.inputs[1]] * 2.0 ** (turn + _frac(graph, inertia.inputs[0]) - 30)


def _frac(graph: Graph, name: str) -> int:
    form = graph.values[name].format
    assert form is not None
    return form.frac
