"""Tables: worst error as stated, monotone where the function is, flat tails, and the width of every input."""

import numpy as np
import pytest

from lnncc import expr, fx, lut
from lnncc.expr import VAR
from lnncc.interval import Interval
from lnncc.ir import Format

Q15 = Format(16, 15)
TANH, LOGISTIC = ("tanh", VAR), ("logistic", VAR)
SILU = ("mul", VAR, ("logistic", VAR))


@pytest.mark.parametrize("function, limit", [(TANH, 2.8), (LOGISTIC, 2.1)])
@pytest.mark.parametrize("frac", [12, 16, 26])
def test_worst_error_is_small_and_as_stated(function: expr.Expr, limit: float, frac: int) -> None:
    table = lut.build(function, frac, Q15, None, 512)
    x = np.linspace(table.low, table.top, 200_001).astype(np.int64)
    error = np.abs(
        fx.lookup(table.nodes, x, table.low, table.shift) - expr.evaluate(function, x * 2.0**-frac) * 2.0**15
    )
    assert error.max() <= table.error + 0.05  # sampled where there are more inputs than can be tried
    assert table.error < limit
    stated = float(table.label.rpartition("worst error ")[2].removesuffix(" ULP"))
    assert table.error <= stated < table.error + 0.2


@pytest.mark.parametrize("function", [TANH, LOGISTIC])
def test_a_monotone_function_has_a_monotone_table_over_all_int16(function: expr.Expr) -> None:
    table = lut.build(function, 12, Q15, None, 512)
    y = fx.lookup(table.nodes, np.arange(-32768, 32768), table.low, table.shift)
    assert np.all(np.diff(y) >= 0)


def test_beyond_the_table_the_function_is_flat_within_an_ulp() -> None:
    table = lut.build(TANH, 16, Q15, None, 512)
    ends = fx.lookup(table.nodes, np.array([-(1 << 31), (1 << 31) - 1]), table.low, table.shift)
    assert np.all(np.abs(np.abs(ends) - 32768) <= 1)


def test_an_unbounded_function_reaches_as_far_as_its_input() -> None:
    span = Interval(np.array([-5.0]), np.array([3.0]))
    assert lut.domain(SILU, span, Format(16, 12)) == 8.0


def test_a_kink_on_a_node_costs_nothing() -> None:
    relu = ("max", VAR, expr.const(0.0))
    table = lut.build(relu, 12, Format(16, 12), Interval(np.array([-4.0]), np.array([4.0])), 512)
    assert table.error <= 1.0


def test_every_lookup_of_an_interval_holds_every_lookup_inside_it() -> None:
    bump = ("mul", VAR, ("exp", ("neg", ("abs", VAR))))
    table = lut.build(bump, 12, Q15, None, 512)
    rng = np.random.default_rng(1)
    low = rng.integers(-32768, 32000, 200)
    high = low + rng.integers(0, 700, 200)
    span = fx.lookup(table.nodes, Interval(low, high), table.low, table.shift)
    assert isinstance(span, Interval)
    for at in np.linspace(0, 1, 20):
        y = fx.lookup(table.nodes, (low + at * (high - low)).astype(np.int64), table.low, table.shift)
        assert np.all(span.low <= y)
        assert np.all(y <= span.high)
