"""ONNX operators that move elements, and those that tell shapes. Indices and shapes are constants."""

import math
import operator
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np

from lnncc.frontend.arrays import along, cut, joined
from lnncc.frontend.builder import Builder
from lnncc.frontend.onnx.call import Call, Rule, optional, present
from lnncc.frontend.operand import Const, Operand, constant

Operands = Sequence[Operand | None]
Shape = tuple[int, ...]


def _identity(b: Builder, call: Call, xs: Operands) -> list[Operand]:
    """Also of Dropout, whose mask is all true when it is not trained."""
    x = present(call, xs[:1])[0]
    return [x] if call.outputs < 2 else [x, b.expand(constant(True, "b"), x.shape)]


def _constant(b: Builder, call: Call, xs: Operands) -> Operand:
    for key in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if key in call.attrs:
            return literal(call, call.attrs[key])
    raise call.refused("it holds no number")


def literal(call: Call, value: object) -> Const:
    """A tensor of the file, or a number or a list of an attribute."""
    from onnx import TensorProto, numpy_helper

    try:
        array = numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)
    except (ValueError, TypeError, KeyError) as error:  # sizes or types that lie
        raise call.refused(f"its tensor is damaged: {' '.join(str(error).split())[:100]}") from error
    kind = {"f": "f", "V": "f", "i": "i", "u": "i", "b": "b"}.get(array.dtype.kind)
    if kind is None:
        raise call.refused("it holds no real numbers")
    return constant(array.astype(np.float64) if kind == "f" else array, kind)


def _constant_of_shape(b: Builder, call: Call, xs: Operands) -> Operand:
    value = call.attrs.get("value")
    fill = constant(np.zeros(1)) if value is None else literal(call, value)
    return b.expand(Const(fill.array.reshape(())), call.ints(optional(xs, 0), "shape"))


def _shape(b: Builder, call: Call, xs: Operands) -> Operand:
    shape = present(call, xs)[0].shape
    end = call.attrs.get("end")
    return constant(shape[call.integer("start", 0) : None if end is None else call.integer("end", 0)], "i")


def _size(b: Builder, call: Call, xs: Operands) -> Operand:
    return constant(int(np.prod(present(call, xs)[0].shape, dtype=np.int64)), "i")


def _range(b: Builder, call: Call, xs: Operands) -> Operand:
    if not all(isinstance(x, Const) and x.array.size == 1 for x in xs):
        raise call.refused("its ends are not constant")
    start, limit, delta = (x.array.reshape(())[()] for x in xs if isinstance(x, Const))
    count = max(int(np.ceil((limit - start) / delta)), 0) if delta else 0
    if not 0 < count <= 1 << 20:
        raise call.refused(f"it has {count} elements")
    return constant(start + delta * np.arange(count), "i" if isinstance(start, np.integer) else "f")


