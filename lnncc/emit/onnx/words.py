"""Every word of the vocabulary in plain ONNX operators on int64: one text a word, hence one of every op.

ONNX divides integers towards zero, which is a shift to the right, and the floor that ``div`` asks for, where nothing is
negative. So a multiple of the divisor is added before, and its quotient subtracted behind.
"""

from collections.abc import Callable, Mapping

import numpy as np

from lnncc import fx
from lnncc.emit.onnx.writer import Operand, Tensor, Writer
from lnncc.ir import Array

BIAS = 1 << 48  # a multiple of every power that is divided by; above every product of a word of 32 and one of 16 bits
POWERS = 1 << np.arange(fx.MOST_SHIFT + 1)
Word = Callable[..., str]


def _int(value: int) -> Array:
    return np.array(value, np.int64)


def _node(w: Writer, op: str, *xs: Operand | str | int, **attrs: object) -> Tensor:
    """A node whose shape nobody asks for."""
    operands = [_known(x) for x in xs]
    return _known(w.node(op, operands, **attrs))  # type: ignore[return-value]  # a name is a Tensor


def _known(x: Operand | str | int) -> Operand:
    return _int(x) if isinstance(x, int) else Tensor(x, (), np.dtype(np.int64)) if isinstance(x, str) else x


def _same(op: str) -> Word:
    return lambda w, *xs: w.node(op, xs)


def _mac(w: Writer, acc: Operand, a: Operand, b: Operand) -> str:
    return _node(w, "Add", acc, _node(w, "Mul", a, b)).name


def _over(w: Writer, x: Operand, divisor: Operand) -> Tensor:
    """floor(x / divisor) for a power of two and |x| < BIAS."""
    back = _node(w, "Div", BIAS, divisor) if isinstance(divisor, Tensor) else BIAS // divisor
    return _node(w, "Sub", _node(w, "Div", _node(w, "Add", x, BIAS), divisor), back)


