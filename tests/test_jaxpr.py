"""The JAX front end: the graph computes what the function does, in few primitives, the same text always."""

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jaxpr_cases import FUNCTIONS, MODELS, H, N, W, X, lstm, ltc_fori, ltc_python, ltc_scan, of

from lnncc import ir, primitives
from lnncc.frontend.jaxpr import trace


def reference(step, params, state, x, dt):
    params, state, x = jax.tree.map(jnp.asarray, (params, state, x))
    return [np.asarray(leaf, np.float64) for leaf in jax.tree.leaves(step(params, state, x, dt))]


def graph_results(graph: ir.Graph, state, x, dt: float) -> list[np.ndarray]:
    states, inputs = (tuple(np.asarray(leaf) for leaf in jax.tree.leaves(tree)) for tree in (state, x))
    after, outputs = primitives.step(graph, states, inputs, dt)
    return [np.asarray(a, np.float64) for a in after + outputs]


def agree(step, state, x, *, exact: bool, dt: float = 0.25, params=W) -> ir.Graph:
    """dt is a power of two, so that float32 holds it."""
    with jax.enable_x64(exact):
        graph = trace(step, params, state=state, inputs=x)
        expected = reference(step, params, state, x, jnp.asarray(dt))
    found = graph_results(graph, state, x, dt)
    tolerance = 1e-12 if exact else 2e-5
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)
    return graph


@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, exact: bool) -> None:
    agree(MODELS[name], H, X, exact=exact)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions(name: str) -> None:
    graph = agree(of(FUNCTIONS[name]), H, X, exact=True)
    assert graph.dt is None
    traced = trace(of(FUNCTIONS[name]), W, state=H.astype(np.float32), inputs=X.astype(np.float32))
    assert [n.op for n in traced.walk()] == [n.op for n in graph.walk()]


def test_lstm_has_named_states() -> None:
    graph = agree(lstm, {"h": H, "c": 2 * H}, X, exact=True)
    assert [s.label for s in graph.states] == ["c", "h"]
    np.testing.assert_array_equal(graph.states[0].initial, 2 * H)


def ops(graph: ir.Graph) -> list[str]:
    return [node.op for node in graph.walk()]


def test_static_loops_stay_rolled_and_lean() -> None:
    """One carry, no counter, and what does not change (the drive of the inputs) stands before the loop."""
    for step in (ltc_fori, ltc_scan):
        graph = trace(step, W, state=H, inputs=X)
        (loop,) = [node for node in graph.nodes if node.op == "loop"]
        assert loop.body is not None
        assert loop.attrs["trips"] == 6 and len(loop.inputs) == 1
        assert "dot" in [node.op for node in graph.nodes]
        assert "dot" not in [node.op for node in loop.body.nodes]
        assert len(ops(graph)) < 25
    assert ops(trace(ltc_python, W, state=H, inputs=X)).count("logistic") == 6


def test_nested_loops_nest() -> None:
    graph = trace(of(FUNCTIONS["scan_nested"]), W, state=H, inputs=X)
    (outer,) = [node for node in graph.nodes if node.op == "loop"]
    assert outer.body is not None
    assert [node.op for node in outer.body.nodes] == ["loop"]


def test_what_depends_on_parameters_alone_is_folded() -> None:
    graph = trace(of(lambda p, h, x: jax.nn.softplus(p["b"]) * h), W, state=H, inputs=X)
    assert ops(graph) == ["mul"]
    (folded,) = graph.constants.values()
    np.testing.assert_allclose(folded, np.log1p(np.exp(W["b"])), rtol=1e-15)
    assert folded.dtype == np.float64


def test_guards_against_nan_fold_away() -> None:
    for name in ("softplus", "softmax", "nan_to_num", "isnan"):
        graph = trace(of(FUNCTIONS[name]), W, state=H, inputs=X)
        assert not {"ne", "eq", "is_finite", "select"} & set(ops(graph)), name
        assert all(np.isfinite(array).all() for array in graph.constants.values())
    assert "is_finite" in ops(trace(of(FUNCTIONS["guarded"]), W, state=H, inputs=X))
    step = of(lambda p, h, x: lax.fori_loop(0, 3, lambda i, v: jnp.nan_to_num(v * x[0]), h))
    assert ops(trace(step, W, state=H, inputs=X)) == ["slice", "reshape", "loop", "mul"]


def test_loops_that_may_leave_the_finite_keep_their_guards() -> None:
    step = of(lambda p, h, x: lax.fori_loop(0, 3, lambda i, v: jnp.where(v == v, 1 / v, 0.0), h))
    assert "eq" in ops(agree(step, H, X, exact=True))


