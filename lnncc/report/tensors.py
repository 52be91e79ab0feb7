"""tensors: of every 16-bit value, its format, how far it can go, how far it went, and why the format is what it is."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lnncc.ir import Format, Graph
from lnncc.passes.formats import shared
from lnncc.report import words
from lnncc.report.followed import Followed
from lnncc.report.subject import Subject


@dataclass(frozen=True, slots=True)
class Tensor:
    """In the user's units. The format holds ``low`` to ``high``; what is proven and what was seen lie within.

    ``unused`` are bits above all that is proven; ``why`` is one sentence.
    """

    name: str
    role: str
    value: str
    size: int
    format: str
    step: float
    low: float
    high: float
    proven: tuple[float, float]
    seen: tuple[float, float]
    unused: int
    why: str


SILENT = frozenset({"slice", "gather", "door", "concat", "fetch"})  # ops that move bits, and so add nothing to read


def tensors(subject: Subject, followed: Followed) -> tuple[Tensor, ...]:
    """Inputs, states, outputs, then what lies between them, in the order of the step."""
    roles = edges(subject)
    assumed = {s.before for s in subject.graph.states if s.label in subject.assumed_states}
    groups = _groups(subject)
    names = [*roles, *(n.outputs[0] for n in subject.graph.walk() if n.body is None and n.op not in SILENT)]
    return tuple(
        _tensor(subject, followed, name, roles, groups, assumed)
        for name in dict.fromkeys(names)
        if subject.format(name).bits == 16 and name in followed.seen
    )


def edges(subject: Subject) -> dict[str, tuple[str, str]]:
    """(role, label) of what the outside sees, by value."""
    graph = subject.graph
    found = {p.value: ("input", p.label) for p in graph.inputs}
    found |= {s.before: ("state", s.label) for s in graph.states}
    return found | {p.value: ("output", p.label) for p in graph.outputs if p.value not in found}


def title(graph: Graph, name: str) -> str:
    """What makes a value, in words that do not name it: the op and, of a table, its function."""
    maker = next((n for n in graph.walk() if name in n.outputs), None)
    if maker is None:
        return "carried"
    if maker.op != "table":
        return "loop" if maker.body is not None else maker.op
    return graph.labels.get(maker.inputs[-1], maker.op).partition(" in Q")[0]


def _tensor(
    subject: Subject,
    followed: Followed,
    name: str,
    roles: Mapping[str, tuple[str, str]],
    groups: Mapping[str, tuple[str, ...]],
    assumed: set[str],
) -> Tensor:
    form = subject.format(name)
    unit = 2.0**-form.frac
    raw = reach(subject, name)
    role, label = roles.get(name, ("inside", title(subject.graph, name)))
    return Tensor(
        label,
        role,
        name,
        subject.graph.values[name].size,
        str(form),
        unit,
        form.lowest * unit,
        form.highest * unit,
        (raw[0] * unit, raw[1] * unit),
        (followed.seen[name][0] * unit, followed.seen[name][1] * unit),
        _unused(form, raw),
        _why(subject, name, groups, assumed=name in assumed),
    )


def reach(subject: Subject, name: str) -> tuple[int, int]:
    """The proven raw interval of the widest element; of an input, what its door lets through."""
    doors = {p.value: s for p, s in zip(subject.graph.inputs, subject.build.interface.inputs, strict=True)}
    if name in doors:
        return doors[name].low, doors[name].high
    bounds = subject.proof.bounds[name]
    return int(bounds.low.min(initial=0)), int(bounds.high.max(initial=0))


def _unused(form: Format, raw: tuple[int, int]) -> int:
    """How many bits could go from the top, and all that is proven would still fit; ±1.0 itself counts as fitting."""
    largest = max(-raw[0], raw[1], 1)
    return max(form.bits - 1 - math.ceil(math.log2(largest)), 0)


def _groups(subject: Subject) -> dict[str, tuple[str, ...]]:
    """By value, all that have its format because bits go between them as they are."""
    return {name: group for group in shared(subject.fused) for name in group}


def _why(subject: Subject, name: str, groups: Mapping[str, tuple[str, ...]], *, assumed: bool) -> str:
    form, raw = subject.format(name), reach(subject, name)
    if assumed:
        return "nothing bounds this state for all inputs: sized from what calibration saw, and it saturates beyond"
    if any(n.attrs.get("saturates") is True for n in subject.graph.walk() if n.outputs[0] == name):
        return "sized by an estimate that the proof does not confirm: it saturates beyond, counted"
    low, high = (words.significant(end * 2.0**-form.frac, 4) for end in raw)
    if _unused(form, raw) == 0:
        return f"the finest that still holds everything from {low} to {high}"
    partners = [n for n in groups.get(name, ()) if n != name and n in subject.graph.values]
    wide = max(partners, key=lambda n: _span(subject, n), default=None)
    if wide is not None and _span(subject, wide) > _span(subject, name):
        reached = words.significant(_span(subject, wide), 4)
        return f"bits go to {_called(subject, wide)} as they are, which reaches {reached}: one format for both"
    return f"sized by an estimate before the integers were known; the proof then found no more than {low} to {high}"


def _span(subject: Subject, name: str) -> float:
    if name not in subject.proof.bounds:
        return 0.0
    form, raw = subject.format(name), reach(subject, name)
    return max(-raw[0], raw[1]) * 2.0**-form.frac


def _called(subject: Subject, name: str) -> str:
    role, label = edges(subject).get(name, ("", ""))
    return f"{role} {label}" if role else f"{title(subject.graph, name)} {name}"
