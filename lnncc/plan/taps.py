"""Taps: values inside a step that are copied out, so that one sees what a chip computes where. No number changes."""

from collections.abc import Iterator, Mapping, Sequence

from lnncc.errors import LnnccError, meant
from lnncc.interval import Interval
from lnncc.ir import Graph, Node
from lnncc.plan.interface import Signal

SHOWN = 12  # names that an error lists


def tapped(graph: Graph, taps: Sequence[str], bounds: Mapping[str, Interval]) -> tuple[Signal, ...]:
    """What the C copies out for ``taps``, in their order; one inside loops has all their trips.

    Raises:
        LnnccError: E0229 for a name that no value of ``graph`` has that is computed.
    """
    known = dict(_offered(graph, graph.nodes, 1)) if taps else {}
    for name in taps:
        if name not in known:
            raise _missing(name, list(known))
    return tuple(_signal(graph, f"t{i}", name, known[name], bounds) for i, name in enumerate(taps))


def _offered(graph: Graph, nodes: tuple[Node, ...], trips: int) -> Iterator[tuple[str, int]]:
    """The values that nodes compute, and how often a step does so."""
    for node in nodes:
        if node.body is not None:
            count = node.attrs["trips"]
            assert isinstance(count, int)
            yield from _offered(graph, node.body.nodes, trips * count)
        if node.op != "slice" or node.inputs[0] not in graph.constants:
            yield from ((name, trips) for name in node.outputs)


def _signal(graph: Graph, key: str, name: str, trips: int, bounds: Mapping[str, Interval]) -> Signal:
    value = graph.values[name]
    assert value.format is not None
    ends = bounds.get(name)
    low, high = (value.format.lowest, value.format.highest) if ends is None else (ends.low.min(), ends.high.max())
    return Signal(key, name, trips * value.size, value.format.frac, int(low), int(high), value.format.bits)


def _missing(name: str, known: list[str]) -> LnnccError:
    names = ", ".join(known[:SHOWN]) + (f" and {len(known) - SHOWN} more" if len(known) > SHOWN else "")
    return LnnccError(
        "E0229",
        f"no value `{name}` is computed",
        notes=("names are those of the integer graph, which --dump DIR writes as prove.txt; others were fused away",),
        helps=(*meant(name, known), f"there are {names}"),
    )
