"""The certificate: what was proven, word by word, as data beside the C, and the facts that a script may rely on."""

import hashlib
import random
from collections.abc import Mapping

import numpy as np

from lnncc import archive, ir, serial, twin
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Value
from lnncc.passes.prove import Proof
from lnncc.passes.ranges import Ranges
from lnncc.plan import Plan

SCHEMA = "lnncc.certificate/3"
REPLAY_STEPS = 8


def certificate(graph: Graph, proof: Proof, name: str, *, steps: int = REPLAY_STEPS) -> dict[str, object]:
    """The words of every node of the integer graph, with the interval of each; ``docs/proof.md`` describes the fields.

    The interval of a state is an inductive invariant: it holds the initial state, and one step from anywhere inside,
    with any inputs, ends inside. Hence it holds for ever.
    """
    writer = _Writer(graph, proof)
    replay = twin.run(graph, replayed_inputs(graph, steps))
    return {
        "schema": SCHEMA,
        "graph": {"file": f"{name}.integer.lnn", "sha256": hashlib.sha256(archive.pack(graph)).hexdigest()},
        "body": writer.step(),
        "replay": {"steps": steps, "sha256": twin.digest(replay)},
    }


def replayed_inputs(graph: Graph, steps: int) -> tuple[Array, ...]:
    """Random inputs (1, steps, size) from the generator that every Python has; a run-time dt is the last of them."""
    draw = random.Random(0)
    sizes = [(value.size, 32 if name == graph.dt else 16) for name, value in _given(graph)]
    rows = [[[draw.getrandbits(bits) - (1 << bits - 1) for _ in range(n)] for n, bits in sizes] for _ in range(steps)]
    return tuple(np.array(x, f"int{bits}")[None] for x, (_, bits) in zip(zip(*rows, strict=True), sizes, strict=True))


def _given(graph: Graph) -> list[tuple[str, Value]]:
    return [(name, graph.values[name]) for name in ir.given(graph)]


class _Writer:
    """Writes the nodes of a graph, as its file has them, with what was proven of each."""

    def __init__(self, graph: Graph, proof: Proof) -> None:
        self.graph, self.proof = graph, proof
        self.data = serial.to_parts(graph)[0]
        self.rests = _rests(graph)

    def step(self) -> dict[str, object]:
        states = self.graph.states
        params, results = [s.before for s in states], [s.after for s in states]
        return self.body({"params": params, "results": results, "nodes": self.data["nodes"]})

    def body(self, body: Mapping[str, object]) -> dict[str, object]:
        """``invariant`` holds the params in order: of a loop what it carries, of the step its states."""
        nodes = [self.node(node) for node in body["nodes"]]  # type: ignore[attr-defined]  # a list of JSON
        return {**body, "nodes": nodes, "invariant": [self.bounds(name) for name in body["params"]]}  # type: ignore[attr-defined]

    def node(self, node: Mapping[str, object]) -> dict[str, object]:
        body, [out, *_] = node.get("body"), node["outputs"]  # type: ignore[misc]
        if isinstance(body, dict):
            return {**node, "body": self.body(body)}
        form = self.graph.values[out].format
        assert form is not None
        words = [[x.word, x.name, x.operands, _least_and_greatest(x.bounds), x.rule] for x in self.proof.lines[out]]
        return {**node, "words": words, "width": [form.lowest, form.highest], **self.bounds(out)}

    def bounds(self, name: str) -> dict[str, object]:
        """Element by element; a pair has all its Σ g·e before all its Σ g. ``rests_on`` are inputs."""
        bounds = self.proof.bounds[name]
        return {"low": _flat(bounds.low), "high": _flat(bounds.high), "rests_on": sorted(self.rests[name])}


def _least_and_greatest(bounds: Interval) -> list[int]:
    return [int(bounds.low.min()), int(bounds.high.max())] if bounds.low.size else []


def _flat(ends: Array) -> list[int]:
    return ends.ravel(order="F").tolist()


def _rests(graph: Graph) -> dict[str, frozenset[str]]:
    """The inputs on whose declared ranges the interval of a value rests: those that it is made of."""
    rests = dict.fromkeys(graph.values, frozenset[str]())
    rests |= {name: frozenset([name]) for name in ir.given(graph)}
    pairs = [(name, out) for node in graph.walk() for name in node.inputs for out in node.outputs if node.body is None]
    for node in graph.walk():
        if node.body is not None:
            params = node.body.params
            pairs += [*zip(node.inputs, params, strict=True), *zip(node.body.results, params, strict=True)]
            pairs += zip(params, node.outputs, strict=True)
    pairs += [(s.after, s.before) for s in graph.states]
    while True:
        grown = [(a, b) for a, b in pairs if not rests[a] <= rests[b]]
        if not grown:
            return rests
        rests |= {b: rests[a] | rests[b] for a, b in grown}


def facts(layout: Plan, ranges: Ranges, proof: Proof) -> Mapping[str, object]:
    """Sizes known before any C compiler runs, the ranges everything rests on, and what may saturate."""
    return {
        "state_bytes": layout.state_bytes,
        "table_bytes": layout.table_bytes,
        "constant_bytes": layout.constant_bytes,
        "ranges": {
            label: {"low": low, "high": high, "assumed": assumed}
            for label, (low, high, assumed) in ranges.inputs.items()
        },
        "dt": None if ranges.dt is None else {"low": ranges.dt[0], "high": ranges.dt[1]},
        "assumed_states": list(ranges.assumed),
        "saturations": list(proof.saturating),
    }
