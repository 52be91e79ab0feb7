"""Functions of one variable: folding, composition, the affine part, sampled spans and tails."""

import numpy as np
import pytest

from lnncc import expr
from lnncc.expr import VAR

X = np.linspace(-3, 3, 101)


def test_constants_fold() -> None:
    assert expr.apply("mul", expr.const(2.0), expr.const(3.0)) == expr.const(6.0)


def test_affine_leaves_out_what_does_nothing() -> None:
    assert expr.affine(VAR, 1.0, 0.0) == VAR
    assert expr.affine(VAR, 0.0, 2.0) == expr.const(2.0)
    np.testing.assert_allclose(expr.evaluate(expr.affine(("tanh", VAR), 3.0, 1.0), X), 3 * np.tanh(X) + 1)


def test_substitute_composes() -> None:
    inner = expr.affine(VAR, 2.0, -1.0)
    np.testing.assert_allclose(expr.evaluate(expr.substitute(("tanh", VAR), inner), X), np.tanh(2 * X - 1))
    assert expr.substitute(expr.const(1.0), inner) == expr.const(1.0)


@pytest.mark.parametrize(
    "function, expected",
    [
        (VAR, (1.0, 0.0)),
        (expr.const(4.0), (0.0, 4.0)),
        (expr.affine(expr.affine(VAR, 2.0, 1.0), 3.0, 5.0), (6.0, 8.0)),
        (("tanh", VAR), None),
    ],
)
def test_as_affine(function: expr.Expr, expected: tuple[float, float] | None) -> None:
    assert expr.as_affine(function) == expected


def test_span_holds_the_extremes() -> None:
    low, high = expr.span(("mul", VAR, ("exp", ("neg", ("abs", VAR)))), -8.0, 8.0)
    np.testing.assert_allclose([low, high], [-np.exp(-1), np.exp(-1)], atol=1e-6)
    assert expr.span(("tanh", VAR), 0.5, 0.5) == (np.tanh(0.5), np.tanh(0.5))


def test_tail_is_where_the_function_goes_flat() -> None:
    assert expr.tail(("tanh", VAR), 1.0, 2.0**-16) == 5.90625
    assert expr.tail(("logistic", VAR), -1.0, 2.0**-16) == 11.09375
    assert expr.tail(VAR, 1.0, 2.0**-16) is None


def test_text_reads_like_a_formula() -> None:
    assert expr.text(expr.affine(("tanh", VAR), 1.7159, 0.0)) == "(1.7159 * tanh(x))"


@pytest.mark.parametrize(("function", "factor", "slope"), [
    (("mul", VAR, ("erfc", VAR)), 2.0, 0.0),
    (("mul", VAR, ("erf", VAR)), 2.0, -1.0),
    (("mul", expr.const(-3.0), ("mul", VAR, ("logistic", VAR))), -3.0, 0.0),
    (("mul", VAR, ("logistic", VAR)), 1.0, 0.0),
    (("tanh", VAR), 1.0, 0.0),
    (("abs", VAR), 1.0, 0.0),
    (("mul", VAR, VAR), 1.0, 0.0),
    (("exp", VAR), 1.0, 0.0),
])  # fmt: skip
def test_straight_tails_are_brought_to_zero_and_x(function, factor, slope):
    plain, found, line = expr.straightened(function)
    assert (found, line) == (factor, slope)
    np.testing.assert_allclose(factor * expr.evaluate(plain, X) + slope * X, expr.evaluate(function, X), atol=1e-12)
    if factor != 1.0:
        assert sorted(expr.slopes(plain) or ()) == [0, 1]
