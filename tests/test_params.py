"""load_params: what flax, NumPy and safetensors save comes back, and no file is believed."""

import struct
import zipfile

import jax
import jax.numpy as jnp
import ml_dtypes  # comes with jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save_file

import lnncc
from lnncc import zips
from lnncc.errors import LnnccError
from lnncc.frontend import files, flax_msgpack, limits

TREE = {"cell": {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(2, np.float32)}, "gain": np.float32(2)}


def refused(code, *args, **options):
    with pytest.raises(LnnccError) as caught:
        lnncc.load_params(*args, **options)
    assert caught.value.code == code
    text = str(caught.value)
    assert len(text.splitlines()) <= 12
    return text


def same(tree, other):
    assert jax.tree.structure(tree) == jax.tree.structure(other)
    for one, two in zip(jax.tree.leaves(tree), jax.tree.leaves(other), strict=True):
        assert one.dtype == two.dtype
        np.testing.assert_array_equal(np.asarray(one, np.float64), np.asarray(two, np.float64))


def flat(separator):
    return {f"cell{separator}w": TREE["cell"]["w"], f"cell{separator}b": TREE["cell"]["b"], "gain": TREE["gain"]}


@pytest.mark.parametrize("separator", ["/", "."])
def test_npz_and_safetensors(separator, tmp_path):
    np.savez(tmp_path / "a.npz", **flat(separator))
    np.savez_compressed(tmp_path / "b.npz", **flat(separator))
    save_file({name: np.asarray(array) for name, array in flat(separator).items()}, tmp_path / "c.safetensors")
    for name in ("a.npz", "b.npz", "c.safetensors"):
        same(lnncc.load_params(tmp_path / name), TREE)


def test_fortran_order(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.asfortranarray(TREE["cell"]["w"]))
    np.testing.assert_array_equal(lnncc.load_params(tmp_path / "a.npz")["w"], TREE["cell"]["w"])


def test_what_flax_writes(tmp_path):
    serialization = pytest.importorskip("flax.serialization", reason="needs the flax extra")
    kinds = {name: np.arange(3).astype(dtype) for name, dtype in flax_msgpack.DTYPES.items() if name != "bool"}
    tree = TREE | {"kinds": kinds, "truth": np.array([True, False]), "layers": [np.ones(2), np.zeros(1)]}
    path = tmp_path / "p.msgpack"
    path.write_bytes(serialization.to_bytes(tree))
    found = lnncc.load_params(path)
    same(found, {**tree, "layers": {"0": tree["layers"][0], "1": tree["layers"][1]}})
    same(lnncc.load_params(path, like=tree), tree)
    assert found["kinds"]["bfloat16"].dtype == ml_dtypes.bfloat16


def test_numbers_and_gaps_of_a_train_state(tmp_path):
    msgpack = pytest.importorskip("msgpack", reason="needs the package msgpack")
    values = [0, 127, 128, 300, 70_000, 1 << 40, -1, -32, -33, -300, -70_000, -(1 << 40), 1.5, True, False]
    tree = {f"v{k}": value for k, value in enumerate(values)}
    (tmp_path / "p.msgpack").write_bytes(msgpack.packb(tree | {"nothing": None, "more": {}}))
    found = lnncc.load_params(tmp_path / "p.msgpack")
    assert found.pop("more") == {} if "more" in found else True
    assert [found[name].item() for name in tree] == values


def test_a_trained_tree_goes_to_its_places(tmp_path):
    like = {"cell": {"w": jax.ShapeDtypeStruct((2, 3), jnp.float32), "b": jnp.zeros(2)}, "gain": 0.0, "unfolds": 6}
    like = like | {"gain": jnp.zeros(())}
    np.savez(tmp_path / "a.npz", **flat("."))
    found = lnncc.load_params(tmp_path / "a.npz", like=like)
    assert found["unfolds"] == 6
    np.testing.assert_array_equal(found["cell"]["w"], TREE["cell"]["w"])
    assert "cell/w is 2×3, expected 3×3" in refused(
        "E0411", tmp_path / "a.npz", like=like | {"cell": {"w": jnp.zeros((3, 3)), "b": jnp.zeros(2)}}
    )
    assert "cell/v is missing" in refused("E0411", tmp_path / "a.npz", like={"cell": {"v": jnp.zeros(2)}})
    assert "nothing hears cell/b" in refused("E0411", tmp_path / "a.npz", like={"gain": jnp.zeros(())})


