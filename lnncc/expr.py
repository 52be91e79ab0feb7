"""Functions of one variable as nested tuples: ("logistic", VAR), ("mul", a, b), ("const", 2.0).

Whatever elementwise chain of one variable a user writes (silu, gelu, softplus with its NaN guard, u·e^-|u|) becomes
one such tree and then one table. Operators are those of ``primitives``.
"""

import functools

import numpy as np

from lnncc import primitives
from lnncc.ir import Array, Attr

Expr = tuple[Attr, ...]
VAR: Expr = ("var",)


def const(value: float) -> Expr:
    return ("const", float(value))


def apply(op: str, *args: Expr) -> Expr:
    """``op`` on expressions, folded where all of them are constants."""
    if all(arg[0] == "const" for arg in args):
        return const(float(primitives.apply(op, {}, *(np.array(_number(arg)) for arg in args))))
    return (op, *args)


def affine(expr: Expr, scale: float, offset: float) -> Expr:
    """scale · expr + offset, without the parts that do nothing."""
    if scale == 0.0:
        return const(offset)
    scaled = expr if scale == 1.0 else apply("mul", const(scale), expr)
    return scaled if offset == 0.0 else apply("add", scaled, const(offset))


def evaluate(expr: Expr, x: Array) -> Array:
    """The function's values at ``x`` in float64; elementwise, any shape."""
    op = expr[0]
    if op == "var":
        return x
    if op == "const":
        return np.full_like(x, _number(expr), dtype=np.float64)
    with np.errstate(all="ignore"):
        return np.asarray(primitives.apply(str(op), {}, *(evaluate(_child(e), x) for e in expr[1:])), np.float64)


def substitute(expr: Expr, inner: Expr) -> Expr:
    """The composition: ``expr`` with its variable replaced by ``inner``."""
    if expr[0] == "var":
        return inner
    if expr[0] == "const":
        return expr
    return apply(str(expr[0]), *(substitute(_child(e), inner) for e in expr[1:]))


def as_affine(expr: Expr) -> tuple[float, float] | None:
    """(scale, offset) if the expression is scale · x + offset by construction, else None."""
    match expr:
        case ("var",):
            return 1.0, 0.0
        case ("const", float(value)):
            return 0.0, value
        case ("mul", ("const", float(factor)), tuple(inner)) if (lin := as_affine(inner)) is not None:
            return factor * lin[0], factor * lin[1]
        case ("add", tuple(inner), ("const", float(offset))) if (lin := as_affine(inner)) is not None:
            return lin[0], lin[1] + offset
        case _:
            return None


def span(expr: Expr, low: float, high: float) -> tuple[float, float]:
    """Estimated minimum and maximum over [low, high], by sampling; an estimate to choose formats by, not a proof."""
    if not low < high:
        y = evaluate(expr, np.array([low, high]))
        return float(y.min()), float(y.max())
    x = np.unique(np.concatenate([np.linspace(low, high, 4097), np.clip([0.0, -1.0, 1.0], low, high)]))
    y = evaluate(expr, x)
    return float(y.min()), float(y.max())


def tail(expr: Expr, sign: float, tolerance: float) -> float | None:
    """Where the function becomes flat within ``tolerance`` on that side, to 1/256 of an octave; None if nowhere."""
    far = evaluate(expr, sign * np.array([2.0**7, 2.0**9, 2.0**12]))
    if not np.all(np.isfinite(far)) or np.ptp(far) > tolerance / 8:
        return None
    limit = far[-1]
    for exponent in range(7, -4, -1):
        x = sign * np.linspace(2.0 ** (exponent - 1), 2.0**exponent, 257)
        steep = np.flatnonzero(np.abs(evaluate(expr, x) - limit) > tolerance)
        if len(steep):
            return float(abs(x[min(steep[-1] + 1, len(x) - 1)]))
    return 2.0**-3


def slopes(expr: Expr) -> tuple[int, int] | None:
    """The slopes, 0 or 1, of the straight lines that the function is far on the left and on the right; None if not."""
    found = []
    for sign in (-1.0, 1.0):
        y = sign * evaluate(expr, sign * np.array([2.0**7, 2.0**9, 2.0**12]))
        for slope in (0, 1):
            offsets = y - slope * np.array([2.0**7, 2.0**9, 2.0**12])
            if np.all(np.isfinite(y)) and np.ptp(offsets) < 2.0**-30:
                found.append(slope)
    return (found[0], found[1]) if len(found) == 2 else None


@functools.lru_cache(maxsize=4096)
def straightened(expr: Expr) -> tuple[Expr, float, float]:
    """(g, factor, slope) with the function = factor · g + slope · x, so that ``slopes`` knows the tails of g.

    Other straight tails than 0 and x, as those of x · erf(x) or of twice a gelu, are brought to these. What is made
    of two straight lines itself stays: a table of it is exact.
    """
    far = np.array([2.0**7, 2.0**9, 2.0**12])
    left, right = (_straight(evaluate(expr, sign * far), sign * far) for sign in (-1.0, 1.0))
    if left is None or right is None or {left, right} <= {0.0, 1.0}:
        return expr, 1.0, 0.0
    near = np.array([-2.0, -0.5, 0.5, 2.0])
    if left == right or np.allclose(evaluate(expr, near), np.where(near < 0, left, right) * near, atol=2.0**-30):
        return expr, 1.0, 0.0
    slope, factor = (left, right - left) if left and right else (0.0, left or right)
    return affine(expr if slope == 0.0 else apply("sub", expr, affine(VAR, slope, 0.0)), 1 / factor, 0.0), factor, slope


def _straight(y: Array, x: Array) -> float | None:
    """The slope of a line through points far out, to 2**-30; None if they lie on none."""
    if not np.all(np.isfinite(y)):
        return None
    slope = (y[2] - y[1]) / (x[2] - x[1])
    slope = round(slope) if abs(slope - round(slope)) < 2.0**-40 else float(slope)
    return None if abs(y[0] - y[1] - slope * (x[0] - x[1])) > 2.0**-30 else float(slope)


def text(expr: Expr) -> str:
    """The formula as people write it, for comments in the generated C."""
    op, args = expr[0], [text(_child(e)) for e in expr[1:]] if expr[0] != "const" else []
    if op == "var":
        return "x"
    if op == "const":
        return f"{_number(expr):.9g}"
    infix = {"add": "+", "sub": "-", "mul": "*", "div": "/"}
    if op in infix:
        return f"({args[0]} {infix[str(op)]} {args[1]})"
    return f"{op}({', '.join(args)})"


def _child(attr: Attr) -> Expr:
    assert isinstance(attr, tuple)
    return attr


def _number(expr: Expr) -> float:
    value = expr[1]
    assert isinstance(value, float)
    return value
