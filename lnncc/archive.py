"""model.lnn: a graph as a zip of graph.json and weights.npz. No pickle, no code, no path; the reader trusts nothing."""

import io
import json
import os
import re
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lnncc import ir, primitives
from lnncc.errors import LnnccError
from lnncc.ir import Array, Attr, Body, Format, Graph, Node, Port, State, Value

SCHEMA = "lnncc.graph/1"
GRAPH, WEIGHTS = "graph.json", "weights.npz"
LIMIT = 1 << 30  # bytes that an archive may unpack to, all in all
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
EPOCH = (1980, 1, 1, 0, 0, 0)  # of every entry: same graph, same bytes
MAX_DEPTH = 32  # of nested attributes and loops


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A float graph, however it came about: what ``compile`` takes."""

    graph: Graph

    def save(self, path: str | Path) -> None:
        save(self, path)


def save(model: Model, path: str | Path) -> None:
    """Write ``model`` to ``path``, whole or not at all."""
    path = Path(path)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pack(model.graph))
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def load(path: str | Path) -> Model:
    """Read a model that ``save`` wrote.

    Raises:
        LnnccError: E0310 if the file is no such model, E0311 if it cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise LnnccError("E0311", f"cannot read {path}: {error.strerror}", helps=("check the path",)) from error
    return Model(unpack(data, primitives.NAMES, str(path)))


def pack(graph: Graph) -> bytes:
    """The archive's bytes, a pure function of the graph."""
    buffer = io.BytesIO()
    text = json.dumps(_graph_to_json(graph), indent=1, sort_keys=True).encode()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo(GRAPH, EPOCH), text, zipfile.ZIP_DEFLATED)
        archive.writestr(zipfile.ZipInfo(WEIGHTS, EPOCH), _weights(graph), zipfile.ZIP_STORED)
    return buffer.getvalue()


