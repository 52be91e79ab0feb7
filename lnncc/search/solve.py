"""The cheapest position of every knob under limits, if what each adds to error and cost is taken to add up: exact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix


@dataclass(frozen=True, slots=True)
class Effect:
    """What one option of one knob adds, to the objective and to every quantity under a limit, by name."""

    objective: float
    amounts: Mapping[str, float]


def solve(effects: Sequence[Sequence[Effect]], limits: Mapping[str, float]) -> tuple[int, ...] | None:
    """The option of each knob with the least sum of objectives, every amount summing to its limit at most.

    None if there is none. Ties go to the options that come first, the more exact ones.
    """
    if not effects:  # nothing to choose: the empty sum keeps every limit that is not negative
        return () if all(limit >= 0 for limit in limits.values()) else None
    flat = [effect for options in effects for effect in options]
    owner = np.repeat(np.arange(len(effects)), [len(options) for options in effects])
    one_each = csr_matrix((np.ones(len(flat)), (owner, np.arange(len(flat)))))
    constraints = [LinearConstraint(one_each, 1, 1)]
    for name, limit in limits.items():
        unit = max(abs(limit), max(abs(e.amounts[name]) for e in flat), 1e-300)
        row = np.array([[e.amounts[name] / unit for e in flat]])
        constraints.append(LinearConstraint(row, -np.inf, limit / unit))
    found = milp(_objective(effects), integrality=np.ones(len(flat)), bounds=Bounds(0, 1), constraints=constraints)
    if found.x is None:
        return None
    edges = np.cumsum([0, *(len(options) for options in effects)])
    return tuple(int(np.argmax(found.x[a:b])) for a, b in pairwise(edges.tolist()))


def _objective(effects: Sequence[Sequence[Effect]]) -> np.ndarray:
    values = np.array([effect.objective for options in effects for effect in options])
    later = np.array([position for options in effects for position in range(len(options))])
    unit = max(np.abs(values).max(initial=0.0), 1e-300)
    return values / unit + 1e-7 * later
