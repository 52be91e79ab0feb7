"""A problem: what all candidates share, and the measuring of one: its error by the twin, its cost by the plan."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import ir, reference, twin
from lnncc.choices import Choices
from lnncc.ir import DT, Array, Format, Graph
from lnncc.options import Settings
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges
from lnncc.plan import plan
from lnncc.search import cost
from lnncc.target import Target

WINDOW, WINDOWS = 128, 32  # steps and windows of a long recording that candidates are tried on
WHOLE = 4096  # steps of each stream that the last candidates are tried on


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """Raw inputs and the float model's outputs for them, both (streams, steps, size)."""

    raw: tuple[Array, ...]
    exact: tuple[Array, ...]

    @property
    def steps(self) -> int:
        return self.raw[0].shape[0] * self.raw[0].shape[1]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A fused graph with formats; ``short`` is tried with every candidate, ``whole`` with the last ones.

    ``code_bytes`` is flash that does not depend on choices: code, and what else is no table.
    """

    graph: Graph
    ranges: Ranges
    settings: Settings
    target: Target
    short: Trial
    whole: Trial
    code_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """``max_abs`` and ``rms`` of the worst output, in its own units; bytes; ``cycles`` an estimate, if there is one."""

    max_abs: float
    rms: float
    flash: int
    ram: int
    cycles: float | None


def pose(
    model: Graph, settings: Settings, graph: Graph, ranges: Ranges, target: Target, data: Mapping[str, Array]
) -> Problem:
    """``model`` is the float graph, ``graph`` the fused one with formats, ``data`` (streams, steps, size) by label."""
    short = _trial(model, settings.fixed_dt, graph, _windows(data))
    whole = _trial(model, settings.fixed_dt, graph, {label: x[:, :WHOLE] for label, x in data.items()})
    return Problem(graph, ranges, settings, target, short, whole)


def _windows(data: Mapping[str, Array]) -> dict[str, Array]:
    """Windows of all streams, evenly spaced, each from reset."""
    streams, steps = next(iter(data.values())).shape[:2]
    length = min(steps, WINDOW)
    starts = [(s, k) for s in range(streams) for k in range(0, steps - length + 1, length)]
    kept = [starts[i] for i in np.unique(np.linspace(0, len(starts) - 1, WINDOWS).astype(int))]
    return {label: np.stack([x[s, k : k + length] for s, k in kept]) for label, x in data.items()}


def _trial(model: Graph, dt: float | None, graph: Graph, data: Mapping[str, Array]) -> Trial:
    exact = reference.run(model, data, dt)[0]
    return Trial(raw_inputs(graph, data), tuple(exact[p.label] for p in graph.outputs))


def raw_inputs(graph: Graph, data: Mapping[str, Array]) -> tuple[Array, ...]:
    """``data`` as the integers that go into a graph with formats."""
    labels = [p.label for p in graph.inputs] + [DT]  # a run-time dt is the last of what a step is given
    forms = [_format(graph, name) for name in ir.given(graph)]
    return tuple(twin.quantised(data[label], f.frac, f.bits) for label, f in zip(labels, forms, strict=False))


def _format(graph: Graph, name: str) -> Format:
    form = graph.values[name].format
    assert form is not None, name
    return form


def measure(case: Problem, choices: Choices, *, whole: bool = False) -> Measured:
    """One candidate. The overflow proof, which changes no bit, is left to the compilation of the chosen one."""
    return weighed(case, quantise(case.graph, case.ranges, choices), whole=whole)


def weighed(case: Problem, graph: Graph, *, whole: bool = False) -> Measured:
    """The error and the cost of an integer graph."""
    layout = plan(graph, case.settings.name, {}, case.target, case.settings.optimise)
    trial = case.whole if whole else case.short
    outputs = twin.run(graph, trial.raw)[1]
    errors = [
        y * 2.0 ** -_format(graph, port.value).frac - exact
        for port, y, exact in zip(graph.outputs, outputs, trial.exact, strict=True)
    ]
    return Measured(
        max(float(np.abs(e).max()) for e in errors),
        max(float(np.sqrt(np.mean(e**2))) for e in errors),
        case.code_bytes + layout.table_bytes,
        layout.state_bytes + layout.buffer_bytes,
        cost.cycles(graph, case.target),
    )
