"""reroll: copies of one body, each fed by the one before, become a loop. Float graph to float graph.

Exporters and Python loops unroll the sub-steps of a solver. A run of n nodes that follows itself K times, with the same
operations on the same outside values, and whose only other inputs are results of the copy before, is a loop of K
rounds: what crosses from one copy to the next is what it carries.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from lnncc import primitives
from lnncc.ir import Body, Graph, Node
from lnncc.prune import prune, reads

SHORTEST = 3  # nodes of a body: less is cheaper unrolled
LARGEST = 20_000  # nodes of a graph that is searched: the search is quadratic
TRIALS = 20_000
CURVED = (frozenset(primitives.UNARY) - {"neg", "not", "is_finite"}) | {"div"}  # a body without any is a mere sum


def reroll(graph: Graph) -> Graph:
    """``graph`` with its longest runs of copies rolled; as it is if there is none."""
    if len(graph.nodes) > LARGEST:
        return graph
    shared = rolled = _shared(graph)
    while (run := _longest(rolled)) is not None:
        rolled = prune(_rolled(rolled, run))
    return graph if rolled is shared else rolled


@dataclass(frozen=True, slots=True, eq=False)
class _Run:
    """``count`` copies of ``size`` nodes from node ``start`` on.

    ``carries`` are positions in the body whose results cross to the next copy, with the outside value that the first
    copy reads instead, None where only what is behind the run reads them. ``crossing`` says which input of which node
    of the body reads which of them.
    """

    start: int
    size: int
    count: int
    carries: Mapping[int, str | None]
    crossing: Mapping[tuple[int, int], int]

    @property
    def stop(self) -> int:
        return self.start + self.size * self.count


def _shared(graph: Graph) -> Graph:
    """Equal constants and equal nodes once, and first of all what depends on no state: copies are then alike."""
    renamed: dict[str, str] = {}
    known: dict[object, str] = {}
    for name, array in graph.constants.items():
        renamed[name] = known.setdefault((array.shape, array.dtype.str, array.tobytes()), name)
    nodes: list[Node] = []
    for node in graph.nodes:
        if node.body is not None:  # its body reads names of its own: leave it, and what it reads, alone
            return graph
        node = replace(node, inputs=tuple(renamed.get(name, name) for name in node.inputs))
        first = known.setdefault(_key(node, node.inputs), node.outputs[0])
        renamed[node.outputs[0]] = first
        if first == node.outputs[0]:
            nodes.append(node)
    states = tuple(replace(s, after=renamed.get(s.after, s.after)) for s in graph.states)
    outputs = tuple(replace(p, value=renamed.get(p.value, p.value)) for p in graph.outputs)
    return prune(graph.edited(nodes=_states_last(graph, nodes), states=states, outputs=outputs))


def _states_last(graph: Graph, nodes: list[Node]) -> tuple[Node, ...]:
    changing = {s.before for s in graph.states}
    behind: list[bool] = []
    for node in nodes:
        behind.append(not changing.isdisjoint(node.inputs))
        changing |= set(node.outputs) if behind[-1] else set()
    order = np.argsort(behind, kind="stable")
    return tuple(nodes[i] for i in order)


def _key(node: Node, inputs: tuple[str, ...]) -> tuple[object, ...]:
    return node.op, tuple(sorted(node.attrs.items())), inputs


def _longest(graph: Graph) -> _Run | None:
    """The run that covers most nodes; of equal ones that of the shortest body, which carries least."""
    best: _Run | None = None
    for start, size, count in islice(_repeats(graph), TRIALS):
        if best is not None and (size * count, -size) < (best.size * best.count, -best.size):
            continue
        run = _checked(graph, start, size, count)
        if run is not None and (best is None or _worth(run) > _worth(best)):
            best = run
    return best


def _worth(run: _Run) -> tuple[int, int, int, int]:
    return run.size * run.count, -run.size, -len(run.carries), -run.start


def _repeats(graph: Graph) -> Iterator[tuple[int, int, int]]:
    """(start, size, count) wherever nodes of one operation and shape follow themselves at a distance."""
    numbers: dict[object, int] = {}
    kinds = np.array(
        [
            -1 - i
            if node.body
            else numbers.setdefault((*_key(node, ()), graph.values[node.outputs[0]].shape), len(numbers))
            for i, node in enumerate(graph.nodes)
        ]
    )
    for size in range(SHORTEST, len(kinds) // 2 + 1):
        edges = np.flatnonzero(np.diff(np.concatenate([[0], kinds[:-size] == kinds[size:], [0]]).astype(int)))
        for low, high in edges.reshape(-1, 2).tolist():
            for count in range((high - low) // size + 1, 1, -1):
                yield from ((start, size, count) for start in range(low, high - (count - 1) * size + 1))


def _checked(graph: Graph, start: int, size: int, count: int) -> _Run | None:
    """The run, if its copies read what copies of a loop's body may read."""
    nodes, stop = graph.nodes[start : start + size * count], start + size * count
    if CURVED.isdisjoint(node.op for node in nodes[:size]):
        return None
    place = {node.outputs[0]: i for i, node in enumerate(nodes)}
    carries: dict[int, str | None] = {}
    crossing: dict[tuple[int, int], int] = {}
    for i in range(size, len(nodes)):
        for k, (before, now) in enumerate(zip(nodes[i - size].inputs, nodes[i].inputs, strict=True)):
            source, earlier = place.get(now), place.get(before)
            if source is None or earlier is None:
                if now == before:
                    continue
                # Only in the second copy: it reads a result of the first, in whose place that reads an outside value.
                if source is None or not source < size <= i < 2 * size or carries.setdefault(source, before) != before:
                    return None
                crossing[i - size, k] = source
            elif earlier != source - size or i // size - source // size > 1:
                return None
    return _with_results(graph, _Run(start, size, count, carries, crossing), place, stop)


