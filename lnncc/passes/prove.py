"""prove: that no intermediate of the integer graph ever leaves its width, for all inputs in range and for ever.

Every op runs on intervals, and a tape keeps its words; what a loop or the state carries is an inductive invariant: it
holds at the start and one more trip leaves it inside. Saturations that cannot happen are dropped.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from lnncc import fx, interval
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import Graph, Node
from lnncc.ops import OPS
from lnncc.tape import Line, Tape

MOST_NODES = 1 << 16  # evaluated before the proof gives up; a network takes some hundreds
ROUNDS = 24  # of joining before an invariant is widened to all of int16, which saturation keeps


@dataclass(frozen=True, slots=True, eq=False)
class Proof:
    """``bounds`` of every running value, the ``lines`` of words that make it, and values whose op may saturate."""

    bounds: Mapping[str, Interval]
    lines: Mapping[str, tuple[Line, ...]]
    saturating: tuple[str, ...]


def prove(graph: Graph) -> tuple[Graph, Proof]:
    """The graph without needless saturations, and the proof.

    Raises:
        LnnccError: E0308 naming the value at which the proof fails.
    """
    prover = _Prover(graph)
    prover.run()
    nodes = prover.relaxed(graph.nodes)
    saturating = tuple(n.outputs[0] for n in _flat(nodes) if n.attrs.get("saturates") and prover.may_saturate(n))
    bounds = {name: value.bounds for name, value in prover.known.items() if name not in graph.constants}
    return graph.edited(nodes=nodes), Proof(bounds, prover.lines, saturating)


def narrowed(graph: Graph, proof: Proof, dt: Interval) -> Proof:
    """What one step of a proven graph does where its dt lies in a part of the range: the words' bounds there.

    What is carried is anywhere in the invariants of ``proof``, which hold for every dt.
    """
    prover = _Prover(graph)
    prover.step(proof.bounds, dt)
    return Proof({name: value.bounds for name, value in prover.known.items()}, prover.lines, proof.saturating)


def _flat(nodes: tuple[Node, ...]) -> list[Node]:
    return [n for node in nodes for n in ([node] if node.body is None else _flat(node.body.nodes))]


class _Prover:
    def __init__(self, graph: Graph) -> None:
        self.graph, self.tape = graph, Tape()
        self.known = {name: self.tape.given(name, array) for name, array in graph.constants.items()}
        self.lines: dict[str, tuple[Line, ...]] = {}
        self.evaluated = 0

    def run(self) -> None:
        for port in self.graph.inputs:
            self._bind(port.value, self._everything(port.value))
        if self.graph.dt is not None:
            self._bind(self.graph.dt, self._everything(self.graph.dt))
        states = self.graph.states
        first = [interval.point(s.initial) for s in states]
        self._settle(self.graph.nodes, [s.before for s in states], first, [s.after for s in states])

    def step(self, invariants: Mapping[str, Interval], dt: Interval) -> None:
        for port in self.graph.inputs:
            self._bind(port.value, self._everything(port.value))
        assert self.graph.dt is not None, "only a dt of a range has parts"
        self._bind(self.graph.dt, dt)
        for state in self.graph.states:
            self._bind(state.before, invariants[state.before])
        self._once(self.graph.nodes, invariants)

    def _once(self, nodes: tuple[Node, ...], invariants: Mapping[str, Interval]) -> None:
        for node in nodes:
            if node.body is None:
                self._node(node)
                continue
            for param in node.body.params:
                self._bind(param, invariants[param])
            self._once(node.body.nodes, invariants)
            for param, out in zip(node.body.params, node.outputs, strict=True):
                self._bind(out, self._bounds(param))

    def _settle(self, nodes: tuple[Node, ...], params: list[str], first: list[Interval], results: list[str]) -> None:
        for name, start in zip(params, first, strict=True):
            self._require_storage(name, start)
            self._bind(name, start)
        for count in itertools.count():  # ends: from ROUNDS on, each takes for good all that one value can be
            self._nodes(nodes)
            growing = [
                (p, r)
                for p, r in zip(params, results, strict=True)
                if not interval.contains(self._bounds(p), self._bounds(r))
            ]
            if not growing:
                return
            for param, result in growing:
                joined = interval.join(self._bounds(param), self._bounds(result))
                self._require_storage(param, joined)
                self._bind(param, joined if count < ROUNDS else self._everything(param))

    def _nodes(self, nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            if node.body is None:
                self._node(node)
                continue
            first = [self._bounds(name) for name in node.inputs]
            self._settle(node.body.nodes, list(node.body.params), first, list(node.body.results))
            for param, out in zip(node.body.params, node.outputs, strict=True):
                self._bind(out, self._bounds(param))

    def _node(self, node: Node) -> None:
        [name] = node.outputs
        self.evaluated += 1
        if self.evaluated > MOST_NODES:
            raise _refused(name, f"it does not settle within {MOST_NODES} evaluations of its ops", node)
        self.tape.begin(name)
        try:
            result = OPS[node.op].evaluate(node.attrs, *(self.known[x] for x in node.inputs))
        except fx.Unproven as reason:
            raise _refused(name, f"{node.op}: {reason}", node) from reason
        self._require_storage(name, result.bounds, node)
        self.known[name] = result.named(name)
        self.lines[name] = self.tape.ended(result)

    def _require_storage(self, name: str, bounds: Interval, node: Node | None = None) -> None:
        """``node`` makes the value; without one, a state or a loop carries it."""
        form, what = self.graph.values[name].format, "what is carried" if node is None else node.op
        assert form is not None
        if bounds.low.size and (bounds.low.min() < form.lowest or bounds.high.max() > form.highest):
            raise _refused(name, f"{what} can leave its {form.bits} bits", node)

    def _bounds(self, name: str) -> Interval:
        return self.known[name].bounds

    def _everything(self, name: str) -> Interval:
        value = self.graph.values[name]
        assert value.format is not None
        low, high = (np.full(value.shape, end, np.int64) for end in (value.format.lowest, value.format.highest))
        return Interval(low, high)

    def _bind(self, name: str, bounds: Interval) -> None:
        self.known[name] = self.tape.given(name, bounds)

    def relaxed(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        return tuple(self._relaxed(node) for node in nodes)

    def _relaxed(self, node: Node) -> Node:
        """A saturation whose operand fits 16 bits already is a ``narrow``."""
        if node.body is not None:
            return replace(node, body=replace(node.body, nodes=self.relaxed(node.body.nodes)))
        if node.attrs.get("saturates") is not True:
            return node
        if self.may_saturate(node):
            return node
        last = self.lines[node.outputs[0]][-1]
        self.lines[node.outputs[0]] = (*self.lines[node.outputs[0]][:-1], replace(last, word="narrow"))
        return replace(node, attrs={**node.attrs, "saturates": False})

    def may_saturate(self, node: Node) -> bool:
        """Whether what an op that saturates narrows may be more than 16 bits hold."""
        *_, wide, last = self.lines[node.outputs[0]]
        assert (last.word, last.operands) == ("sat16", (wide.name,)), node.op
        return bool(wide.bounds.low.min() < fx.INT16[0] or wide.bounds.high.max() > fx.INT16[1])


def _refused(name: str, why: str, node: Node | None = None) -> LnnccError:
    return LnnccError(
        "E0308",
        f"the overflow proof refuses value `{name}`",
        source=None if node is None else node.source,
        notes=(why,),
        helps=("declare narrower input ranges, or report the model: lnncc chooses formats that should be provable",),
    )
