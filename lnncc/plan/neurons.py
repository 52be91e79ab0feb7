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
from itertools import pairwise

import numpy as np

from lnncc.ir import Array, Graph, Node, Value
from lnncc.plan.strips import reads

SUMS, COARSEN, MEANS = ("synapses", "synapses_dt"), "coarsen", ("mean", "mean_dt")
# Inputs with a row for each neuron, of these and of what they start from where the time is told; a mean's Z aside.
BY_ROW = {"synapses": (0, 3), "synapses_dt": (0, 3, 5), "mean": (0, 2), "mean_dt": (0, 2)}
BY_ROW |= {COARSEN: (0,), "leak": (0, 1, 2), "inertia": (1,)}
V, RECORD, COUNTS, Z = 1, 2, 3, 1  # inputs of sums; of a mean
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


def _after(pair: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The first of ``nodes``, as far as they are means of ``pair``, or the pair made coarser and means of that."""
    head = nodes[:1] if nodes and nodes[0].op == COARSEN and nodes[0].inputs[0] == pair else ()
    means = _means(head[0].outputs[0] if head else pair, nodes[len(head) :])
    return (*head, *means) if means else ()


def _means(pair: str, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """The first of ``nodes``, as far as they are means of ``pair``; views among them that they do not need may wait."""
    found, waiting = list[Node](), set[str]()
    for node in nodes:
        if node.op == "slice":
            waiting.update(node.outputs)
        elif node.op in MEANS and node.inputs[0] == pair and waiting.isdisjoint(node.inputs):
            found.append(node)
        else:
            break
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Run:
    """``after`` sums come their means, ``given`` is what both start from; ``parts`` are in the order of execution."""

    sums: Node
    after: tuple[Node, ...]
    given: tuple[Node, ...]
    parts: tuple[Range, ...]


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.old = graph
        self.values, self.constants, self.labels = dict(graph.values), dict(graph.constants), dict(graph.labels)
        ports = [p.value for p in graph.outputs] + [s.after for s in graph.states]
        self.reads = Counter(ports + [x for node in graph.nodes for x in reads(node)])
        self.makers = {node.outputs[0]: node for node in graph.walk() if node.op in BY_ROW}
        self.parts: dict[tuple[str, Range], str] = {}  # these rows of a value
        self.runs = {run.sums.outputs[0]: run for run in self._runs(graph.nodes)}
        self.given = {node.outputs[0]: run.parts for run in self.runs.values() for node in run.given}
        self.within = {node.outputs[0] for run in self.runs.values() for node in run.after}

    def graph(self) -> Graph:
        nodes = tuple(self._nodes(self.old.nodes))
        return replace(self.old, nodes=nodes, values=self.values, constants=self.constants, labels=self.labels)

    def _runs(self, nodes: tuple[Node, ...]) -> Iterator[_Run]:
        for at, node in enumerate(nodes):
            if node.body is not None:
                yield from self._runs(node.body.nodes)
            elif node.op in SUMS and (after := _after(node.outputs[0], nodes[at + 1 :])):
                given = self._given((node, *after))
                parts = [] if given is None else self._ranges(node, given)
                if given is not None and len(parts) > 1:
                    order = in_order({part: self._sources(node, part) for part in parts})
                    yield _Run(node, after, given, tuple(order))

    def _given(self, run: tuple[Node, ...]) -> tuple[Node, ...] | None:
        """What is made row by row for ``run`` alone; None if it reads other rows as well, or others read these."""
        members, names = list(run), {node.outputs[0] for node in run}
        for node in members:
            for name in (node.inputs[i] for i in BY_ROW[node.op]):
                if name in self.constants or name in names:
                    continue
                if name not in self.makers or self.makers[name].op in MEANS:
                    return None
                members.append(self.makers[name])
                names.add(name)
        inside = Counter(x for node in members for x in node.inputs)
        alone = all(self.reads[node.outputs[0]] == inside[node.outputs[0]] for node in members if node.op not in MEANS)
        return tuple(members[len(run) :]) if alone else None

    def _ranges(self, node: Node, given: tuple[Node, ...]) -> list[Range]:
        before = [self._counts(other) for other in given if other.op in SUMS]
        return ranges(self._counts(node) > 0, np.sum(before, axis=0) > 0 if before else np.zeros(1, np.bool_))

    def _counts(self, node: Node) -> Array:
        """How many synapses each neuron has."""
        return self.constants[node.inputs[COUNTS]]

    def _synapses(self, node: Node, part: Range) -> Array:
        """The records of the neurons of ``part``."""
        start, end = (int(self._counts(node)[:border].sum()) for border in part)
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
                    yield from self._part(node, part)
            elif name not in self.within:
                yield node

    def _run(self, run: _Run) -> Iterator[Node]:
        for part in run.parts:
            for node in (run.sums, *run.after):
                yield from self._part(node, part)
        inside = Counter(x for node in run.after for x in node.inputs)
        for [name] in (node.outputs for node in run.after):
            if self.reads[name] > inside[name]:
                yield Node("concat", tuple(self.parts[name, part] for part in sorted(run.parts)), (name,), {})

    def _part(self, node: Node, part: Range) -> Iterator[Node]:
        """These rows of a result; of sums to which there is nothing to add, those that they start from."""
        [name], (start, end), made = node.outputs, part, self._named(node.outputs[0], part)
        inputs = [self._rows(x, part) if i in BY_ROW[node.op] else x for i, x in enumerate(node.inputs)]
        if node.op in SUMS:
            synapses, (low, high) = self._synapses(node, part), self._sources(node, part)
            if len(synapses) == 0:
                self.parts[name, part] = inputs[0]
                return
            shifted = synapses - low * (np.arange(synapses.shape[1]) == SOURCE)
            inputs[RECORD] = self._constant(f"{made}.synapses", node.inputs[RECORD], shifted)
            inputs[V] = f"{made}.sources"
            yield self._slice(node.inputs[V], inputs[V], low, high - low)
        if node.op in MEANS and (node.inputs[Z], part) in self.parts:
            inputs[Z] = self.parts[node.inputs[Z], part]
        elif node.op in MEANS:
            inputs[Z] = f"{made}.before"
            yield self._slice(node.inputs[Z], inputs[Z], start, end - start)
        self.parts[name, part] = self._declare(made, name, end - start)
        yield replace(node, inputs=tuple(inputs), outputs=(made,), attrs={**node.attrs, "n": end - start})

    def _slice(self, name: str, made: str, start: int, count: int) -> Node:
        return Node("slice", (name,), (self._declare(made, name, count),), {"start": start, "n": count})

    def _rows(self, name: str, part: Range) -> str:
        """These rows of a constant, or of what was made in parts."""
        if (name, part) not in self.parts:
            rows = self.constants[name][slice(*part)]
            self.parts[name, part] = self._constant(self._named(name, part), name, rows)
        return self.parts[name, part]

    def _constant(self, made: str, like: str, values: Array) -> str:
        self.constants[made] = values
        self.labels.update({made: self.labels[like]} if like in self.labels else {})
        return self._declare(made, like, len(values))

    def _declare(self, name: str, like: str, count: int) -> str:
        old = self.values[like]
        self.values[name] = Value(name, (count, *old.shape[1:]), old.format)
        return name

    def _named(self, name: str, part: Range) -> str:
        return f"{name}.from{part[0]}to{part[1]}"
