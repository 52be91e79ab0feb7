"""contraction: by how much a step brings two runs of the float model together, on the same inputs, anywhere in a box.

On the straight line between two states a step turns their distance by its derivative, whose size tubes bound
(W. Lohmiller and J.-J. Slotine, Automatica 34, 1998, here with a weighted maximum norm). Where a step shrinks the
norm everywhere, whatever upset a state is forgotten. Weights that do it are guessed from the Perron vector of those
sizes; how is of no matter, since one more step shows that they do.
"""

from dataclasses import dataclass

import numpy as np

from lnncc.bounds.forward import SLACK, Step
from lnncc.interval import Interval
from lnncc.ir import Array
from lnncc.tube import Tube

SMALL = 2.0**-20  # what rules say of so small a distance is their derivative: none is capped there yet
ABOVE = 1e-3  # of the Perron root, so that every weight is positive


@dataclass(frozen=True, slots=True, eq=False)
class Contraction:
    """Each step makes max |a - b| / ``weights`` at most ``rate`` < 1 of what it was, over all states of two runs."""

    rate: float
    weights: Array


def contraction(step: Step, box: Interval) -> Contraction | None:
    """Of a ``step`` without roundings, from all states in ``box``, which it does not leave; None if none was found."""
    size = len(box.low)
    if size == 0:
        return None
    if np.all(_apart(step, box, np.ones(size)) >= 1):
        return None  # no row of sizes adds up to less, so that their Perron root is no smaller: as in dense networks
    gains = np.stack([_apart(step, box, unit) for unit in np.eye(size)], axis=1)
    if not np.all(np.isfinite(gains)):
        return None
    root = float(np.abs(np.linalg.eigvals(gains)).max()) + ABOVE
    if root >= 1:
        return None
    weights = np.linalg.solve(np.eye(size) - gains / root, np.ones(size))
    if np.any(weights <= 0):
        return None
    rate = float((_apart(step, box, weights) / weights).max()) * SLACK
    return Contraction(rate, weights) if rate < 1 else None


def _apart(step: Step, box: Interval, distance: Array) -> Array:
    """How far states can be apart after a step, for each unit that ``distance`` tells before it."""
    scale = SMALL / distance.max()
    return step(Tube(box, distance * scale))[0].error / scale
