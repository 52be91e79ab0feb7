"""A problem: what all candidates share, and the measuring of one: its error by the twin, its cost by the plan.

A recording seldom fills the ranges that are declared, and a table that is coarse where nothing was recorded costs
nothing there. So candidates are measured on inputs that wander all over these ranges, too, and on some that stay where
they are: one day a machine may. What counts is the worst of these windows, since errors of one place have one sign.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lnncc import ir, reference, twin
from lnncc.choices import Choices
from lnncc.ir import DT, Array, Format, Graph
from lnncc.options import Settings
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges
from lnncc.plan import plan
from lnncc.plan.interface import Interface, Signal
from lnncc.search import cost
from lnncc.target import Target
from lnncc.validate import stimulus

WINDOW, WINDOWS = 128, 32  # steps and windows of a long recording that candidates are tried on
WHOLE = 4096  # steps of each stream that the last candidates are tried on
WIDE, PIECE = 32, 32  # windows of inputs that wander, and as many of inputs that stay; steps of each at most


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

    ``wide`` is no recording: inputs all over the declared ranges, tried with every candidate of a search.
    ``code_bytes`` is flash that does not depend on choices: code, and what else is no table.
    """

    graph: Graph
    ranges: Ranges
    settings: Settings
    target: Target
    short: Trial
    whole: Trial
    wide: Trial | None
    code_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Measured:
    """``max_abs`` and ``rms`` of the worst output, in its own units; bytes; ``cycles`` an estimate, if there is one.

    Errors are those on recorded inputs; ``wide_max_abs`` and ``wide_rms`` those of the worst window of all others.
    """

    max_abs: float
    rms: float
    wide_max_abs: float
    wide_rms: float
    flash: int
    ram: int
    cycles: float | None


def pose(
    model: Graph,
    settings: Settings,
    graph: Graph,
    ranges: Ranges,
    target: Target,
    data: Mapping[str, Array],
    *,
    wide: bool = True,
) -> Problem:
    """``model`` is the float graph, ``graph`` the fused one with formats, ``data`` (streams, steps, size) by label.

    Without ``wide`` nothing is measured where nothing was recorded, nor is the float model run there.
    """
    short = _trial(model, settings.fixed_dt, graph, _windows(data))
    whole = _trial(model, settings.fixed_dt, graph, {label: x[:, :WHOLE] for label, x in data.items()})
    beyond = _wide(_edge(graph, ranges), next(iter(data.values())).shape[1]) if wide else None
    everywhere = None if beyond is None else _trial(model, settings.fixed_dt, graph, beyond)
    return Problem(graph, ranges, settings, target, short, whole, everywhere)


def _wide(edge: Interface, steps: int) -> dict[str, Array]:
    """Windows of inputs that wander over their ranges, and windows of inputs that stay where they are."""
    length = min(PIECE, steps)
    wandering, levels = stimulus.wandering(edge, WIDE * length), stimulus.noise(edge, WIDE)
    return {
        label: np.concatenate((x.reshape(WIDE, length, -1), np.repeat(levels[label][0][:, None], length, axis=1)))
        for label, x in wandering.items()
    }


def _edge(graph: Graph, ranges: Ranges) -> Interface:
    """What the step is given, in the ranges that were declared for it."""
    signals = tuple(_signal(graph, p.value, p.label, *ranges.inputs[p.label][:2]) for p in graph.inputs)
    dt = None if graph.dt is None or ranges.dt is None else _signal(graph, graph.dt, DT, *ranges.dt)
    return Interface("", signals, (), (), dt)


def _signal(graph: Graph, name: str, label: str, low: float, high: float) -> Signal:
    form = _format(graph, name)
    ends = (max(int(low * 2.0**form.frac), form.lowest), min(int(high * 2.0**form.frac), form.highest))
    return Signal(name, label, graph.values[name].size, form.frac, *ends, bits=form.bits)


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
    return Measured(
        *_worst(_errors(graph, case.whole if whole else case.short)),
        *_worst([w for e in _errors(graph, case.wide) for w in e] if case.wide is not None else []),
        case.code_bytes + layout.table_bytes,
        layout.state_bytes + layout.buffer_bytes,
        cost.cycles(graph, case.target),
    )


def _errors(graph: Graph, trial: Trial) -> list[Array]:
    """Of each output, (streams, steps, size)."""
    outputs = twin.run(graph, trial.raw)[1]
    return [
        y * 2.0 ** -_format(graph, port.value).frac - exact
        for port, y, exact in zip(graph.outputs, outputs, trial.exact, strict=True)
    ]


def _worst(errors: Sequence[Array]) -> tuple[float, float]:
    """The largest and the RMS error of the worst."""
    largest = max((float(np.abs(e).max()) for e in errors), default=0.0)
    return largest, max((float(np.sqrt(np.mean(e**2))) for e in errors), default=0.0)
