"""settling: how long a start is remembered: from reset and from the corners of all possible states, the same inputs."""

from dataclasses import dataclass

import numpy as np

from lnncc import twin
from lnncc.ir import Array
from lnncc.report.overtime import Output
from lnncc.report.subject import Subject

CORNERS = 14  # drawn from a fixed seed, beside the lowest and the highest of all states
SEED = 0
LONGEST = 256  # steps that are tried


@dataclass(frozen=True, slots=True)
class Settling:
    """Of one output: ``apart`` is the largest distance between any two of the runs, after each step, in its units.

    ``within`` is the error that was measured of it, or one unit of its format if that is larger; ``steps`` is after
    how many steps it stays below that, None if it did not within those tried.
    """

    label: str
    within: float
    starts: int
    apart: tuple[float, ...]
    steps: int | None


def settling(subject: Subject, outputs: tuple[Output, ...]) -> tuple[Settling, ...]:
    """Nothing for a model without states. A model that keeps what it counted does not settle, and should not."""
    if not subject.graph.states:
        return ()
    starts = _starts(subject)
    apart = _apart(subject, starts)
    return tuple(_one(o, d, len(starts[0])) for o, d in zip(outputs, apart, strict=True))


def _starts(subject: Subject) -> tuple[Array, ...]:
    """States, (runs, size) each: reset, all lowest, all highest, and corners at random."""
    rng, found = np.random.default_rng(SEED), []
    for state in subject.graph.states:
        box = subject.proof.bounds[state.before]
        corners = np.where(rng.random((CORNERS, len(state.initial))) < 0.5, box.low, box.high)
        found.append(np.concatenate([state.initial[None], box.low[None], box.high[None], corners]).astype(np.int64))
    return tuple(found)


def _apart(subject: Subject, states: tuple[Array, ...]) -> list[list[float]]:
    """By output, after each step; the inputs are those of the first stream."""
    units = [2.0**-s.frac for s in subject.build.interface.outputs]
    found: list[list[float]] = [[] for _ in units]
    runs = len(states[0])
    for k in range(min(subject.steps, LONGEST)):
        given = tuple(np.repeat(x[:1, k].astype(np.int64), runs, axis=0) for x in subject.raw)
        states, outputs = twin.step(subject.graph, states, given)
        for kept, unit, y in zip(found, units, outputs, strict=True):
            kept.append(float((y.max(axis=0) - y.min(axis=0)).max()) * unit)
    return found


def _one(output: Output, apart: list[float], starts: int) -> Settling:
    within = max(output.max_abs, output.step)
    late = [k for k, d in enumerate(apart) if d > within]
    steps = late[-1] + 1 if late else 0
    return Settling(output.label, within, starts, tuple(apart), steps if steps < len(apart) else None)
