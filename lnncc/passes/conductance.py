"""conductance: the unit of each destination's conductances, as fine as the sums they enter allow.

The unit cancels in the quotient of a mean, so it may be any number, and with a run-time dt it may depend on dt.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import fx
from lnncc.choices import Choices
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Node
from lnncc.ops.inertia import MOST_SHIFTED

PAIR_LIMIT = 65535  # largest Σ g: times an e of 16 bits it still fits int32, with room for half a divisor
WEIGHT_LIMIT = 32767  # largest single g


@dataclass(frozen=True, slots=True, eq=False)
class Units:
    """By the value of a mean and of every pair that leads to it: integer g = real g · scale, and the value of the
    ``inertia`` that it depends on. By the latter too, and ``turns``, the norms of dt from which on g is shifted."""

    scales: Mapping[str, Array]
    times: Mapping[str, str]
    turns: Mapping[str, Array]


@dataclass(frozen=True, slots=True, eq=False)
class _Sums:
    """What is summed for one mean besides the weight of z: all of it, the largest single one, how many roundings."""

    chain: list[str]
    total: Array
    biggest: Array
    terms: Array


def units(graph: Graph, spans: Mapping[str, Interval], choices: Choices, limit: int = WEIGHT_LIMIT) -> Units:
    """Units for all means of a fused graph with formats; ``spans`` are the intervals of its values, ``limit`` is of a
    single conductance."""
    makers = {node.outputs[0]: node for node in graph.walk()}
    scales: dict[str, Array] = {}
    times: dict[str, str] = {}
    turns: dict[str, Array] = {}
    for mean in (node for node in graph.walk() if node.op == "mean"):
        sums, weight = _sums(graph, makers, mean, choices), mean.inputs[2]
        if weight in graph.constants:
            scale = _scale(sums, graph.constants[weight], 0, limit)
        else:
            inertia = makers[weight]
            turns[weight] = _turn(graph, inertia, sums.total, spans[inertia.inputs[0]])
            scale = _scale(sums, _heaviest(graph, inertia, turns[weight]), 1, limit)
            times.update(dict.fromkeys(sums.chain, weight))
            scales[weight] = scale
        scales.update(dict.fromkeys(sums.chain, scale))
    return Units(scales, times, turns)


def _sums(graph: Graph, makers: Mapping[str, Node], mean: Node, choices: Choices) -> _Sums:
    """Tables of single synapses hold half units."""
    chain, pair = [mean.outputs[0]], mean.inputs[0]
    size = graph.values[mean.outputs[0]].size
    total, biggest, terms = np.zeros(size), np.zeros(size), np.full(size, 2.0)
    while pair not in graph.constants:
        chain.append(pair)
        synapses = makers[pair]
        weights, counts = (graph.constants[synapses.inputs[i]] for i in (4, 7))
        owner = np.repeat(np.arange(len(counts)), counts.astype(int))
        np.add.at(total, owner, weights)
        np.maximum.at(biggest, owner, weights * (2 if choices.of(synapses).table.kind == "own" else 1))
        terms += counts
        pair = synapses.inputs[0]
    return _Sums(chain, total + graph.constants[pair][:, 1], biggest, terms)


def _scale(sums: _Sums, weight: Array, roundings: int, limit: int) -> Array:
    """The finest unit in which the sum with ``weight`` added fits, and every single conductance."""
    room = (PAIR_LIMIT - sums.terms - roundings) / (sums.total + weight)
    return np.minimum(room, limit / np.maximum(sums.biggest, 1e-300))


def _turn(graph: Graph, inertia: Node, total: Array, span: Interval) -> Array:
    """Where the inertia weighs about as much as all the rest: on neither side more than about a bit is lost.

    ``span`` is that of the time which divides it.
    """
    ends = span.low, span.high
    shortest, longest = (fx.norm(np.array([int(end[0] * 2.0 ** _frac(graph, inertia))])) for end in ends)
    assert isinstance(shortest, np.ndarray) and isinstance(longest, np.ndarray)
    c = graph.constants[inertia.inputs[1]]
    balance = np.rint(np.log2(np.maximum(total, 1e-30) / c)) + 30 - _frac(graph, inertia)
    return np.clip(balance, np.maximum(longest, shortest - MOST_SHIFTED), shortest).astype(np.int64)


def _heaviest(graph: Graph, inertia: Node, turn: Array) -> Array:
    """The largest c / dt of the octave of the turning point."""
    return graph.constants[inertia.inputs[1]] * 2.0 ** (turn + _frac(graph, inertia) - 30)


def _frac(graph: Graph, inertia: Node) -> int:
    form = graph.values[inertia.inputs[0]].format
    assert form is not None
    return form.frac
