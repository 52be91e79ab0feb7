"""The compiled ops: evaluate stays inside what is proven, blends and means stay in their hull, nothing wraps."""

from collections.abc import Mapping
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import fx, interval
from lnncc.interval import Interval
from lnncc.ir import Attr
from lnncc.means import lost
from lnncc.ops import OPS, blend, coarsen, mean, synapses
from lnncc.tape import Recorded, Tape

INT16 = st.integers(-32768, 32767)
GATE = st.integers(0, 32767)


@given(INT16, INT16, GATE)
@settings(max_examples=500)
def test_a_blend_lies_between_its_ends(a: int, b: int, t: int) -> None:
    y = int(blend.evaluate({}, *(np.array([v]) for v in (a, b, t)))[0])
    assert min(a, b) <= y <= max(a, b)


@given(INT16, INT16, INT16, GATE)
def test_a_blend_is_proven_between_its_ends(a: int, b: int, other: int, t: int) -> None:
    low, high = sorted((a, other))
    hull = proven(blend, {}, _span(low, high), _span(b, b), _span(0, t)).bounds
    for value in (low, high, (low + high) // 2):
        y = blend.evaluate({}, np.array([value]), np.array([b]), np.array([t]))
        assert hull.low[0] <= y[0] <= hull.high[0]
    if t > 0:
        assert (hull.low[0], hull.high[0]) == (min(low, b), max(high, b))


def test_a_blend_whose_gate_may_be_negative_has_no_hull() -> None:
    ends = _span(0, 1), _span(20000, 20000)
    assert proven(blend, {}, *ends, _span(-1000, 5)).bounds.low[0] < 0
    assert proven(blend, {}, *ends, _span(0, 5)).bounds.low[0] == 0


NODES = np.minimum(np.rint(32768 / (1 + np.exp(-np.linspace(-16, 16, 513)))), 32767).astype(np.int64)
TABLE = {"low": -(16 << 16), "shift": 12, "kind": "linear"}


@st.composite
def neurons(draw: st.DrawFn) -> tuple[np.ndarray, ...]:
    """(base, record, counts, v, p) of a few neurons with the conductance units that quantise promises."""
    n, sources = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    counts = np.array(draw(st.lists(st.integers(0, 6), min_size=n, max_size=n)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    total, room = int(counts.sum()), 65000 // (counts.max(initial=0) + 2)
    e = rng.integers(-32768, 32768, total)
    weights = rng.integers(0, min(room, 32767) + 1, total)
    columns = rng.integers(-(1 << 20), 1 << 20, total), rng.integers(-500, 500, total), weights, e
    record = np.stack([*columns, rng.integers(0, sources, total)], axis=-1)
    leak = rng.integers(1, room, n)
    base = np.stack([leak * rng.integers(-32768, 32768, n), leak], axis=-1)
    return base, record, counts, rng.integers(-32768, 32768, max(sources, n)), rng.integers(0, room, n)


@given(neurons())
@settings(max_examples=300)
def test_the_quotient_of_a_pair_stays_in_the_hull_of_its_potentials(case: tuple[np.ndarray, ...]) -> None:
    base, record, counts, v, p = case
    z = v[: len(counts)]
    pair = synapses.evaluate(TABLE, base, v, record, counts, NODES)
    y = mean.evaluate({}, pair, z, p)
    found = proven(synapses, TABLE, base, interval.point(v), record, counts, NODES)
    hull = proven(mean, {}, found, interval.point(z), p).bounds
    assert np.all(found.bounds.low <= pair)
    assert np.all(pair <= found.bounds.high)
    assert np.all(hull.low <= y)
    assert np.all(y <= hull.high)


@pytest.mark.parametrize("shift", range(9))
def test_a_shift_that_rounds_loses_no_more_than_it_is_said_to_and_does_lose_that(shift: int) -> None:
    x = np.arange(-3 << shift, 3 << shift)
    assert (x - (fx.rshift(x, shift) << shift)).max() == lost(shift)


@given(neurons(), st.integers(0, 4))
@settings(max_examples=200)
def test_so_it_does_where_conductances_are_finer_than_their_sum(case: tuple[np.ndarray, ...], shift: int) -> None:
    """What is lost of the potentials' bits is not of the quotient's: it lies in their hull, 0 and z included."""
    base, record, counts, v, p = case
    base[:, 0] = (base[:, 0] // base[:, 1] >> shift) * base[:, 1]
    record[:, 3] >>= shift
    z, attrs = v[: len(counts)], {"shift": shift, "down": lost(shift)}
    fine = synapses.evaluate(TABLE, base, v, record, counts, NODES)
    pair = coarsen.evaluate(attrs, fine)
    assert np.array_equal(pair[:, 0], fine[:, 0]) and np.all(pair[:, 1] << shift >= fine[:, 1])
    assert np.all(pair[:, 1] << shift < fine[:, 1] + (1 << shift))
    p = np.maximum(p, 1)
    y = mean.evaluate({}, pair, z, p)
    found = proven(coarsen, attrs, proven(synapses, TABLE, base, interval.point(v), record, counts, NODES))
    hull = proven(mean, {}, found, interval.point(z), p).bounds
    owner = np.repeat(np.arange(len(counts)), counts)
    ends = base[:, 0] // base[:, 1] << shift
    for k, (low, high) in enumerate(zip(hull.low, hull.high, strict=True)):
        inside = [0, z[k], ends[k], *(record[owner == k, 3] << shift)]
        assert min(inside) <= low <= y[k] <= high <= max(inside)


def test_the_lemma_of_means_asks_for_weights_that_are_not_negative() -> None:
    """Negative conductances, negative weights, pairs of unknown origin: intervals alone remain."""
    base, z, one = np.array([[-30000 * 30000, 30000]]), Interval(np.array([-30000]), np.array([30000])), np.array([1])
    record = np.array([[0, 1, 300, 7, 0]])
    pair = proven(synapses, TABLE, base, z, record, one, NODES)
    assert proven(mean, {}, pair, z, np.array([3])).tape.lines[-1].rule == "mean"
    unknown = pair.tape.given("unknown", pair.bounds)
    negative = proven(synapses, TABLE, base, z, record * [1, 1, -1, 1, 1], one, NODES)
    for case, weight in ((unknown, 3), (negative, 3), (pair, -3)):
        tape = proven(mean, {}, case, z, np.array([weight])).tape
        assert tape.lines[-1].rule == "word"


def test_a_quotient_that_may_leave_int16_is_refused() -> None:
    pair = Interval(np.array([[-(1 << 30), 1]]), np.array([[1 << 30, 1]]))
    with pytest.raises(fx.Unproven, match="leaves int16"):
        proven(mean, {}, pair, _span(0, 1), np.array([1]))


def test_a_divisor_that_can_be_zero_is_refused() -> None:
    with pytest.raises(fx.Unproven, match="divisor"):
        proven(mean, {}, np.array([[0, 0]]), _span(0, 1), np.array([0]))
    with pytest.raises(fx.Unproven, match="divisor"):
        fx.div(np.array([1]), np.array([0]))


def proven(op: ModuleType, attrs: Mapping[str, Attr], *xs: object) -> Recorded:
    """What the proof finds: ``xs`` are intervals, constants, or what was proven before."""
    tape = next((x.tape for x in xs if isinstance(x, Recorded)), Tape())
    tape.begin(f"y{len(tape.lines)}")
    operands = [x if isinstance(x, Recorded) else tape.given(f"x{id(x)}", x) for x in xs]
    return op.evaluate(attrs, *operands)


@given(st.lists(st.tuples(INT16, INT16), min_size=1, max_size=8), INT16)
def test_affine_on_intervals_holds_affine_on_points(pairs: list[tuple[int, int]], bias: int) -> None:
    low, high = (np.array([f(p) for p in pairs]) for f in (min, max))
    w = np.arange(-3, len(pairs) - 3)[None] * 7
    args = np.array([3])
    span = OPS["affine"].evaluate({}, np.array([bias]), Interval(low, high), w, args)
    for x in (low, high, (low + high) // 2):
        y = OPS["affine"].evaluate({}, np.array([bias]), x, w, args)
        assert span.low[0] <= y[0] <= span.high[0]


@pytest.mark.parametrize("word", [fx.add, fx.mul, fx.sub])
def test_a_word_that_leaves_int32_raises_on_both_carriers(word: object) -> None:
    big, sign = np.array([2**31 - 1]), np.array([-2])
    with pytest.raises(fx.Unproven, match="outside int32"):
        word(big, sign if word is not fx.add else big)  # type: ignore[operator]
    with pytest.raises(fx.Unproven, match="outside int32"):
        word(interval.point(big), sign if word is not fx.add else big)  # type: ignore[operator]


@given(st.integers(-32768, 32767), st.integers(1, 65535), st.integers(-(1 << 16), 1 << 16))
def test_div_is_its_definition(q: int, d: int, rest: int) -> None:
    n = max(min(q * d + rest % d - d // 2, 32767 * d), -32768 * d)
    assert fx.div(np.array([n]), np.array([d]))[0] == (2 * n + d) // (2 * d)


def test_a_quotient_that_leaves_int16_is_refused() -> None:
    with pytest.raises(fx.Unproven, match="leaves int16"):
        fx.div(np.array([1 << 20]), np.array([1]))


def _span(low: int, high: int) -> Interval:
    return Interval(np.array([low]), np.array([high]))