def _with_results(graph: Graph, run: _Run, place: Mapping[str, int], stop: int) -> _Run | None:
    """``run`` with what is read behind it, which must be results of its last copy."""
    behind = reads(graph.nodes[stop:]) | {s.after for s in graph.states} | {p.value for p in graph.outputs}
    carries = dict(run.carries)
    for name in sorted(behind & place.keys(), key=place.__getitem__):
        if place[name] // run.size != run.count - 1:
            return None
        carries.setdefault(place[name] % run.size, None)
    return replace(run, carries=carries)


def _rolled(graph: Graph, run: _Run) -> Graph:
    """``graph`` with the copies of ``run`` as one loop, whose results keep the names that the last copy gave them."""
    values, constants = dict(graph.values), dict(graph.constants)
    body, last = (graph.nodes[i : i + run.size] for i in (run.start, run.stop - run.size))
    params: dict[int, str] = {}
    starts: list[str] = []
    for position, fed in run.carries.items():
        result = values[body[position].outputs[0]]
        params[position] = f"{result.name}before"
        starts.append(fed or f"{result.name}zero")
        values[params[position]] = replace(result, name=params[position])
        if fed is None:
            values[starts[-1]] = replace(result, name=starts[-1])
            constants[starts[-1]] = np.zeros(result.shape)
    inner = Body(
        tuple(params.values()),
        tuple(body[position].outputs[0] for position in run.carries),
        tuple(_fed(node, i, run, params) for i, node in enumerate(body)),
    )
    outs = tuple(last[position].outputs[0] for position in run.carries)
    loop = Node("loop", tuple(starts), outs, {"trips": run.count}, inner, body[0].source)
    return graph.edited(
        nodes=(*graph.nodes[: run.start], loop, *graph.nodes[run.stop :]), values=values, constants=constants
    )


def _fed(node: Node, position: int, run: _Run, params: Mapping[int, str]) -> Node:
    inputs = tuple(
        params[run.crossing[position, k]] if (position, k) in run.crossing else name
        for k, name in enumerate(node.inputs)
    )
    return replace(node, inputs=inputs)
