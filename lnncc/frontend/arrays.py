"""What every front end builds out of primitives: cuts, joins, powers, reductions. No JAX, no ONNX."""

from collections.abc import Sequence

from lnncc.frontend.builder import Builder
from lnncc.frontend.operand import Operand, Ref, constant

Shape = tuple[int, ...]


def power(b: Builder, x: Operand, exponent: int) -> Operand:
    """By squaring: x**13 = ((x²·x)²)²·x."""
    result = x
    for digit in bin(exponent)[3:]:
        result = b.elementwise("mul", result, result)
        if digit == "1":
            result = b.elementwise("mul", result, x)
    return result


def converted(b: Builder, x: Operand, target: str) -> Operand:
    """``x`` as kind f, i or b. Between floats nothing happens: all are float64 here, and fixed point later."""
    if target == "b" and x.kind != "b":
        return b.elementwise("ne", x, constant(0.0))
    if x.kind == "f" and target == "i":
        return b.elementwise("trunc", x, kind="i")
    number = b.number(x) if target != "b" else x
    if isinstance(number, Ref):
        return Ref(number.name, number.shape, target, number.depth, number.finite)
    return number if number.kind == target else constant(number.array, target, number.label, number.source)


def cut(b: Builder, x: Operand, start: Shape, limit: Shape, stride: Shape | None = None) -> Operand:
    """``x[start:limit:stride]`` on every axis."""
    stride = stride or (1,) * len(start)
    shape = tuple(len(range(*each)) for each in zip(start, limit, stride, strict=True))
    if shape == x.shape:
        return x
    return b.emit("slice", [x], shape, x.kind, {"start": start, "limit": limit, "stride": stride})


def joined(b: Builder, xs: Sequence[Operand], axis: int) -> Operand:
    """Concatenation; numbers and predicates do not mix."""
    xs = [x for x in xs if 0 not in x.shape]
    if len(xs) == 1:
        return xs[0]
    length = sum(x.shape[axis] for x in xs)
    shape = (*xs[0].shape[:axis], length, *xs[0].shape[axis + 1 :])
    return b.emit("concat", xs, shape, xs[0].kind, {"axis": axis})


def stacked(b: Builder, xs: Sequence[Operand], axis: int) -> Operand:
    """``xs``, all of one shape, along a new ``axis``."""
    shape = (*xs[0].shape[:axis], 1, *xs[0].shape[axis:])
    return joined(b, [b.reshape(x, shape) for x in xs], axis)


def row(b: Builder, x: Operand, index: int, axis: int = 0) -> Operand:
    """The elements of ``x`` at ``index`` of ``axis``, without that axis."""
    shape = (*x.shape[:axis], *x.shape[axis + 1 :])
    return b.reshape(along(b, x, axis, index, index + 1), shape)


def along(b: Builder, x: Operand, axis: int, start: int, stop: int) -> Operand:
    if start == stop:
        return x
    starts = tuple(start if k == axis else 0 for k in range(len(x.shape)))
    limits = tuple(stop if k == axis else n for k, n in enumerate(x.shape))
    return cut(b, x, starts, limits)


def reduced(b: Builder, op: str, x: Operand, axes: Sequence[int]) -> Operand:
    """A reduction by halves, the ``axes`` kept at length 1: its depth is logarithmic, and it needs no primitive."""
    for axis in axes:
        while x.shape[axis] > 1:
            x = _halved(b, op, x, axis)
    return x


def _halved(b: Builder, op: str, x: Operand, axis: int) -> Operand:
    half, odd = divmod(x.shape[axis], 2)
    parts = [along(b, x, axis, a, z) for a, z in ((0, half), (half, 2 * half), (2 * half, 2 * half + odd))]
    pair = b.elementwise(op, parts[0], parts[1])
    return joined(b, [pair, parts[2]], axis) if odd else pair
