"""ONNX operators that work element by element."""

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lnncc.frontend.arrays import converted, power
from lnncc.frontend.builder import Builder
from lnncc.frontend.onnx.call import Call, Rule, optional, present
from lnncc.frontend.onnx.ports import KINDS
from lnncc.frontend.operand import Const, Operand, constant

Operands = Sequence[Operand | None]

SAME = {
    "Add": "add",
    "Sub": "sub",
    "Mul": "mul",
    "Neg": "neg",
    "Abs": "abs",
    "Sign": "sign",
    "Floor": "floor",
    "Ceil": "ceil",
    "Round": "round",
    "Exp": "exp",
    "Log": "log",
    "Sqrt": "sqrt",
    "Sin": "sin",
    "Cos": "cos",
    "Tan": "tan",
    "Asin": "asin",
    "Acos": "acos",
    "Atan": "atan",
    "Sinh": "sinh",
    "Cosh": "cosh",
    "Asinh": "asinh",
    "Acosh": "acosh",
    "Atanh": "atanh",
    "Tanh": "tanh",
    "Sigmoid": "logistic",
    "Erf": "erf",
    "Equal": "eq",
    "Less": "lt",
    "LessOrEqual": "le",
    "Greater": "gt",
    "GreaterOrEqual": "ge",
    "And": "and",
    "Or": "or",
    "Xor": "ne",
    "Not": "not",
}


def _same(op: str) -> Rule:
    return lambda b, call, xs: b.elementwise(op, *present(call, xs))


def _formula(text: Callable[[Builder, Call, Operand], Operand]) -> Rule:
    return lambda b, call, xs: text(b, call, present(call, xs)[0])


def _div(b: Builder, call: Call, xs: Operands) -> Operand:
    x, y = present(call, xs, 2)
    if x.kind == "f":
        return b.elementwise("div", x, y)
    return b.elementwise("trunc", b.elementwise("div", x, y, kind="f"), kind="i")


def _pow(b: Builder, call: Call, xs: Operands) -> Operand:
    x, y = present(call, xs, 2)
    exponent = float(y.array.reshape(-1)[0]) if isinstance(y, Const) and y.array.size == 1 else math.nan
    if exponent == 0.5:
        return b.elementwise("sqrt", x)
    if exponent.is_integer() and 1 <= abs(exponent) <= 64:
        result = power(b, x, int(abs(exponent)))
        return result if exponent > 0 else b.elementwise("div", constant(1.0), result)
    return b.elementwise("pow", x, y)


def _folded(op: str) -> Rule:
    """Of any number of operands."""

    def rule(b: Builder, call: Call, xs: Operands) -> Operand:
        first, *others = present(call, xs)
        for x in others:
            first = b.elementwise(op, first, x)
        return first

    return rule


def _mean(b: Builder, call: Call, xs: Operands) -> Operand:
    total = _folded("add")(b, call, xs)
    assert not isinstance(total, list)
    return b.elementwise("div", total, constant(float(len(xs))))


