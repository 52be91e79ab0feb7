"""The graph that every stage reads and writes: frozen values, nodes and formats, a verifier and a text form.

One graph is one step of the model. Values are arrays of fixed shape with unique names; a ``loop`` node holds a
``Body`` whose nodes may read any value defined before the loop (lexical scope), so that what does not change
inside a loop never enters it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from lnncc.errors import Source

ALWAYS = "always"  # of an op that saturates whether or not it must: its weights may change
DT = "dt"  # the name of the elapsed time in data files and interfaces
Attr = int | float | str | bool | tuple["Attr", ...]
Array = np.ndarray
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Format:
    """A fixed-point format: ``bits`` wide storage, value = raw · 2**-frac."""

    bits: int
    frac: int

    @property
    def lowest(self) -> int:
        return -(1 << (self.bits - 1))

    @property
    def highest(self) -> int:
        return (1 << (self.bits - 1)) - 1

    def __str__(self) -> str:
        return f"Q{self.bits - 1 - self.frac}.{self.frac}"


@dataclass(frozen=True, slots=True)
class Value:
    """A named array; ``format`` is None in a float graph."""

    name: str
    shape: tuple[int, ...]
    format: Format | None = None

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What a loop repeats: ``params`` are the carried values on entry, ``results`` those on exit, pairwise."""

    params: tuple[str, ...]
    results: tuple[str, ...]
    nodes: tuple["Node", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One operation. ``inputs`` and ``outputs`` are value names; a constant input is found in ``Graph.constants``."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attrs: Mapping[str, Attr] = field(default_factory=dict)
    body: Body | None = None
    source: Source | None = None

    @property
    def trips(self) -> int:
        """How often a loop goes round."""
        count = self.attrs["trips"]
        assert isinstance(count, int)
        return count


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output of the step: the user's ``label`` and the value that carries it."""

    label: str
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """A state of the step: its value before, its value after, and its initial array."""

    label: str
    before: str
    after: str
    initial: Array


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """One step of a model. ``dt`` names the scalar value of the elapsed time, or is None.

    ``labels`` maps constants to the user's own names of them (``cell/w``), for messages only. ``rounding`` says of
    integer constants how far they are from what they stand for (``quantiser``); it is not written to files.
    """

    values: Mapping[str, Value]
    constants: Mapping[str, Array]
    inputs: tuple[Port, ...]
    states: tuple[State, ...]
    outputs: tuple[Port, ...]
    nodes: tuple[Node, ...]
    dt: str | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    rounding: Mapping[str, Array] = field(default_factory=dict)

    def walk(self) -> Iterator[Node]:
        """All nodes in order of execution; a loop comes before the nodes of its body."""
        return _walk(self.nodes)

    def edited(self, **changes: object) -> "Graph":
        return replace(self, **changes)  # type: ignore[arg-type]  # replace() checks the names at run time


def _walk(nodes: tuple[Node, ...]) -> Iterator[Node]:
    for node in nodes:
        yield node
        if node.body is not None:
            yield from _walk(node.body.nodes)


class GraphError(AssertionError):
    """A graph that breaks its own rules: our bug, never the user's."""


def verify(graph: Graph, ops: frozenset[str]) -> Graph:
    """Return ``graph`` if every name is declared, defined once and before use, and every op is one of ``ops``.

    Raises:
        GraphError: naming the value or node at fault.
    """
    entry = [*graph.constants, *(p.value for p in graph.inputs), *(s.before for s in graph.states)]
    entry += [] if graph.dt is None else [graph.dt]
    defined: set[str] = set()
    _define(graph, entry, defined)
    scope = _verify_nodes(graph, graph.nodes, frozenset(entry), defined, ops)
    _require_defined([s.after for s in graph.states] + [p.value for p in graph.outputs], scope, "the step's result")
    for name, array in graph.constants.items():
        if array.shape != graph.values[name].shape:
            raise GraphError(f"constant {name} is {array.shape}, declared {graph.values[name].shape}")
    for state in graph.states:
        if state.initial.shape != graph.values[state.before].shape:
            raise GraphError(f"state {state.before} begins as {state.initial.shape}")
    return graph


def _define(graph: Graph, names: Iterable[str], defined: set[str]) -> None:
    """``defined`` holds the names of all scopes: a name means one value in the whole graph."""
    for name in names:
        if name in defined:
            raise GraphError(f"value {name} is defined twice")
        if name not in graph.values:
            raise GraphError(f"value {name} has no declaration")
        defined.add(name)


def _verify_nodes(
    graph: Graph, nodes: tuple[Node, ...], scope: frozenset[str], defined: set[str], ops: frozenset[str]
) -> set[str]:
    """The names that can be read after ``nodes``."""
    readable = set(scope)
    for node in nodes:
        if node.op not in ops:
            raise GraphError(f"op {node.op} does not belong in this stage")
        _require_defined(node.inputs, readable, node.op)
        if (node.body is None) == (node.op == "loop") or not node.outputs:
            raise GraphError(f"node {node.op} -> {node.outputs} has a body it must not have, none, or no result")
        if node.body is not None:
            _verify_loop(node, node.body)
            _define(graph, node.body.params, defined)
            inside = frozenset(readable | set(node.body.params))
            inner = _verify_nodes(graph, node.body.nodes, inside, defined, ops)
            _require_defined(node.body.results, inner, "loop result")
        _define(graph, node.outputs, defined)
        readable |= set(node.outputs)
    return readable


def _verify_loop(node: Node, body: Body) -> None:
    if len({len(names) for names in (node.inputs, node.outputs, body.params, body.results)}) > 1:
        raise GraphError(f"loop {node.outputs} carries different numbers of values in, around and out")
    trips = node.attrs.get("trips")
    if not isinstance(trips, int) or trips < 1:
        raise GraphError(f"loop {node.outputs} makes {trips} trips")


def _require_defined(names: Iterable[str], defined: set[str], user: str) -> None:
    for name in names:
        if name not in defined:
            raise GraphError(f"{user} reads {name} before it is defined")


def execute(nodes: Iterable[Node], env: dict[str, T], apply: Callable[[Node, list[T]], T]) -> None:
    """``apply`` to the operands of every node in order, its results into ``env``; loops go round."""
    for node in nodes:
        xs = [env[name] for name in node.inputs]
        if node.body is None:
            env[node.outputs[0]] = apply(node, xs)
            continue
        for _ in range(node.trips):
            env.update(zip(node.body.params, xs, strict=True))
            execute(node.body.nodes, env, apply)
            xs = [env[name] for name in node.body.results]
        env.update(zip(node.outputs, xs, strict=True))


def given(graph: Graph) -> list[str]:
    """The values that each step is given: its inputs and, where it is a running value, the elapsed time."""
    return [p.value for p in graph.inputs] + ([] if graph.dt is None else [graph.dt])


def text(graph: Graph) -> str:
    """The graph as stable text, one node a line: what ``--dump`` writes and goldens compare."""

    def show(name: str) -> str:
        value = graph.values[name]
        kind = "" if value.format is None else f" {value.format}/{value.format.bits}"
        return f"{name}[{'x'.join(map(str, value.shape))}{kind}]"

    lines = [f"input  {show(p.value)} {p.label!r}" for p in graph.inputs]
    lines += [f"state  {show(s.before)} -> {s.after} {s.label!r}" for s in graph.states]
    lines += [f"const  {show(name)} {graph.labels.get(name, '')}".rstrip() for name in graph.constants]
    if graph.dt is not None:
        lines.append(f"dt     {graph.dt}")
    lines += _text_nodes(graph.nodes, show, "")
    lines += [f"output {p.value} {p.label!r}" for p in graph.outputs]
    return "\n".join(lines) + "\n"


def _text_nodes(nodes: tuple[Node, ...], show: Callable[[str], str], indent: str) -> list[str]:
    lines: list[str] = []
    for node in nodes:
        attrs = "".join(f" {key}={value}" for key, value in sorted(node.attrs.items()))
        outs = ", ".join(show(o) for o in node.outputs)
        lines.append(f"{indent}{outs} = {node.op}({', '.join(node.inputs)}){attrs}")
        if node.body is not None:
            lines.append(f"{indent}  body({', '.join(node.body.params)}) -> {', '.join(node.body.results)}")
            lines += _text_nodes(node.body.nodes, show, indent + "    ")
    return lines
