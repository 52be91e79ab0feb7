"""model.lnn: every graph comes back as it was, the same bytes always, and no file does harm."""

import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import archive, ir, primitives, serial
from lnncc.archive import Model, load, pack, save, unpack
from lnncc.errors import LnnccError, Source
from lnncc.ir import Attr, Body, Format, Graph, Node, Port, State, Value

OPS = frozenset({"affine", "table", "loop"})
DOT: dict[str, Attr] = {"x_contract": (1,), "y_contract": (0,), "x_batch": (), "y_batch": ()}


def float_graph() -> Graph:
    values = {n: Value(n, (2,)) for n in ("x0", "s0", "m", "p", "q", "r", "v")}
    values |= {"w": Value("w", (2, 2)), "dt": Value("dt", ())}
    body = Body(("p",), ("r",), (Node("dot", ("w", "p"), ("q",), DOT), Node("mul", ("q", "dt"), ("r",))))
    nodes = (
        Node("loop", ("s0",), ("v",), {"trips": 6}, body, Source("/home/me/net.py", 3)),
        Node("select", ("m", "v", "x0"), ("y",)),
    )
    values["y"] = Value("y", (2,))
    constants = {"w": np.array([[0.1, -0.2], [1e-300, 3.0]]), "m": np.array([True, False])}
    state = State("h", "s0", "v", np.array([0.5, -0.5]))
    return Graph(values, constants, (Port("gyro", "x0"),), (state,), (Port("y/π", "y"),), nodes, "dt", {"w": "cell/w"})


def integer_graph() -> Graph:
    values = {n: Value(n, (2,), Format(16, 12)) for n in ("x0", "s0", "y0")} | {"c0": Value("c0", (2, 2), Format(8, 7))}
    attrs: dict[str, Attr] = {"shift": -3, "saturates": True, "expr": ("mul", ("const", 0.5), ("var",)), "isa": "m4"}
    nodes = (Node("affine", ("c0", "x0", "s0"), ("y0",), attrs),)
    state = State("h", "s0", "y0", np.zeros(2, np.int64))
    return Graph(values, {"c0": np.array([[1, -2], [2**40, 4]])}, (Port("x", "x0"),), (state,), (), nodes)


GRAPHS = {"float": (float_graph(), primitives.NAMES), "integer": (integer_graph(), OPS)}


@pytest.mark.parametrize("kind", GRAPHS)
def test_round_trip(kind: str) -> None:
    graph, ops = GRAPHS[kind]
    back = unpack(pack(graph), ops, "model.lnn")
    assert ir.text(back) == ir.text(graph)
    assert back.labels == graph.labels
    for name, array in graph.constants.items():
        np.testing.assert_array_equal(back.constants[name], array)
        assert back.constants[name].dtype == array.dtype
    np.testing.assert_array_equal(back.states[0].initial, graph.states[0].initial)
    assert pack(back) == pack(graph)


def test_attributes_keep_their_types() -> None:
    (node,) = unpack(pack(integer_graph()), OPS, "model.lnn").nodes
    assert node.attrs == integer_graph().nodes[0].attrs
    assert node.attrs["saturates"] is True


def test_numpy_numbers_in_attributes() -> None:
    graph = integer_graph()
    (node,) = graph.nodes
    same = graph.edited(nodes=(Node("affine", node.inputs, node.outputs, {**node.attrs, "shift": np.int64(-3)}),))  # type: ignore[dict-item]
    assert pack(same) == pack(graph)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "model.lnn"
    Model(float_graph()).save(path)
    first = path.read_bytes()
    os.utime(path, (0, 0))
    save(load(path), path)
    assert path.read_bytes() == first == pack(float_graph())
    assert [p.name for p in tmp_path.iterdir()] == ["model.lnn"]
    assert b"/home/me" not in first


def test_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(LnnccError, match="cannot write") as caught:
        save(Model(float_graph()), tmp_path / "model.lnn")
    assert caught.value.code == "E0310" and "No space left" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match="cannot write"):
        save(Model(float_graph()), tmp_path / "nowhere" / "model.lnn")
    for path in (tmp_path / "model.lnn", tmp_path):
        with pytest.raises(LnnccError, match="cannot read") as caught:
            load(path)
        assert caught.value.code == "E0310"


def parts() -> tuple[dict, dict[str, np.ndarray]]:
    data, arrays = serial.to_parts(float_graph())
    return json.loads(json.dumps(data)), arrays


def refuse(data: object, arrays: dict[str, np.ndarray], text: str, code: str = "E0310") -> None:
    with pytest.raises(LnnccError) as caught:
        serial.from_parts(data, arrays)
    assert caught.value.code == code
    assert text in str(caught.value), str(caught.value)


