"""Reading weights: npz, safetensors and dicts; pickles and broken files are refused without being trusted."""

import io
import pickle
import sys
import zipfile

import ml_dtypes  # comes with jax
import numpy as np
import pytest
from ncps_cases import CFC, CFC_OPTIONS, DATA, LTC, LTC_OPTIONS, refused, same_graph
from safetensors.numpy import save_file

from lnncc import from_ncps


def test_safetensors(tmp_path):
    save_file(CFC, tmp_path / "m.safetensors")
    assert same_graph(from_ncps(tmp_path / "m.safetensors", **CFC_OPTIONS), from_ncps(CFC, **CFC_OPTIONS))


@pytest.mark.parametrize("dtype", [np.float16, ml_dtypes.bfloat16])
def test_half_precision_is_read_without_loss(dtype):
    half = {key: value.astype(dtype) for key, value in CFC.items()}
    widened = {key: value.astype(np.float64) for key, value in half.items()}
    assert same_graph(from_ncps(half, **CFC_OPTIONS), from_ncps(widened, **CFC_OPTIONS))


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".pkl", ".PT", ".ckpt", ".bin"])
def test_pickles_are_never_opened(tmp_path, suffix):
    class Bomb:
        def __reduce__(self):
            return sys.exit, (13,)

    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(Bomb()))
    text = refused("E0322", path)
    assert "numpy.savez('model.npz'" in text
    assert f"torch.load('model{suffix}'" in text


def test_the_conversion_that_is_proposed_is_python(tmp_path):
    line = next(line for line in refused("E0322", tmp_path / "a.pt").splitlines() if "python -c" in line)
    compile(line.split('"')[1], "one line", "exec")


def test_a_pickle_that_calls_itself_npz(tmp_path):
    path = tmp_path / "model.npz"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model/data.pkl", b"cos\nsystem\n.")
    assert "is a pickle" in refused("E0322", path)


def save_npz(path, **arrays):
    np.savez(path, **arrays)
    return path


def corrupt_inside(path):
    """An npz whose directory is whole and whose compressed data are not."""
    np.savez_compressed(path, **LTC)
    data = bytearray(path.read_bytes())
    data[200:400] = bytes(200)
    path.write_bytes(data)
    return path


def written(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(("make", "what"), [
    (lambda d: d / "absent.npz", "there is no file"),
    (lambda d: d / "absent.safetensors", "there is no file"),
    (lambda d: written(d / "m.npz", b"not a zip"), "cannot be read as npz"),
    (lambda d: written(d / "m.npz", b""), "cannot be read as npz"),
    (lambda d: written(d / "m.npz", (DATA / "ltc_random.weights.npz").read_bytes()[:-100]), "cannot be read as npz"),
    (lambda d: corrupt_inside(d / "m.npz"), "cannot be read as npz"),
    (lambda d: written(d / "m.npz", pickle.dumps({"w": 1})), "cannot be read as npz"),
    (lambda d: save_npz(d / "m.npz", w=np.array([{}], dtype=object)), "cannot be read as npz"),
    (lambda d: written(d / "m.safetensors", b"\xff" * 64), "cannot be read as safetensors"),
    (lambda d: written(d / "m.safetensors", b""), "cannot be read as safetensors"),
])  # fmt: skip
def test_files_that_cannot_be_read(tmp_path, make, what):
    assert what in refused("E0410", make(tmp_path))


def test_a_lone_array_that_calls_itself_npz(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.ones(3))
    assert "one array without a name" in refused("E0410", written(tmp_path / "m.npz", buffer.getvalue()))


def test_a_file_of_another_kind(tmp_path):
    assert "none of .npz, .safetensors" in refused("E0323", tmp_path / "model.onnx")


def test_safetensors_missing(monkeypatch, tmp_path):
    save_file(CFC, tmp_path / "m.safetensors")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    assert "pip install 'lnncc[safetensors]'" in refused("E0703", tmp_path / "m.safetensors")


def test_values_that_are_not_finite_name_key_counts_and_place(tmp_path):
    bad = {key: value.copy() for key, value in LTC.items()}
    bad["rnn_cell.w"][2, 7] = np.nan
    bad["rnn_cell.w"][3, 0] = -np.inf
    bad["rnn_cell.w"][5, 5] = np.nan
    text = refused("E0402", save_npz(tmp_path / "m.npz", **bad), **LTC_OPTIONS)
    assert "`rnn_cell.w` contains 2 NaN and 1 inf of 81 values" in text
    assert "rnn_cell.w[2,7]" in text
    assert "m.npz" in text


@pytest.mark.parametrize("value", ["text", None, np.ones(9, complex), object()])
def test_entries_that_are_no_numbers(value):
    assert "rnn_cell.cm in the dict of weights is no array" in refused("E0411", LTC | {"rnn_cell.cm": value})


def test_two_arrays_of_one_name():
    assert "rnn_cell.cm and rnn_cell__cm" in refused("E0411", LTC | {"rnn_cell__cm": np.ones(9)}, **LTC_OPTIONS)


def test_names_that_cannot_be_printed():
    assert "unprintable" in refused("E0411", LTC | {"\x1b[2J.cm": np.ones(9)}, **LTC_OPTIONS)
