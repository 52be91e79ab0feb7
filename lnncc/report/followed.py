"""followed: the twin over the report's inputs, with an eye on every value: how far it goes, and how often it stops."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import fx, ir
from lnncc.ir import Array, Node
from lnncc.ops import OPS
from lnncc.report.subject import Subject


@dataclass(frozen=True, slots=True, eq=False)
class Followed:
    """Raw integers. ``seen`` is (lowest, highest) by value; ``at_ends`` counts, of each value whose op may saturate,
    elements that stood at an end of their width; ``outside`` counts those of each input that its door clamped.

    ``states`` and ``outputs`` are (streams, steps, size), as the C gives them.
    """

    seen: Mapping[str, tuple[int, int]]
    at_ends: Mapping[str, int]
    outside: Mapping[str, int]
    states: tuple[Array, ...]
    outputs: tuple[Array, ...]


def follow(subject: Subject) -> Followed:
    """Every step of every stream, from reset."""
    graph, watch = subject.graph, _Watch()
    states = {s.before: np.broadcast_to(s.initial, (subject.streams, len(s.initial))) for s in graph.states}
    trace: list[list[Array]] = []
    for k in range(subject.steps):
        env: dict[str, Array] = {**graph.constants, **states}
        env |= {n: x[:, k].astype(np.int64) for n, x in zip(ir.given(graph), subject.raw, strict=True)}
        for name in (*ir.given(graph), *states):
            watch.see(name, env[name])
        ir.execute(graph.nodes, env, watch.apply)
        states = {s.before: env[s.after] for s in graph.states}
        kept = [*states.values(), *(env[p.value] for p in graph.outputs)]
        trace.append([np.broadcast_to(x, (subject.streams, x.shape[-1])) for x in kept])
    arrays = tuple(np.stack(parts, axis=1) for parts in zip(*trace, strict=True))
    count = len(graph.states)
    return Followed(watch.seen, watch.at_ends, _outside(subject), arrays[:count], arrays[count:])


def _outside(subject: Subject) -> dict[str, int]:
    pairs = zip(subject.build.interface.given, subject.raw, strict=True)
    return {s.label: int(((x < s.low) | (x > s.high)).sum()) for s, x in pairs}


class _Watch:
    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, int]] = {}
        self.at_ends: dict[str, int] = {}

    def apply(self, node: Node, xs: list[Array]) -> Array:
        result = OPS[node.op].evaluate(node.attrs, *xs)
        assert isinstance(result, np.ndarray)
        name = node.outputs[0]
        self.see(name, result)
        if node.attrs.get("saturates") is True:
            stopped = int(np.isin(result, fx.INT16).sum())
            self.at_ends[name] = self.at_ends.get(name, 0) + stopped
        return result

    def see(self, name: str, x: Array) -> None:
        if not x.size:
            return
        low, high = int(x.min()), int(x.max())
        before = self.seen.get(name, (low, high))
        self.seen[name] = min(low, before[0]), max(high, before[1])
