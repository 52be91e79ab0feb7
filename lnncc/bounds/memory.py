"""memory: whether a model can be in two states for ever on the same inputs: then no bound between them exists.

Inputs that once differed lead two float runs to rest in different places, and from then on both get the same. A third
sequence between those two ends on the edge, where one rounding of the chip chooses for all time. The search is by
trying, in float64: what it finds is there, up to that arithmetic; where it finds nothing, nothing is shown.
"""

from collections.abc import Mapping

import numpy as np

from lnncc.bounds import disturbed
from lnncc.ir import Array, Graph

INPUTS, SEED = 48, 0  # constant inputs that are tried
LEAD, STEPS = 32, 160  # steps with different inputs, then with the same
REST = 1e-9  # how far a state at rest moves in a step, at most
APART = 1e-4  # of the range of an output, at least


def kept(
    graph: Graph,
    ranges: Mapping[str, tuple[float, float]],
    reach: Array,
    dt: tuple[float, float] | None = None,
) -> Array:
    """How far apart two runs came to rest, by element of the outputs; 0 where none were found that differ.

    ``reach`` is how far each output can move; ``dt`` the range of one that each step is told.
    """
    rng = np.random.default_rng(SEED)
    ends = {p.value: (graph.values[p.value].size, *ranges[p.label]) for p in graph.inputs}
    same = {value: np.tile(_drawn(rng, *given), (2, 1)) for value, given in ends.items()}
    first = {value: np.concatenate([_drawn(rng, *given) for _ in "ab"]) for value, given in ends.items()}
    if graph.dt is not None and dt is not None:
        told = np.tile(np.exp(rng.uniform(np.log(dt[0]), np.log(dt[1]), (INPUTS, 1))), (2, 1))
        same, first = same | {graph.dt: told}, first | {graph.dt: told}
    states = {s.before: np.tile(np.asarray(s.initial, np.float64), (2 * INPUTS, 1)) for s in graph.states}
    before, y = states, np.zeros((2 * INPUTS, len(reach)))
    for k in range(LEAD + STEPS):
        before = states
        states, y = disturbed.step(graph, first if k < LEAD else same, states, lambda _, x: x)
    moved = np.max([np.abs(states[name] - before[name]).max(axis=1) for name in states], axis=0)
    rests = (moved <= REST).reshape(2, INPUTS).all(axis=0)
    apart = np.abs(y[:INPUTS] - y[INPUTS:]) * rests[:, None]
    return np.where(apart >= APART * reach, apart, 0.0).max(axis=0)


def _drawn(rng: np.random.Generator, size: int, low: float, high: float) -> Array:
    """Half of them at the ends of the range."""
    x = rng.uniform(low, high, (INPUTS, size))
    ends = rng.choice([low, high], (INPUTS, size))
    return np.where(rng.random((INPUTS, 1)) < 0.5, ends, x)