def _weights(graph: Graph) -> bytes:
    arrays = dict(graph.constants) | {f"initial_{i}": s.initial for i, s in enumerate(graph.states)}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, array in sorted(arrays.items()):
            entry = io.BytesIO()
            np.lib.format.write_array(entry, np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", EPOCH), entry.getvalue(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _graph_to_json(graph: Graph) -> dict[str, object]:
    return {
        "schema": SCHEMA,
        "values": {name: _value_to_json(value) for name, value in graph.values.items()},
        "inputs": [[p.label, p.value] for p in graph.inputs],
        "states": [[s.label, s.before, s.after] for s in graph.states],
        "outputs": [[p.label, p.value] for p in graph.outputs],
        "nodes": [_node_to_json(node) for node in graph.nodes],
        "dt": graph.dt,
        "labels": dict(graph.labels),
    }


def _value_to_json(value: Value) -> list[object]:
    form = value.format
    return [list(value.shape)] if form is None else [list(value.shape), form.bits, form.frac]


def _node_to_json(node: Node) -> dict[str, object]:
    data: dict[str, object] = {
        "op": node.op,
        "inputs": list(node.inputs),
        "outputs": list(node.outputs),
        "attrs": dict(node.attrs),
    }
    if node.body is not None:
        body = node.body
        nodes = [_node_to_json(n) for n in body.nodes]
        data["body"] = {"params": list(body.params), "results": list(body.results), "nodes": nodes}
    return data


# Reading. Whatever is wrong with the data surfaces as one of these and becomes E0310.

_FAULTS = (
    ir.GraphError, KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError, RecursionError,
    EOFError, OSError, NotImplementedError, RuntimeError, zipfile.BadZipFile, zipfile.LargeZipFile,
)  # fmt: skip


def unpack(data: bytes, ops: frozenset[str], name: str) -> Graph:
    """The graph in an archive; ``ops`` are those it may use, ``name`` is for messages.

    Raises:
        LnnccError: E0310 if the archive is not exactly what ``pack`` writes, E0402 if a constant is not finite.
    """
    import zlib

    try:
        entries = _entries(data, {GRAPH, WEIGHTS})
        arrays = {k.removesuffix(".npy"): _array(v) for k, v in _entries(entries[WEIGHTS], None).items()}
        graph = ir.verify(_graph_from_json(json.loads(entries[GRAPH]), arrays), ops)
    except (*_FAULTS, zlib.error) as fault:
        raise LnnccError(
            "E0310",
            f"{name} is no lnncc model",
            notes=(f"{type(fault).__name__}: {str(fault)[:200]}",),
            helps=("write it with lnncc.save(model, path)",),
        ) from fault
    _require_finite(graph, name)
    return graph


def _entries(data: bytes, expected: set[str] | None) -> dict[str, bytes]:
    """All entries of a zip in memory, never on disk; sizes are checked before and while unpacking."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        infos = archive.infolist()
        names = [info.filename for info in infos]
        if len(set(names)) != len(names) or (expected is not None and set(names) != expected):
            raise ValueError(f"unexpected entries {names[:5]}")
        if sum(info.file_size for info in infos) > LIMIT:
            raise ValueError(f"unpacks to more than {LIMIT} bytes")
        return {info.filename: _limited(archive, info) for info in infos}


def _limited(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    with archive.open(info) as entry:
        data = entry.read(info.file_size + 1)
    if len(data) != info.file_size:
        raise ValueError(f"{info.filename} is not as long as it says")
    return data


def _array(data: bytes) -> Array:
    """One npy entry; its header must agree with its length before anything is allocated."""
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("npy version")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if (
        dtype.kind not in "if"
        or fortran
        or len(data) - stream.tell() != int(np.prod(shape, dtype=object)) * dtype.itemsize
    ):
        raise ValueError("npy header does not fit its data")
    return np.frombuffer(data, dtype, offset=stream.tell()).reshape(shape).astype("f8" if dtype.kind == "f" else "i8")


def _graph_from_json(data: dict, arrays: Mapping[str, Array]) -> Graph:
    if data["schema"] != SCHEMA:
        raise ValueError(f"schema {data['schema']!r}, expected {SCHEMA!r}")
    values = {_name(name): _value_from_json(name, parts) for name, parts in data["values"].items()}
    states = tuple(
        State(str(label), _name(before), _name(after), arrays[f"initial_{i}"])
        for i, (label, before, after) in enumerate(data["states"])
    )
    inputs, outputs = (tuple(Port(str(label), _name(value)) for label, value in data[k]) for k in ("inputs", "outputs"))
    constants = {_name(k): v for k, v in arrays.items() if not k.startswith("initial_")}
    nodes = tuple(_node_from_json(node, 0) for node in data["nodes"])
    dt = None if data["dt"] is None else _name(data["dt"])
    labels = {_name(k): str(v) for k, v in data["labels"].items()}
    for state in states:
        if state.initial.size != values[state.before].size:
            raise ValueError(f"initial state {state.label!r} has the wrong size")
    return Graph(values, constants, inputs, states, outputs, nodes, dt, labels)


def _name(name: object) -> str:
    if not isinstance(name, str) or NAME.fullmatch(name) is None:
        raise ValueError(f"{str(name)[:40]!r} cannot name a value")
    return name


def _value_from_json(name: str, parts: list) -> Value:
    shape = tuple(_count(n) for n in parts[0])
    form = None if len(parts) == 1 else Format(_count(parts[1]), int(parts[2]))
    return Value(name, shape, form)


def _count(n: object) -> int:
    if not isinstance(n, int) or isinstance(n, bool) or not 0 < n < 1 << 28:
        raise ValueError(f"{n!r} is no size")
    return n


def _node_from_json(data: dict, depth: int) -> Node:
    if depth > MAX_DEPTH:
        raise ValueError("loops nested too deep")
    body = None
    if "body" in data:
        inner = data["body"]
        params, results = (tuple(_name(n) for n in inner[k]) for k in ("params", "results"))
        body = Body(params, results, tuple(_node_from_json(n, depth + 1) for n in inner["nodes"]))
    inputs, outputs = (tuple(_name(n) for n in data[k]) for k in ("inputs", "outputs"))
    attrs = {str(k): _attr(v, 0) for k, v in data["attrs"].items()}
    if (body is None) != (data["op"] != "loop"):
        raise ValueError("a loop, and nothing else, has a body")
    return Node(str(data["op"]), inputs, outputs, attrs, body)


def _attr(data: object, depth: int) -> Attr:
    if depth > MAX_DEPTH * 4:
        raise ValueError("attribute nested too deep")
    if isinstance(data, list):
        return tuple(_attr(d, depth + 1) for d in data)
    if isinstance(data, int | float | str | bool):
        return data
    raise ValueError(f"attribute of type {type(data).__name__}")


def _require_finite(graph: Graph, name: str) -> None:
    for value, array in graph.constants.items():
        bad = ~np.isfinite(array)
        if bad.any():
            label = graph.labels.get(value, value)
            raise LnnccError(
                "E0402",
                f"parameter `{label}` contains {int(bad.sum())} values of {array.size} that are not finite",
                notes=(f"first at index {tuple(int(i) for i in np.argwhere(bad)[0])}; file {name}",),
                helps=("training diverged? the last finite checkpoint is usually the right one",),
            )
