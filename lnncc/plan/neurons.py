"""Neurons: the sums of synapses and the means of them a few neurons at a time. No number changes.

A *run* is sums of synapses and the means that follow, which alone read them: a step of an LTC's solver. Its neurons
are done in ranges, so that the 32-bit sums of one range alone need memory. A neuron without synapses has no sums of its
own: its mean reads what they would start from, as the inner neurons of a wiring do, which sensors alone reach, or
constants. Ranges are in an order in which a potential is read before it is overwritten, as far as there is one: what a
wiring's motor neurons, its last layer, become may be written at once, since nobody reads them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

import numpy as np

from lnncc.ir import Array, Graph, Node, Value
from lnncc.plan.strips import reads

SUMS, MEAN = "synapses", "mean"
RECORD, COUNTS = 2, 3  # inputs of sums
SOURCE = 4  # column of a record
ROWS = 8  # neurons with synapses in a range, at most
LEAST = 4  # neurons in a range where there are more: a call costs more than the sums of fewer
Range = tuple[int, int]


def parted(graph: Graph) -> Graph:
    """``graph`` with its runs in ranges, those that have more than one."""
    return _Writer(graph).graph()


def ranges(own: Array, given: Array) -> list[Range]:
    """Neighbours of one kind: with ``own`` synapses or none, with sums ``given`` from elsewhere or none."""
    kinds = np.stack(np.broadcast_arrays(own, given))
    borders = [0, *(np.flatnonzero((kinds[:, 1:] != kinds[:, :-1]).any(axis=0)) + 1).tolist(), len(own)]
    while len(borders) > 2 and np.diff(borders).min() < LEAST:
        sizes = np.diff(borders)
        at = int(sizes.argmin())
        joins_before = at + 1 == len(sizes) or (at > 0 and sizes[at - 1] <= sizes[at + 1])
        del borders[at if joins_before else at + 1]
    return [part for start, end in pairwise(borders) for part in _strips(own, start, end)]


def _strips(own: Array, start: int, end: int) -> Iterator[Range]:
    """As even as can be; those that need no sums are in one."""
    count = -(-(end - start) // ROWS) if own[start:end].any() else 1
    edges = [start + (end - start) * i // count for i in range(count + 1)]
    return pairwise(edges)


def in_order(read: Mapping[Range, Range]) -> list[Range]:
    """First what is ``read`` by the fewest others of those that remain."""
    left, order = list(read), list[Range]()
    while left:
        readers = [sum(other != part and _meet(read[other], part) for other in left) for part in left]
        order.append(left.pop(readers.index(min(readers))))
    return order


def _meet(a: Range, b: Range) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _means(pair: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The first of ``nodes``, as far as they are means of ``pair``."""
    return tuple(takewhile(lambda node: node.op == MEAN and node.inputs[0] == pair, nodes))


