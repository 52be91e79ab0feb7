"""ahead: how far the chip will be from the float model, in output units: after a step, after many, and at worst."""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lnncc import solver
from lnncc.bounds import disturbed, forward, memory, timed
from lnncc.bounds.contraction import contraction
from lnncc.bounds.horizon import Horizon, horizon
from lnncc.build import Build
from lnncc.enclose import Unbounded
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import Array, Graph
from lnncc.passes.lower import lower
from lnncc.tube import Tube

DAY = 86400.0  # s
STEPS = 1000  # where nothing says how many steps a day has

KEPT = 2  # builds whose bounds are known, as a report asks more than once


@dataclass(frozen=True, slots=True)
class Ahead:
    """Of one output, its worst element: bounds for all inputs in range, and an estimate, which is none.

    ``contracts`` says whether the bound of any number of steps is that of a contraction, or all that the output can
    reach. ``estimate`` is what disturbed runs came to. ``forgets`` is of the whole model: the factor by which each step
    of the float model brings any two runs on the same inputs together, None if none below 1 was found. ``keeps`` is how
    far apart two float runs on the same inputs were found to rest for ever: no bound below it exists. 0 if none were.
    """

    one_step: float
    steps: int
    after_steps: float
    forever: float
    contracts: bool
    estimate: float
    forgets: float | None
    keeps: float


@functools.lru_cache(KEPT)
def ahead(build: Build, steps: int = STEPS) -> Mapping[str, Ahead]:
    """By output label.

    Raises:
        Unbounded: if nothing can be said for all inputs.
    """
    if solver.carried_out(build.facts):
        raise Unbounded("another solver takes the place of the trained one, by an error that only measuring tells")
    rounding = build.facts["rounding"]
    assert isinstance(rounding, dict)
    if rounding["unbounded"] is not None:
        raise Unbounded(str(rounding["unbounded"]))
    graph, ranges = lower(build.model, dt=build.settings.fixed_dt), _ranges(build)
    noise = {name: _noise(graph, name, off) for name, off in rounding["values"].items()}
    span, parts = build.settings.dt_range, timed.spans(build.integer)
    found = horizon(forward.stepper(graph, noise, ranges, parts), _initial(graph, build))
    shrinks = contraction(forward.stepper(graph, {}, ranges, parts), found.box)
    rate = None if shrinks is None else shrinks.rate
    trial = disturbed.estimate(graph, noise, ranges, span)
    most = _most(found, build, [graph.values[p.value].size for p in graph.outputs])
    kept = memory.kept(graph, ranges, most, span) if shrinks is None and graph.states else np.zeros(len(most))
    edges = np.cumsum([0] + [graph.values[p.value].size for p in graph.outputs])
    parts_of = {p.label: slice(*edges[k : k + 2]) for k, p in enumerate(graph.outputs)}
    return {
        label: _one(found, most, steps, part, float(trial[part].max()), rate, float(kept[part].max()))
        for label, part in parts_of.items()
    }


def _most(found: Horizon, build: Build, sizes: Sequence[int]) -> Array:
    """How far apart outputs can be at all: both runs are in what was found, and the chip in what is proven of it."""
    low, high = (
        np.repeat([end * 2.0**-s.frac for s, end in zip(build.interface.outputs, ends, strict=True)], sizes)
        for ends in ([s.low for s in build.interface.outputs], [s.high for s in build.interface.outputs])
    )
    low, high = np.maximum(low, found.reach.low), np.minimum(high, found.reach.high)
    return np.maximum(found.reach.high - low, high - found.reach.low)


def _noise(graph: Graph, name: str, off: Sequence[float]) -> Array:
    """Raises E0405 if the value has another size: the facts are those of another build."""
    found = np.asarray(off, np.float64)
    if name not in graph.values or found.shape != graph.values[name].shape:
        raise LnnccError(
            "E0405",
            "the facts of this build are those of another one",
            notes=(f"they say what rounding adds to {len(found)} elements of {name!r:.80}",),
            helps=("compile the model again",),
        )
    return found


def _one(
    found: Horizon, most: Array, steps: int, part: slice, estimate: float, rate: float | None, keeps: float
) -> Ahead:
    def within(count: int) -> float:
        if count <= len(found.after):
            return float(np.minimum(found.after[count - 1], most)[part].max())
        return float((most if found.forever is None else np.minimum(found.forever[0], most))[part].max())

    contracts = found.forever is not None and bool(np.all(found.forever[0][part] < most[part]))
    return Ahead(within(1), steps, within(steps), within(1 << 62), contracts, estimate, rate, keeps)


def _ranges(build: Build) -> dict[str, tuple[float, float]]:
    ranges = build.facts["ranges"]
    assert isinstance(ranges, Mapping)
    return {label: (r["low"], r["high"]) for label, r in ranges.items()}


def _initial(graph: Graph, build: Build) -> Tube:
    exact = np.concatenate([np.asarray(s.initial, np.float64) for s in graph.states] or [np.zeros(0)])
    units = [2.0**-s.frac for s in build.interface.states]
    raw = (s.initial * unit for s, unit in zip(build.integer.states, units, strict=True))
    chip = np.concatenate([*raw] or [np.zeros(0)])
    return Tube(Interval(np.minimum(exact, chip), np.maximum(exact, chip)), np.abs(exact - chip))


def text(found: Mapping[str, Ahead], period: float | None) -> list[str]:
    """``period`` in seconds, by which the steps were counted, if there was one."""
    lines = ["  error against the float model at most, for all inputs in range:"]
    for label, a in found.items():
        many = f"after {a.steps} steps" if period is None else f"after a day ({a.steps} steps)"
        why = "a contraction" if a.contracts else "all that it can reach: no contraction was found that says more"
        lines.append(
            f"    {label}: {a.one_step:.3g} after one step, {a.after_steps:.3g} {many}, {a.forever:.3g} ever ({why})"
        )
        lines.append(f"    {label}: {a.estimate:.3g} was reached by disturbed runs: an estimate, not a bound")
        if a.keeps:
            lines.append(f"    {label}: no bound below {a.keeps:.3g} exists: {_KEPT}")
    rates = {a.forgets for a in found.values() if a.forgets is not None}  # one, that of the model
    return [*lines, *map(_forgotten, rates)]


_KEPT = "two float runs on the same inputs were found that rest that far apart for ever"


def _forgotten(rate: float) -> str:
    return (
        f"    upsets: the float model forgets them, each step leaving at most {rate:.3g} of the difference of two "
        "states (proven in a weighted maximum norm)"
    )
