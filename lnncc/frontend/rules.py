"""What each JAX primitive is in lnncc's own: one rule a primitive, by its name.

A rule gets the builder, the equation's parameters, its operands and the type of its result. Control flow and calls
are in ``control``, data movement by index in ``movement``.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np

from lnncc.frontend import _jax_compat as compat
from lnncc.frontend.arrays import along, converted, cut, joined, power, reduced, row, stacked
from lnncc.frontend.builder import Builder
from lnncc.frontend.operand import Const, Operand, constant
from lnncc.ir import Attr

Shape = tuple[int, ...]
Rule = Callable[[Builder, compat.Params, list[Operand], compat.Aval], Operand | None]


def ints(values: object) -> Shape:
    """JAX's parameters mix Python's and NumPy's integers."""
    assert isinstance(values, Sequence | np.ndarray)
    return tuple(int(v) for v in values)


def _same(op: str) -> Rule:
    return lambda b, p, xs, out: b.elementwise(op, *xs, kind=compat.kind(out.dtype))


def _logical(op: str) -> Rule:
    """Only of predicates: of integers these are bitwise, which fixed point does not have."""
    return lambda b, p, xs, out: b.elementwise(op, *xs) if all(x.kind == "b" for x in xs) else None


def _compared(op: str) -> Rule:
    """Of whole numbers as a clipped line through 0 and 1, which a table holds exactly; a step it cannot."""

    def rule(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
        if any(x.kind != "i" for x in xs) or all(isinstance(x, Const) for x in xs):
            return b.elementwise(op, *xs)
        return _whole(b, op, b.elementwise("sub", *xs, kind="f"))

    return rule


def _whole(b: Builder, op: str, away: Operand) -> Operand:
    """``op`` of whole numbers that are ``away`` from each other."""
    offset, slope = LINES[op]
    away = b.elementwise("abs", away) if op in ("eq", "ne") else away
    line = b.elementwise("add", b.elementwise("mul", away, constant(slope)), constant(offset))
    return b.elementwise("min", b.elementwise("max", line, constant(0.0)), constant(1.0), kind="b")


def _xor(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand | None:
    if any(x.kind != "b" for x in xs):
        return None
    return b.select(xs[0], b.elementwise("not", xs[1]), xs[1], out.shape)


def _identity(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return xs[0]


def _div(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    if compat.kind(out.dtype) == "f":
        return b.elementwise("div", *xs)
    return b.elementwise("trunc", b.elementwise("div", *xs, kind="f"), kind="i")


def _integer_pow(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    exponent = int(str(p["y"]))
    if exponent == 0:
        return b.expand(constant(1.0), out.shape)
    result = power(b, xs[0], abs(exponent))
    return result if exponent > 0 else b.elementwise("div", constant(1.0), result)


def _square(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return b.elementwise("mul", xs[0], xs[0])


def _one_minus_square(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return b.elementwise("sub", constant(1.0), b.elementwise("mul", xs[0], xs[0]))


def _log2(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return b.elementwise("mul", b.elementwise("log", xs[0]), constant(1 / np.log(2)))


def _round(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    """``rounding_method`` 1 is to even; 0 is half away from zero, sign(x) · floor(|x| + 1/2)."""
    if int(getattr(p["rounding_method"], "value", p["rounding_method"])) == 1:  # type: ignore[arg-type]  # an enum
        return b.elementwise("round", xs[0])
    size = b.elementwise("floor", b.elementwise("add", b.elementwise("abs", xs[0]), constant(0.5)))
    return b.elementwise("mul", b.elementwise("sign", xs[0]), size)


def _clamp(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    low, x, high = xs
    return b.elementwise("min", b.elementwise("max", x, low), high)


def _select_n(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand | None:
    """JAX's order is (predicate, on false, on true); an integer picks among any number of cases."""
    which, *cases = xs
    if which.kind == "b":
        return b.select(which, cases[1], cases[0], out.shape)
    result = cases[-1]
    for number, case in reversed(list(enumerate(cases[:-1]))):
        result = b.select(chosen(b, which, number), case, result, out.shape)
    return result


def chosen(b: Builder, which: Operand, number: int) -> Operand:
    """Whether ``which``, a whole number, chooses case ``number`` or one before."""
    return _whole(b, "le", b.elementwise("sub", which, constant(number), kind="f"))


def _convert(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return converted(b, xs[0], compat.kind(out.dtype))


def _iota(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    axis = int(str(p["dimension"]))
    count = np.arange(out.shape[axis]).reshape([-1 if k == axis else 1 for k in range(len(out.shape))])
    return constant(np.broadcast_to(count, out.shape), compat.kind(out.dtype))


def _broadcast(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    x, dims = xs[0], ints(p["broadcast_dimensions"])
    if int(np.prod(x.shape, dtype=np.int64)) == int(np.prod(out.shape, dtype=np.int64)):
        return b.reshape(x, out.shape)
    return b.emit("broadcast", [x], out.shape, x.kind, {"shape": out.shape, "dims": dims})


def _reshape(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return b.reshape(xs[0], out.shape)


def _transpose(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    perm = ints(p["permutation"])
    if perm == tuple(range(len(perm))):
        return xs[0]
    return b.emit("transpose", xs, out.shape, xs[0].kind, {"perm": perm})


def _slice(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    strides = None if p["strides"] is None else ints(p["strides"])
    return cut(b, xs[0], ints(p["start_indices"]), ints(p["limit_indices"]), strides)


def _concatenate(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return joined(b, xs, int(str(p["dimension"])))


def _stack(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return stacked(b, xs, int(str(p["axis"])))


def _reduce_sum(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    axes = ints(p["axes"])
    if all(xs[0].shape[axis] == 1 for axis in axes):
        return b.reshape(xs[0], out.shape)
    return b.emit("sum", xs, out.shape, xs[0].kind, {"axes": axes})


def _tree(op: str) -> Rule:
    return lambda b, p, xs, out: b.reshape(reduced(b, op, xs[0], ints(p["axes"])), out.shape)


def _argmax(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    (axis,) = ints(p["axes"])
    return b.emit("argmax", xs, out.shape, "i", {"axis": axis})


def _argmin(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    return _argmax(b, p, [b.elementwise("neg", xs[0])], out)


def _dot_general(b: Builder, p: compat.Params, xs: list[Operand], out: compat.Aval) -> Operand:
    (x_contract, y_contract), (x_batch, y_batch) = p["dimension_numbers"]  # type: ignore[misc]  # JAX is untyped here
    attrs: dict[str, Attr] = {
        "x_contract": ints(x_contract),
        "y_contract": ints(y_contract),
        "x_batch": ints(x_batch),
        "y_batch": ints(y_batch),
    }
    return b.emit("dot", xs, out.shape, compat.kind(out.dtype), attrs)


_ALIKE = """abs sign floor ceil exp exp2 expm1 log log1p sqrt rsqrt sin cos tan asin acos atan sinh cosh tanh asinh
acosh atanh cbrt logistic erf erfc neg
is_finite add sub mul max min pow rem"""
LINES = {"lt": (0.0, -1.0), "le": (1.0, -1.0), "gt": (0.0, 1.0), "ge": (1.0, 1.0), "eq": (1.0, -1.0), "ne": (0.0, 1.0)}
_NOTHING = "copy copy_p stop_gradient reduce_precision name sharding_constraint"  # on numbers, these do nothing

RULES: Mapping[str, Rule] = {
    **{name: _same(name) for name in _ALIKE.split()},
    **{name: _compared(name) for name in LINES},
    "add_any": _same("add"),
    "and": _logical("and"),
    "or": _logical("or"),
    "xor": _xor,
    "not": _logical("not"),
    **dict.fromkeys(_NOTHING.split(), _identity),
    "div": _div,
    "integer_pow": _integer_pow,
    "square": _square,
    "one_minus_square": _one_minus_square,
    "log2": _log2,
    "round": _round,
    "clamp": _clamp,
    "select_n": _select_n,
    "convert_element_type": _convert,
    "iota": _iota,
    "broadcast_in_dim": _broadcast,
    **dict.fromkeys(("reshape", "squeeze", "expand_dims"), _reshape),
    "transpose": _transpose,
    "slice": _slice,
    "concatenate": _concatenate,
    "stack": _stack,
    "reduce_sum": _reduce_sum,
    "reduce_max": _tree("max"),
    "reduce_min": _tree("min"),
    "reduce_prod": _tree("mul"),
    "reduce_and": _tree("and"),
    "reduce_or": _tree("or"),
    "argmax": _argmax,
    "argmin": _argmin,
    "dot_general": _dot_general,
}


def _split(b: Builder, p: compat.Params, xs: list[Operand]) -> list[Operand]:
    axis, edges = int(str(p["axis"])), np.cumsum((0, *ints(p["sizes"])))
    return [along(b, xs[0], axis, int(a), int(z)) for a, z in pairwise(edges)]


def _unstack(b: Builder, p: compat.Params, xs: list[Operand]) -> list[Operand]:
    axis = int(str(p["axis"]))
    return [row(b, xs[0], k, axis) for k in range(xs[0].shape[axis])]


# Primitives with several results.
MANY: Mapping[str, Callable[[Builder, compat.Params, list[Operand]], list[Operand]]] = {
    "split": _split,
    "unstack": _unstack,
    **dict.fromkeys(("device_put", "optimization_barrier"), lambda b, p, xs: xs),
}
