"""rounding: how far each value of the chip is from its op's float meaning on the same inputs, bounded word by word.

A value that both graphs know counts as given: what reaches a node through its inputs is another matter (``forward``).
From there each word adds what it rounds, and what the rounding of constants and tables does to it. The proven interval
of every word bounds its factors. The inputs are taken to be in their declared ranges.
"""

from collections.abc import Mapping

import numpy as np

from lnncc.bounds import timed
from lnncc.bounds.words import HALF, OWN, RULES, Known, Rule
from lnncc.enclose import Unbounded
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Node
from lnncc.passes.prove import Proof, narrowed
from lnncc.tape import Line


def rounding(fused: Graph, integer: Graph, proof: Proof) -> dict[str, Array]:
    """By value of the fused graph, what its integers add, in the user's units, element by element.

    A dt of a range is taken octave by octave, in which the shifts that follow from it are known; what is found holds
    for each.

    Raises:
        Unbounded: for a word without a rule, or a table that its input can leave.
    """
    if fused.dt is None:
        return _rounding(fused, integer, proof)
    parts = [narrowed(integer, proof, part) for part in timed.octaves(integer)]
    found = [_rounding(fused, integer, part) for part in parts]
    return {name: np.max([one[name] for one in found], axis=0) for name in found[0]}


def _rounding(fused: Graph, integer: Graph, proof: Proof) -> dict[str, Array]:
    shared = {name for name, v in fused.values.items() if len(v.shape) == 1 and name in proof.bounds}
    shared = {name for name in shared if fused.values[name].shape == integer.values[name].shape}
    given = frozenset(shared - set(fused.constants))
    walk = _Walk(integer, proof, given)
    for node in integer.walk():
        walk.loop(node) if node.body is not None else walk.node(node)
    beyond = timed.beyond(fused, integer, proof)
    return walk.off | {name: walk.off[name] + more for name, more in beyond.items()}


def facts(fused: Graph, integer: Graph, proof: Proof) -> dict[str, object]:
    """The same for a file: rounded up to few digits, and why there is none where there is none."""
    try:
        found = rounding(fused, integer, proof)
    except Unbounded as reason:
        return {"unbounded": str(reason), "values": {}}
    return {"unbounded": None, "values": {name: [_upward(float(x)) for x in off] for name, off in found.items()}}


def _upward(x: float) -> float:
    """Not less than ``x``, in four digits."""
    return float(f"{x * (1 + 1e-3):.3e}")


class _Walk:
    """``known`` raw values; ``off`` is the result."""

    def __init__(self, graph: Graph, proof: Proof, given: frozenset[str]) -> None:
        self.graph, self.proof, self.given = graph, proof, given
        self.known = {name: _constant(array, graph.rounding.get(name)) for name, array in graph.constants.items()}
        self.known |= {name: Known(proof.bounds[name], np.zeros(graph.values[name].shape)) for name in given}
        doors = [p.value for p in graph.inputs] + ([] if graph.dt is None else [graph.dt])
        self.off = {name: np.full(graph.values[name].shape, HALF * self._unit(name)) for name in doors}

    def _unit(self, name: str) -> float:
        form = self.graph.values[name].format
        assert form is not None
        return 2.0**-form.frac

    def node(self, node: Node) -> None:
        """A door does not clip what is in its declared range."""
        [name] = node.outputs
        still = np.zeros(self.graph.values[name].shape)
        self._note(name, still if node.op == "door" else self._error(self.proof.lines[name], OWN.get(node.op, RULES)))

    def loop(self, node: Node) -> None:
        """What enters a loop may have been rounded on the way; what is carried round it has the format already."""
        assert node.body is not None
        for name, param in zip(node.inputs, node.body.params, strict=True):
            if name not in self.given:
                self._note(param, self.known[name].error)

    def _note(self, name: str, error: Array) -> None:
        if name in self.given:
            self.off[name] = np.broadcast_to(error * self._unit(name), self.graph.values[name].shape)
        else:
            self.known[name] = Known(self.proof.bounds[name], error)

    def _error(self, lines: tuple[Line, ...], rules: Mapping[str, Rule]) -> Array:
        inside: dict[str, Known] = {}
        error = np.zeros(())
        for line in lines:
            if line.word not in rules:
                raise Unbounded(f"there is no bound of what the word {line.word} rounds")
            operands = [x if isinstance(x, int) else inside.get(x) or self.known[x] for x in line.operands]
            error = rules[line.word](line.bounds, *operands)
            inside[line.name] = Known(line.bounds, error)
        return error


def _constant(array: Array, rounding: Array | None) -> Known:
    error = np.zeros(array.shape) if rounding is None else np.asarray(rounding, np.float64)
    return Known(Interval(array, array), error if error.ndim else np.full(array.shape, error))
