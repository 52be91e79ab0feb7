"""Tables: least worst error, proven as stated, monotone where the function is, flat tails, and the width of inputs."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import choices, expr, fx, lut, minimax
from lnncc.expr import VAR, Expr
from lnncc.interval import Interval
from lnncc.ir import Format

Q15 = Format(16, 15)
TANH, LOGISTIC = ("tanh", VAR), ("logistic", VAR)
SILU = ("mul", VAR, ("logistic", VAR))
EXP = ("exp", ("neg", ("abs", VAR)))
ALL_16 = np.arange(-32768, 32768)
KINDS = lut.KINDS


def span(low: float, high: float) -> Interval:
    return Interval(np.array([low]), np.array([high]))


def table(function: Expr, frac: int, kind: str = "linear", intervals: int = 512, target: Format = Q15) -> lut.Table:
    return lut.build(function, frac, target, None, choices.Table(kind, intervals))


def read(made: lut.Table, x: np.ndarray) -> np.ndarray:
    y = lut.read({"low": made.low, "shift": made.shift, "kind": made.kind}, made.nodes, x)
    assert isinstance(y, np.ndarray)
    return y


def errors(made: lut.Table, function: Expr, x: np.ndarray, frac: int, target: Format = Q15) -> np.ndarray:
    return np.abs(read(made, x) - expr.evaluate(function, x * 2.0**-frac) * 2.0**target.frac)


@pytest.mark.parametrize(("function", "limit"), [(TANH, 2.8), (LOGISTIC, 1.9), (EXP, 10.3)])
@pytest.mark.parametrize("frac", [12, 13, 16, 26])
def test_worst_error_is_small_and_as_stated(function: Expr, limit: float, frac: int) -> None:
    made = table(function, frac)
    assert made.error < limit
    stated = float(made.label.rpartition("worst error ")[2].removesuffix(" ULP"))
    assert made.error <= stated < made.error + 0.02


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("intervals", choices.INTERVALS)
@pytest.mark.parametrize("function", [TANH, LOGISTIC, EXP])
def test_of_16_bits_the_stated_error_is_that_of_all_inputs(function: Expr, intervals: int, kind: str) -> None:
    made = table(function, 12, kind, intervals)
    assert len(made.nodes) <= intervals + (kind == "linear")
    assert errors(made, function, ALL_16, 12).max() == pytest.approx(made.error, abs=1e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", [TANH, LOGISTIC, EXP])
def test_of_32_bits_the_stated_error_bounds_every_input_of_some_intervals(function: Expr, kind: str) -> None:
    """The intervals in the middle, whole: what the bound between the tried inputs has to hold for."""
    made = table(function, 19, kind)
    inside = np.arange(1 << made.shift)
    worst = 0.0
    for index in np.arange(len(made.nodes) // 2 - 24, len(made.nodes) // 2 + 24):
        worst = max(worst, errors(made, function, made.low + (index << made.shift) + inside, 19).max())
    assert worst <= made.error < worst + (1.2 if kind == "linear" else 20)  # direct: the first of the next is tried


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("intervals", choices.INTERVALS)
@pytest.mark.parametrize("function", [TANH, LOGISTIC])
def test_a_monotone_function_has_a_monotone_table_over_all_int16(function: Expr, intervals: int, kind: str) -> None:
    assert np.all(np.diff(read(table(function, 12, kind, intervals), ALL_16)) >= 0)
    falling = ("neg", function)
    assert np.all(np.diff(read(table(falling, 12, kind, intervals), ALL_16)) <= 0)


def test_a_table_stays_within_the_values_of_its_function() -> None:
    """A gate is never negative, and no conductance is."""
    for intervals, frac in itertools.product(choices.INTERVALS, (12, 16, 26)):
        assert table(LOGISTIC, frac, intervals=intervals).nodes.min() >= 0
        assert table(TANH, frac, intervals=intervals).nodes.min() >= -32768


def test_no_other_nodes_are_better() -> None:
    """Every combination of nodes near the function and within its extremes, on a table small enough to try them all."""
    function, frac, shift = ("sin", VAR), 4, 3
    x = np.arange(-16, 16, dtype=np.int64)
    target = 2.0**5

    def wanted(v: np.ndarray) -> np.ndarray:
        return expr.evaluate(function, v * 2.0**-frac) * target

    tried = minimax.offsets(4, shift)
    starts = np.arange(-16, 17, 8)
    nodes, found = minimax.linear(minimax.trials(wanted(starts[:-1, None] + tried), tried, shift), wanted(starts))
    near = [np.clip(np.rint(w).astype(int) + np.arange(-3, 4), -27, 27) for w in wanted(starts)]
    every = np.stack(np.meshgrid(*near, indexing="ij"), axis=-1).reshape(-1, 5)
    best = min(np.abs(fx.lookup(c, x, -16, shift) - wanted(x)).max() for c in every)
    assert found.max() == pytest.approx(best)
    assert np.abs(fx.lookup(nodes, x, -16, shift) - wanted(x)).max() == pytest.approx(best)


@given(st.floats(0.2, 4), st.floats(-2, 2), st.sampled_from(choices.INTERVALS), st.sampled_from(KINDS))
@settings(max_examples=25, deadline=None)
def test_any_function_is_as_close_as_stated(scale: float, offset: float, intervals: int, kind: str) -> None:
    function = ("tanh", ("add", ("mul", ("const", scale), VAR), ("const", offset)))
    made = table(function, 11, kind, intervals, Format(16, 13))
    assert errors(made, function, ALL_16, 11, Format(16, 13)).max() <= made.error + 1e-9


def test_beyond_the_table_the_function_is_flat_within_an_ulp() -> None:
    for kind in KINDS:
        made = table(TANH, 16, kind)
        ends = read(made, np.array([-(1 << 31), (1 << 31) - 1]))
        assert np.all(np.abs(np.abs(ends) - 32768) <= 1)


def test_an_unbounded_function_reaches_as_far_as_its_input() -> None:
    assert lut.domain(SILU, (-5.0, 3.0), Format(16, 12)) == (-5.0, 3.0)
    assert lut.domain(SILU, (-500.0, 3.0), Format(16, 12))[0] > -12.0  # flat on that side
    assert lut.is_flat(TANH, Q15) and not lut.is_flat(SILU, Q15)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", [("log", VAR), ("sqrt", VAR), ("div", expr.const(1.0), VAR)])
def test_a_function_with_no_value_at_zero_is_exact_where_inputs_come(function: Expr, kind: str) -> None:
    made = lut.build(function, 12, Format(16, 12), span(0.5, 3.0), choices.Table(kind, 1024))
    x = np.arange(1 << 11, 3 << 12)
    assert errors(made, function, x, 12, Format(16, 12)).max() <= made.error < (20 if kind == "linear" else 40)
    assert not made.whole and np.isinf(made.deviation[0])


def test_a_table_ends_where_int32_does() -> None:
    """A function that is flat only at ±90 has, for an input of 26 fraction bits, far more to it than ever comes."""
    slow: Expr = ("exp", ("mul", expr.const(-0.125), ("abs", VAR)))
    made = table(slow, 26)
    assert made.low == -(1 << 31) and made.top == (1 << 31) - 1 and min(made.tails) > 500
    x = np.array([-(1 << 31), -12345, 0, 1 << 30, (1 << 31) - 1])
    assert errors(made, slow, x, 26).max() <= made.error


def test_a_function_made_of_lines_needs_few_nodes() -> None:
    relu = ("max", VAR, expr.const(0.0))
    made = lut.build(relu, 12, Format(16, 12), span(-4.0, 4.0), choices.Table())
    assert made.error <= 1.0 and len(made.nodes) <= 5


def test_values_beyond_the_format_saturate_and_the_label_says_by_how_much() -> None:
    made = lut.build(("exp", VAR), 12, Format(16, 12), span(-4.0, 3.0), choices.Table())
    assert made.nodes.max() == 32767 and made.error > 40000 and made.unsaturated < 30


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", [LOGISTIC, ("mul", VAR, EXP)])
def test_every_lookup_of_an_interval_holds_every_lookup_inside_it(function: Expr, kind: str) -> None:
    made = table(function, 12, kind)
    attrs = {"low": made.low, "shift": made.shift, "kind": kind}
    rng = np.random.default_rng(1)
    low = rng.integers(-32768, 32000, 200)
    high = low + rng.integers(0, 700, 200)
    bounds = lut.read(attrs, made.nodes, Interval(low, high))
    assert isinstance(bounds, Interval)
    for at in np.linspace(0, 1, 20):
        y = read(made, (low + at * (high - low)).astype(np.int64))
        assert np.all(bounds.low <= y)
        assert np.all(y <= bounds.high)


@pytest.mark.parametrize("at", [0.0, 0.3, -1.7])
def test_a_function_that_jumps_is_exact_but_in_the_interval_with_the_jump(at: float) -> None:
    """-1 and 1 are farther apart than a rise of 16 bits holds: such a table is read as it is."""
    jump: Expr = ("select", ("gt", VAR, expr.const(at)), expr.const(1.0), expr.const(-1.0))
    made = lut.build(jump, 12, Q15, span(-8.0, 8.0), choices.Table("linear", 512))
    x = np.arange(-8 << 12, 8 << 12)
    y = read(made, x)
    assert made.kind == "direct" and len(made.nodes) <= 512
    off = np.abs(y - np.where(x * 2.0**-12 > at, 32768, -32768)) > 1
    assert off.sum() <= 1 << made.shift < 1 << 8
    assert np.abs(x[off] * 2.0**-12 - at).max(initial=0.0) <= 2.0 ** (made.shift - 12)


def test_a_saw_is_as_close_as_a_line_but_at_its_jumps() -> None:
    saw: Expr = ("sub", VAR, ("floor", VAR))
    made = lut.build(saw, 12, Q15, span(0.0, 4.0), choices.Table("linear", 512))
    x = np.arange(4 << 12)
    y = read(made, x)
    assert (np.abs(y - (x % 4096) * 8) > 8).sum() <= 12 << made.shift  # three intervals about each
