"""Tubes: two runs inside them stay inside, and no further apart than they say, through every op."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import quotient, tube
from lnncc.enclose import Unbounded
from lnncc.interval import Interval
from lnncc.ir import Array
from lnncc.ops import OPS
from lnncc.quotient import Pair
from lnncc.tube import Tube

N = 5
SIGMOID = ("logistic", ("var",))
SILU = ("mul", ("var",), ("logistic", ("var",)))


def tubes(rng: np.random.Generator, n: int = N, low: float = -3.0, high: float = 3.0) -> Tube:
    ends = np.sort(rng.uniform(low, high, (2, n)), axis=0)
    return Tube(Interval(*ends), rng.choice([0.0, 1e-6, 0.01, 1.0], n) * (ends[1] - ends[0]))


def runs(rng: np.random.Generator, x: Tube, count: int = 300) -> tuple[Array, Array]:
    """Pairs of points of a tube that are no further apart than it says; many at its ends."""
    a, b = (rng.uniform(x.span.low, x.span.high, (count, len(x.error))) for _ in range(2))
    for points in (a, b):
        at = rng.integers(0, 3, points.shape)
        points[:] = np.where(at == 0, x.span.low, np.where(at == 1, x.span.high, points))
    return a, np.clip(b, a - x.error, a + x.error)


def require(rng: np.random.Generator, found: Tube, first: Array, second: Array) -> None:
    slack = 1e-12
    for y in (first, second):
        assert np.all((found.span.low - slack <= y) & (y <= found.span.high + slack))
    assert np.all(np.abs(first - second) <= found.error * (1 + 1e-9) + slack)


def case(op: str, rng: np.random.Generator) -> tuple[dict, list[Tube], list[Array]]:
    """(attrs, running inputs, constants) of one node."""
    match op:
        case "affine":
            return {}, [tubes(rng, 3), tubes(rng)], [rng.normal(size=(3, N))]
        case "diagonal":
            return {}, [tubes(rng), tubes(rng)], [rng.normal(size=N)]
        case "multiply":
            return {}, [tubes(rng), tubes(rng)], []
        case "blend":
            return {}, [tubes(rng), tubes(rng), tubes(rng, low=0.0, high=1.0)], []
        case "table":
            return {"expr": SILU}, [tubes(rng)], []
        case "gather":
            return {}, [tubes(rng)], [np.array([3.0, 0.0, 3.0])]
        case "concat":
            return {}, [tubes(rng), tubes(rng, 2)], []
        case "ramp":
            return {"left": bool(rng.integers(2)), "right": True}, [tubes(rng), tubes(rng)], []
        case "argmax" | "softmax":
            return {"count": 3}, [tubes(rng, 6)], []
        case "divide":
            return {"root": bool(rng.integers(2))}, [tubes(rng), tubes(rng, 2, 0.1)], [np.array([1.0, 0, 1, 1, 0])]
        case "elapse":
            return {}, [tubes(rng), tubes(rng), tubes(rng, 1, 0.1)], []
        case "inertia":
            return {}, [tubes(rng, 1, 0.1)], [rng.uniform(0, 3, N)]
        case "decay":
            return {}, [tubes(rng), tube.point(rng.uniform(0, 2, N)), tubes(rng, 1, 0.1)], []
        case "slice":
            return {"start": 1, "n": 3}, [tubes(rng)], []
    return {}, [tubes(rng)], []


INTEGER = {"coarsen", "leak", "mean_dt"}  # ops that quantising writes, in no graph of floats
MOVED = {"fetch"}  # written by planning
FLOAT = {name for name, op in OPS.items() if hasattr(op, "reference")} - INTEGER - MOVED


@pytest.mark.parametrize("op", sorted(FLOAT - {"synapses", "mean"}))
@given(st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_two_runs_stay_as_near_as_the_tube_says(op: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    attrs, running, constants = case(op, rng)
    found = OPS[op].tube(attrs, *running, *(tube.point(c) for c in constants))
    pairs = [runs(rng, x) for x in running]
    first, second = (OPS[op].reference(attrs, *(p[k] for p in pairs), *constants) for k in (0, 1))
    require(rng, found, first, second)


def neurons(rng: np.random.Generator) -> tuple[list[Array], Array, Array]:
    """Constants of the synapses from five sources to three neurons, the third of which has none; base and p."""
    counts = np.array([4, 3, 0])
    k = counts.sum()
    columns = [rng.uniform(-8, 8, k), rng.uniform(-4, 4, k), rng.uniform(0, 2, k), rng.uniform(-2, 2, k)]
    leak = rng.uniform(0, 1, 3)
    base = np.stack([leak * rng.uniform(-1, 1, 3), leak], axis=-1)
    return [*columns, rng.integers(0, N, k).astype(float), counts.astype(float)], base, rng.uniform(0.1, 4, 3)


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_two_weighted_means_stay_as_near_as_the_tube_says(seed: int) -> None:
    rng = np.random.default_rng(seed)
    constants, base, p = neurons(rng)
    v, z, attrs = tubes(rng), tubes(rng, 3), {"expr": SIGMOID}
    weight = rng.choice([tube.point(p), tubes(rng, 3, 0.1)])
    points = [tube.point(c) for c in constants]
    pair = OPS["synapses"].tube(attrs, tube.point(base), v, *points)
    pair = OPS["synapses"].tube(attrs, pair, v, *points)
    found = OPS["mean"].tube({}, pair, z, weight)
    vs, zs, ps = runs(rng, v), runs(rng, z), runs(rng, weight)

    def q(k: int) -> Array:
        sums = OPS["synapses"].reference(
            attrs, OPS["synapses"].reference(attrs, base, vs[k], *constants), vs[k], *constants
        )
        return OPS["mean"].reference({}, sums, zs[k], ps[k])

    require(rng, found, q(0), q(1))


def test_the_bound_of_a_mean_is_within_twice_the_truth() -> None:
    """One synapse and a steep sigmoid: the extremes can be tried out. Steepest slope and least conductance, each for
    itself, would give five times as much."""
    a, b, w, e, p, leak = 8.0, 0.0, 3.0, 1.0, 1.0, 0.5
    v = Tube(Interval(np.array([-1.0]), np.array([1.0])), np.array([1e-4]))
    z = Tube(Interval(np.array([-0.5]), np.array([0.5])), np.array([0.0]))
    one = np.ones(1)
    part = quotient.synapses(SIGMOID, v, a * one, b * one, w * one, e * one, np.zeros(1, int))
    found = quotient.tube(Pair(np.array([[0.0, leak]]), (part,)), z, tube.point(p * one))
    grid = np.linspace(-1, 1, 4001)
    f = 1 / (1 + np.exp(-a * grid - b))
    slopes = [
        w * f * (1 - f) * a * (e - (w * f * e + p * end) / (w * f + p + leak)) / (w * f + p + leak)
        for end in (-0.5, 0.5)
    ]
    truth = np.max(np.abs(slopes)) * 1e-4
    assert truth <= found.error[0] <= 2 * truth


def test_a_mean_without_synapses_is_an_average() -> None:
    z = Tube(Interval(np.array([-1.0]), np.array([3.0])), np.array([0.5]))
    found = OPS["mean"].tube({}, tube.point(np.array([[1.0, 2.0]])), z, tube.point(np.array([2.0])))
    np.testing.assert_allclose([found.span.low, found.span.high, found.error], [[-0.25], [1.75], [0.25]], rtol=1e-8)


def test_conductances_must_be_positive() -> None:
    v = tube.point(np.zeros(1))
    one = np.ones(1)
    with pytest.raises(Unbounded, match="negative"):
        quotient.synapses(("tanh", ("var",)), Tube(Interval(-one, one), one), one, 0 * one, one, one, np.zeros(1, int))
    with pytest.raises(Unbounded, match="negative"):
        quotient.synapses(SIGMOID, v, one, one, -one, one, np.zeros(1, int))
    with pytest.raises(Unbounded, match="add up to zero"):
        quotient.tube(Pair(np.zeros((1, 2)), ()), v, tube.point(np.zeros(1)))


def test_every_op_has_a_rule() -> None:
    assert [name for name in sorted(FLOAT) if not hasattr(OPS[name], "tube")] == []
