"""ONNX operators that sum: products of matrices, reductions, convolution in one dimension."""

import string
from collections.abc import Mapping, Sequence

import numpy as np

from lnncc.frontend.arrays import along, cut, joined, reduced, stacked
from lnncc.frontend.builder import Builder
from lnncc.frontend.onnx.call import Call, Rule, optional, present
from lnncc.frontend.onnx.data import axes_of, padded
from lnncc.frontend.operand import Operand, constant

Operands = Sequence[Operand | None]


def matmul(b: Builder, x: Operand, y: Operand) -> Operand:
    """As in NumPy: a vector is a row on the left and a column on the right, and other axes broadcast."""
    left = b.reshape(x, (1, *x.shape)) if len(x.shape) == 1 else x
    right = b.reshape(y, (*y.shape, 1)) if len(y.shape) == 1 else y
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    left, right = b.expand(left, (*batch, *left.shape[-2:])), b.expand(right, (*batch, *right.shape[-2:]))
    k = len(batch)
    axes = tuple(range(k))
    attrs = {"x_contract": (k + 1,), "y_contract": (k,), "x_batch": axes, "y_batch": axes}
    product = b.emit("dot", [left, right], (*batch, left.shape[-2], right.shape[-1]), x.kind, attrs)
    rows = () if len(x.shape) == 1 else (left.shape[-2],)
    columns = () if len(y.shape) == 1 else (right.shape[-1],)
    return b.reshape(product, (*batch, *rows, *columns))


def _matmul(b: Builder, call: Call, xs: Operands) -> Operand:
    x, y = present(call, xs, 2)
    if not x.shape or not y.shape or x.shape[-1] != y.shape[-2 if len(y.shape) > 1 else 0]:
        raise call.refused(f"{x.shape} times {y.shape} is not defined")
    return matmul(b, x, y)


def transposed(b: Builder, x: Operand) -> Operand:
    """A matrix with its axes exchanged."""
    return b.emit("transpose", [x], (x.shape[1], x.shape[0]), x.kind, {"perm": (1, 0)})


def _gemm(b: Builder, call: Call, xs: Operands) -> Operand:
    x, y = present(call, xs[:2], 2)
    x = transposed(b, x) if call.integer("transA", 0) else x
    y = transposed(b, y) if call.integer("transB", 0) else y
    if len(x.shape) != 2 or len(y.shape) != 2 or x.shape[1] != y.shape[0]:
        raise call.refused(f"{x.shape} times {y.shape} is not defined")
    product = _times(b, matmul(b, x, y), call.real("alpha", 1.0))
    bias = optional(xs, 2)
    return product if bias is None else b.elementwise("add", product, _times(b, bias, call.real("beta", 1.0)))


def _times(b: Builder, x: Operand, factor: float) -> Operand:
    return x if factor == 1.0 else b.elementwise("mul", x, constant(factor))


def _einsum(b: Builder, call: Call, xs: Operands) -> Operand:
    """Of one or two operands, without ellipsis and repeated letters."""
    terms, arrow, result = call.text("equation", "").replace(" ", "").partition("->")
    names = terms.split(",")
    operands = present(call, xs)
    plain = all(set(n) <= set(string.ascii_letters) and len(set(n)) == len(n) for n in (*names, result))
    ranks = [len(x.shape) for x in operands]
    if not plain or not arrow or len(names) > 2 or ranks != [len(n) for n in names]:
        raise call.refused(f"equation {terms}{arrow}{result} is of a kind that lnncc does not know")
    sizes = {c: n for x, name in zip(operands, names, strict=True) for c, n in zip(name, x.shape, strict=True)}
    kept = [
        _summed(b, x, n, [c for c in n if c not in result and _alone(c, names)])
        for x, n in zip(operands, names, strict=True)
    ]
    x, name = kept[0] if len(kept) == 1 else _dot(b, *kept[0], *kept[1], result)
    if name != result:
        perm = tuple(name.index(c) for c in result)
        return b.emit("transpose", [x], tuple(sizes[c] for c in result), x.kind, {"perm": perm})
    return x