def test_names_that_contradict_each_other(tmp_path):
    for names in (("a", "a/b"), ("a/b", "a"), ("a/b/c", "a/b")):
        save_file({name: np.ones(1) for name in names}, tmp_path / "a.safetensors")
        refused("E0411", tmp_path / "a.safetensors")


def test_numbers_that_are_not_finite(tmp_path):
    np.savez(tmp_path / "a.npz", w=np.array([1, np.nan]))
    assert "`w` contains 1 NaN" in refused("E0402", tmp_path / "a.npz")


def test_other_kinds_of_files(tmp_path):
    assert "tree_deserialise_leaves" in refused("E0323", tmp_path / "m.eqx")
    assert "none of .npz, .safetensors, .msgpack" in refused("E0323", tmp_path / "m.onnx")
    assert "pickle" in refused("E0322", tmp_path / "m.pkl")
    assert "there is no file" in refused("E0410", tmp_path / "m.npz")


def npy(shape, *, dtype="<f4", data=b"", version=(1, 0)):
    header = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY" + bytes(version) + struct.pack("<H", len(header)) + header + data


def zipped(path, *entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in entries:
            file.writestr(name, data)
    return path


@pytest.mark.parametrize(("data", "what"), [
    (npy("(1000000, 9999)"), "more than a model"),
    (npy("(-3,)"), "is absurd"),
    (npy("(2, 2)", data=bytes(15)), "shorter or longer"),
    (npy("(1,) * 9", data=bytes(4)), "cannot be read"),
    (npy("(1, 1, 1, 1, 1, 1, 1, 1, 1)", data=bytes(4)), "is absurd"),
    (npy("(2,)", dtype="|O", data=bytes(16)), "is absurd"),
    (npy("(2,)", dtype="<c8", data=bytes(16)), "is absurd"),
    (npy("(2,)", version=(9, 9), data=bytes(8)), "another version"),
    (b"", "cannot be read"),
])  # fmt: skip
def test_arrays_in_an_npz_that_lie(data, what, tmp_path):
    assert what in refused("E0410", zipped(tmp_path / "a.npz", ("w.npy", data)))


def test_zips_that_swell(tmp_path, monkeypatch):
    zipped(tmp_path / "a.npz", *((f"{k}.npy", npy("(1,)", data=bytes(4))) for k in range(50)))
    monkeypatch.setattr(limits, "MAX_ARRAYS", 20)
    assert "50 entries" in refused("E0410", tmp_path / "a.npz")
    monkeypatch.setattr(limits, "MAX_ARRAYS", 2)
    assert "directory is larger" in refused("E0410", tmp_path / "a.npz")
    monkeypatch.undo()
    monkeypatch.setattr(limits, "MAX_FILE", 10_000)
    zipped(tmp_path / "b.npz", ("w.npy", npy("(100000,)", data=bytes(400_000))))
    assert "unpacks to more" in refused("E0410", tmp_path / "b.npz")
    np.savez(tmp_path / "c.npz", w=np.ones(10_000))
    assert "bigger than" in refused("E0410", tmp_path / "c.npz")


def test_a_zip_with_two_directories(tmp_path):
    path = zipped(tmp_path / "a.npz", ("w.npy", npy("(1,)", data=bytes(4))))
    data = path.read_bytes()
    path.write_bytes(data[:-22] + b"PK\6\7" + bytes(16) + data[-22:])
    assert "directory is larger" in refused("E0410", path)


def test_safetensors_that_swell(tmp_path, monkeypatch):
    def header(text):
        (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)

    header(b'{"w":{"dtype":"F32","shape":[1000000,9999],"data_offsets":[0,4]}}')
    assert "more than a model" in refused("E0410", tmp_path / "a.safetensors")
    header(b"[]")
    assert "more arrays" in refused("E0410", tmp_path / "a.safetensors")
    header(b'{"w":3}')
    assert "cannot be read" in refused("E0410", tmp_path / "a.safetensors")
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", 1 << 40))
    assert "header is larger" in refused("E0410", tmp_path / "a.safetensors")
    save_file({str(k): np.ones(1) for k in range(30)}, tmp_path / "b.safetensors")
    monkeypatch.setattr(limits, "MAX_ARRAYS", 20)
    assert "more arrays" in refused("E0410", tmp_path / "b.safetensors")


def ext(shape=b"\x92\x02\x03", dtype=b"\xa7float32", data=bytes(24), kind=1, lead=b"\x93", tail=b""):
    body = lead + shape + dtype + b"\xc4" + bytes((len(data),)) + data + tail
    return b"\x81\xa1w\xc7" + bytes((len(body), kind)) + body


@pytest.mark.parametrize(("data", "what"), [
    (ext(shape=b"\x92\x02\x04"), "shorter or longer"),
    (ext(shape=b"\x92\xce\xff\xff\xff\xff\xce\xff\xff\xff\xff"), "where a size should"),
    (ext(shape=b"\x99" + b"\1" * 9), "has 9 axes"),
    (ext(shape=b"\x92\xff\x03"), "where a size should"),
    (ext(shape=b"\x80"), "where a list should"),
    (ext(dtype=b"\xa6object"), "is of type 'object'"),
    (ext(dtype=b"\x07"), "where a name should"),
    (ext(kind=2), "extension of kind 2"),
    (ext(lead=b"\x92"), "not its shape, type and bytes"),
    (ext(tail=b"\0"), "follows its end"),
    (ext() + b"\0", "follows its end"),
    (b"\x81\xa1w\xc7\x0e\1\x93\x91\x01\xa7float32\x01\0\0\0", "where bytes should"),
    (b"\x81\xa1w", "too early"),
    (b"\x81\x01\x01", "where a name should"),
    (b"\x81\xa0\x01", "no name of an array"),
    (b"\x82\xa1w\1\xa1w\2", "twice"),
    (b"\x81\xb9__msgpack_chunked_array__\xc3", "larger than a model"),
    (b"\x81\xa1w\x91\x01", "other than arrays and numbers"),
    (b"\x81\xa1w\xa1x", "other than arrays and numbers"),
    (b"\x81\xa1w" * 40 + b"\x01", "nested too deeply"),
    (b"\xdf\xff\xff\xff\xff", "more than a model can"),
    (b"\x01", "no tree of arrays"),
    (b"\xc0", "no tree of arrays"),
    (b"", "too early"),
])  # fmt: skip
def test_msgpack_that_lies(data, what, tmp_path):
    (tmp_path / "p.msgpack").write_bytes(data)
    assert what in refused("E0410", tmp_path / "p.msgpack")


GOOD = ext()


@settings(max_examples=1500, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=4))
def test_any_bytes_of_a_msgpack_changed(changes):
    data = bytearray(GOOD)
    for place, byte in changes:
        data[place] = byte
    try:
        flax_msgpack.read(bytes(data))
    except ValueError:
        pass
    except struct.error as error:
        raise AssertionError from error


def test_entries_that_are_no_zip(tmp_path):
    (tmp_path / "a.npz").write_bytes(b"PK\5\6")
    assert "is no zip" in refused("E0410", tmp_path / "a.npz")
    assert zips.ENTRY * limits.MAX_ARRAYS < limits.MAX_FILE
    assert files.MAX_HEADER < limits.MAX_FILE
