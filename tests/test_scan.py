"""The float model compiled by JAX is the float model: every primitive, and whole trajectories."""

import models
import numpy as np
import pytest
from test_primitives import STRUCTURAL, op_of

from lnncc import primitives, reference
from lnncc.frontend import scan
from lnncc.passes.simplify import simplify


def applied(op: str, attrs: dict, *xs: np.ndarray) -> np.ndarray:
    import jax

    with jax.enable_x64(True):
        return np.asarray(jax.jit(lambda *ys: scan.apply(op, attrs, *ys))(*xs))


@pytest.mark.parametrize("op", sorted(primitives.UNARY))
def test_unary(op: str) -> None:
    x = np.array([0.25, 0.5, 0.75, 1.5]) + (1.0 if op == "acosh" else 0.0)
    x = x > 0.6 if op == "not" else x / 2 if op in ("asin", "acos", "atanh") else x
    np.testing.assert_allclose(applied(op, {}, x), primitives.apply(op, {}, x), rtol=1e-13)


@pytest.mark.parametrize("op", sorted(primitives.BINARY))
def test_binary(op: str) -> None:
    x, y = np.array([0.25, -0.5, 1.5, 2.0]), np.array([0.25, 2.0, -0.75, 2.0])
    x, y = (x > 0, y > 0) if op in ("and", "or") else (np.abs(x), y) if op == "pow" else (x, y)
    np.testing.assert_allclose(applied(op, {}, x, y), primitives.apply(op, {}, x, y), rtol=1e-13)


@pytest.mark.parametrize("case", STRUCTURAL)
def test_structural(case: str) -> None:
    attrs, xs, expected = STRUCTURAL[case]
    np.testing.assert_allclose(applied(op_of(case), attrs, *xs), expected, rtol=1e-12)


def test_every_primitive_is_known() -> None:
    assert set(scan._ELEMENTWISE) | set(scan._OTHERS) | {"loop"} == set(primitives.NAMES)


@pytest.mark.parametrize("make", [models.cfc, models.ltc])
@pytest.mark.parametrize("length", [7, 20, 64])
def test_windows_join_to_the_trajectory_of_numpy(make, length: int) -> None:
    graph, data = make(), {"x": models.recording(steps=20)}
    expected = reference.run(graph, data, 0.7)
    found = list(scan.windows(graph, data, 0.7, length))
    for side in (0, 1):
        for label, exact in expected[side].items():
            joined = np.concatenate([window[side][label] for window in found], axis=1)
            np.testing.assert_allclose(joined, exact, atol=1e-13)


def test_a_graph_without_dt_and_with_truths() -> None:
    graph = simplify(models.ltc(), dt=1.0)
    data = {"x": models.recording(steps=5)}
    found = next(scan.windows(graph, data, None, 5))
    np.testing.assert_allclose(found[0]["y"], reference.run(graph, data)[0]["y"], atol=1e-13)
