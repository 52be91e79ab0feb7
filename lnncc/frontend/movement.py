"""Data movement by index: gather, scatter and their like, where the indices are known at compile time.

The primitive itself is asked, by JAX, where each element of its result comes from: it is run on the positions of its
operand's elements. What comes out is a map of indices, and that is a ``slice`` or a ``take``.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lnncc.frontend import _jax_compat as compat
from lnncc.frontend.arrays import cut, joined
from lnncc.frontend.builder import Builder
from lnncc.frontend.operand import Const, Operand, constant
from lnncc.ir import Array

Mover = Callable[[Builder, compat.Equation, list[Operand]], Operand | None]


def moved(b: Builder, x: Operand, index: Array) -> Operand:
    """The array of ``x``'s elements at the flat positions ``index``: along one axis if it can be told so."""
    for axis, length in enumerate(x.shape):
        chosen = _along(x.shape, axis, length, index)
        if chosen is not None:
            return b.reshape(_take(b, x, axis, chosen), index.shape)
    flat = b.reshape(x, (_size(x.shape),))
    return b.reshape(_take(b, flat, 0, index.reshape(-1)), index.shape)


def _along(shape: tuple[int, ...], axis: int, length: int, index: Array) -> Array | None:
    """The elements of ``axis`` that ``index`` takes, if it takes all of every other axis in order."""
    count, rest = divmod(index.size * length, _size(shape))
    if rest or not count:
        return None
    target = (*shape[:axis], count, *shape[axis + 1 :])
    inner = _size(shape[axis + 1 :])
    chosen = index.reshape(_size(shape[:axis]), count, inner)[0, :, 0] // inner
    whole = np.take(np.arange(_size(shape)).reshape(shape), chosen, axis=axis)
    return chosen if np.array_equal(whole, index.reshape(target)) else None


def _take(b: Builder, x: Operand, axis: int, chosen: Array) -> Operand:
    steps = np.unique(np.diff(chosen))
    if len(steps) == 0 or (len(steps) == 1 and steps[0] > 0):
        start, stride = int(chosen[0]), int(steps[0]) if len(steps) else 1
        limit = int(chosen[-1]) + 1
        whole = [(0, n, 1) for n in x.shape]
        whole[axis] = (start, limit, stride)
        starts, limits, strides = zip(*whole, strict=True)
        return cut(b, x, starts, limits, strides)
    shape = (*x.shape[:axis], len(chosen), *x.shape[axis + 1 :])
    return b.emit("take", [x], shape, x.kind, {"axis": axis, "indices": tuple(int(i) for i in chosen)})


def _gather(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    x, indices = xs
    if not isinstance(indices, Const):
        return None
    index = compat.rebound(equation, [_positions(x), _typed(equation, 1, indices)], fill_value=-1)
    inside = (index >= 0) & (index < _size(x.shape))
    return moved(b, x, index) if inside.all() else None


def _dynamic_slice(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    return _positional(b, equation, xs, 1)


def _rearranged(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    return moved(b, xs[0], compat.rebound(equation, [_positions(xs[0])]))


def _dynamic_update_slice(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    return _positional(b, equation, xs, 2)


def _pad(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    return _positional(b, equation, xs, 2)


def _scatter(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    x, indices, updates = xs
    if not isinstance(indices, Const):
        return None
    sources = [_positions(x), _positions(updates) + _size(x.shape)]
    index = compat.rebound(equation, [sources[0], _typed(equation, 1, indices), sources[1]])
    return moved(b, _flat(b, [x, updates]), index)


def _scatter_add(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    """x + the updates in their places; two updates of one place would be a sum, which no movement is."""
    x, indices, updates = xs
    if not isinstance(indices, Const):
        return None
    typed, nothing = _typed(equation, 1, indices), np.zeros(x.shape, np.int32)
    if compat.scattered(equation, nothing, typed, np.ones(updates.shape, np.int32)).max() > 1:
        return None
    index = compat.scattered(equation, nothing, typed, _positions(updates) + 1)
    zero = constant(np.zeros(1), x.kind)
    return b.elementwise("add", x, moved(b, _flat(b, [zero, updates]), index))


def _positional(b: Builder, equation: compat.Equation, xs: list[Operand], arrays: int) -> Operand | None:
    """The first ``arrays`` operands are moved, the others are indices."""
    indices = [x for x in xs[arrays:] if isinstance(x, Const)]
    if len(indices) < len(xs) - arrays:
        return None
    starts = np.cumsum([0] + [_size(x.shape) for x in xs[:arrays]])
    sources = [_positions(x) + int(start) for x, start in zip(xs[:arrays], starts, strict=False)]
    typed = [_typed(equation, arrays + k, x) for k, x in enumerate(indices)]
    index = compat.rebound(equation, [*sources, *typed])
    return moved(b, xs[0] if arrays == 1 else _flat(b, xs[:arrays]), index)


def _flat(b: Builder, xs: Sequence[Operand]) -> Operand:
    return joined(b, [b.reshape(x, (_size(x.shape),)) for x in xs], 0)


def _positions(x: Operand) -> Array:
    return np.arange(_size(x.shape), dtype=np.int32).reshape(x.shape)


def _typed(equation: compat.Equation, operand: int, x: Const) -> Array:
    return x.array.astype(equation.invars[operand].aval.dtype)


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


MOVERS: Mapping[str, Mover] = {
    "gather": _gather,
    "dynamic_slice": _dynamic_slice,
    "rev": _rearranged,
    "tile": _rearranged,
    "dynamic_update_slice": _dynamic_update_slice,
    "pad": _pad,
    "scatter": _scatter,
    "scatter-add": _scatter_add,
}
