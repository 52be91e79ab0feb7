"""lower: the stages from a traced graph to the fused one, for whoever needs their result alone."""

from lnncc.ir import Graph
from lnncc.passes.fuse import fuse
from lnncc.passes.name import name
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify
from lnncc.passes.tails import tails
from lnncc.passes.widths import widths


def lower(graph: Graph, *, dt: float | None) -> Graph:
    fused = fuse(reroll(simplify(graph, dt=dt)))
    return widths(tails(name(fused, graph)))
