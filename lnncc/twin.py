"""The twin: an integer graph run on NumPy integers, bit for bit what the generated C does."""

import hashlib

import numpy as np

from lnncc import ir
from lnncc.fx import Carrier
from lnncc.ir import Array, Graph
from lnncc.ops import OPS

Trace = tuple[tuple[Array, ...], tuple[Array, ...]]  # states, outputs: each (streams, steps, size)


def run(graph: Graph, inputs: tuple[Array, ...]) -> Trace:
    """All streams from reset: inputs (streams, steps, size) raw -> (states, outputs), each (streams, steps, size).

    A run-time dt is the last of the inputs.
    """
    streams, steps = inputs[0].shape[:2]
    states = tuple(np.broadcast_to(s.initial.astype(np.int64), (streams, len(s.initial))) for s in graph.states)
    trace: list[tuple[tuple[Array, ...], tuple[Array, ...]]] = []
    for k in range(steps):
        states, outputs = step(graph, states, tuple(x[:, k].astype(np.int64) for x in inputs))
        trace.append((states, outputs))
    return tuple(
        tuple(np.stack(parts, axis=1).astype(np.int16) for parts in zip(*(t[side] for t in trace), strict=True))
        for side in (0, 1)
    )  # type: ignore[return-value]  # two sides, by construction


def stream(trace: Trace) -> bytes:
    """For each step states, then outputs, in signature order, little-endian int16: what ``outputs_sha256`` hashes."""
    parts = np.concatenate([a[0] for a in trace[0] + trace[1]], axis=-1)
    return parts.astype("<i2").tobytes()


def digest(trace: Trace) -> str:
    return hashlib.sha256(stream(trace)).hexdigest()


def step(
    graph: Graph, states: tuple[Array, ...], inputs: tuple[Array, ...]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """One step on int64 arrays with any leading axes: (states, inputs) -> (states, outputs)."""
    env: dict[str, Carrier] = dict(graph.constants)
    env.update(zip(ir.given(graph), inputs, strict=True))
    env.update((s.before, x) for s, x in zip(graph.states, states, strict=True))
    ir.execute(graph.nodes, env, lambda node, xs: OPS[node.op].evaluate(node.attrs, *xs))
    lead = inputs[0].shape[:-1]
    return (
        tuple(_spread(env[s.after], lead) for s in graph.states),
        tuple(_spread(env[p.value], lead) for p in graph.outputs),
    )


def _spread(x: Carrier, lead: tuple[int, ...]) -> Array:
    assert isinstance(x, np.ndarray)
    return np.broadcast_to(x, (*lead, x.shape[-1]))


def quantised(x: Array, frac: int, bits: int = 16) -> Array:
    """Real values to raw integers, rounded half to even and saturated: what the float helpers of the C do."""
    top = 1 << (bits - 1)
    return np.clip(np.rint(np.asarray(x, np.float64) * 2.0**frac), -top, top - 1).astype(f"int{bits}")
