"""reference: whole trajectories of a float graph in float64, the truth that the compiled code is measured against."""

from collections.abc import Mapping

import numpy as np

from lnncc import primitives
from lnncc.ir import Array, Graph

Trace = tuple[dict[str, Array], dict[str, Array]]


def run(graph: Graph, data: Mapping[str, Array], dt: float | None) -> Trace:
    """Every stream from reset: data (streams, steps, size) by input label -> (outputs, states) by label, same axes."""
    streams = len(next(iter(data.values())))
    traces = [_stream(graph, {label: x[k] for label, x in data.items()}, dt) for k in range(streams)]
    outputs = {p.label: np.stack([t[0][i] for t in traces]) for i, p in enumerate(graph.outputs)}
    states = {s.label: np.stack([t[1][i] for t in traces]) for i, s in enumerate(graph.states)}
    return outputs, states


def _stream(graph: Graph, data: Mapping[str, Array], dt: float | None) -> tuple[list[Array], list[Array]]:
    state = tuple(np.asarray(s.initial, np.float64) for s in graph.states)
    xs = [data[p.label].reshape(-1, *graph.values[p.value].shape) for p in graph.inputs]
    trace: list[tuple[tuple[Array, ...], tuple[Array, ...]]] = []
    for step in zip(*xs, strict=True):
        state, out = primitives.step(graph, state, step, dt)
        trace.append((out, state))
    return (
        [np.stack([np.ravel(t[0][i]) for t in trace]) for i in range(len(graph.outputs))],
        [np.stack([np.ravel(t[1][i]) for t in trace]) for i in range(len(graph.states))],
    )
