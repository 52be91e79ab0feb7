"""solve: fewer or cheaper steps in place of an LTC's solver, where the user asks for that. Fused graph to fused graph.

The trained step over dt / n is v ← (Σ g·e + p·v) / (Σ g + p), p = n·cm / dt and g = g(v). Longer steps have a smaller
p. Frozen conductances are used for several steps, which costs divisions but no synapses. Either way v stays a weighted
mean with weights that are not negative, in the hull that it was in before.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from lnncc.errors import LnnccError
from lnncc.ir import Array, Body, Graph, Node, Value
from lnncc.prune import prune
from lnncc.solver import Solver, Substitution


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """A loop of solver steps: its last node is ``mean``, whose weight of the old potential rests on ``inertia``."""

    loop: Node
    mean: Node
    inertia: str  # a constant: the weight itself, or times dt where ``divided`` makes the weight of it
    divided: Node | None


def steps(graph: Graph) -> tuple[Steps, ...]:
    """All loops that do nothing but such steps, one potential a neuron."""
    makers = {node.outputs[0]: node for node in graph.walk()}
    found = (_steps(graph, makers, node, node.body) for node in graph.walk() if node.body is not None)
    return tuple(one for one in found if one is not None)


def _steps(graph: Graph, makers: dict[str, Node], loop: Node, body: Body) -> Steps | None:
    *synapses, mean = body.nodes
    carried = len(body.params) == 1 and body.results == mean.outputs and mean.inputs[1:2] == body.params
    if not carried or mean.op != "mean" or any(node.op != "synapses" for node in synapses):
        return None
    weight = mean.inputs[2]
    divided = None if weight in graph.constants else makers[weight]
    return Steps(loop, mean, weight if divided is None else divided.inputs[1], divided)


def substitutions(graph: Graph, solver: Solver) -> tuple[Substitution, ...]:
    """What ``solver`` means for each loop of steps, not yet refitted. Raises E0217 where it means nothing."""
    found = steps(graph)
    if not found:
        raise LnnccError(
            "E0217",
            "this model has no solver steps that could be replaced",
            notes=("looked for a loop of the fused steps of an LTC, v = (sum of g e + p v) / (sum of g + p)",),
            helps=("leave the solver as it is",),
        )
    return tuple(_substitution(one.loop, solver) for one in found)


def _substitution(loop: Node, solver: Solver) -> Substitution:
    trained, count = loop.trips, solver.count
    if count > trained or (solver.kind != "unfolds" and trained % count):
        raise LnnccError(
            "E0217",
            f"{solver} does not fit a model of {trained} solver steps",
            helps=("choose one of " + ", ".join(f"{solver.kind}={n}" for n in possible(solver.kind, trained)),),
        )
    evaluations, sub_steps = (trained // count, count) if solver.kind == "frozen" else (count, 1)
    return Substitution(loop.outputs[0], trained, evaluations, sub_steps)


def possible(kind: str, trained: int) -> list[int]:
    """The counts that a solver of this kind may have."""
    return [n for n in range(1, trained + 1) if kind == "unfolds" or trained % n == 0]


def solve(graph: Graph, done: Sequence[Substitution]) -> Graph:
    """The graph with every substitution carried out."""
    known = {one.loop.outputs[0]: one for one in steps(graph)}
    for substitution in done:
        graph = _solved(graph, known[substitution.loop], substitution)
    return prune(graph) if done else graph


def _solved(graph: Graph, old: Steps, new: Substitution) -> Graph:
    values, constants = dict(graph.values), dict(graph.constants)

    def named(name: str, like: str) -> str:
        values[name] = Value(name, values[like].shape)
        return name

    inertia, loop = named(f"{old.loop.outputs[0]}_inertia", old.inertia), old.loop.outputs[0]
    constants[inertia] = _inertia(constants[old.inertia], new)
    weight, divided = inertia, None
    if old.divided is not None:
        weight = named(f"{loop}_weight", old.divided.outputs[0])
        divided = replace(old.divided, inputs=(old.divided.inputs[0], inertia), outputs=(weight,))
    first = replace(old.mean, inputs=(*old.mean.inputs[:2], weight))
    means = _repeated(first, [named(f"{loop}_step{k}", loop) for k in range(new.sub_steps - 1)])

    def edited(node: Node) -> Iterator[Node]:
        if node.outputs[0] == loop:
            assert node.body is not None
            body = replace(node.body, nodes=(*node.body.nodes[:-1], *means))
            yield replace(node, attrs={**node.attrs, "trips": new.evaluations}, body=body)
            return
        yield node if node.body is None else replace(node, body=_edited(node.body, edited))
        if divided is not None and node is old.divided:  # the sums before the loop take their unit from it
            yield divided

    nodes = tuple(made for node in graph.nodes for made in edited(node))
    return graph.edited(values=values, constants=constants, nodes=nodes)


def _edited(body: Body, edited: Callable[[Node], Iterator[Node]]) -> Body:
    return replace(body, nodes=tuple(made for node in body.nodes for made in edited(node)))


def _inertia(trained: Array, new: Substitution) -> Array:
    """A step that lasts twice as long has half the inertia."""
    if new.inertia is not None:
        return np.asarray(new.inertia, np.float64)
    return trained * (new.evaluations * new.sub_steps / new.trained)


def _repeated(mean: Node, between: Sequence[str]) -> list[Node]:
    """``mean`` and again of its result, with the same conductances; the last has the name of the first."""
    pair, z, weight = mean.inputs
    names = [z, *between, mean.outputs[0]]
    return [replace(mean, inputs=(pair, a, weight), outputs=(b,)) for a, b in pairwise(names)]
