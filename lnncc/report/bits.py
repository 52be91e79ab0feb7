"""bits: what one more bit would buy, and what one less would cost: each change alone, made and run through the twin."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lnncc import fx
from lnncc.choices import Choice, Choices, Table
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph
from lnncc.passes.formats import formats, shared
from lnncc.passes.prove import prove
from lnncc.passes.quantise import quantise
from lnncc.report.subject import Subject
from lnncc.report.tensors import edges, title
from lnncc.search.knobs import Knob, knobs
from lnncc.search.problem import pose, raw_inputs, weighed

STEPS, WINDOWS = 48, 8  # pieces of the report's inputs, each from reset
MATRICES = 4  # the largest ones; the others are tried together with them
SIZES = (64, 128, 256, 512, 1024)  # of tables that are tried


@dataclass(frozen=True, slots=True)
class Change:
    """``what`` is changed ``how``; ``max_abs`` and ``rms`` are those of the worst output in its units, ``flash`` that
    of all constants, in bytes. ``saturates`` are values that may saturate then and do not now. None: it cannot be had,
    for the reason in ``refused``.
    """

    what: str
    how: str
    max_abs: float | None
    rms: float | None
    flash: int | None
    saturates: int
    refused: str | None


@dataclass(frozen=True, slots=True)
class Bits:
    """``reproduced`` says that the unchanged case is the build itself, bit for bit; else formats are chosen as without
    calibration data, and only the differences between the rows mean something."""

    reproduced: bool
    steps: int
    now: Change
    changes: tuple[Change, ...]


def bits(subject: Subject) -> Bits:
    """All changes, formats first, then weights and tables."""
    lab = _Lab(subject)
    changes = (
        *(lab.changed(what, how, graph, subject.build.choices) for what, how, graph in _formats(lab)),
        *(lab.changed(what, how, lab.case.graph, chosen) for what, how, chosen in _choices(lab)),
    )
    return Bits(subject.reproduced_by(subject.ranges), lab.case.short.steps, lab.now, changes)


class _Lab:
    """Where graphs with formats are made into integers and run; the float model runs once for all of them."""

    def __init__(self, subject: Subject) -> None:
        self.subject, build = subject, subject.build
        self.data = {label: _windows(x) for label, x in subject.data.items()}
        graph = formats(subject.fused, subject.ranges)
        self.case = pose(build.model, build.settings, graph, subject.ranges, subject.target, self.data, wide=False)
        self.saturating = 0
        self.now = self.changed("as it is", "", graph, build.choices)
        self.saturating = self.now.saturates

    def changed(self, what: str, how: str, graph: Graph, choices: Choices) -> Change:
        """Everything that is as it is now but for ``graph`` and ``choices``."""
        case = replace(self.case, graph=graph, short=replace(self.case.short, raw=raw_inputs(graph, self.data)))
        try:
            integer, proof = prove(quantise(graph, case.ranges, choices))
            found = weighed(case, integer)
        except (LnnccError, fx.Unproven) as error:
            return Change(what, how, None, None, None, 0, error.title if isinstance(error, LnnccError) else str(error))
        more = max(len(proof.saturating) - self.saturating, 0)
        return Change(what, how, found.max_abs, found.rms, found.flash, more, None)


def _windows(x: Array) -> Array:
    """(streams, steps, size) as at most WINDOWS pieces of STEPS, those of the first stream first."""
    length = min(STEPS, x.shape[1])
    pieces = [x[:, k : k + length] for k in range(0, x.shape[1] - length + 1, length)]
    return np.stack(pieces, axis=1).reshape(-1, length, x.shape[2])[:WINDOWS]


def _formats(lab: _Lab) -> Iterator[tuple[str, str, Graph]]:
    """Of all formats of one kind, such as those of all gates, one bit more and one less."""
    subject = lab.subject
    for what, values in _kinds(subject, lab.case.graph).items():
        for moved, how in ((1, "one fraction bit more"), (-1, "one fraction bit less")):
            yield what, how, formats(subject.fused, subject.ranges, dict.fromkeys(values, moved))


def _kinds(subject: Subject, graph: Graph) -> dict[str, list[str]]:
    """One value of each format, by what to call it: the edge of the model that has it, if any, else what makes it."""
    known, found = edges(subject), dict[str, list[str]]()
    for group in shared(graph):
        form = graph.values[group[0]].format
        if form is None or form.bits != 16:
            continue
        named = next((n for n in group if n in known), None)
        made = [title(subject.graph, n) for n in group if n in subject.graph.values]
        what = " ".join(known[named]) if named is not None else next((m for m in made if m != "slice"), "inside")
        found.setdefault(f"{what} ({form})", []).append(group[0])
    return found


def _choices(lab: _Lab) -> Iterator[tuple[str, str, Choices]]:
    case, subject = lab.case, lab.subject
    found = knobs(case.graph, quantise(case.graph, case.ranges, subject.build.choices))
    yield from _weights(subject, case.graph, found)
    yield from _tables(subject, found)


def _weights(subject: Subject, graph: Graph, found: tuple[Knob, ...]) -> Iterator[tuple[str, str, Choices]]:
    """The largest matrices one by one, and all together."""
    matrices = [k for k in found if isinstance(k.options[0], int)]
    sizes = {n.outputs[0]: graph.values[n.inputs[2]].size for n in graph.walk() if len(n.inputs) > 2}
    largest = sorted(matrices, key=lambda k: (-sizes[k.nodes[0]], k.label))[:MATRICES]
    if len(matrices) > 1:
        every = tuple(n for k in matrices for n in k.nodes)
        yield from _widths(subject, f"all {len(matrices)} matrices", every)
    for knob in largest:
        yield from _widths(subject, knob.label, knob.nodes)


def _widths(subject: Subject, what: str, nodes: tuple[str, ...]) -> Iterator[tuple[str, str, Choices]]:
    choices = subject.build.choices
    now = {_of(choices, n).weight_bits for n in nodes}
    for wanted in (16, 8):
        if now != {wanted}:
            changed = {n: replace(_of(choices, n), weight_bits=wanted) for n in nodes}
            yield what, f"weights of {wanted} bits", replace(choices, nodes={**choices.nodes, **changed})


def _tables(subject: Subject, found: tuple[Knob, ...]) -> Iterator[tuple[str, str, Choices]]:
    choices = subject.build.choices
    for knob in found:
        now = _of(choices, knob.nodes[0]).table
        if isinstance(knob.options[0], int) or now.kind == "own":
            continue
        for size in (now.intervals * 2, now.intervals // 2):
            if size in SIZES:
                changed = {n: replace(_of(choices, n), table=Table(now.kind, size)) for n in knob.nodes}
                yield knob.label, f"{size} intervals", replace(choices, nodes={**choices.nodes, **changed})


def _of(choices: Choices, name: str) -> Choice:
    return choices.nodes.get(name, choices.default)
