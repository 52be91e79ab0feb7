"""model.lnn: every graph comes back as it was, the same bytes always, and no zip does harm."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from archive_cases import OPS, float_graph, integer_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import archive, ir, primitives
from lnncc.archive import Model, load, pack, save, unpack
from lnncc.errors import LnnccError
from lnncc.ir import Node

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

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(LnnccError, match="cannot write") as caught:
        save(Model(float_graph()), tmp_path / "model.lnn")
    assert caught.value.code == "E0310" and "No space left" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save(Model(float_graph()), tmp_path / "model.lnn")
    assert list(tmp_path.iterdir()) == []


def test_paths_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match="cannot write"):
        save(Model(float_graph()), tmp_path / "nowhere" / "model.lnn")
    for path in (tmp_path / "model.lnn", tmp_path):
        with pytest.raises(LnnccError, match="cannot read") as caught:
            load(path)
        assert caught.value.code == "E0310"


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