def _reshape(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    asked = call.listed("shape") if call.opset < 5 else call.ints(optional(xs, 1), "shape")
    zero = call.integer("allowzero", 0)
    sizes = [x.shape[i] if n == 0 and not zero and i < len(x.shape) else n for i, n in enumerate(asked or ())]
    return b.reshape(x, _inferred(call, x.shape, sizes))


def _inferred(call: Call, shape: Shape, sizes: list[int]) -> Shape:
    """``sizes`` with the one -1 replaced by what is left."""
    total, known = math.prod(shape), math.prod(tuple(n for n in sizes if n != -1))
    if sizes.count(-1) == 1 and known > 0 and total % known == 0:
        return tuple(total // known if n == -1 else n for n in sizes)
    if -1 in sizes or known != total:
        raise call.refused(f"{shape} cannot become {tuple(sizes)}")
    return tuple(sizes)


def _flatten(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs)[0]
    axis = call.integer("axis", 1)
    axis = axis + len(x.shape) if axis < 0 else axis
    return b.reshape(x, (math.prod(x.shape[:axis]), math.prod(x.shape[axis:])))


def axes_of(call: Call, xs: Operands, rank: int, since: int) -> Shape | None:
    """The axes, an attribute before opset ``since`` and an operand from then on; None if they are not given."""
    operand = optional(xs, 1)
    given = call.listed("axes") if call.opset < since or operand is None else call.ints(operand, "axes")
    return None if given is None else tuple(call.placed(a, rank) for a in given)


def _squeeze(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    axes = axes_of(call, xs, len(x.shape), 13)
    gone = [i for i, n in enumerate(x.shape) if n == 1] if axes is None else axes
    if any(x.shape[i] != 1 for i in gone):
        raise call.refused(f"{x.shape} has more than one element along axes {tuple(gone)}")
    return b.reshape(x, tuple(n for i, n in enumerate(x.shape) if i not in gone))


def _unsqueeze(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    given = call.listed("axes") if call.opset < 13 else call.ints(optional(xs, 1), "axes")
    rank = len(x.shape) + len(given or ())
    axes = {call.placed(a, rank) for a in given or ()}
    if len(axes) != len(given or ()):
        raise call.refused(f"axes {given} name one twice")
    rest = iter(x.shape)
    return b.reshape(x, tuple(1 if i in axes else next(rest) for i in range(rank)))


def _transpose(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs)[0]
    perm = call.listed("perm") or tuple(reversed(range(len(x.shape))))
    if sorted(perm) != list(range(len(x.shape))):
        raise call.refused(f"perm {perm} is no permutation of {len(x.shape)} axes")
    if perm == tuple(range(len(perm))):
        return x
    return b.emit("transpose", [x], tuple(x.shape[i] for i in perm), x.kind, {"perm": perm})


def _concat(b: Builder, call: Call, xs: Operands) -> Operand:
    parts = present(call, xs)
    axis = call.axis(len(parts[0].shape), 0)
    others = {(*x.shape[:axis], *x.shape[axis + 1 :]) for x in parts}
    if len(others) != 1 or len({x.kind for x in parts}) != 1:
        raise call.refused("its operands do not fit together: " + ", ".join(str(x.shape) for x in parts))
    return joined(b, parts, axis)


def _split(b: Builder, call: Call, xs: Operands) -> list[Operand]:
    x = present(call, xs[:1])[0]
    axis = call.axis(len(x.shape), 0)
    operand = optional(xs, 1)
    sizes = call.listed("split") if operand is None else call.ints(operand, "split")
    edges = np.cumsum([0, *(sizes or _even(x.shape[axis], call.outputs))])
    if edges[-1] != x.shape[axis] or len(edges) != call.outputs + 1 or (np.diff(edges) <= 0).any():
        raise call.refused(f"axis {axis} of {x.shape} has no {call.outputs} parts of sizes {sizes}")
    return [along(b, x, axis, int(low), int(high)) for low, high in pairwise(edges)]


def _even(length: int, parts: int) -> list[int]:
    """Equal sizes; the last is smaller where they do not divide."""
    size = -(-length // parts)
    return [*[size] * (parts - 1), length - size * (parts - 1)]


def _slice(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    if call.opset < 10:
        starts, ends, axes = (call.listed(key) for key in ("starts", "ends", "axes"))
        steps = None
    else:
        starts, ends = (call.ints(optional(xs, i), what) for i, what in ((1, "start"), (2, "end")))
        axes, steps = (None if optional(xs, i) is None else call.ints(xs[i], "axes") for i in (3, 4))
    starts, ends = starts or (), ends or ()
    axes = axes if axes is not None else tuple(range(len(starts)))
    steps = steps if steps is not None else (1,) * len(starts)
    for axis, *bounds in zip(axes, starts, ends, steps, strict=False):
        x = _sliced(b, call, x, call.placed(axis, len(x.shape)), slice(*bounds))
    return x


def _sliced(b: Builder, call: Call, x: Operand, axis: int, part: slice) -> Operand:
    if part.step == 0:
        raise call.refused("its step is zero")
    chosen = range(x.shape[axis])[part]
    if not chosen:
        raise call.refused(f"it leaves nothing of axis {axis} of {x.shape}")
    if chosen.step < 0:
        return taken(b, x, axis, np.array(chosen))
    starts = tuple(chosen.start if i == axis else 0 for i in range(len(x.shape)))
    limits = tuple(chosen[-1] + 1 if i == axis else n for i, n in enumerate(x.shape))
    return cut(b, x, starts, limits, tuple(chosen.step if i == axis else 1 for i in range(len(x.shape))))


def taken(b: Builder, x: Operand, axis: int, index: np.ndarray) -> Operand:
    """The elements ``index``, of any shape, of an axis."""
    flat = tuple(int(i) for i in index.reshape(-1))
    shape = (*x.shape[:axis], len(flat), *x.shape[axis + 1 :])
    picked = b.emit("take", [x], shape, x.kind, {"axis": axis, "indices": flat})
    return b.reshape(picked, (*x.shape[:axis], *index.shape, *x.shape[axis + 1 :]))


def _gather(b: Builder, call: Call, xs: Operands) -> Operand:
    x, index = present(call, xs, 2)
    axis = call.axis(len(x.shape), 0)
    if not isinstance(index, Const):
        raise call.refused("its indices are not constant", "a look-up in a table of weights cannot be proven in range")
    n = x.shape[axis]
    if index.array.size == 0 or not ((-n <= index.array) & (index.array < n)).all():
        raise call.refused(f"an index leaves axis {axis} of {x.shape}")
    return taken(b, x, axis, index.array % n)


def _expand(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    return b.expand(x, np.broadcast_shapes(x.shape, call.ints(optional(xs, 1), "shape")))


def _tile(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    repeats = call.ints(optional(xs, 1), "repeats")
    if len(repeats) != len(x.shape) or min(repeats, default=1) < 1:
        raise call.refused(f"{x.shape} cannot be repeated {repeats} times")
    b.require_small(tuple(map(operator.mul, x.shape, repeats)))
    for axis, count in enumerate(repeats):
        x = taken(b, x, axis, np.tile(np.arange(x.shape[axis]), count)) if count > 1 else x
    return x


def _pad(b: Builder, call: Call, xs: Operands) -> Operand:
    x = present(call, xs[:1])[0]
    pads = call.listed("pads") if call.opset < 11 else call.ints(optional(xs, 1), "pads")
    value, axes = optional(xs, 2), optional(xs, 3)
    if call.text("mode", "constant") != "constant" or axes is not None or pads is None or len(pads) != 2 * len(x.shape):
        raise call.refused("only padding of every axis with a constant is known")
    fill = Const(value.array.reshape(())) if isinstance(value, Const) else constant(call.real("value", 0.0), x.kind)
    return padded(b, x, pads, fill)


def padded(b: Builder, x: Operand, pads: Shape, fill: Const) -> Operand:
    """``pads`` are the elements before every axis, then those behind every axis."""
    rank = len(x.shape)
    for axis in range(rank):
        before, behind = (
            [b.expand(fill, (*x.shape[:axis], n, *x.shape[axis + 1 :]))] if n > 0 else []
            for n in (pads[axis], pads[axis + rank])
        )
        x = joined(b, [*before, x, *behind], axis)
    return x


DATA: Mapping[str, Rule] = {
    "Identity": _identity,
    "Dropout": _identity,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Shape": _shape,
    "Size": _size,
    "Range": _range,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": _squeeze,
    "Unsqueeze": _unsqueeze,
    "Transpose": _transpose,
    "Concat": _concat,
    "Split": _split,
    "Slice": _slice,
    "Gather": _gather,
    "Expand": _expand,
    "Tile": _tile,
    "Pad": _pad,
}