def edit(path: str, value: object) -> Callable[[dict], None]:
    """Sets the item at ``path`` (keys and indices, separated by dots)."""

    def change(data: dict) -> None:
        *way, last = path.split(".")
        item: object = data
        for key in way:
            item = item[int(key) if isinstance(item, list) else key]  # type: ignore[index]
        item[int(last) if isinstance(item, list) else last] = value  # type: ignore[index]

    return change


EDITS = {
    "another schema": (edit("schema", "lnncc.graph/2"), "its schema is 'lnncc.graph/2'"),
    "unknown field": (edit("extra", 1), "has not the fields"),
    "list for object": (edit("nodes.0", []), "where an object should"),
    "object for list": (edit("nodes", {}), "where a list should"),
    "unknown op": (edit("nodes.1.op", "system"), "op system does not belong"),
    "bad name": (edit("values.0.0", "../x"), "is no name"),
    "bad name type": (edit("nodes.1.inputs.0", 3), "is no name"),
    "declared twice": (edit("values.1", ["x0", [2], None]), "declared twice"),
    "undeclared": (edit("outputs.0.1", "zz"), "reads zz"),
    "undeclared constant": (edit("values.7.0", "zz"), "w has no declaration"),
    "missing array": (edit("constants.0.0", "zz"), "not those of its constants"),
    "shape too big": (edit("values.0.1", [1 << 24, 2]), "is absurd"),
    "shape too deep": (edit("values.0.1", [1] * 9), "is absurd"),
    "shape empty": (edit("values.0.1", [0]), "0 is no size"),
    "shape of floats": (edit("values.0.1", [2.0]), "2.0 is no size"),
    "shape of truths": (edit("values.0.1", [True]), "True is no size"),
    "other shape": (edit("values.7.1", [4]), "declared (4,)"),
    "short value": (edit("values.0", ["x0", [2]]), "a name, a shape and a format"),
    "bad format": (edit("values.0.2", [99, 1]), "99 is no size"),
    "short format": (edit("values.0.2", [16]), "a pair has not two items"),
    "short state": (edit("states.0", ["h", "s0"]), "a label and two values"),
    "no label": (edit("inputs.0.0", ""), "no label"),
    "label of controls": (edit("inputs.0.0", "\x1b[2J"), "is no label"),
    "label too long": (edit("inputs.0.0", "x" * 10_001), "is no label"),
    "attributes": (edit("nodes.1.attrs", []), "attributes are no object"),
    "attribute of nothing": (edit("nodes.1.attrs", {"a": None}), "is no size"),
    "attribute too big": (edit("nodes.1.attrs", {"a": 1 << 63}), "is no size"),
    "attribute not finite": (edit("nodes.1.attrs", {"a": float("inf")}), "is not finite"),
    "attribute nested": (edit("nodes.1.attrs", {"a": json.loads("[" * 80 + "]" * 80)}), "nested too deeply"),
    "endless loop": (edit("nodes.0.attrs.trips", 1 << 30), "is no size"),
    "loop without trips": (edit("nodes.0.attrs", {}), "None is no size"),
    "wrong axes": (edit("nodes.0.body.nodes.0.attrs.x_contract", [5]), "dot does not fit"),
    "cycle": (edit("nodes.1.inputs.0", "y"), "reads y before"),
    "body of nothing": (edit("nodes.0.body", {"params": [], "results": [], "nodes": []}), "different numbers"),
}


@pytest.mark.parametrize("case", EDITS)
def test_bad_data_is_named(case: str) -> None:
    change, text = EDITS[case]
    data, arrays = parts()
    change(data)
    refuse(data, arrays, text)


def test_bad_arrays_are_named() -> None:
    data, arrays = parts()
    refuse(data, arrays | {"w": arrays["w"].astype(np.float32)}, "w is of float32")
    refuse(data, {k: v for k, v in arrays.items() if k != "w"}, "not those of its constants")
    refuse(data, arrays | {"w": np.full((2, 2), np.nan)}, "`cell/w` in the model contains 4 NaN", "E0402")
    refuse(data, arrays | {"s0": np.array([0, np.inf])}, "`s0` in the model contains 1 NaN", "E0402")
    data["states"][0][1] = "zz"
    refuse(data, arrays, "array zz is missing")


def test_loops_nest_only_so_deep() -> None:
    data, arrays = parts()
    inner = data["nodes"][0]
    for _ in range(70):
        inner = {**inner, "body": {**inner["body"], "nodes": [inner]}}
    data["nodes"][0] = inner
    refuse(data, arrays, "nested too deeply")


