"""disturbed: float runs in which every value is moved by up to what the chip rounds: an estimate, and no bound.

Half of the runs are moved the same way at every step, which adds up most; the others at random.
"""

from collections.abc import Callable, Mapping

import numpy as np

from lnncc import ir
from lnncc.ir import Array, Graph
from lnncc.ops import OPS

RUNS, STEPS, SEED = 64, 256, 0

Kick = Callable[[str, Array], Array]
Env = dict[str, Array]


def estimate(
    graph: Graph,
    noise: Mapping[str, Array],
    ranges: Mapping[str, tuple[float, float]],
    dt: tuple[float, float] | None = None,
) -> Array:
    """The largest distance that the outputs of RUNS came to, all outputs as one vector; random inputs in range.

    ``dt`` is the range of one that each step is told.
    """
    rng = np.random.default_rng(SEED)
    kick, largest = _kicks(rng, noise), np.zeros(())
    exact = moved = {s.before: np.tile(np.asarray(s.initial, np.float64), (RUNS, 1)) for s in graph.states}
    for _ in range(STEPS):
        xs = {p.value: _drawn(rng, graph.values[p.value].size, *ranges[p.label]) for p in graph.inputs}
        if graph.dt is not None and dt is not None:
            xs[graph.dt] = np.exp(rng.uniform(np.log(dt[0]), np.log(dt[1]), (RUNS, 1)))
        exact, y = step(graph, xs, exact, lambda _, x: x)
        moved, z = step(graph, xs, moved, kick)
        largest = np.maximum(largest, np.abs(y - z).max(axis=0))
    return largest


def step(graph: Graph, xs: Mapping[str, Array], states: Mapping[str, Array], kick: Kick) -> tuple[Env, Array]:
    """One step of a fused graph, every value moved by ``kick``: states by name, and all outputs as one vector."""
    env: Env = {**graph.constants, **states, **{name: kick(name, x) for name, x in xs.items()}}
    ir.execute(graph.nodes, env, lambda node, x: kick(node.outputs[0], OPS[node.op].reference(node.attrs, *x)))
    return {s.before: env[s.after] for s in graph.states}, np.concatenate(
        [env[p.value] for p in graph.outputs], axis=-1
    )


def _kicks(rng: np.random.Generator, noise: Mapping[str, Array]) -> Kick:
    steady = {name: rng.choice([-1.0, 1.0], (RUNS // 2, len(most))) * most for name, most in noise.items()}

    def kick(name: str, x: Array) -> Array:
        if name not in noise:
            return x
        most = noise[name]
        return x + np.concatenate([steady[name], rng.uniform(-most, most, (RUNS - RUNS // 2, len(most)))])

    return kick


def _drawn(rng: np.random.Generator, size: int, low: float, high: float) -> Array:
    """Anything in range, and often its ends."""
    x = rng.uniform(low, high, (RUNS, size))
    at = rng.integers(0, 3, (RUNS, size))
    return np.where(at == 0, low, np.where(at == 1, high, x))
