"""A graph as plain JSON data and named arrays, and back. The reader trusts nothing that it is given."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from lnncc import ir, primitives, shapes
from lnncc.errors import LnnccError
from lnncc.ir import Array, Attr, Body, Format, Graph, Node, Port, State, Value

SCHEMA = "lnncc.graph/1"
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
MAX_RANK, MAX_SIZE = 8, 1 << 24  # of one array, in elements
MAX_ITEMS = 1 << 18  # of any list
MAX_TEXT = 10_000
MAX_DEPTH = 64  # of attributes
MAX_LOOPS = 4  # one within the other: whoever settles them does so as often as all their rounds together
MAX_TRIPS = 1 << 16  # of loops within each other, together
DTYPES = {"f": np.dtype("<f8"), "i": np.dtype("<i8"), "u": np.dtype("<i8"), "b": np.dtype("?")}
T = TypeVar("T")


def to_parts(graph: Graph) -> tuple[dict[str, object], dict[str, Array]]:
    """(JSON data, arrays by name) of any graph; an initial state has the name of the state's value.

    Sources are left out: they would make the bytes depend on where the model was written.
    """
    arrays = {name: _stored(array) for name, array in graph.constants.items()}
    arrays |= {s.before: _stored(s.initial) for s in graph.states}
    data: dict[str, object] = {
        "schema": SCHEMA,
        "values": [[v.name, list(v.shape), _format(v.format)] for v in graph.values.values()],
        "constants": [[name, graph.labels.get(name, "")] for name in graph.constants],
        "inputs": [[p.label, p.value] for p in graph.inputs],
        "states": [[s.label, s.before, s.after] for s in graph.states],
        "outputs": [[p.label, p.value] for p in graph.outputs],
        "dt": graph.dt,
        "nodes": [_node(node) for node in graph.nodes],
    }
    return data, arrays


def _stored(array: Array) -> Array:
    array = np.asarray(array)
    return np.array(array, DTYPES[array.dtype.kind], order="C", copy=True)


def _format(form: Format | None) -> list[int] | None:
    return None if form is None else [form.bits, form.frac]


def _node(node: Node) -> dict[str, object]:
    data: dict[str, object] = {
        "op": node.op,
        "inputs": list(node.inputs),
        "outputs": list(node.outputs),
        "attrs": {key: _attr(value) for key, value in sorted(node.attrs.items())},
    }
    if node.body is not None:
        body = node.body
        nodes = [_node(inner) for inner in body.nodes]
        data["body"] = {"params": list(body.params), "results": list(body.results), "nodes": nodes}
    return data


def _attr(value: Attr) -> object:
    if isinstance(value, tuple):
        return [_attr(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def from_parts(
    data: object, arrays: Mapping[str, Array], *, ops: frozenset[str] = primitives.NAMES, origin: str = "the model"
) -> Graph:
    """The graph that ``to_parts`` took apart, verified; of primitives, also in all its shapes.

    ``ops`` are the operations that may occur, ``origin`` is what messages call the data.

    Raises:
        LnnccError: E0310 for anything that is no such graph, E0402 for numbers that are not finite.
    """
    try:
        graph = ir.verify(_Reader(arrays).graph(data), ops)
        if ops <= primitives.NAMES:
            shapes.check(graph)
    except (_FormError, ir.GraphError, RecursionError) as error:
        raise malformed(origin, str(error)) from error
    for name, array in arrays.items():
        _require_finite(graph.labels.get(name) or name, array, origin)
    return graph


def malformed(origin: str, why: str) -> LnnccError:
    """E0310: a model file that is damaged, or was not written by lnncc."""
    return LnnccError(
        "E0310",
        f"{origin} is no model that this lnncc can read",
        notes=(why[:300],),
        helps=("write it again: lnncc.save(model, path), or compile the model again",),
    )


def _require_finite(name: str, array: Array, origin: str) -> None:
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise LnnccError(
            "E0402",
            f"`{name}` in {origin} contains {count} NaN or infinite of {array.size} values",
            helps=("training diverged? the last finite checkpoint is usually the right one",),
        )


class _FormError(Exception):
    """What is wrong with the data; never leaves this module."""


def _require(holds: bool, why: str) -> None:
    if not holds:
        raise _FormError(why)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Checks type and size of every item before it is used."""

    arrays: Mapping[str, Array]

    def graph(self, data: object) -> Graph:
        fields = _fields(data, "schema values constants inputs states outputs dt nodes")
        _require(fields["schema"] == SCHEMA, f"its schema is {fields['schema']!r:.40}, this lnncc reads {SCHEMA}")
        values = {v.name: v for v in _each(fields["values"], _value)}
        _require(len(values) == len(_list(fields["values"])), "a value is declared twice")
        constants = _each(fields["constants"], lambda item: _pair(item, _name, _text))
        states = _each(fields["states"], lambda item: self._state(item, values))
        names = [name for name, _ in constants] + [s.before for s in states]
        _require(sorted(names) == sorted(self.arrays), "its arrays are not those of its constants and states")
        return Graph(
            values=values,
            constants={name: self._array(name, values) for name, _ in constants},
            inputs=_each(fields["inputs"], lambda item: Port(*_pair(item, _label, _name))),
            states=states,
            outputs=_each(fields["outputs"], lambda item: Port(*_pair(item, _label, _name))),
            nodes=_each(fields["nodes"], lambda item: _read_node(item, 0, MAX_TRIPS)),
            dt=None if fields["dt"] is None else _name(fields["dt"]),
            labels={name: label for name, label in constants if label},
        )

    def _state(self, item: object, values: Mapping[str, Value]) -> State:
        parts = _list(item)
        _require(len(parts) == 3, "a state has a label and two values")
        before = _name(parts[1])
        return State(_label(parts[0]), before, _name(parts[2]), self._array(before, values))

    def _array(self, name: str, values: Mapping[str, Value]) -> Array:
        _require(name in self.arrays, f"array {name} is missing")
        _require(name in values, f"array {name} has no declaration")
        array = self.arrays[name]
        _require(array.dtype in DTYPES.values(), f"array {name} is of {array.dtype}")
        _require(array.shape == values[name].shape, f"array {name} is {array.shape}, declared {values[name].shape}")
        return array