@dataclass(frozen=True, slots=True)
class _Run:
    """``sums`` and, last to first, those that it starts from; ``parts`` in the order of execution."""

    sums: tuple[Node, ...]
    means: tuple[Node, ...]
    parts: tuple[Range, ...]


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.old = graph
        self.values, self.constants, self.labels = dict(graph.values), dict(graph.constants), dict(graph.labels)
        ports = [p.value for p in graph.outputs] + [s.after for s in graph.states]
        self.reads = Counter(ports + [x for node in graph.nodes for x in reads(node)])
        self.sums = {node.outputs[0]: node for node in graph.walk() if node.op == SUMS}
        self.parts: dict[tuple[str, Range], str] = {}  # these rows of a value
        self.runs = {run.sums[0].outputs[0]: run for run in self._runs(graph.nodes)}
        self.given = {node.outputs[0]: run.parts for run in self.runs.values() for node in run.sums[1:]}
        self.within = {mean.outputs[0] for run in self.runs.values() for mean in run.means}

    def graph(self) -> Graph:
        nodes = tuple(self._nodes(self.old.nodes))
        return replace(self.old, nodes=nodes, values=self.values, constants=self.constants, labels=self.labels)

    def _runs(self, nodes: tuple[Node, ...]) -> Iterator[_Run]:
        for at, node in enumerate(nodes):
            if node.body is not None:
                yield from self._runs(node.body.nodes)
            sums, means = self._sums(node), _means(node.outputs[0], nodes[at + 1 :])
            if means and sums and self.reads[node.outputs[0]] == len(means):
                parts = ranges(self._counts(sums[:1]) > 0, self._counts(sums[1:]) > 0)
                if len(parts) > 1:
                    yield _Run(sums, means, tuple(in_order({part: self._sources(node, part) for part in parts})))

    def _sums(self, last: Node) -> tuple[Node, ...]:
        """``last`` and those it starts from, which nobody else reads, back to a constant; none if there is no such."""
        found, name = list[Node](), last.outputs[0]
        while name not in self.constants:
            if name not in self.sums or (found and self.reads[name] > 1):
                return ()
            found.append(self.sums[name])
            name = found[-1].inputs[0]
        return tuple(found)

    def _counts(self, sums: tuple[Node, ...]) -> Array:
        """How many synapses each neuron has in all of ``sums``."""
        return np.asarray(np.sum([self.constants[node.inputs[COUNTS]] for node in sums], axis=0, dtype=np.int64))

    def _synapses(self, node: Node, part: Range) -> Array:
        """The records of the neurons of ``part``."""
        start, end = (int(self._counts((node,))[:border].sum()) for border in part)
        return self.constants[node.inputs[RECORD]][start:end]

    def _sources(self, node: Node, part: Range) -> Range:
        """From the first to the last."""
        sources = self._synapses(node, part)[:, SOURCE]
        return (int(sources.min()), int(sources.max()) + 1) if len(sources) else (0, 0)

    def _nodes(self, nodes: tuple[Node, ...]) -> Iterator[Node]:
        for node in nodes:
            name = node.outputs[0]
            if node.body is not None:
                yield replace(node, body=replace(node.body, nodes=tuple(self._nodes(node.body.nodes))))
            elif name in self.runs:
                yield from self._run(self.runs[name])
            elif name in self.given:
                for part in sorted(self.given[name]):
                    yield from self._added(node, part)
            elif name not in self.within:
                yield node

    def _run(self, run: _Run) -> Iterator[Node]:
        for part in run.parts:
            yield from self._added(run.sums[0], part)
            for mean in run.means:
                yield from self._mean(mean, part)
        inside = Counter(x for mean in run.means for x in mean.inputs)
        for [name] in (mean.outputs for mean in run.means):
            if self.reads[name] > inside[name]:
                yield Node("concat", tuple(self.parts[name, part] for part in sorted(run.parts)), (name,), {})

    def _added(self, node: Node, part: Range) -> Iterator[Node]:
        """The sums of these neurons, or what they would start from if there is nothing to add."""
        base, v, record, counts, nodes = node.inputs
        [name], first = node.outputs, self._rows(base, part)
        synapses, (low, high) = self._synapses(node, part), self._sources(node, part)
        if len(synapses) == 0:
            self.parts[name, part] = first
            return
        made, source = self._declared(name, part), f"{self._named(name, part)}.sources"
        self._declare(source, v, high - low)
        yield Node("slice", (v,), (source,), {"start": low, "n": high - low})
        shifted = synapses - low * (np.arange(synapses.shape[1]) == SOURCE)
        own = self._constant(record, part, shifted)
        inputs = first, source, own, self._rows(counts, part), nodes
        yield replace(node, inputs=inputs, outputs=(made,), attrs={**node.attrs, "n": part[1] - part[0]})

    def _mean(self, node: Node, part: Range) -> Iterator[Node]:
        pair, z, weights = node.inputs
        [name], n = node.outputs, part[1] - part[0]
        if z not in self.constants and (z, part) not in self.parts:
            old = f"{self._named(name, part)}.before"
            self._declare(old, z, n)
            yield Node("slice", (z,), (old,), {"start": part[0], "n": n})
        else:
            old = self._rows(z, part)
        inputs = self.parts[pair, part], old, self._rows(weights, part)
        yield replace(node, inputs=inputs, outputs=(self._declared(name, part),), attrs={**node.attrs, "n": n})

    def _rows(self, name: str, part: Range) -> str:
        """These rows of a constant, or of what was made in parts."""
        known = self.parts.get((name, part))
        return self._constant(name, part, self.constants[name][slice(*part)]) if known is None else known

    def _constant(self, name: str, part: Range, values: Array) -> str:
        made = self._declared(name, part, len(values))
        self.constants[made] = values
        self.labels.update({made: self.labels[name]} if name in self.labels else {})
        return made

    def _declared(self, name: str, part: Range, count: int | None = None) -> str:
        made = self.parts[name, part] = self._named(name, part)
        self._declare(made, name, part[1] - part[0] if count is None else count)
        return made

    def _declare(self, name: str, like: str, count: int) -> None:
        old = self.values[like]
        self.values[name] = Value(name, (count, *old.shape[1:]), old.format)

    def _named(self, name: str, part: Range) -> str:
        return f"{name}.from{part[0]}to{part[1]}"
