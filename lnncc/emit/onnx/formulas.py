"""Every primitive of the float graph in ONNX operators: the reader's names turned around, and formulas for the rest."""

from collections.abc import Callable, Mapping

import numpy as np

from lnncc import primitives
from lnncc.emit.onnx.writer import Operand, Tensor, Writer
from lnncc.frontend.onnx.elementwise import SAME
from lnncc.ir import Array, Attr

LETTERS = "abcdefghijklmnopqrstuvwxyz"  # of axes; arrays have at most eight
Attrs = Mapping[str, Attr]
Shape = tuple[int, ...]


def _node(w: Writer, op: str, *xs: Operand | float, **attrs: object) -> Tensor:
    """A node of the type of its first array, whose shape nobody asks for; numbers are of that type too."""
    dtype = next(x.dtype for x in xs if isinstance(x, Tensor | np.ndarray))
    operands = [x if isinstance(x, Tensor | np.ndarray) else np.array(x, dtype) for x in xs]
    return Tensor(w.node(op, operands, **attrs), (), dtype)


def _same(op: str) -> Callable[..., Tensor]:
    return lambda w, *xs: _node(w, op, *xs)


def _cbrt(w: Writer, x: Operand) -> Tensor:
    return _node(w, "Mul", _node(w, "Sign", x), _node(w, "Pow", _node(w, "Abs", x), 1 / 3))


def _trunc(w: Writer, x: Operand) -> Tensor:
    return _node(w, "Mul", _node(w, "Sign", x), _node(w, "Floor", _node(w, "Abs", x)))


def _expm1(w: Writer, x: Operand) -> Tensor:
    """2 t / (1 - t) with t = tanh(x / 2) keeps small x; the sum keeps large x, where t rounds to 1."""
    t = _node(w, "Tanh", _node(w, "Mul", x, 0.5))
    near = _node(w, "Div", _node(w, "Mul", t, 2.0), _node(w, "Sub", 1.0, t))
    far = _node(w, "Sub", _node(w, "Exp", x), 1.0)
    small = _node(w, "Less", _node(w, "Abs", x), 0.5)
    return Tensor(w.node("Where", [small, near, far]), (), x.dtype)


def _is_finite(w: Writer, x: Operand) -> Tensor:
    return _node(w, "Not", _node(w, "Or", _node(w, "IsNaN", x), _node(w, "IsInf", x)))


ELEMENTWISE: Mapping[str, Callable[..., Tensor]] = {
    **{primitive: _same(op) for op, primitive in SAME.items() if primitive != "ne"},
    "ne": lambda w, x, y: _node(w, "Not", _node(w, "Equal", x, y)),
    "div": _same("Div"),
    "max": _same("Max"),
    "min": _same("Min"),
    "pow": _same("Pow"),
    "rem": lambda w, x, y: _node(w, "Mod", x, y, fmod=1),
    "trunc": _trunc,
    "exp2": lambda w, x: _node(w, "Pow", 2.0, x),
    "expm1": _expm1,
    "log1p": lambda w, x: _node(w, "Log", _node(w, "Add", x, 1.0)),
    "rsqrt": lambda w, x: _node(w, "Reciprocal", _node(w, "Sqrt", x)),
    "cbrt": _cbrt,
    "erfc": lambda w, x: _node(w, "Sub", 1.0, _node(w, "Erf", x)),
    "is_finite": _is_finite,
    "select": _same("Where"),
}


# Structural primitives: (writer, attributes, shape of the result, operands) -> the name of the result.


def _reshape(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    return w.node("Reshape", [x, _indices(shape)])


def _broadcast(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    spread = [1] * len(shape)
    for axis, dim in enumerate(_ints(attrs, "dims")):
        spread[dim] = x.shape[axis]
    whole = x if tuple(spread) == x.shape else Tensor(_reshape(w, attrs, tuple(spread), x), tuple(spread), x.dtype)
    return w.node("Expand", [whole, _indices(shape)])


def _transpose(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    return w.node("Transpose", [x], perm=_ints(attrs, "perm"))


def _slice(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    start, limit, stride = (_indices(_ints(attrs, key)) for key in ("start", "limit", "stride"))
    return w.node("Slice", [x, start, limit, np.arange(len(shape)), stride])


def _take(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    return w.node("Gather", [x, _indices(_ints(attrs, "indices"))], axis=attrs["axis"])


def _concat(w: Writer, attrs: Attrs, shape: Shape, *xs: Operand) -> str:
    return w.node("Concat", xs, axis=attrs["axis"])


def _argmax(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    chosen = w.node("ArgMax", [x], axis=int(str(attrs["axis"])), keepdims=0)
    return w.node(
        "Cast", [w.tensor(chosen, shape, np.dtype(np.int64))], to=w.onnx.helper.np_dtype_to_tensor_dtype(x.dtype)
    )


def _sum(w: Writer, attrs: Attrs, shape: Shape, x: Operand) -> str:
    return w.node("ReduceSum", [x, _indices(_ints(attrs, "axes"))], keepdims=0, noop_with_empty_axes=1)


def _dot(w: Writer, attrs: Attrs, shape: Shape, x: Operand, y: Operand) -> str:
    """A MatMul where the axes that are summed over stand as in one, which most viewers and tools like better."""
    (x_labels, out), (y_labels,) = primitives.dot_axes(attrs, len(x.shape), len(y.shape))
    inner = set(x_labels) & set(y_labels)
    if len(inner) == 1 and not _ints(attrs, "x_batch"):
        for left, right, a, b in ((x_labels, y_labels, x, y), (y_labels, x_labels, y, x)):
            ordered = [*left[:-1], *right[1:]] == out and len(right) <= 2
            if ordered and left[-1] in inner and right[0] in inner:
                return w.node("MatMul", [a, b])
    named = [[LETTERS[label] for label in labels] for labels in (x_labels, y_labels, out)]
    return w.node("Einsum", [x, y], equation="{},{}->{}".format(*map("".join, named)))


STRUCTURAL: Mapping[str, Callable[..., str]] = {
    "broadcast": _broadcast,
    "reshape": _reshape,
    "transpose": _transpose,
    "slice": _slice,
    "take": _take,
    "concat": _concat,
    "sum": _sum,
    "argmax": _argmax,
    "dot": _dot,
}


def _ints(attrs: Attrs, key: str) -> Shape:
    values = attrs[key]
    assert isinstance(values, tuple)
    return tuple(int(str(v)) for v in values)


def _indices(numbers: Shape) -> Array:
    return np.array(numbers, np.int64)