def _shifted(w: Writer, x: Operand, shift: Operand) -> Tensor:
    """x >> shift, rounded half up, for shift from 0 to 30."""
    if isinstance(shift, Tensor):
        halves = _node(w, "Gather", POWERS // 2, shift)
        return _over(w, _node(w, "Add", x, halves), _node(w, "Gather", POWERS, shift))
    power = np.left_shift(1, shift)
    return _over(w, _node(w, "Add", x, power // 2), power)


def _rshift(w: Writer, x: Operand, shift: Operand) -> str:
    return _shifted(w, x, shift).name


def _shift_by(w: Writer, x: Operand, left: Operand) -> str:
    """A word may know x or ``left``; one of them it does not."""
    if not isinstance(left, Tensor):
        right = _shifted(w, x, np.maximum(-left, 0))
        return _node(w, "Mul", right, np.left_shift(1, np.maximum(left, 0))).name
    right = _shifted(w, x, _node(w, "Max", _node(w, "Neg", left), 0))
    return _node(w, "Mul", right, _node(w, "Gather", POWERS, _node(w, "Max", left, 0))).name


def _sat_shift(w: Writer, x: Operand, left: Operand, limit: Array) -> str:
    return _node(w, "Clip", _shift_by(w, x, left), -limit, limit).name


def _norm(w: Writer, x: Operand) -> str:
    """31 less the powers of two that x reaches."""
    reached = _node(w, "GreaterOrEqual", _node(w, "Unsqueeze", x, np.array([-1])), 1 << np.arange(31))
    count = _node(w, "ReduceSum", _node(w, "Cast", reached, to=w.onnx.TensorProto.INT64), np.array([-1]), keepdims=0)
    return _node(w, "Sub", 31, count).name


def _mantissa(w: Writer, x: Operand) -> str:
    raised = _node(w, "Mul", x, _node(w, "Gather", POWERS, _norm(w, x)))
    halves = _node(w, "Add", _node(w, "Div", raised, 1 << 14), 1)
    return _node(w, "Min", _node(w, "Div", halves, 2), 65535).name


def _scale16(w: Writer, x: Operand, m: Operand) -> str:
    return _shifted(w, _node(w, "Mul", x, m), _int(16)).name


def _sat16(w: Writer, x: Operand) -> str:
    return _node(w, "Clip", x, *fx.INT16).name


def _narrow(w: Writer, x: Operand) -> str:
    return w.node("Identity", [x])


def _div(w: Writer, n: Operand, d: Operand) -> str:
    """The quotient is at least -2**15, so adding 2**15 d leaves nothing negative."""
    top = _node(w, "Add", n, _node(w, "Div", d, 2))
    raised = _node(w, "Add", top, _node(w, "Mul", d, 1 << 15))
    return _node(w, "Sub", _node(w, "Div", raised, d), 1 << 15).name


def _place(w: Writer, x: Operand, low: Array, shift: Array, intervals: int) -> Tensor:
    """How far x is into a table."""
    return _node(w, "Sub", _node(w, "Clip", x, low, low + (intervals << shift) - 1), low)


def _lookup(w: Writer, nodes: Array, x: Operand, low: Array, shift: Array) -> str:
    offset = _place(w, x, low, shift, len(nodes) - 1)
    index = _node(w, "Div", offset, 1 << shift)
    bits = min(shift, _int(fx.FRACTION_BITS))
    fraction = _node(w, "Mod", _node(w, "Div", offset, 1 << (shift - bits)), 1 << bits)
    rise = _over(w, _node(w, "Mul", _node(w, "Gather", np.diff(nodes), index), fraction), 1 << bits)
    return _node(w, "Add", _node(w, "Gather", nodes, index), rise).name


def _direct(w: Writer, nodes: Array, x: Operand, low: Array, shift: Array) -> str:
    return _node(w, "Gather", nodes, _node(w, "Div", _place(w, x, low, shift, len(nodes)), 1 << shift)).name


def _interpolate(w: Writer, nodes: Array, x: Operand, shift: Array) -> str:
    """Each element has its own row of ``nodes``."""
    offset = _node(w, "Sub", x, fx.INT16[0])
    rows = np.arange(len(nodes)) * nodes.shape[1]
    index = _node(w, "Add", _node(w, "Div", offset, 1 << shift), rows)
    part = _node(w, "Add", _node(w, "Mul", _node(w, "Mod", offset, 1 << shift), 1 << (15 - shift)), 1 << (14 - shift))
    left = _node(w, "Mul", _node(w, "Gather", nodes.ravel(), index), _node(w, "Sub", 1 << 15, part))
    right = _node(w, "Mul", _node(w, "Gather", nodes.ravel(), _node(w, "Add", index, 1)), part)
    return _shifted(w, _node(w, "Add", left, right), _int(16)).name


def _dot(w: Writer, weights: Array, x: Operand) -> str:
    return w.node("MatMul", [x, weights.T])


def _segment_sum(w: Writer, start: Operand, terms: Operand, counts: Array) -> str:
    owner = np.repeat(np.arange(len(counts)), counts)
    return w.node("ScatterElements", [start, owner, terms], axis=0, reduction="add")


def _take(w: Writer, x: Operand, index: Array) -> str:
    return w.node("Gather", [x, index], axis=-1)


def _part(w: Writer, x: Operand, start: Array, n: Array) -> str:
    return w.node("Slice", [x, start.reshape(1), (start + n).reshape(1), np.array([-1])])


def _repeat(w: Writer, x: Operand, counts: Array) -> str:
    return _take(w, x, np.repeat(np.arange(x.shape[-1]), counts))


def _concat(w: Writer, *xs: Operand) -> str:
    return w.node("Concat", xs, axis=-1)


def _column(w: Writer, x: Operand, k: Array) -> str:
    return _take(w, x, k)


def _stack(w: Writer, a: Operand, b: Operand) -> str:
    shape = np.broadcast_shapes(a.shape, b.shape)
    columns = [_node(w, "Unsqueeze", w.spread(x, shape), np.array([-1])) for x in (a, b)]
    return w.node("Concat", columns, axis=-1)


WORDS: Mapping[str, Word] = {
    "add": _same("Add"),
    "sub": _same("Sub"),
    "mul": _same("Mul"),
    "abs": _same("Abs"),
    "mac": _mac,
    "rshift": _rshift,
    "norm": _norm,
    "mantissa": _mantissa,
    "scale16": _scale16,
    "shift_by": _shift_by,
    "sat_shift": _sat_shift,
    "clip": _same("Clip"),
    "sat16": _sat16,
    "narrow": _narrow,
    "div": _div,
    "lookup": _lookup,
    "direct": _direct,
    "interpolate": _interpolate,
    "dot": _dot,
    "segment_sum": _segment_sum,
    "take": _take,
    "part": _part,
    "repeat": _repeat,
    "concat": _concat,
    "column": _column,
    "stack": _stack,
}
