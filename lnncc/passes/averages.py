"""averages: weighted means that were matched, written as vectors: their synapses, then a ``mean``."""

import numpy as np

from lnncc.ir import Attr, Node
from lnncc.passes import match
from lnncc.passes.atoms import Pool
from lnncc.passes.vectors import Vectors


class Averages:
    """Writes into ``out``, which knows where the atoms of ``pool`` lie."""

    def __init__(self, pool: Pool, out: Vectors) -> None:
        self.pool, self.out = pool, out

    def written(self, means: list[match.Mean], scope: int) -> str:
        """The value that has ``means``. Sources that do not change in the loop are summed outside it."""
        n, p = len(means), self._weights(means)
        pair = self.out.constant("n", np.array([[m.leak * m.rest, m.leak] for m in means]))
        functions = dict.fromkeys(s.function for m in means for s in m.synapses)
        sources = dict.fromkeys(self.out.at[s.source][0] for m in means for s in m.synapses)
        by_depth = sorted(sources, key=lambda v: self.pool.depth[self.out.scope_of(v)])
        for value in by_depth:
            for function in functions:
                chosen = [
                    [s for s in m.synapses if s.function == function and self.out.at[s.source][0] == value]
                    for m in means
                ]
                if any(chosen):
                    pair = self._synapses(pair, value, function, chosen)
        return self.out.write("mean", (pair, self._previous(means, scope), p), n, scope)

    def _weights(self, means: list[match.Mean]) -> str:
        """Of the z; those that the elapsed time divides are the same for the whole step, however deep the loop."""
        later = means[0].later
        if later is None:
            return self.out.constant("p", [m.p for m in means])
        c = tuple(m.p for m in means)
        if ("inertia", c, later) not in self.out.made:
            inputs = self._elapsed(later), self.out.constant("c", c)
            self.out.made["inertia", c, later] = self.out.write("inertia", inputs, len(means), 0)
        return self.out.made["inertia", c, later]

    def _elapsed(self, later: float) -> str:
        """dt + later."""
        assert self.pool.dt is not None
        dt = self.out.at[self.pool.dt][0]
        if later == 0.0:
            return dt
        if ("elapsed", later) not in self.out.made:
            inputs = self.out.constant("b", [later]), self.out.constant("x", [1.0]), dt
            self.out.made["elapsed", later] = self.out.write("elapse", inputs, 1, 0)
        return self.out.made["elapsed", later]

    def _previous(self, means: list[match.Mean], scope: int) -> str:
        """The z of each; where some mean has none, its weight is zero and any value does."""
        spare = next((m.z for m in means if m.z is not None), None)
        if spare is None:
            return self.out.constant("z", [0.0] * len(means))
        return self.out.vector([spare if m.z is None else m.z for m in means], scope)

    def _synapses(self, pair: str, value: str, function: Attr, chosen: list[list[match.Synapse]]) -> str:
        flat = [s for group in chosen for s in group]
        columns = {
            "a": [s.a for s in flat],
            "b": [s.b for s in flat],
            "w": [s.w for s in flat],
            "e": [s.e for s in flat],
            "i": [float(self.out.at[s.source][1]) for s in flat],
            "k": [float(len(group)) for group in chosen],
        }
        names = tuple(self.out.constant(stem, data) for stem, data in columns.items())
        scope = self.out.scope_of(value)
        scope = max(scope, self.out.scope_of(pair), key=self.pool.depth.__getitem__)
        out = self.out.declare("n", (len(chosen), 2))
        self.out.scopes[scope].append(Node("synapses", (pair, value, *names), (out,), {"expr": function}))
        return out
