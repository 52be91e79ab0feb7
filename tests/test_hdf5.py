"""The HDF5 of Keras, read without the HDF5 library: the same arrays as h5py, and no file does harm."""

import contextlib
import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc.frontend import hdf5, limits

h5py = pytest.importorskip("h5py", reason="needs the package h5py, which writes what is read here")
REFUSED = (ValueError, struct.error)
DTYPES = ("<f2", "<f4", "<f8", "i1", "<i2", "<i4", "<i8", "u1", "<u2", "<u4", "<u8")


def written(fill):
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def refused(fill):
    with pytest.raises(REFUSED) as caught:
        hdf5.read(written(fill))
    return str(caught.value)


def small(file):
    file["layers/ltc/cell/vars/0"] = np.arange(12, dtype=np.float32).reshape(3, 4)
    file["layers/ltc/cell/vars/1"] = np.array([1, -2, 3], np.int32)
    file.create_group("layers/dropout/vars").attrs["name"] = "dropout"
    file["layers/dense/vars/0"] = np.float64(0.5)


SMALL = written(small)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_number(dtype):
    rng = np.random.default_rng(0)
    array = rng.integers(0, 100, (3, 5)).astype(dtype)
    found = hdf5.read(written(lambda file: file.__setitem__("a/vars/0", array)))
    assert found["a/vars/0"].dtype == np.dtype(dtype)
    np.testing.assert_array_equal(found["a/vars/0"], array)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.from_regex(r"[a-z_]{1,12}(/[a-z0-9_]{1,9}){0,4}", fullmatch=True),
                       st.lists(st.integers(0, 4), max_size=3), max_size=40))  # fmt: skip
def test_what_h5py_writes_is_read_as_it_reads_it(shapes):
    rng, expected = np.random.default_rng(1), {}

    def fill(file):
        for path, shape in shapes.items():
            if not any(p.startswith(f"{path}/") or path.startswith(f"{p}/") or p == path for p in expected):
                expected[path] = rng.normal(size=shape).astype(np.float32)
                file[path] = expected[path]

    found = hdf5.read(written(fill))
    assert set(found) == set(expected)
    for path, array in expected.items():
        np.testing.assert_array_equal(found[path], array)


def test_groups_of_many_arrays():
    def fill(file):
        for k in range(700):  # more than a node of the tree holds
            file[f"vars/{k}"] = np.full(2, k, np.float32)

    found = hdf5.read(written(fill))
    assert [found[f"vars/{k}"][0] for k in range(700)] == list(range(700))


def test_long_headers_go_on_elsewhere():
    def fill(file):
        file["a"] = np.ones(3, np.float32)
        for k in range(60):
            file["a"].attrs[f"attribute {k}"] = "x" * 50

    np.testing.assert_array_equal(hdf5.read(written(fill))["a"], np.ones(3))


@pytest.mark.parametrize(("fill", "what"), [
    (lambda f: f.__setitem__("a", h5py.SoftLink("/etc/passwd")), "a link to elsewhere"),
    (lambda f: f.__setitem__("a", h5py.ExternalLink("/etc/passwd", "/")), "which Keras does not write"),
    (lambda f: f.create_dataset("a", data=np.ones((9, 9)), chunks=(3, 3)), "does not lie in one piece"),
    (lambda f: f.create_dataset("a", data=np.ones((9, 9)), compression="gzip"), "which Keras does not write"),
    (lambda f: f.create_dataset("a", (9,), "f4", external=[("/etc/passwd", 0, 36)]), "which Keras does not write"),
    (lambda f: f.create_dataset("a", (9,), "f4"), "was never written"),
    (lambda f: f.__setitem__("a", np.ones(3, ">f4")), "no plain numbers"),
    (lambda f: f.__setitem__("a", np.array([True, False])), "no plain numbers"),
    (lambda f: f.__setitem__("a", np.ones(3, complex)), "no plain numbers"),
    (lambda f: f.__setitem__("a", "text"), "no plain numbers"),
    (lambda f: f.__setitem__("a", h5py.Empty("f4")), "no plain shape"),
    (lambda f: f.__setitem__("a\x1bb", np.ones(3)), "is no name of an array"),
    (lambda f: (f.__setitem__("a", np.ones(3)), f.__setitem__("b", f["a"])), "two names are of one object"),
    (lambda f: (f.create_group("a"), f.__setitem__("a/b", f["/"])), "two names are of one object"),
    (lambda f: f.__setitem__("/".join("a" * 40), np.ones(3)), "nested too deeply"),
])  # fmt: skip
def test_what_keras_does_not_write(fill, what):
    assert what in refused(fill)