def _clip(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    low, high = optional(xs, 1), optional(xs, 2)
    if call.opset < 11:
        low, high = (constant(call.real(key, default)) for key, default in (("min", -np.inf), ("max", np.inf)))
    x = x if low is None else b.elementwise("max", x, low)
    return x if high is None else b.elementwise("min", x, high)


def _where(b: Builder, call: Call, xs: Operands) -> Operand:
    predicate, x, y = present(call, xs, 3)
    return b.select(predicate, x, y, np.broadcast_shapes(predicate.shape, x.shape, y.shape))


def _cast(b: Builder, call: Call, xs: Operands) -> Operand:
    kind = KINDS.get(call.integer("to", 1))
    if kind is None:
        raise call.refused("it casts to what is no real number")
    return converted(b, present(call, xs)[0], kind)


def _positive(b: Builder, x: Operand) -> Operand:
    return b.elementwise("max", x, constant(0.0))


def _negative(b: Builder, x: Operand) -> Operand:
    return b.elementwise("min", x, constant(0.0))


def _scaled(b: Builder, x: Operand, factor: float) -> Operand:
    return b.elementwise("mul", x, constant(factor))


def _leaky(b: Builder, call: Call, x: Operand) -> Operand:
    return b.elementwise("add", _positive(b, x), _scaled(b, _negative(b, x), call.real("alpha", 0.01)))


def _prelu(b: Builder, call: Call, xs: Operands) -> Operand:
    x, slope = present(call, xs, 2)
    return b.elementwise("add", _positive(b, x), b.elementwise("mul", _negative(b, x), slope))


def _elu(b: Builder, call: Call, x: Operand) -> Operand:
    tail = _scaled(b, b.elementwise("expm1", _negative(b, x)), call.real("alpha", 1.0))
    return b.elementwise("add", _positive(b, x), tail)


def _selu(b: Builder, call: Call, x: Operand) -> Operand:
    alpha, gamma = call.real("alpha", 1.67326319217681884765625), call.real("gamma", 1.05070102214813232421875)
    tail = _scaled(b, b.elementwise("expm1", _negative(b, x)), alpha)
    return _scaled(b, b.elementwise("add", _positive(b, x), tail), gamma)


def _thresholded(b: Builder, call: Call, x: Operand) -> Operand:
    above = b.elementwise("gt", x, constant(call.real("alpha", 1.0)))
    return b.select(above, x, constant(0.0), x.shape)


def _hard_sigmoid(b: Builder, call: Call, x: Operand) -> Operand:
    line = b.elementwise("add", _scaled(b, x, call.real("alpha", 0.2)), constant(call.real("beta", 0.5)))
    return b.elementwise("min", _positive(b, line), constant(1.0))


def _softplus(b: Builder, call: Call, x: Operand) -> Operand:
    """max(x, 0) + log1p(e^-|x|), which overflows for no x."""
    tail = b.elementwise("log1p", b.elementwise("exp", b.elementwise("neg", b.elementwise("abs", x))))
    return b.elementwise("add", _positive(b, x), tail)


def _softsign(b: Builder, call: Call, x: Operand) -> Operand:
    return b.elementwise("div", x, b.elementwise("add", b.elementwise("abs", x), constant(1.0)))


def _gelu(b: Builder, call: Call, x: Operand) -> Operand:
    if call.text("approximate", "none") == "tanh":
        cube = _scaled(b, power(b, x, 3), 0.044715)
        inner = b.elementwise("tanh", _scaled(b, b.elementwise("add", x, cube), math.sqrt(2 / math.pi)))
    else:
        inner = b.elementwise("erf", _scaled(b, x, math.sqrt(0.5)))
    return b.elementwise("mul", _scaled(b, x, 0.5), b.elementwise("add", inner, constant(1.0)))


def _is_inf(b: Builder, call: Call, x: Operand) -> Operand:
    if not (call.integer("detect_positive", 1) and call.integer("detect_negative", 1)):
        raise call.refused("it tells the two infinities apart")
    known = b.elementwise("eq", x, x)
    return b.elementwise("and", known, b.elementwise("not", b.elementwise("is_finite", x)))


ELEMENTWISE: Mapping[str, Rule] = {
    **{name: _same(op) for name, op in SAME.items()},
    "Div": _div,
    "Pow": _pow,
    "Reciprocal": _formula(lambda b, call, x: b.elementwise("div", constant(1.0), x)),
    "Sum": _folded("add"),
    "Min": _folded("min"),
    "Max": _folded("max"),
    "Mean": _mean,
    "Clip": _clip,
    "Where": _where,
    "Cast": _cast,
    "Relu": _formula(lambda b, call, x: _positive(b, x)),
    "LeakyRelu": _formula(_leaky),
    "PRelu": _prelu,
    "Elu": _formula(_elu),
    "Selu": _formula(_selu),
    "ThresholdedRelu": _formula(_thresholded),
    "HardSigmoid": _formula(_hard_sigmoid),
    "Softplus": _formula(_softplus),
    "Softsign": _formula(_softsign),
    "Gelu": _formula(_gelu),
    "IsNaN": _formula(lambda b, call, x: b.elementwise("ne", x, x)),
    "IsInf": _formula(_is_inf),
}
