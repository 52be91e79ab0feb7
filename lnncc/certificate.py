"""The certificate: what was proven, as data beside the C, and the facts that a script may rely on."""

from collections.abc import Mapping

from lnncc.interval import Interval
from lnncc.ir import Graph
from lnncc.passes.prove import Proof
from lnncc.passes.ranges import Ranges
from lnncc.plan import Plan

SCHEMA = "lnncc.certificate/1"


def certificate(graph: Graph, proof: Proof) -> dict[str, object]:
    """For every value of the integer graph its proven interval (raw, element by element) and the rule that gave it.

    The interval of a state is an inductive invariant: it holds the initial state, and one step from anywhere inside,
    with any inputs, ends inside. Hence it holds for ever.
    """
    makers = {out: node for node in graph.walk() for out in node.outputs}
    values = {
        name: {
            "op": makers[name].op if name in makers else "given",
            "rule": proof.rules[name],
            "format": str(graph.values[name].format),
            **_ends(bounds),
        }
        for name, bounds in proof.bounds.items()
    }
    return {
        "schema": SCHEMA,
        "inputs": {p.label: p.value for p in graph.inputs},
        "invariant": {s.label: {"value": s.before, **_ends(proof.bounds[s.before])} for s in graph.states},
        "saturating": list(proof.saturating),
        "values": values,
    }


def _ends(bounds: Interval) -> dict[str, object]:
    ends: dict[str, object] = {"low": bounds.low.tolist(), "high": bounds.high.tolist()}
    if bounds.hull is not None:
        ends["hull"] = {"low": bounds.hull.low.tolist(), "high": bounds.hull.high.tolist()}
    return ends


def facts(layout: Plan, ranges: Ranges, proof: Proof) -> Mapping[str, object]:
    """Sizes known before any C compiler runs, the ranges everything rests on, and what may saturate."""
    return {
        "state_bytes": layout.state_bytes,
        "table_bytes": layout.table_bytes,
        "ranges": {
            label: {"low": low, "high": high, "assumed": assumed}
            for label, (low, high, assumed) in ranges.inputs.items()
        },
        "assumed_states": list(ranges.assumed),
        "saturations": list(proof.saturating),
    }
