"""Strips: long runs of rows a few at a time, so that what one op hands to the next is short. No number changes.

A *run* is nodes that follow each other, whose results have as many rows, and which read of what the run makes no other
row than their own: the sums of a matrix, say, and the tables that read them. Such nodes may be done for the first rows,
then for the next ones; then the 32-bit sums of a few rows alone need memory at a time.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from lnncc.ir import Attr, Graph, Node, Value
from lnncc.ops import OPS

ROWS = 8  # of a strip: a multiple of what kernels take at a time
SHORT = 31  # the longest run that stays whole: calls take flash
WIDE = 32
Run = tuple[Node, ...]


def stripped(graph: Graph) -> Graph:
    """``graph`` with its runs in strips, those where that saves memory."""
    return _Writer(graph).graph()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self.old, self.runs = graph, 0
        self.values, self.constants, self.labels = dict(graph.values), dict(graph.constants), dict(graph.labels)
        ports = [p.value for p in graph.outputs] + [s.after for s in graph.states]
        self.reads = Counter(ports + [x for node in graph.nodes for x in reads(node)])

    def graph(self) -> Graph:
        nodes = self._nodes(self.old.nodes)
        return replace(self.old, nodes=nodes, values=self.values, constants=self.constants, labels=self.labels)

    def _nodes(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        written: list[Node] = []
        for run in self._runs(nodes):
            written += self._strips(run) if self._pays(run) else map(self._whole, run)
        return tuple(written)

    def _whole(self, node: Node) -> Node:
        return node if node.body is None else replace(node, body=replace(node.body, nodes=self._nodes(node.body.nodes)))

    def _runs(self, nodes: tuple[Node, ...]) -> Iterator[Run]:
        """In an order of execution: a view of what was there before a run is no end of it, but comes first."""
        run: list[Node] = []
        for node in nodes:
            if node.op == "slice" and not any(node.inputs[0] in before.outputs for before in run):
                yield (node,)
                continue
            if run and not self._continues(run, node):
                yield tuple(run)
                run = []
            run.append(node)
        if run:
            yield tuple(run)

    def _continues(self, run: list[Node], node: Node) -> bool:
        if _rows(node) is None or _rows(node) != _rows(run[-1]):
            return False
        whole = {x for i, x in enumerate(node.inputs) if i not in OPS[node.op].BY_ROW}
        return whole.isdisjoint(x for before in run for x in before.outputs)

    def _pays(self, run: Run) -> bool:
        rows = _rows(run[0])
        return rows is not None and rows > SHORT and any(self._bits(node.outputs[0]) == WIDE for node in run)

    def _bits(self, name: str) -> int:
        form = self.values[name].format
        return 0 if form is None else form.bits

    def _strips(self, run: Run) -> Iterator[Node]:
        rows, made = _rows(run[0]), [x for node in run for x in node.outputs]
        assert rows is not None
        self.runs += 1
        starts = range(0, rows, ROWS)
        for start in starts:
            for node in run:
                yield from self._strip(node, made, start, min(ROWS, rows - start))
        inside = Counter(x for node in run for x in node.inputs)
        for name in made:
            if self.reads[name] > inside[name]:
                yield Node("concat", tuple(self._part(name, start) for start in starts), (name,), {})

    def _strip(self, node: Node, made: list[str], start: int, count: int) -> Iterator[Node]:
        inputs = list(node.inputs)
        for position in OPS[node.op].BY_ROW:
            name = node.inputs[position]
            if name not in made:
                yield from self._cut(name, start, count)
            inputs[position] = self._part(name, start)
        [name] = node.outputs
        self._declare(name, start, count)
        yield replace(
            node, inputs=tuple(inputs), outputs=(self._part(name, start),), attrs={**node.attrs, _key(node): count}
        )

    def _cut(self, name: str, start: int, count: int) -> Iterator[Node]:
        """These rows of what the run does not make: a constant of their own, or a view."""
        part = self._part(name, start)
        if part in self.values:
            return
        self._declare(name, start, count)
        if name in self.old.constants:
            self.constants[part] = self.old.constants[name][start : start + count]
            self.labels[part] = self.labels.get(name, "constants")
        else:
            yield Node("slice", (name,), (part,), {"start": start, "n": count})

    def _declare(self, name: str, start: int, count: int) -> None:
        old, part = self.old.values[name], self._part(name, start)
        self.values[part] = Value(part, (count, *old.shape[1:]), old.format)

    def _part(self, name: str, start: int) -> str:
        return f"{name}.run{self.runs}.row{start}"


def reads(node: Node) -> list[str]:
    """What a node reads, and those of its body, once for each reader."""
    inner = [] if node.body is None else [*node.body.results, *(x for n in node.body.nodes for x in reads(n))]
    return [*node.inputs, *inner]


def _key(node: Node) -> str:
    return "rows" if "rows" in node.attrs else "n"


def _rows(node: Node) -> int | None:
    """How many rows the result of a node has that may be done row by row; None if it may not."""
    count: Attr | None = node.attrs.get(_key(node)) if hasattr(OPS.get(node.op), "BY_ROW") else None
    return count if isinstance(count, int) else None