def _value(item: object) -> Value:
    parts = _list(item)
    _require(len(parts) == 3, "a value has a name, a shape and a format")
    shape = _each(parts[1], lambda n: _int(n, 1, MAX_SIZE))
    size = 1
    for n in shape:
        size *= n
    _require(len(shape) <= MAX_RANK and size <= MAX_SIZE, f"a value of shape {shape} is absurd")
    return Value(_name(parts[0]), shape, None if parts[2] is None else _read_format(parts[2]))


def _read_format(item: object) -> Format:
    return Format(*_pair(item, lambda bits: _int(bits, 2, 64), lambda frac: _int(frac, -1024, 1024)))


def _read_node(item: object, depth: int, most: int) -> Node:
    """A node within ``depth`` loops; one more may make ``most`` trips."""
    fields = _fields(item, "op inputs outputs attrs", "body")
    attrs = fields["attrs"]
    _require(isinstance(attrs, dict) and all(isinstance(key, str) for key in attrs), "attributes are no object")
    assert isinstance(attrs, dict)
    read = {_name(key): _read_attr(value, 0) for key, value in attrs.items()}
    body = None
    if "body" in fields:
        _require(depth < MAX_LOOPS, "its loops are nested too deeply")
        body = _read_body(fields["body"], depth + 1, most // _int(read.get("trips"), 1, most))
    return Node(_name(fields["op"]), _each(fields["inputs"], _name), _each(fields["outputs"], _name), read, body)


def _read_body(item: object, depth: int, most: int) -> Body:
    fields = _fields(item, "params results nodes")
    nodes = _each(fields["nodes"], lambda inner: _read_node(inner, depth, most))
    return Body(_each(fields["params"], _name), _each(fields["results"], _name), nodes)


def _read_attr(value: object, depth: int) -> Attr:
    _require(depth < MAX_DEPTH, "an attribute is nested too deeply")
    if isinstance(value, list):
        return _each(value, lambda item: _read_attr(item, depth + 1))
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        _require(bool(np.isfinite(value)), "an attribute is not finite")
        return value
    return _int(value, -(1 << 63), (1 << 63) - 1)


def _fields(item: object, required: str, optional: str = "") -> dict[str, object]:
    _require(isinstance(item, dict), "a list or value stands where an object should")
    assert isinstance(item, dict)
    needed = set(required.split())
    _require(needed <= set(item) <= needed | set(optional.split()), f"an object has not the fields {required}")
    return item


def _list(item: object) -> Sequence[object]:
    _require(isinstance(item, list) and len(item) <= MAX_ITEMS, "something else stands where a list should")
    assert isinstance(item, list)
    return item


def _each(item: object, read: Callable[[object], T]) -> tuple[T, ...]:
    return tuple(read(part) for part in _list(item))


U = TypeVar("U")


def _pair(item: object, first: Callable[[object], T], second: Callable[[object], U]) -> tuple[T, U]:
    parts = _list(item)
    _require(len(parts) == 2, "a pair has not two items")
    return first(parts[0]), second(parts[1])


def _int(item: object, low: int, high: int) -> int:
    _require(isinstance(item, int) and not isinstance(item, bool) and low <= item <= high, f"{item!r:.40} is no size")
    assert isinstance(item, int)
    return item


def _name(item: object) -> str:
    _require(isinstance(item, str) and NAME.fullmatch(item) is not None, f"{item!r:.40} is no name")
    assert isinstance(item, str)
    return item


def _text(item: object) -> str:
    _require(isinstance(item, str) and len(item) <= MAX_TEXT and item.isprintable(), f"{item!r:.40} is no label")
    assert isinstance(item, str)
    return item


def _label(item: object) -> str:
    _require(item != "", "a port has no label")
    return _text(item)
