"""The float graph's vocabulary: every primitive a front end may produce, with its meaning in float64.

A front end translates its source into these and nothing else; ``passes/fuse.py`` turns them into the compiled ops.
Operands of elementwise primitives broadcast as in NumPy. What their shapes must be is in ``shapes``.
"""

from collections.abc import Callable, Mapping

import numpy as np
from scipy import special

from lnncc import ir
from lnncc.ir import Attr, Graph

Array = np.ndarray
Unary = Callable[[Array], Array]

UNARY: Mapping[str, Unary] = {
    "neg": np.negative,
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "trunc": np.trunc,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "cbrt": np.cbrt,
    "logistic": special.expit,
    "erf": special.erf,
    "erfc": special.erfc,
    "is_finite": np.isfinite,
    "not": np.logical_not,
}

BINARY: Mapping[str, Callable[[Array, Array], Array]] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": np.maximum,
    "min": np.minimum,
    "pow": np.power,
    "rem": np.fmod,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "and": np.logical_and,
    "or": np.logical_or,
}

PREDICATES = frozenset(
    {"is_finite", "not", "eq", "ne", "lt", "le", "gt", "ge", "and", "or"}
)  # their results are truths
ELEMENTWISE = frozenset(UNARY) | frozenset(BINARY) | {"select"}


def select(predicate: Array, on_true: Array, on_false: Array) -> Array:
    return np.where(predicate, on_true, on_false)


# Structural primitives: (attrs, *arrays) -> array. They move elements and, but for
# `sum`, `dot` and `argmax`, compute nothing.


def _broadcast(attrs: Mapping[str, Attr], x: Array) -> Array:
    """``dims[i]`` is the axis of the result that axis i of ``x`` becomes."""
    shape = _ints(attrs["shape"])
    spread = [1] * len(shape)
    for axis, dim in enumerate(_ints(attrs["dims"])):
        spread[dim] = x.shape[axis]
    return np.broadcast_to(x.reshape(spread), shape)


def _reshape(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x.reshape(_ints(attrs["shape"]))


def _transpose(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x.transpose(_ints(attrs["perm"]))


def _slice(attrs: Mapping[str, Attr], x: Array) -> Array:
    bounds = zip(_ints(attrs["start"]), _ints(attrs["limit"]), _ints(attrs["stride"]), strict=True)
    return x[tuple(slice(*b) for b in bounds)]


def _take(attrs: Mapping[str, Attr], x: Array) -> Array:
    """Static gather: the elements ``indices`` of ``axis``, in that order."""
    return np.take(x, np.array(_ints(attrs["indices"]), dtype=np.int64), axis=_int(attrs["axis"]))


def _concat(attrs: Mapping[str, Attr], *xs: Array) -> Array:
    return np.concatenate(xs, axis=_int(attrs["axis"]))


def _sum(attrs: Mapping[str, Attr], x: Array) -> Array:
    return x.sum(axis=_ints(attrs["axes"]))


def _argmax(attrs: Mapping[str, Attr], x: Array) -> Array:
    """The number of the largest element along ``axis``, the first of equals."""
    return x.argmax(axis=_int(attrs["axis"]))


def _dot(attrs: Mapping[str, Attr], x: Array, y: Array) -> Array:
    """``lax.dot_general``: result axes are batch, free of x, free of y."""
    left, right = dot_axes(attrs, x.ndim, y.ndim)
    return np.einsum(x, left[0], y, right[0], left[1])


def dot_axes(
    attrs: Mapping[str, Attr], x_rank: int, y_rank: int
) -> tuple[tuple[list[int], list[int]], tuple[list[int]]]:
    """Einsum labels of a ``dot``: ((labels of x, labels of the result), (labels of y,))."""
    pairs = list(zip(_ints(attrs["x_batch"]), _ints(attrs["y_batch"]), strict=True))
    pairs += list(zip(_ints(attrs["x_contract"]), _ints(attrs["y_contract"]), strict=True))
    x_labels, y_labels = list(range(x_rank)), list(range(x_rank, x_rank + y_rank))
    for x_axis, y_axis in pairs:
        y_labels[y_axis] = x_labels[x_axis]
    batch = [x_labels[a] for a in _ints(attrs["x_batch"])]
    contracted = {x_labels[a] for a in _ints(attrs["x_contract"])}
    free = [label for label in x_labels + y_labels if label not in contracted and label not in batch]
    return (x_labels, batch + free), (y_labels,)


STRUCTURAL: Mapping[str, Callable[..., Array]] = {
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

NAMES = ELEMENTWISE | frozenset(STRUCTURAL) | {"loop"}


def _int(attr: Attr) -> int:
    assert isinstance(attr, int)
    return attr


def _ints(attr: Attr) -> tuple[int, ...]:
    assert isinstance(attr, tuple)
    return tuple(_int(a) for a in attr)


def apply(op: str, attrs: Mapping[str, Attr], *xs: Array) -> Array:
    """One primitive (not ``loop``) on arrays. ``select`` takes (predicate, on_true, on_false)."""
    if op in UNARY:
        return UNARY[op](*xs)
    if op in BINARY:
        return BINARY[op](*xs)
    if op == "select":
        return select(*xs)
    return STRUCTURAL[op](attrs, *xs)


def step(
    graph: Graph, states: tuple[Array, ...], inputs: tuple[Array, ...], dt: float | None = None
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """One step of a float graph in float64: (states, inputs) -> (states, outputs)."""
    env: dict[str, Array] = dict(graph.constants)
    env.update((p.value, np.asarray(x, np.float64)) for p, x in zip(graph.inputs, inputs, strict=True))
    env.update((s.before, np.asarray(x, np.float64)) for s, x in zip(graph.states, states, strict=True))
    if graph.dt is not None:
        env[graph.dt] = np.asarray(np.nan if dt is None else dt)
    with np.errstate(all="ignore"):
        ir.execute(graph.nodes, env, lambda node, xs: apply(node.op, node.attrs, *xs))
    return tuple(env[s.after] for s in graph.states), tuple(env[p.value] for p in graph.outputs)