def test_virtual_arrays_and_newer_files():
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:4] = h5py.VirtualSource("other.h5", "x", (4,))
    assert "one piece" in refused(lambda f: f.create_virtual_dataset("a", layout))
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver="latest") as file:
        file["a"] = np.ones(3)
    with pytest.raises(REFUSED, match="not HDF5 as Keras writes it"):
        hdf5.read(buffer.getvalue())


def replaced(old, new, count=1):
    assert old in SMALL
    return SMALL.replace(old, new, count)


def test_shapes_and_places_that_lie():
    shape = struct.pack("<QQ", 3, 4)
    for dims, what in (
        ((3, 5), "shorter or longer"),
        ((1 << 40, 4), "more than a model"),
        ((3, 0), "shorter or longer"),
    ):
        with pytest.raises(REFUSED, match=what):
            hdf5.read(replaced(shape, struct.pack("<QQ", *dims), 2))
    place = SMALL.index(np.arange(12, dtype=np.float32).tobytes())
    with pytest.raises(REFUSED, match="outside of itself"):
        hdf5.read(replaced(struct.pack("<QQ", place, 48), struct.pack("<QQ", len(SMALL) - 8, 48)))
    with pytest.raises(REFUSED, match="at its beginning"):
        hdf5.read(SMALL[:24] + struct.pack("<Q", 512) + SMALL[32:])


def test_files_that_go_on_for_ever():
    """A header that continues in itself, and a tree whose child it is itself."""
    tree = SMALL.index(b"TREE")
    child = struct.unpack_from("<Q", SMALL, tree + 32)[0]
    with pytest.raises(REFUSED):
        hdf5.read(
            SMALL[: tree + 5] + b"\1" + SMALL[tree + 6 : tree + 32] + struct.pack("<Q", tree) + SMALL[tree + 40 :]
        )
    with pytest.raises(REFUSED, match="no entries"):
        hdf5.read(SMALL[:child] + b"NODE" + SMALL[child + 4 :])
    with pytest.raises(REFUSED, match="no names"):
        hdf5.read(SMALL.replace(b"HEAP", b"HELP"))
    with pytest.raises(REFUSED, match="no tree of names"):
        hdf5.read(SMALL.replace(b"TREE", b"TRUE"))


def test_more_than_a_model(monkeypatch):
    monkeypatch.setattr(limits, "MAX_FILE", 100)
    with pytest.raises(REFUSED, match="bigger than"):
        hdf5.read(SMALL)
    monkeypatch.undo()
    monkeypatch.setattr(hdf5._File.__init__, "__defaults__", (100, *hdf5._File.__init__.__defaults__[1:]))
    with pytest.raises(REFUSED, match="structured more than"):
        hdf5.read(SMALL)


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(0, 255)), min_size=1, max_size=5))
def test_any_bytes_changed(changes):
    data = bytearray(SMALL)
    for place, byte in changes:
        data[place] = byte
    try:
        found = hdf5.read(bytes(data))
    except REFUSED:
        return
    assert sum(array.size for array in found.values()) <= len(SMALL)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(SMALL)))
def test_truncated(length):
    with contextlib.suppress(*REFUSED):
        hdf5.read(SMALL[:length])
