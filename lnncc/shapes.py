"""The shape of every primitive's result, and a check that a float graph declares just these."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from lnncc import primitives
from lnncc.ir import Attr, Graph, GraphError

Shape = tuple[int, ...]
Rule = Callable[[Mapping[str, Attr], list[Shape]], Shape]


def check(graph: Graph) -> Graph:
    """Return ``graph`` if every declared shape is what its primitive gives; it has passed ``ir.verify``.

    Raises:
        GraphError: naming the node at fault.
    """
    if graph.dt is not None and graph.values[graph.dt].shape:
        raise GraphError("dt is no scalar")
    for state in graph.states:
        _require_same(graph, "state", [state.before], [state.after])
    for node in graph.walk():
        if node.body is not None:
            _require_same(graph, "loop", [*node.inputs] * 3, [*node.body.params, *node.body.results, *node.outputs])
            continue
        found = of(node.op, node.attrs, [graph.values[name].shape for name in node.inputs])
        declared = [graph.values[name].shape for name in node.outputs]
        if declared != [found]:
            raise GraphError(f"{node.op} -> {node.outputs} is {found}, declared {declared}")
    return graph


def of(op: str, attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    """The shape of ``op``'s result.

    Raises:
        GraphError: if operands or attributes do not fit the primitive.
    """
    count = 1 if op in primitives.UNARY else 2 if op in primitives.BINARY else COUNTS.get(op)
    if (count is not None and len(shapes) != count) or not shapes:
        raise GraphError(f"{op} has {len(shapes)} operands")
    try:
        return RULES[op](attrs, shapes) if op in RULES else np.broadcast_shapes(*shapes)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise GraphError(f"{op} does not fit {shapes}: {error!r}") from error


def _require_same(graph: Graph, what: str, names: Iterable[str], others: Iterable[str]) -> None:
    for one, other in zip(names, others, strict=True):
        if graph.values[one].shape != graph.values[other].shape:
            raise GraphError(f"{what} has {one} and {other} of different shapes")


def _ints(attrs: Mapping[str, Attr], key: str) -> Shape:
    values = attrs[key]
    if not isinstance(values, tuple):
        raise TypeError(key)
    return tuple(_int(v) for v in values)


def _int(value: Attr) -> int:
    if not isinstance(value, int) or value < 0:
        raise TypeError(value)
    return value


def _require(fits: bool, why: str) -> None:
    if not fits:
        raise ValueError(why)


def _size(shape: Shape) -> int:
    size = 1
    for n in shape:  # Python's integers: a hostile shape must not wrap
        size *= n
    return size


def _broadcast(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    shape, dims = _ints(attrs, "shape"), _ints(attrs, "dims")
    _require(list(dims) == sorted(set(dims)), "dims ascend")
    _require(all(n in (1, shape[d]) for n, d in zip(shapes[0], dims, strict=True)), "axes stay or are of one")
    return shape


def _reshape(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    shape = _ints(attrs, "shape")
    _require(_size(shape) == _size(shapes[0]), "as many elements")
    return shape


def _transpose(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    perm = _ints(attrs, "perm")
    _require(sorted(perm) == list(range(len(shapes[0]))), "perm is a permutation")
    return tuple(shapes[0][axis] for axis in perm)


def _slice(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    bounds = list(zip(*(_ints(attrs, key) for key in ("start", "limit", "stride")), shapes[0], strict=True))
    _require(all(start <= limit <= n for start, limit, _, n in bounds), "bounds inside")
    return tuple(len(range(start, limit, stride)) for start, limit, stride, _ in bounds)


def _take(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    axis, indices = _int(attrs["axis"]), _ints(attrs, "indices")
    _require(all(i < shapes[0][axis] for i in indices), "indices inside")
    return (*shapes[0][:axis], len(indices), *shapes[0][axis + 1 :])


def _concat(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    axis = _int(attrs["axis"])
    rests = {(*shape[:axis], *shape[axis + 1 :]) for shape in shapes}
    _require(len(rests) == 1, "other axes equal")
    return (*shapes[0][:axis], sum(shape[axis] for shape in shapes), *shapes[0][axis + 1 :])


def _sum(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    axes = _ints(attrs, "axes")
    _require(len(set(axes)) == len(axes) and all(axis < len(shapes[0]) for axis in axes), "axes exist")
    return tuple(n for axis, n in enumerate(shapes[0]) if axis not in axes)


def _argmax(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    axis = _int(attrs["axis"])
    _require(shapes[0][axis] > 0, "something to choose from")
    return (*shapes[0][:axis], *shapes[0][axis + 1 :])


def _dot(attrs: Mapping[str, Attr], shapes: list[Shape]) -> Shape:
    x, y = shapes
    for side, rank in (("x", len(x)), ("y", len(y))):
        axes = _ints(attrs, f"{side}_batch") + _ints(attrs, f"{side}_contract")
        _require(len(set(axes)) == len(axes) and all(axis < rank for axis in axes), "axes exist")
    (x_labels, out), (y_labels,) = primitives.dot_axes(attrs, len(x), len(y))
    sizes = dict(zip(x_labels, x, strict=True))
    _require(all(sizes.setdefault(label, n) == n for label, n in zip(y_labels, y, strict=True)), "axes agree")
    return tuple(sizes[label] for label in out)


_ONE = ("broadcast", "reshape", "transpose", "slice", "take", "sum", "argmax")
COUNTS = {"select": 3, "dot": 2, **dict.fromkeys(_ONE, 1)}
RULES: Mapping[str, Rule] = {
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
