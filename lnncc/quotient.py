"""quotient: how far apart two weighted means can be, q = (c + p·z + Σ g·e) / (d + p + Σ g) with g = w · f(a·v + b).

Along the straight line from one run to the other

    q' = (p·z' + (z - q)·p' + Σ w·f'·a·(e - q)·v') / (d + p + Σ g)

so their distance is at most the largest value of

    (p·ε_z + |z - q|·ε_p + Σ w·|f'|·|a|·|e - q|·ε_v) / (d + p + Σ g)

over all v, q and p of the tube; p is known unless it follows from a dt. Bounding each part for itself would pair the
steepest slope of a sigmoid with the smallest conductance, which it does not have there. Numerator and denominator are
sums over the same synapses, so this is a fractional programme (W. Dinkelbach, Management Science 13, 1967): r is an
upper bound if numerator - r · denominator <= 0 everywhere, and that sum is largest where each synapse's own share is:
each v and q is cut into cells, and each cell tried.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lnncc import enclose, interval
from lnncc.enclose import Unbounded
from lnncc.expr import Expr
from lnncc.interval import Interval
from lnncc.ir import Array
from lnncc.tube import Tube

CELLS = 32  # of the range of a source
PARTS = 8  # of the range of the quotient
STEPS = 12  # of Dinkelbach's iteration at most; it converges faster than linearly
MARGIN = 1e-9  # relative, by which a bound is moved outward before it is checked


@dataclass(frozen=True, slots=True, eq=False)
class Synapses:
    """By synapse: where it ends and e; over the cells of its source, bounds of g and of the slope of g times ε."""

    owner: Array
    e: Array
    low: Array
    high: Array
    push: Array


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """A pair (Σ g·e, Σ g): what is constant of it, (n, 2), and the synapses that were added."""

    base: Array
    parts: tuple[Synapses, ...]

    def joined(self) -> Synapses:
        if not self.parts:
            return Synapses(np.zeros(0, int), np.zeros(0), *(np.zeros((0, CELLS)) for _ in range(3)))
        columns = zip(*((s.owner, s.e, s.low, s.high, s.push) for s in self.parts), strict=True)
        return Synapses(*(np.concatenate(column) for column in columns))


def synapses(function: Expr, source: Tube, a: Array, b: Array, w: Array, e: Array, owner: Array) -> Synapses:
    """g = w · f(a · v + b), one an element.

    Raises:
        Unbounded: if some g could be negative.
    """
    argument = interval.multiply(interval.point(a[:, None]), enclose.cells(source.span, CELLS))
    f = enclose.within(function, enclose.widened(interval.add(argument, interval.point(b[:, None]))))
    if f.value.low.min(initial=0.0) < -MARGIN or w.min(initial=0.0) < 0:
        raise Unbounded("a conductance can be negative")
    push = (w * np.abs(a) * source.error)[:, None] * f.slope.magnitude
    return Synapses(owner, e, w[:, None] * np.maximum(f.value.low, 0.0), w[:, None] * f.value.high, push)


def tube(pair: Pair, z: Tube, p: Tube) -> Tube:
    """The quotient's tube.

    Raises:
        Unbounded: if the denominator can be zero.
    """
    parts = pair.joined()
    size = len(p.error)
    ends = (np.arange(size)[:, None] == parts.owner).astype(np.float64)  # sums over the synapses of each destination
    span = _span(pair.base, parts, ends, z.span, p.span)
    return Tube(span, _error(pair.base, parts, ends, span, z, p))


def _span(base: Array, parts: Synapses, ends: Array, z: Interval, p: Interval) -> Interval:
    high = _largest(base, parts, parts.e, ends, z.high, p)
    low = -_largest(base * np.array([-1.0, 1.0]), parts, -parts.e, ends, -z.low, p)
    return Interval(low, high)


def _largest(base: Array, parts: Synapses, e: Array, ends: Array, z: Array, p: Interval) -> Array:
    """The largest quotient where each g and p may be anything between their bounds."""
    low, high = parts.low.min(axis=1), parts.high.max(axis=1)

    def best(q: Array) -> tuple[Array, Array]:
        g, weight = np.where(e > q[parts.owner], high, low), np.where(z > q, p.high, p.low)
        return base[:, 0] + weight * z + ends @ (g * e), base[:, 1] + weight + ends @ g

    if np.any(base[:, 1] + p.low + ends @ low <= 0):
        raise Unbounded("the conductances of a neuron can add up to zero")
    return _ratio(best, np.full(len(z), -np.inf))


def _ratio(best: Callable[[Array], tuple[Array, Array]], start: Array) -> Array:
    """The largest ratio: ``best(r)`` is (numerator, denominator) where numerator - r · denominator is largest."""
    top, bottom = best(start)
    r = top / bottom
    for _ in range(STEPS):
        top, bottom = best(r)
        before, r = r, np.maximum(r, top / bottom)
        if np.array_equal(before, r):
            break
    r = r + MARGIN * np.maximum(np.abs(r), np.finfo(np.float64).tiny)
    top, bottom = best(r)
    if np.any(top - r * bottom > 0):
        raise Unbounded("the bound of a quotient did not settle")
    return r


def _error(base: Array, parts: Synapses, ends: Array, span: Interval, z: Tube, p: Tube) -> Array:
    q = enclose.cells(span, PARTS)
    e, low, high = parts.e[:, None], q.low[parts.owner], q.high[parts.owner]
    apart = np.maximum(np.abs(e - low), np.abs(e - high))  # (synapses, PARTS)
    push = parts.push[:, None, :] * apart[:, :, None]
    drawn = np.broadcast_to(parts.low[:, None, :], push.shape)
    away = np.maximum(np.abs(z.span.high[:, None] - q.low), np.abs(z.span.low[:, None] - q.high))  # (n, PARTS)

    def best(r: Array) -> tuple[Array, Array]:
        at = np.argmax(push - r[parts.owner][:, :, None] * drawn, axis=-1)[..., None]
        top, bottom = (np.take_along_axis(x, at, axis=-1)[..., 0] for x in (push, drawn))
        weight = np.where(z.error[:, None] > r, p.span.high[:, None], p.span.low[:, None])
        told = weight * z.error[:, None] + away * p.error[:, None]
        return told + ends @ top, base[:, 1:] + weight + ends @ bottom

    return _ratio(best, np.zeros((len(p.error), PARTS))).max(axis=1)
