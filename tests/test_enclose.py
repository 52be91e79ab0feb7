"""Bounds of functions and of their slopes: no value and no difference quotient lies outside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import enclose, expr
from lnncc.enclose import Unbounded
from lnncc.expr import VAR, Expr, const
from lnncc.interval import Interval

NAN_GUARD: Expr = ("select", ("ne", VAR, VAR), VAR, ("tanh", VAR))
RELU: Expr = ("select", ("gt", VAR, const(0.0)), VAR, const(0.0))
ELU: Expr = ("select", ("ge", ("mul", const(2.0), VAR), const(0.0)), VAR, ("expm1", VAR))
FUNCTIONS: dict[str, Expr] = {
    "var": VAR,
    "const": const(2.5),
    "neg": ("neg", ("tanh", VAR)),
    "logistic": ("logistic", ("add", ("mul", const(3.0), VAR), const(-1.0))),
    "tanh": ("tanh", VAR),
    "atan": ("atan", VAR),
    "asinh": ("asinh", VAR),
    "erf": ("erf", VAR),
    "erfc": ("erfc", VAR),
    "exp": ("exp", VAR),
    "exp2": ("exp2", VAR),
    "expm1": ("expm1", VAR),
    "softplus": ("log1p", ("exp", VAR)),
    "log": ("log", ("add", ("abs", VAR), const(1.0))),
    "sqrt": ("sqrt", ("add", ("abs", VAR), const(0.5))),
    "bump": ("mul", VAR, ("exp", ("neg", ("abs", VAR)))),
    "silu": ("mul", VAR, ("logistic", VAR)),
    "softsign": ("div", VAR, ("add", const(1.0), ("abs", VAR))),
    "reciprocal": ("div", const(1.0), ("add", const(2.0), ("tanh", VAR))),
    "hard": ("min", const(1.0), ("max", const(-1.0), ("sub", VAR, const(0.3)))),
    "guard": NAN_GUARD,
    "relu": RELU,
    "elu": ELU,
}
UNBOUNDED: dict[str, tuple[Expr, str]] = {
    "pole": (("div", const(1.0), VAR), "divisor"),
    "log": (("log", VAR), "zero or negative"),
    "root": (("sqrt", ("abs", VAR)), "not bounded"),
    "overflow": (("exp", ("mul", const(1000.0), VAR)), "not bounded"),
    "floor": (("floor", VAR), "no bound of the slope of floor"),
    "jump": (("select", ("gt", VAR, const(0.5)), const(1.0), const(0.0)), "jumps at 0.5"),
    "curved": (("select", ("gt", ("exp", VAR), const(1.0)), VAR, const(0.0)), "may jump"),
    "equal": (("select", ("eq", VAR, const(1.0)), VAR, const(0.0)), "may jump"),
    "never": (("select", ("gt", VAR, ("add", VAR, const(1.0))), VAR, const(0.0)), "never changes"),
}


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.floats(-6, 6), st.floats(0, 5), st.integers(0, 2**32))
@settings(max_examples=40, deadline=None)
def test_nothing_lies_outside(name: str, low: float, width: float, seed: int) -> None:
    function = FUNCTIONS[name]
    ends = Interval(np.array([low]), np.array([low + width]))
    x = np.sort(np.random.default_rng(seed).uniform(low, low + width, 100))
    for found in (enclose.over(function, ends), enclose.within(function, ends)):
        y = expr.evaluate(function, x)
        assert np.all((found.value.low <= y) & (y <= found.value.high))
        rise, run = np.diff(y), np.diff(x)
        slack = 1e-13 * (1 + np.abs(y[1:]))
        assert np.all((found.slope.low * run - slack <= rise) & (rise <= found.slope.high * run + slack))


@pytest.mark.parametrize("name", ["logistic", "tanh", "silu", "elu", "softplus"])
def test_they_are_tight(name: str) -> None:
    x = np.linspace(-3, 3, 20001)
    y = expr.evaluate(FUNCTIONS[name], x)
    slopes = np.diff(y) / np.diff(x)
    found = enclose.over(FUNCTIONS[name], Interval(np.array([-3.0]), np.array([3.0])))
    for bound, true in ((found.value, y), (found.slope, slopes)):
        assert bound.low[0] >= true.min() - 0.1 and bound.high[0] <= true.max() + 0.1


@pytest.mark.parametrize("name", UNBOUNDED)
def test_what_has_no_bound_is_refused(name: str) -> None:
    function, why = UNBOUNDED[name]
    with pytest.raises(Unbounded, match=why):
        enclose.over(function, Interval(np.array([-2.0]), np.array([2.0])))


def test_cells_join_to_the_whole() -> None:
    parts = enclose.cells(Interval(np.array([-1.0, 2.0]), np.array([1.0, 2.0])), 5)
    np.testing.assert_array_equal(parts.low[:, 0], [-1.0, 2.0])
    np.testing.assert_array_equal(parts.high[:, -1], [1.0, 2.0])
    np.testing.assert_array_equal(parts.low[:, 1:], parts.high[:, :-1])
