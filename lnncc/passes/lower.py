"""lower: the stages from a traced graph to the fused one, for whoever needs their result alone."""

from collections.abc import Sequence

from lnncc.ir import Graph
from lnncc.passes.fuse import fuse
from lnncc.passes.name import name
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify
from lnncc.passes.solve import solve
from lnncc.passes.tails import tails
from lnncc.passes.widths import widths
from lnncc.solver import Substitution


def lower(graph: Graph, *, dt: float | None, done: Sequence[Substitution] = ()) -> Graph:
    """``done`` are the substitutions of solvers that a compilation carried out."""
    fused = fuse(reroll(simplify(graph, dt=dt)))
    return widths(solve(tails(name(fused, graph)), done))