def _alone(letter: str, names: Sequence[str]) -> bool:
    return sum(letter in name for name in names) == 1


def _summed(b: Builder, x: Operand, name: str, letters: Sequence[str]) -> tuple[Operand, str]:
    if not letters:
        return x, name
    left = "".join(c for c in name if c not in letters)
    shape = tuple(n for c, n in zip(name, x.shape, strict=True) if c in left)
    return b.emit("sum", [x], shape, x.kind, {"axes": tuple(name.index(c) for c in letters)}), left


def _dot(b: Builder, x: Operand, left: str, y: Operand, right: str, result: str) -> tuple[Operand, str]:
    batch = [c for c in left if c in right and c in result]
    contracted = [c for c in left if c in right and c not in result]
    name = "".join([*batch, *(c for c in left if c not in right), *(c for c in right if c not in left)])
    sizes = dict(zip(left + right, x.shape + y.shape, strict=True))
    attrs = {
        f"{side}_{what}": tuple(names.index(c) for c in letters)
        for side, names in (("x", left), ("y", right))
        for what, letters in (("batch", batch), ("contract", contracted))
    }
    return b.emit("dot", [x, y], tuple(sizes[c] for c in name), x.kind, attrs), name


def _reduction(op: str, since: int) -> Rule:
    """The axes are an operand since opset ``since``."""

    def rule(b: Builder, call: Call, xs: Operands) -> Operand:
        x = present(call, xs[:1])[0]
        axes = axes_of(call, xs, len(x.shape), since)
        if not axes:
            if call.integer("noop_with_empty_axes", 0):
                return x
            axes = tuple(range(len(x.shape)))
        keep = call.integer("keepdims", 1)
        shape = tuple(1 if i in axes else n for i, n in enumerate(x.shape) if keep or i not in axes)
        return b.reshape(_over(b, op, x, axes), shape)

    return rule


def _over(b: Builder, op: str, x: Operand, axes: tuple[int, ...]) -> Operand:
    if op not in ("sum", "mean"):
        return reduced(b, op, x, axes)
    left = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    total = b.emit("sum", [x], left, x.kind, {"axes": axes})
    count = int(np.prod([x.shape[i] for i in axes], dtype=np.int64))
    return total if op == "sum" else b.elementwise("mul", total, constant(1.0 / count))


def _batch_norm(b: Builder, call: Call, xs: Operands) -> list[Operand]:
    """With the running mean and variance, as it is used after training."""
    x, scale, offset, mean, variance = present(call, xs, 5)
    shape = tuple(n if i == 1 else 1 for i, n in enumerate(x.shape))
    spread = b.elementwise("sqrt", b.elementwise("add", variance, constant(call.real("epsilon", 1e-5))))
    factor = b.elementwise("div", scale, spread)
    centred = b.elementwise("sub", x, b.reshape(mean, shape))
    return [b.elementwise("add", b.elementwise("mul", centred, b.reshape(factor, shape)), b.reshape(offset, shape))]


def _layer_norm(b: Builder, call: Call, xs: Operands) -> list[Operand]:
    """Over the axes from ``axis`` on: (x - mean) / sqrt(variance + epsilon), scaled and moved."""
    x, scale = present(call, xs[:2], 2)
    axes = tuple(range(call.axis(len(x.shape), -1), len(x.shape)))
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))

    def mean(v: Operand) -> Operand:
        return b.reshape(_over(b, "mean", v, axes), kept)

    centred = b.elementwise("sub", x, mean(x))
    variance = mean(b.elementwise("mul", centred, centred))
    spread = b.elementwise("sqrt", b.elementwise("add", variance, constant(call.real("epsilon", 1e-5))))
    y = b.elementwise("mul", b.elementwise("div", centred, spread), scale)
    offset = optional(xs, 2)
    return [y if offset is None else b.elementwise("add", y, offset)]