def test_labels() -> None:
    """Parameters keep the names of the tree while they are unchanged; folded and closed-over arrays have none."""
    closed = jnp.asarray(W["b"])
    step = of(lambda p, h, x: p["cell"]["w"] @ h + closed + 2 * p["b"])
    graph = trace(step, W, state=H, inputs=X)
    assert graph.labels == {"c0": "cell/w"}
    assert len(graph.constants) == 3
    listed = trace(lambda p, h, x: (h, p[1] * x), [W["b"], X], state=H, inputs=X)
    assert list(listed.labels.values()) == ["params1"]


def test_port_names() -> None:
    def step(p, s, xs, dt):
        return s, (xs[0] * dt, {"z": xs[1]["a"]})

    graph = trace(step, None, state={"f": {"h": H}, "a": X}, inputs=(X, {"a": H}))
    assert [s.label for s in graph.states] == ["a", "f/h"]
    assert [p.label for p in graph.inputs] == ["x0", "x1/a"]
    assert [p.label for p in graph.outputs] == ["y0", "y1/z"]
    assert graph.dt == "dt" and graph.values["dt"].shape == ()
    alone = trace(lambda p, s, x: (s, x), None, state=H, inputs=X)
    assert [alone.states[0].label, alone.inputs[0].label, alone.outputs[0].label] == ["state", "x", "y"]


def test_labels_are_printable() -> None:
    graph = trace(lambda p, s, x: (s, x["\x1b\n"]), None, state=H, inputs={"\x1b\n": X})
    assert [p.label for p in graph.inputs] == ["??"]


def test_python_numbers_in_params_stay_pythons() -> None:
    def step(p, h, x, dt):
        for _ in range(p["unfolds"]):
            h = p["act"](h) * p["scale"] if p["mode"] == "pure" else h
        return h, h

    params = {"unfolds": 3, "mode": "pure", "scale": 0.5, "act": jnp.tanh}
    graph = trace(step, params, state=H, inputs=X)
    assert ops(graph).count("tanh") == 3
    assert list(graph.labels.values()) == ["scale"]


def test_types_instead_of_arrays() -> None:
    shape = jax.ShapeDtypeStruct((N,), jnp.float32)
    graph = trace(lambda p, s, x: (s + x, s), None, state=shape, inputs=shape)
    np.testing.assert_array_equal(graph.states[0].initial, np.zeros(N))


def test_integer_inputs_and_no_state() -> None:
    graph = trace(lambda p, s, x: (s, x * 0.5), None, state=None, inputs=np.arange(3))
    assert graph.states == ()
    np.testing.assert_array_equal(primitives.step(graph, (), (np.arange(3),))[1][0], [0, 0.5, 1])


def test_signatures() -> None:
    for step in (
        partial(lambda k, p, s, x: (s, k * x), 2.0),
        lambda *args: (args[1], args[2] * args[3]),
        lambda p, s, x, dt=0.5: (s, x * dt),
        lambda p, s, x, dt, *, flag=True: (s, x * dt),
    ):
        graph = trace(step, None, state=H, inputs=X)
        assert ops(graph) == ["mul"]


def test_a_callable_without_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    class Step:
        __signature__ = "none"

        def __call__(self, p, s, x, dt):
            return s, x * dt

    assert trace(Step(), None, state=H, inputs=X).dt == "dt"


def test_wide_constants_are_one_number() -> None:
    graph = trace(of(lambda p, h, x: h * jnp.full(N, 0.5) + jnp.zeros(N)), None, state=H, inputs=X)
    assert [array.shape for array in graph.constants.values()] == [(), ()]


def test_user_jit_is_inlined_and_constants_are_shared() -> None:
    inner = jax.jit(lambda p, h: jnp.tanh(p["cell"]["w"] @ h))
    graph = trace(of(lambda p, h, x: inner(p, h) + inner(p, 2 * h)), W, state=H, inputs=X)
    assert list(graph.labels.values()) == ["cell/w"]


DETERMINISM = """
import numpy as np
from jaxpr_cases import FUNCTIONS, MODELS, H, W, X, of
from lnncc.frontend.jaxpr import trace
from lnncc import ir
from lnncc.archive import pack
import hashlib
for step in [*MODELS.values(), of(FUNCTIONS["set"]), of(FUNCTIONS["scan_nested"])]:
    graph = trace(step, W, state=H, inputs=X)
    print(ir.text(graph), hashlib.sha256(pack(graph)).hexdigest())
"""


def test_same_text_under_any_hash_seed(tmp_path: Path) -> None:
    tests = Path(__file__).parent
    outputs = set()
    for seed in ("1", "2"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{tests.parent}{os.pathsep}{tests}"}
        folder = tmp_path / seed
        folder.mkdir()
        command = [sys.executable, "-c", DETERMINISM]
        outputs.add(subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=True).stdout)
    assert len(outputs) == 1 and len(outputs.pop()) > 1000
