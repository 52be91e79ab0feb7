"""costs: what each node of the step works, holds and errs: work estimated, bytes planned, its error measured."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lnncc.ir import Graph, Node
from lnncc.report.subject import Subject
from lnncc.report.tensors import title
from lnncc.search import cost
from lnncc.validate import nodes

STEPS = 96  # of the first stream that errors are shared out on
NO_WORK = frozenset({"call", "matrix", "step"})  # kinds of [cost] that are overheads, not operations


@dataclass(frozen=True, slots=True)
class Row:
    """One node of the fused model. ``operations`` are its multiplications, synapses and look-ups a step; ``estimate``
    is what the target's cost model gives for them, None without one; ``bytes`` are those of constants that no node
    before it reads. ``error`` is its share of the mean square error of the output that it harms most; None where a
    loop hides it.
    """

    value: str
    what: str
    shape: str
    operations: int
    estimate: float | None
    bytes: int
    error: float | None


def costs(subject: Subject) -> tuple[Row, ...]:
    """In the order of the step, without what only moves data."""
    blame = _blame(subject)
    rows = _rows(subject)
    kept = [replace(row, error=blame.get(row.value)) for row in rows.values()]
    return tuple(row for row in kept if row.operations or row.bytes)


def _rows(subject: Subject) -> dict[str, Row]:
    """Blocks of columns and what aligns operands belong to the node that they were split off."""
    rows: dict[str, Row] = {}
    sizes = {t.name: t.bytes for t in subject.plan.tables}
    read: set[str] = set()
    for node, work in cost.by_node(subject.graph):
        value = node.outputs[0]
        base = _base(subject.fused, value)
        new = [t for t in subject.plan.reads.get(value, ()) if t not in read]
        read.update(new)
        row = rows.get(base) or Row(base, title(subject.graph, value), "", 0, _none(subject), 0, None)
        rows[base] = replace(
            row,
            what=title(subject.graph, base) if base in subject.graph.values else row.what,
            shape=_shape(subject.fused, base),
            operations=row.operations + sum(n for kind, n in work.items() if kind not in NO_WORK),
            estimate=None if row.estimate is None else row.estimate + _estimate(subject, work),
            bytes=row.bytes + sum(sizes[t] for t in new),
        )
    return rows | _together(subject, sizes, read)


def _together(subject: Subject, sizes: Mapping[str, int], read: set[str]) -> dict[str, Row]:
    """What the plan makes of several nodes at once, such as matrices that read the same: their constants are one."""
    rows: dict[str, Row] = {}
    for value, tables in subject.plan.reads.items():
        new = [t for t in tables if t not in read]
        read.update(new)
        if new:
            rows[value] = Row(value, "several as one", "", 0, _none(subject), sum(sizes[t] for t in new), None)
    return rows


def _base(fused: Graph, value: str) -> str:
    """Of a value that ``quantise`` put in front of another, that other: ``v28p80`` serves ``v28``."""
    return value if value in fused.values else value.partition("p")[0]


def _none(subject: Subject) -> float | None:
    return None if subject.target.cost is None else 0.0


def _estimate(subject: Subject, work: Counter[str]) -> float:
    assert subject.target.cost is not None
    return sum(subject.target.cost[kind] * count for kind, count in work.items())


def _shape(fused: Graph, value: str) -> str:
    """Of a matrix its rows and columns, with the user's name of it; of all else how many elements."""
    maker = next((n for n in fused.walk() if value in n.outputs), None)
    matrix = None if maker is None else _matrix(fused, maker)
    if matrix is not None:
        rows, columns = fused.values[matrix].shape
        named = fused.labels.get(matrix)
        return f"{rows} x {columns}" + (f" {named}" if named else "")
    return str(fused.values[value].shape[0]) if value in fused.values else ""


def _matrix(fused: Graph, node: Node) -> str | None:
    return next(
        (n for n in node.inputs if n in fused.constants and fused.constants[n].ndim == 2 and n != node.inputs[0]), None
    )


def _blame(subject: Subject) -> Mapping[str, float]:
    """By node, the largest of its shares in the errors of the outputs."""
    found: dict[str, float] = {}
    for part in nodes.contributions(subject.build, subject.data, STEPS):
        found[part.node] = max(found.get(part.node, 0.0), part.share)
    return found