def _conv(b: Builder, call: Call, xs: Operands) -> Operand:
    """x (1, channels, length) by w (kernels, channels / groups, taps), in one dimension."""
    x, w = present(call, xs[:2], 2)
    groups = call.integer("group", 1)
    if len(x.shape) != 3 or len(w.shape) != 3 or x.shape[0] != 1:
        raise call.refused(f"only one dimension and one stream are known, not {x.shape} by {w.shape}")
    if groups < 1 or w.shape[0] % groups or x.shape[1] != w.shape[1] * groups:
        raise call.refused(f"{x.shape} by {w.shape} in {groups} groups is not defined")
    windows = _windows(b, call, x, w.shape[2])
    kernels, channels = w.shape[0] // groups, w.shape[1]
    parts = [
        _correlated(
            b, along(b, w, 0, g * kernels, (g + 1) * kernels), along(b, windows, 0, g * channels, (g + 1) * channels)
        )
        for g in range(groups)
    ]
    y = joined(b, parts, 0)
    bias = optional(xs, 2)
    y = y if bias is None else b.elementwise("add", y, b.reshape(bias, (w.shape[0], 1)))
    return b.reshape(y, (1, *y.shape))


def _windows(b: Builder, call: Call, x: Operand, taps: int) -> Operand:
    """(channels, taps, positions): what each tap reads at each position."""
    stride, spacing = (call.listed(key) or (1,) for key in ("strides", "dilations"))
    if stride[0] < 1 or spacing[0] < 1:
        raise call.refused(f"it steps by {stride[0]}, its kernel by {spacing[0]}")
    x = padded(b, b.reshape(x, x.shape[1:]), _padding(call, x.shape[2], taps, stride[0], spacing[0]), constant(0.0))
    span = (taps - 1) * spacing[0] + 1
    count = (x.shape[1] - span) // stride[0] + 1
    if count < 1:
        raise call.refused(f"{x.shape[1]} elements are fewer than the {span} that its kernel spans")
    columns = [
        cut(b, x, (0, k * spacing[0]), (x.shape[0], k * spacing[0] + (count - 1) * stride[0] + 1), (1, stride[0]))
        for k in range(taps)
    ]
    return stacked(b, columns, 1)


def _padding(call: Call, length: int, taps: int, stride: int, spacing: int) -> tuple[int, int, int, int]:
    """Elements before channels and length, then behind them."""
    mode = call.text("auto_pad", "NOTSET")
    if mode in ("NOTSET", "VALID"):
        before, behind = (call.listed("pads") or (0, 0)) if mode == "NOTSET" else (0, 0)
        return 0, before, 0, behind
    if mode not in ("SAME_UPPER", "SAME_LOWER"):
        raise call.refused(f"auto_pad {mode} is not known")
    total = max((-(-length // stride) - 1) * stride + (taps - 1) * spacing + 1 - length, 0)
    small, large = total // 2, total - total // 2
    return (0, small, 0, large) if mode == "SAME_UPPER" else (0, large, 0, small)


def _correlated(b: Builder, w: Operand, windows: Operand) -> Operand:
    attrs = {"x_contract": (1, 2), "y_contract": (0, 1), "x_batch": (), "y_batch": ()}
    return b.emit("dot", [w, windows], (w.shape[0], windows.shape[2]), "f", attrs)


MATRIX: Mapping[str, Rule] = {
    "MatMul": _matmul,
    "Gemm": _gemm,
    "Einsum": _einsum,
    "ReduceSum": _reduction("sum", 13),
    "ReduceMean": _reduction("mean", 18),
    "ReduceMax": _reduction("max", 18),
    "ReduceMin": _reduction("min", 18),
    "ReduceProd": _reduction("mul", 18),
    "BatchNormalization": _batch_norm,
    "LayerNormalization": _layer_norm,
    "Conv": _conv,
}