def zipped(**entries: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries.items():
            file.writestr(name, data)
    return buffer.getvalue()


def contents() -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack(float_graph()))) as file:
        return {name: file.read(name) for name in file.namelist()}


def broken(data: bytes) -> str:
    with pytest.raises(LnnccError) as caught:
        unpack(data, primitives.NAMES, "model.lnn")
    assert caught.value.code == "E0310"
    return str(caught.value)


def test_zips_that_are_no_models() -> None:
    good = contents()
    assert unpack(zipped(**good), primitives.NAMES, "model.lnn")
    assert "not graph.json and weights.npz" in broken(zipped(**{"../evil": b"", "graph.json": b""}))
    assert "entries" in broken(zipped(**good, more=b""))
    assert "more than a model" in broken(zipped(**{**good, "graph.json": b" " * (1 << 20)}))
    assert "names a field twice" in broken(zipped(**{**good, "graph.json": b'{"a":1,"a":2}'}))
    assert "NaN is no number" in broken(zipped(**{**good, "graph.json": b'{"a":NaN}'}))
    assert "no model" in broken(zipped(**{**good, "graph.json": b"[" * 5000 + b"]" * 5000}))
    assert "no model" in broken(b"")
    assert "no name of an array" in broken(zipped(**{**good, "weights.npz": zipped(**{"../w.npy": b""})}))


def test_only_stored_and_deflated() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_BZIP2) as file:
        for name, data in contents().items():
            file.writestr(name, data)
    assert "in a way that models are not" in broken(buffer.getvalue())


def test_size_is_capped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE", 100)
    assert "is bigger than" in broken(pack(float_graph()))


def npy(array: np.ndarray, *, version: tuple[int, int] = (1, 0), pickle: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version=version, allow_pickle=pickle)
    return buffer.getvalue()


def with_weight(raw: bytes) -> bytes:
    good = contents()
    with zipfile.ZipFile(io.BytesIO(good["weights.npz"])) as file:
        arrays = {name: file.read(name) for name in file.namelist()}
    return zipped(**{**good, "weights.npz": zipped(**{**arrays, "w.npy": raw})})


def test_arrays_that_are_none() -> None:
    w = float_graph().constants["w"]
    assert unpack(with_weight(npy(w)), primitives.NAMES, "model.lnn")
    assert "absurd" in broken(with_weight(npy(np.array([{}], dtype=object), pickle=True)))
    assert "absurd" in broken(with_weight(npy(w.astype(">f8"))))
    assert "absurd" in broken(with_weight(npy(np.asfortranarray(w))))
    assert "absurd" in broken(with_weight(npy(w[:0])))
    assert "another version" in broken(with_weight(npy(w, version=(2, 0))))
    assert "shorter or longer" in broken(with_weight(npy(w)[:-1]))
    huge = npy(w).replace(b"(2, 2)", b"(1<<9)").replace(b"(1<<9)", b"(9**9)")
    assert "no model" in broken(with_weight(huge))
    big = npy(w).replace(b"(2, 2), }          ", b"(1000000, 9999), } ")
    assert "absurd" in broken(with_weight(big))
    good = contents()
    with zipfile.ZipFile(io.BytesIO(good["weights.npz"])) as file:
        arrays = {name: file.read(name) for name in file.namelist()}
    arrays["m.npy"] = npy(np.array([True, False]))[:-1] + b"\x07"
    assert "neither 0 nor 1" in broken(zipped(**{**good, "weights.npz": zipped(**arrays)}))


PACKED = pack(float_graph())


def reads_or_refuses(data: bytes) -> None:
    try:
        graph = unpack(data, primitives.NAMES, "model.lnn")
    except LnnccError as error:
        assert error.code in ("E0310", "E0402")
    else:
        ir.verify(graph, primitives.NAMES)


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(PACKED) - 1))
def test_truncated(length: int) -> None:
    broken(PACKED[:length])


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(PACKED) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_flipped(changes: list[tuple[int, int]]) -> None:
    data = bytearray(PACKED)
    for place, byte in changes:
        data[place] = byte
    reads_or_refuses(bytes(data))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["w", "s0", "add", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "attrs", "body"]), inner),
    max_leaves=5,
)


def places(item: object, way: str = "") -> list[str]:
    below = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    return [place for key, value in below for place in (f"{way}{key}", *places(value, f"{way}{key}."))]


PLACES = places(parts()[0])


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_wrong_types(place: str, value: object) -> None:
    data, arrays = parts()
    edit(place, value)(data)
    try:
        graph = serial.from_parts(data, arrays)
    except LnnccError as error:
        assert error.code == "E0310"
    else:
        primitives.step(graph, (graph.states[0].initial,), (np.zeros(2),), 0.1)
