"""horizon: how far the chip can be from the float model after one step, after many, and for ever.

``forward`` is monotone: larger tubes before a step give larger tubes after it. So a bound that one step does not
enlarge holds for ever, by induction, and to find one is to find a contraction. Elements weigh in it by their own
bounds, which is a weighted maximum norm; and since the iteration goes through the step itself, what only feeds forward
needs no contraction, and each strongly connected component of neurons contracts in its own weights or not at all.

How a bound is guessed is of no matter: it counts once a step from it has been seen to stay inside.
"""

from dataclasses import dataclass

import numpy as np

from lnncc import interval
from lnncc.bounds.forward import Step
from lnncc.enclose import Unbounded
from lnncc.interval import Interval
from lnncc.ir import Array
from lnncc.tube import Tube

TOO_FAR = 1e30  # for a box of states
ROUNDS = 60  # of growing the box of the states before it is given up
STEPS = 128  # of the model that are followed one by one
POLISH = 8  # steps that shrink an error that was found by a guess
SETTLING = 400  # steps in which a box that was found by a guess may shrink
SETTLED = 1e-4  # of its width, that it shrinks by in a step: less is not waited for
CLOSE = 1e-3  # relative growth a step below which a guess is worth its while
OFTEN = 16  # steps after which a guess is tried anyhow
FASTEST = 0.99  # rate that a guess extrapolates at most
HEADROOM = 1.1  # of a guess over what it extrapolates


@dataclass(frozen=True, slots=True, eq=False)
class Horizon:
    """Bounds of the error over all inputs in range; vectors of all outputs, or of all states.

    ``after[k]`` is that of the outputs within k + 1 steps, ``forever`` (outputs, states) that of any number of steps,
    None where none was found that a step keeps. ``box`` holds the states of both runs, ``reach`` the outputs, always.
    """

    box: Interval
    reach: Interval
    after: tuple[Array, ...]
    forever: tuple[Array, Array] | None


def horizon(step: Step, initial: Tube) -> Horizon:
    """Bounds from the initial states on.

    Raises:
        Unbounded: if no box of the states was found, or as ``step``.
    """
    box = _invariant(step, initial.span)
    reach = step(Tube(box, np.zeros(box.shape)))[1].span
    after, forever = _followed(step, box, initial.error)
    return Horizon(box, reach, tuple(after), forever)


def _invariant(step: Step, start: Interval) -> Interval:
    """A box of the states that holds ``start`` and that no step leaves."""
    box, before = start, Interval(np.zeros(start.shape), np.zeros(start.shape))
    for _ in range(ROUNDS):
        after = _image(step, box)
        if interval.contains(box, after):
            return _tightened(step, start, box)
        joined = interval.join(box, after)
        grown = Interval(box.low - joined.low, joined.high - box.high)
        low, high = _remaining(before.low, grown.low), _remaining(before.high, grown.high)
        box, before = Interval(joined.low - low, joined.high + high), grown
        if not np.all(box.magnitude < TOO_FAR):
            break
    raise Unbounded("no box was found that the states of the float model stay in")


def _image(step: Step, box: Interval) -> Interval:
    return step(Tube(box, np.zeros(box.shape)))[0].span


def _tightened(step: Step, start: Interval, box: Interval) -> Interval:
    """The image of an invariant, with the start, is an invariant too: taken until it no longer shrinks."""
    for _ in range(SETTLING):
        before, box = box, interval.join(start, _image(step, box))
        widths = before.high - before.low
        if np.all(widths - (box.high - box.low) <= SETTLED * widths):
            break
    return box


def _remaining(before: Array, now: Array) -> Array:
    """How far a value will still go that grew by ``before`` and then by ``now``, if it goes on like this."""
    rate = np.minimum(np.divide(now, before, out=np.zeros(now.shape), where=before > 0), FASTEST)
    return HEADROOM * now * rate / (1 - rate) + 1e-9 * (now > 0)


def _followed(step: Step, box: Interval, error: Array) -> tuple[list[Array], tuple[Array, Array] | None]:
    after: list[Array] = []
    before, width = np.zeros(error.shape), box.high - box.low
    for k in range(STEPS):
        states, outputs = step(Tube(box, error))
        after.append(outputs.error)
        grown = np.maximum(states.error - error, 0.0)
        error = error + grown
        if np.all(grown <= CLOSE * error) or k % OFTEN == OFTEN - 1:
            forever = _forever(step, box, error + _remaining(before, grown))
            if forever is not None:
                return after, forever
        if np.any(error > 1e3 * (width + 1e-300)):
            break  # it grows without end, and says less than the box
        before = grown
    return after, None


def _forever(step: Step, box: Interval, guess: Array) -> tuple[Array, Array] | None:
    """(of outputs, of states) if one step does not enlarge the guess; else nothing is known."""
    if not np.all(step(Tube(box, guess))[0].error <= guess):
        return None
    for _ in range(POLISH):
        guess = step(Tube(box, guess))[0].error
    return step(Tube(box, guess))[1].error, guess
