"""Stack: short runs of rows that read the same become one longer run: fewer calls, fewer rows of padding. No number
changes.

Nodes *stack* if they do the same to the same values but for what they read by row, and if that is constant, or the rows
of one value that follow each other: matrices that multiply one vector, then the tables that read their sums.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from lnncc.ir import Graph, Node, Value
from lnncc.ops import OPS
from lnncc.plan.timeline import Ref

MOST = 64  # rows: of longer runs a call is cheap, and their sums want memory at one time
Rows = Ref | None  # what a node reads by row; None for a constant


def stacked(graph: Graph, most: int = MOST) -> Graph:
    """``graph`` with nodes stacked, to at most so many rows; what others read keeps its name."""
    return _Writer(graph, most).graph()


@dataclass(slots=True, eq=False)
class _Stack:
    """Nodes that are done at once; ``ends`` are the rows that would follow."""

    name: str
    members: list[Node]
    ends: dict[int, Rows]
    rows: int


class _Writer:
    def __init__(self, graph: Graph, most: int) -> None:
        self.old, self.most = graph, most
        self.values, self.constants, self.labels = dict(graph.values), dict(graph.constants), dict(graph.labels)
        self.refs: dict[str, Ref] = {}
        self.stacks: dict[str, _Stack] = {}

    def graph(self) -> Graph:
        nodes = self._nodes(self.old.nodes)
        return replace(self.old, nodes=nodes, values=self.values, constants=self.constants, labels=self.labels)

    def _nodes(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        stacks = self._stacks(nodes)
        return tuple(made for node in nodes for made in self._written(node, stacks))

    def _written(self, node: Node, stacks: Mapping[str, _Stack]) -> Iterator[Node]:
        stack = stacks.get(node.outputs[0])
        if node.body is not None:
            yield replace(node, body=replace(node.body, nodes=self._nodes(node.body.nodes)))
        elif stack is None or len(stack.members) == 1:
            yield node
        elif node is stack.members[0]:
            yield from self._joined(stack)

    def _stacks(self, nodes: tuple[Node, ...]) -> dict[str, _Stack]:
        """The stack of each result that may be in one."""
        stacks: dict[str, _Stack] = {}
        open_: dict[object, list[_Stack]] = {}
        for node in nodes:
            if node.op == "slice":
                self._view(node)
            if not hasattr(OPS.get(node.op), "BY_ROW"):
                continue
            known = open_.setdefault(self._key(node), [])
            stack = next((s for s in known if self._follows(s, node)), None)
            if stack is None:
                stack = _Stack(f"{node.outputs[0]}.stack", [], self._read(node), 0)
                self.stacks[stack.name] = stack
                known.append(stack)
            self._push(stack, node)
            stacks[node.outputs[0]] = stack
        return stacks

    def _view(self, node: Node) -> None:
        source, start = self._ref(node.inputs[0]), node.attrs["start"]
        assert isinstance(start, int)
        self.refs[node.outputs[0]] = Ref(source.value, source.start + start, self.values[node.outputs[0]].size)

    def _ref(self, name: str) -> Ref:
        return self.refs.get(name) or Ref(name, 0, self.values[name].size)

    def _key(self, node: Node) -> object:
        """What nodes have in common that stack; rows that are no constants come from one value."""
        rows = OPS[node.op].BY_ROW
        shared = tuple(self._ref(x) for i, x in enumerate(node.inputs) if i not in rows)
        kinds = tuple(
            (self.values[x].format, self.values[x].shape[1:]) if x in self.constants else self._ref(x).value
            for x in (node.inputs[i] for i in rows)
        )
        attrs = tuple((k, v) for k, v in sorted(node.attrs.items()) if k not in ("rows", "n"))
        return node.op, attrs, shared, kinds, self.values[node.outputs[0]].format

    def _read(self, node: Node) -> dict[int, Rows]:
        read = {i: node.inputs[i] for i in OPS[node.op].BY_ROW}
        return {i: None if x in self.constants else self._ref(x) for i, x in read.items()}

    def _follows(self, stack: _Stack, node: Node) -> bool:
        rows = self.values[node.outputs[0]].size
        starts = {i: None if r is None else (r.value, r.start) for i, r in self._read(node).items()}
        ends = {i: None if r is None else (r.value, r.start) for i, r in stack.ends.items()}
        return stack.rows + rows <= self.most and starts == ends

    def _push(self, stack: _Stack, node: Node) -> None:
        [name], rows = node.outputs, self.values[node.outputs[0]].size
        stack.ends = {i: None if r is None else Ref(r.value, r.start + r.size, 0) for i, r in self._read(node).items()}
        self.refs[name] = Ref(stack.name, stack.rows, rows)
        stack.members.append(node)
        stack.rows += rows

    def _joined(self, stack: _Stack) -> Iterator[Node]:
        """All members as one node, and each result as a view of its own."""
        first, rows = stack.members[0], OPS[stack.members[0].op].BY_ROW
        inputs = list(first.inputs)
        for i in rows:
            if first.inputs[i] in self.constants:
                inputs[i] = self._stacked([node.inputs[i] for node in stack.members])
            else:
                yield from self._slice(ref := self._defined(first.inputs[i], stack.rows))
                inputs[i] = self._named(ref)
        old = self.values[first.outputs[0]]
        self.values[stack.name] = Value(stack.name, (stack.rows, *old.shape[1:]), old.format)
        key = "rows" if "rows" in first.attrs else "n"
        yield replace(first, inputs=tuple(inputs), outputs=(stack.name,), attrs={**first.attrs, key: stack.rows})
        start = 0
        for node in stack.members:
            size = self.values[node.outputs[0]].shape[0]
            yield Node("slice", (stack.name,), node.outputs, {"start": start, "n": size})
            start += size

    def _defined(self, name: str, size: int) -> Ref:
        """``size`` rows from where ``name`` begins; a stack of one has its member's name."""
        ref = self._ref(name)
        stack = self.stacks.get(ref.value)
        value = stack.members[0].outputs[0] if stack is not None and len(stack.members) == 1 else ref.value
        return Ref(value, ref.start, size)

    def _named(self, ref: Ref) -> str:
        whole = ref.start == 0 and ref.size == self.values[ref.value].shape[0]
        return ref.value if whole else f"{ref.value}.rows{ref.start}to{ref.start + ref.size}"

    def _slice(self, ref: Ref) -> Iterator[Node]:
        name = self._named(ref)
        if name not in self.values:
            old = self.values[ref.value]
            self.values[name] = Value(name, (ref.size, *old.shape[1:]), old.format)
            yield Node("slice", (ref.value,), (name,), {"start": ref.start, "n": ref.size})

    def _stacked(self, names: list[str]) -> str:
        """The constants one after the other, as one."""
        made = f"{'+'.join(names)}"
        self.constants[made] = np.concatenate([self.constants[name] for name in names])
        self.values[made] = Value(made, self.constants[made].shape, self.values[names[0]].format)
        labels = dict.fromkeys(self.labels[name] for name in names if name in self.labels)
        self.labels.update({made: "; ".join(labels)} if labels else {})
        return made
