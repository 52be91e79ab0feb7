"""Recorded inputs: accepted in every usual shape, refused with what was expected and what was given."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from lnncc.calibration import prepared, read_npz
from lnncc.errors import LnnccError
from lnncc.ir import Graph, Port, Value

X = np.arange(24.0).reshape(2, 4, 3)


def model(**shapes: tuple[int, ...]) -> Graph:
    values = {f"x{k}": Value(f"x{k}", shape) for k, shape in enumerate(shapes.values())}
    ports = tuple(Port(label, f"x{k}") for k, label in enumerate(shapes))
    return Graph(values, {}, ports, (), (), ())


def test_every_usual_shape() -> None:
    for given in (X, {"x": X}, {"anything": X}, X.tolist(), X.astype(np.float32), X.astype(np.int16)):
        np.testing.assert_array_equal(prepared(given, model(x=(3,)))["x"], X)
    np.testing.assert_array_equal(prepared(X[0], model(x=(3,)))["x"], X[:1])
    assert prepared(X[0, :, 0], model(x=()))["x"].shape == (1, 4, 1)
    assert prepared(X[..., 0], model(x=()))["x"].shape == (2, 4, 1)
    assert prepared(X, model(x=(4, 3)))["x"].shape == (1, 2, 12)


def test_several_inputs_by_label(tmp_path: Path) -> None:
    graph = model(gyro=(3,), speed=())
    np.savez(tmp_path / "d.npz", speed=X[..., 0], gyro=X, subject=np.arange(2))
    data = read_npz(tmp_path / "d.npz", graph)
    assert list(data) == ["gyro", "speed"]
    np.testing.assert_array_equal(data["speed"], X[..., :1])


def test_one_array_of_any_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", day1=X)
    np.save(tmp_path / "d.npy", X)
    for name in ("d.npz", "d.npy"):
        np.testing.assert_array_equal(read_npz(tmp_path / name, model(x=(3,)))["x"], X)


REFUSED = {
    "4 columns": (X[..., [0, 1, 2, 0]], "E0401", "has shape (2, 4, 4), but input `x` is (3)", "the 3 columns"),
    "no steps": (X[0, 0], "E0401", "has shape (3,)", "(steps, 3) or (streams, steps, 3)"),
    "empty": (X[:, :0], "E0401", "it is empty", "expected"),
    "text": (np.full((2, 3), "a"), "E0401", "holds <U1", "numbers"),
    "complex": (X * 1j, "E0401", "holds complex128", "numbers"),
    "ragged": ([[1.0, 2.0, 3.0], [1.0]], "E0401", "is no array", "numbers"),
    "nan": (np.where(X == 5, np.nan, X), "E0403", "1 NaN or infinite of 24", "first at x[0, 1, 2]"),
    "inf": (np.where(X == 0, np.inf, X), "E0403", "1 NaN or infinite of 24", "np.isfinite"),
    "other name": ({"xx": X, "y": X}, "E0407", "no data for input `x`", "is `xx` meant?"),
    "nothing": ({}, "E0407", "no data for input `x`", "it holds nothing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    given, code, *texts = REFUSED[case]
    with pytest.raises(LnnccError) as caught:
        prepared(given, model(x=(3,)))
    assert caught.value.code == code
    assert all(text in str(caught.value) for text in texts), str(caught.value)


def test_scalars_say_what_they_want() -> None:
    with pytest.raises(LnnccError, match="one number") as caught:
        prepared(X, model(x=()))
    assert "(steps,) or (streams, steps)" in str(caught.value)


def test_inputs_are_equally_long() -> None:
    with pytest.raises(LnnccError, match="not equally long") as caught:
        prepared({"a": X, "b": X[:, :2]}, model(a=(3,), b=(3,)))
    assert caught.value.code == "E0401" and "`b` 2 of 2" in str(caught.value)


def test_a_step_that_hears_nothing_is_refused() -> None:
    def step(params: object, h: jax.Array, x: tuple[()]) -> tuple[jax.Array, jax.Array]:
        return jnp.tanh(h), h

    with pytest.raises(LnnccError, match=r"E0311.*no input"):
        lnncc.compile(step, state=jnp.ones(2), inputs=())


def test_one_array_for_two_inputs() -> None:
    with pytest.raises(LnnccError, match="no data for input `b`") as caught:
        prepared(X, model(a=(3,), b=(3,)))
    assert caught.value.code == "E0407"


FILES = {
    "missing": None,
    "text": b"a,b\n1,2\n",
    "empty": b"",
    "truncated": b"PK\x03\x04",
    "truncated_npy": b"\x93NUMPY\x01\x00",
}


@pytest.mark.parametrize("case", FILES)
def test_unreadable_files(case: str, tmp_path: Path) -> None:
    path, content = tmp_path / "d.npz", FILES[case]
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LnnccError, match="cannot read") as caught:
        read_npz(path, model(x=(3,)))
    assert caught.value.code == "E0406"


def test_pickles_are_never_loaded(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(LnnccError, match="cannot read") as caught:
        read_npz(tmp_path / "d.npz", model(x=(3,)))
    assert "never loaded" in str(caught.value)
