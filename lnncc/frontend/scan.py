"""The float model compiled by JAX: the same trajectory as ``lnncc.reference``, in float64, for very long recordings.

One ``lax.scan`` over the traced primitives; each of them means here what it means in ``primitives``.
"""

from collections.abc import Callable, Iterator, Mapping

import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy import special

from lnncc import primitives
from lnncc.ir import DT, Array, Attr, Graph, Node
from lnncc.reference import Trajectory

Env = dict[str, jax.Array]

_OTHERWISE: Mapping[str, Callable[[jax.Array], jax.Array]] = {
    "logistic": jax.nn.sigmoid,
    "erf": special.erf,
    "erfc": special.erfc,
    "rsqrt": lambda x: 1 / jnp.sqrt(x),
}
_ELEMENTWISE: Mapping[str, Callable[..., jax.Array]] = {  # ufuncs, of the same names in both libraries
    op: getattr(jnp, getattr(meaning, "__name__"))  # noqa: B009  # what the type of a ufunc hides
    for op, meaning in {**primitives.UNARY, **primitives.BINARY}.items()
    if op not in _OTHERWISE
} | dict(_OTHERWISE)


def windows(
    graph: Graph, data: Mapping[str, Array], dt: float | None, length: int
) -> Iterator[tuple[Trajectory, Trajectory]]:
    """(outputs, states) of all streams from reset, in consecutive windows of ``length`` steps; see ``reference``."""
    given = [(p.label, p.value) for p in graph.inputs]
    given += [(DT, graph.dt)] if graph.dt is not None and dt is None else []
    streams, steps = next(iter(data.values())).shape[:2]
    with jax.enable_x64(True):
        advance = _compiled(graph, [value for _, value in given], dt)
        states = tuple(jnp.broadcast_to(s.initial, (streams, *s.initial.shape)) for s in graph.states)
        for start in range(0, steps, length):
            cut = slice(start, start + length)
            shaped = (_shaped(data[label][:, cut], graph.values[value].shape) for label, value in given)
            states, trace = advance(states, tuple(shaped))
            yield _labelled(graph, trace)


def _shaped(x: Array, shape: tuple[int, ...]) -> Array:
    return x.reshape(*x.shape[:2], *shape)


def _labelled(graph: Graph, trace: list[jax.Array]) -> tuple[Trajectory, Trajectory]:
    flat = [np.asarray(a).reshape(*a.shape[:2], -1) for a in trace]
    count = len(graph.outputs)
    outputs = dict(zip((p.label for p in graph.outputs), flat[:count], strict=True))
    return outputs, dict(zip((s.label for s in graph.states), flat[count:], strict=True))


def _compiled(
    graph: Graph, given: list[str], dt: float | None
) -> Callable[..., tuple[tuple[jax.Array, ...], list[jax.Array]]]:
    """(states, inputs) of all streams, (streams, ...) and (streams, steps, ...), to the last states and the traces."""
    start: Env = {name: _known(array) for name, array in graph.constants.items()}
    if graph.dt is not None and dt is not None:
        start[graph.dt] = jnp.asarray(dt, jnp.float64)
    results = [p.value for p in graph.outputs] + [s.after for s in graph.states]

    def step(states: tuple[jax.Array, ...], xs: tuple[jax.Array, ...]) -> tuple[tuple[jax.Array, ...], list[jax.Array]]:
        env = start | dict(zip((s.before for s in graph.states), states, strict=True))
        env |= dict(zip(given, xs, strict=True))
        _run(graph.nodes, env)
        return tuple(env[s.after] for s in graph.states), [env[name] for name in results]

    return jax.jit(jax.vmap(lambda states, xs: jax.lax.scan(step, states, xs)))


def _known(array: Array) -> jax.Array:
    return jnp.asarray(array if array.dtype == np.bool_ else array.astype(np.float64))


def _run(nodes: tuple[Node, ...], env: Env) -> None:
    for node in nodes:
        xs = tuple(env[name] for name in node.inputs)
        if node.body is None:
            env[node.outputs[0]] = apply(node.op, node.attrs, *xs)
        else:
            env.update(zip(node.outputs, _loop(node, xs, env), strict=True))


def _loop(node: Node, xs: tuple[jax.Array, ...], env: Env) -> tuple[jax.Array, ...]:
    """Written out: a solver makes few trips, and XLA fuses what it sees."""
    assert node.body is not None
    for _ in range(node.trips):
        inner = env | dict(zip(node.body.params, xs, strict=True))
        _run(node.body.nodes, inner)
        xs = tuple(inner[name] for name in node.body.results)
    return xs


def apply(op: str, attrs: Mapping[str, Attr], *xs: jax.Array) -> jax.Array:
    """``primitives.apply`` on arrays of JAX."""
    return _ELEMENTWISE[op](*xs) if op in _ELEMENTWISE else _OTHERS[op](attrs, *xs)


def _dot(attrs: Mapping[str, Attr], x: jax.Array, y: jax.Array) -> jax.Array:
    (x_labels, out), (y_labels,) = primitives.dot_axes(attrs, x.ndim, y.ndim)
    return jnp.einsum(x, x_labels, y, y_labels, out, precision="highest")


def _spread(attrs: Mapping[str, Attr], x: jax.Array) -> jax.Array:
    shape, dims = _ints(attrs["shape"]), _ints(attrs["dims"])
    return jax.lax.broadcast_in_dim(x, shape, dims)


_OTHERS: Mapping[str, Callable[..., jax.Array]] = {
    "select": lambda _, predicate, yes, no: jnp.where(predicate, yes, no),
    "broadcast": _spread,
    "reshape": lambda attrs, x: x.reshape(_ints(attrs["shape"])),
    "transpose": lambda attrs, x: x.transpose(_ints(attrs["perm"])),
    "slice": lambda attrs, x: jax.lax.slice(x, *(_ints(attrs[key]) for key in ("start", "limit", "stride"))),
    "take": lambda attrs, x: jnp.take(x, np.array(_ints(attrs["indices"]), np.int64), axis=int(str(attrs["axis"]))),
    "concat": lambda attrs, *xs: jnp.concatenate(xs, axis=int(str(attrs["axis"]))),
    "sum": lambda attrs, x: x.sum(axis=_ints(attrs["axes"])),
    "argmax": lambda attrs, x: x.argmax(axis=int(str(attrs["axis"]))),
    "dot": _dot,
}


def _ints(attr: Attr) -> tuple[int, ...]:
    assert isinstance(attr, tuple)
    return tuple(int(str(a)) for a in attr)
