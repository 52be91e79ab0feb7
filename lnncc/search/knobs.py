"""Knobs: what may be chosen in one graph, and the choices that a position of every knob stands for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lnncc.choices import Choice, Choices, Table
from lnncc.ir import Graph, Node
from lnncc.ops import OPS

WIDTHS = (16, 8)  # fewer bits make no smaller code
SIZES: Mapping[str, tuple[int, ...]] = {"linear": (1024, 768, 512, 384, 256, 128, 64), "direct": (1024, 256)}
Option = int | Table  # bits of weights, or a table


@dataclass(frozen=True, slots=True)
class Knob:
    """``nodes`` that take the same one of ``options``, the most exact first; ``label`` says in words which they are."""

    nodes: tuple[str, ...]
    label: str
    options: tuple[Option, ...]


def knobs(fused: Graph, exact: Graph) -> tuple[Knob, ...]:
    """Of a fused graph, of which ``exact`` is the integer graph: nodes that share a table there are one knob."""
    made = {node.outputs[0]: node for node in exact.walk()}
    tables: dict[str, list[Node]] = {}
    found: list[Knob] = []
    for node in fused.walk():
        op = None if node.body is not None else OPS[node.op]
        bits = tuple(b for b in WIDTHS if b in getattr(op, "WEIGHT_BITS", ()))
        if len(bits) > 1:
            found.append(Knob((node.outputs[0],), _weights(fused, node), bits))
        if getattr(op, "TABLES", ()):
            tables.setdefault(made[node.outputs[0]].inputs[-1], []).append(node)
    return (*found, *(_table(fused, exact, name, nodes) for name, nodes in tables.items()))


def _weights(graph: Graph, node: Node) -> str:
    shape = graph.values[node.inputs[2]].shape
    named = graph.labels.get(node.inputs[2])
    return f"{named or f'{node.op} {node.outputs[0]}'} ({' x '.join(map(str, shape))})"


def _table(fused: Graph, exact: Graph, constant: str, nodes: list[Node]) -> Knob:
    kinds = [kind for kind in SIZES if all(kind in OPS[node.op].TABLES for node in nodes)]
    options = tuple(Table(kind, size) for kind in kinds for size in SIZES[kind])
    function = exact.labels[constant].partition(" in Q")[0]
    return Knob(tuple(node.outputs[0] for node in nodes), f"table of {function}", options)


def choices(found: Iterable[Knob], picks: Iterable[int]) -> Choices:
    """What knob by knob the ``picks``-th option says."""
    nodes: dict[str, Choice] = {}
    for knob, pick in zip(found, picks, strict=True):
        option = knob.options[pick]
        changes = {"weight_bits": option} if isinstance(option, int) else {"table": option}
        nodes |= {name: replace(nodes.get(name, Choice()), **changes) for name in knob.nodes}  # type: ignore[arg-type]
    return Choices(nodes=nodes)
