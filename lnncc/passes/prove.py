"""prove: that no intermediate of the integer graph ever leaves its width, for all inputs in range and for ever.

Every op runs on intervals, through its exact rule where it has one; what a loop or the state carries is an inductive
invariant: it holds at the start and one more trip leaves it inside. Saturations that cannot happen are dropped.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lnncc import fx, interval
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import Graph, Node
from lnncc.ops import OPS

ROUNDS = 24  # of joining before an invariant is widened to all of int16, which saturation keeps


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """``bounds`` of every running value; ``rules`` that gave them; values whose op may saturate."""

    bounds: Mapping[str, Interval]
    rules: Mapping[str, str]
    saturating: tuple[str, ...]


def prove(graph: Graph) -> tuple[Graph, Proof]:
    """The graph without needless saturations, and the proof.

    Raises:
        LnnccError: E0308 naming the value at which the proof fails.
    """
    prover = _Prover(graph)
    prover.run()
    nodes = prover.relaxed(graph.nodes)
    saturating = tuple(n.outputs[0] for n in _flat(nodes) if n.attrs.get("saturates") is True)
    return graph.edited(nodes=nodes), Proof(prover.bounds, prover.rules, saturating)


def _flat(nodes: tuple[Node, ...]) -> list[Node]:
    return [n for node in nodes for n in ([node] if node.body is None else _flat(node.body.nodes))]


class _Prover:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.bounds: dict[str, Interval] = {}
        self.rules: dict[str, str] = {}

    def run(self) -> None:
        for port in self.graph.inputs:
            self._bind(port.value, self._everything(port.value), "input")
        states = self.graph.states
        first = [interval.point(s.initial) for s in states]
        self._settle(self.graph.nodes, [s.before for s in states], first, [s.after for s in states])

    def _settle(self, nodes: tuple[Node, ...], params: list[str], first: list[Interval], results: list[str]) -> None:
        for name, start in zip(params, first, strict=True):
            self._bind(name, start, "invariant")
        for count in range(ROUNDS + 2):
            self._nodes(nodes)
            growing = [
                (p, r)
                for p, r in zip(params, results, strict=True)
                if not interval.contains(self.bounds[p], self.bounds[r])
            ]
            if not growing:
                return
            for param, result in growing:
                joined = interval.join(self.bounds[param], self.bounds[result])
                self._bind(param, joined if count < ROUNDS else self._everything(param), "invariant")
        raise _refused(params[0], "its invariant is not inductive")

    def _nodes(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if node.body is None:
                self._node(node)
                continue
            first = [self.bounds[name] if name in self.bounds else self._read(name) for name in node.inputs]
            self._settle(node.body.nodes, list(node.body.params), first, list(node.body.results))
            for param, out in zip(node.body.params, node.outputs, strict=True):
                self._bind(out, self.bounds[param], "invariant")

    def _node(self, node: Node) -> None:
        op = OPS[node.op]
        rule = op.bounds if hasattr(op, "bounds") else op.evaluate
        try:
            result = rule(node.attrs, *(self._input(name, exact=hasattr(op, "bounds")) for name in node.inputs))
        except fx.Unproven as reason:
            raise _refused(node.outputs[0], f"{node.op}: {reason}", node) from reason
        result = result if isinstance(result, Interval) else interval.point(np.asarray(result))
        self._require_storage(node, result)
        self._bind(node.outputs[0], result, "exact" if hasattr(op, "bounds") else "interval")

    def _input(self, name: str, *, exact: bool) -> object:
        """Running values as intervals, constants as they are; a constant pair too is an interval, of one point."""
        if name in self.bounds:
            return self.bounds[name]
        constant = self.graph.constants[name]
        return interval.point(constant) if exact and constant.shape[1:] == (2,) else constant

    def _read(self, name: str) -> Interval:
        return interval.point(self.graph.constants[name])

    def _require_storage(self, node: Node, result: Interval) -> None:
        form = self.graph.values[node.outputs[0]].format
        assert form is not None
        if result.low.size and (result.low.min() < form.lowest or result.high.max() > form.highest):
            raise _refused(node.outputs[0], f"{node.op} can leave its {form.bits} bits", node)

    def _everything(self, name: str) -> Interval:
        value = self.graph.values[name]
        assert value.format is not None
        low, high = (np.full(value.shape, end, np.int64) for end in (value.format.lowest, value.format.highest))
        return Interval(low, high)

    def _bind(self, name: str, bounds: Interval, rule: str) -> None:
        self.bounds[name], self.rules[name] = bounds, rule

    def relaxed(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(self._relaxed(node) for node in nodes)

    def _relaxed(self, node: Node) -> Node:
        if node.body is not None:
            return replace(node, body=replace(node.body, nodes=self.relaxed(node.body.nodes)))
        if node.attrs.get("saturates") is not True:
            return node
        wide = OPS[node.op].widened(node.attrs, *(self._input(name, exact=False) for name in node.inputs))
        stays = wide.low.min() >= fx.INT16[0] and wide.high.max() <= fx.INT16[1]
        return replace(node, attrs={**node.attrs, "saturates": not stays})


def _refused(name: str, why: str, node: Node | None = None) -> LnnccError:
    return LnnccError(
        "E0308",
        f"the overflow proof refuses value `{name}`",
        source=None if node is None else node.source,
        notes=(why,),
        helps=("declare narrower input ranges, or report the model: lnncc chooses formats that should be provable",),
    )
