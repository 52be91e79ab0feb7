"""choose: what changes bits and nobody chose, from what the model is optimised for and what its target has."""

from dataclasses import replace

from lnncc import share
from lnncc.choices import Choices, Table
from lnncc.ir import Graph, Node
from lnncc.target import Target

OWN = Table("own", 64)
BESIDE = Table("linear", 128)  # what others share, then: for the steepest synapse as fine as 64 over all of its source
SHARE = 2 / 3  # of the flash of the target's part, the largest that tables of single synapses may take


def choose(graph: Graph, given: Choices, optimise: str, target: Target) -> Choices:
    """``given``; for ``speed``, with a table for each synapse in a loop, if the target has a kernel and room for it.

    Where some have, the table of all others need not be finer than those are.
    """
    found = own(graph, target) if optimise == "speed" else ()
    others = [node.outputs[0] for node in graph.walk() if node.op == "synapses" and node.outputs[0] not in found]
    coarser = [name for name in others if found and given.nodes.get(name, given.default).table == Table()]
    tables = {**dict.fromkeys(found, OWN), **dict.fromkeys(coarser, BESIDE)}
    chosen = {name: replace(given.nodes.get(name, given.default), table=table) for name, table in tables.items()}
    return replace(given, nodes={**given.nodes, **chosen})


def own(graph: Graph, target: Target, intervals: int = OWN.intervals) -> tuple[str, ...]:
    """The synapses in loops that may each have a table of so many intervals on ``target``, the smallest sums first."""
    if not _has_kernel(target) or graph.dt is not None:
        return ()
    loops = [node.body.nodes for node in graph.walk() if node.body is not None]
    synapses = [node for nodes in loops for node in nodes if node.op == "synapses"]
    room = None if target.part is None else int(target.part.flash * SHARE)
    fitting: list[str] = []
    for node in sorted(synapses, key=lambda node: _bytes(graph, node, intervals)):
        room = None if room is None else room - _bytes(graph, node, intervals)
        if room is None or room >= 0:
            fitting.append(node.outputs[0])
    return tuple(fitting)


def _bytes(graph: Graph, node: Node, intervals: int) -> int:
    return 2 * (intervals + 1) * graph.values[node.inputs[2]].size


def _has_kernel(target: Target) -> bool:
    """Whether the preferred of its texts for synapses is one for tables: vectors look up a shared one faster."""
    folder = share.folder("runtime") / "kernels"
    texts = (folder / f"{op}.{isa}.h" for isa in target.isa for op in ("synapse_tables", "synapses"))
    first = next((text for text in texts if text.is_file()), None)
    return first is not None and first.name.startswith("synapse_tables.")
