"""Knobs: what may be chosen in one graph, and the choices that a position of every knob stands for."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from lnncc.choices import Choice, Choices, Table
from lnncc.ir import Graph, Node
from lnncc.ops import OPS
from lnncc.passes.choose import own
from lnncc.target import Target

WIDTHS = (16, 8)  # fewer bits make no smaller code
SIZES: Mapping[str, tuple[int, ...]] = {"linear": (1024, 768, 512, 384, 256, 128, 64), "direct": (1024, 256)}
OWN_SIZES = (128, 64, 32, 16)
OTHERS = (512, 128)  # sizes of the linear table that what has none of its own then shares


@dataclass(frozen=True, slots=True)
class Own:
    """Tables of their own, ``table``, for synapses in loops; ``others`` for what else reads the same function."""

    table: Table
    others: Table


Option = int | Table | Own  # bits of weights, or tables


@dataclass(frozen=True, slots=True)
class Knob:
    """``nodes`` that take the same one of ``options``, the most exact first; ``label`` says in words which they are.

    Of an option ``Own``, those in ``inner`` take its table.
    """

    nodes: tuple[str, ...]
    label: str
    options: tuple[Option, ...]
    inner: tuple[str, ...] = ()


def knobs(fused: Graph, exact: Graph, larger_for: Target | None = None) -> tuple[Knob, ...]:
    """Of a fused graph, of which ``exact`` is the integer graph: nodes that share a table there are one knob.

    With ``larger_for``, also what takes more flash to be faster on that target when its C is optimised for speed.
    """
    made = {node.outputs[0]: node for node in exact.walk()}
    tables: dict[str, list[Node]] = {}
    found: list[Knob] = []
    for node in fused.walk():
        op = None if node.body is not None else OPS[node.op]
        bits = tuple(b for b in WIDTHS if b in getattr(op, "WEIGHT_BITS", ()))
        if len(bits) > 1:
            found.append(Knob((node.outputs[0],), _weights(fused, node), bits))
        if getattr(op, "TABLES", ()):
            tables.setdefault(_read(exact, made[node.outputs[0]]), []).append(node)
    names = ((name, tuple(node.outputs[0] for node in nodes)) for name, nodes in tables.items())
    inner = {name: _own(fused, nodes, larger_for) for name, nodes in names}
    return (*found, *(_table(exact, name, nodes, inner[name]) for name, nodes in tables.items()))


def _read(exact: Graph, node: Node) -> str:
    """The table that an integer node reads: the last of its constants, which an elapsed time may follow."""
    return next(name for name in reversed(node.inputs) if name in exact.constants)


def _weights(graph: Graph, node: Node) -> str:
    shape = graph.values[node.inputs[2]].shape
    named = graph.labels.get(node.inputs[2])
    return f"{named or f'{node.op} {node.outputs[0]}'} ({' x '.join(map(str, shape))})"


def _own(graph: Graph, nodes: tuple[str, ...], target: Target | None) -> Mapping[int, tuple[str, ...]]:
    """By size of their own tables, the ``nodes`` that may have such."""
    found = {} if target is None else {size: own(graph, target, size) for size in OWN_SIZES}
    kept = {size: tuple(name for name in names if name in nodes) for size, names in found.items()}
    return {size: names for size, names in kept.items() if names}


def _table(exact: Graph, constant: str, nodes: list[Node], inner: Mapping[int, tuple[str, ...]]) -> Knob:
    kinds = [kind for kind in SIZES if all(kind in OPS[node.op].TABLES for node in nodes)]
    shared = [Table(kind, size) for kind in kinds for size in SIZES[kind]]
    most = max(inner.values(), key=len, default=())
    others = [Table("linear", size) for size in (OTHERS if len(most) < len(nodes) else OTHERS[:1])]
    larger = [Own(Table("own", size), other) for size, names in inner.items() for other in others if names == most]
    function = exact.labels[constant].partition(" in Q")[0]
    return Knob(tuple(node.outputs[0] for node in nodes), f"table of {function}", (*shared, *larger), most)


def choices(found: Iterable[Knob], picks: Iterable[int]) -> Choices:
    """What knob by knob the ``picks``-th option says."""
    nodes: dict[str, Choice] = {}
    for knob, pick in zip(found, picks, strict=True):
        for name in knob.nodes:
            nodes[name] = _with(nodes.get(name, Choice()), knob.options[pick], inner=name in knob.inner)
    return Choices(nodes=nodes)


def _with(choice: Choice, option: Option, *, inner: bool) -> Choice:
    match option:
        case int():
            return replace(choice, weight_bits=option)
        case Table():
            return replace(choice, table=option)
        case Own():
            return replace(choice, table=option.table if inner else option.others)
