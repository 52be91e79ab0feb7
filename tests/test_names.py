"""Whatever the names in a model are, the C is the same byte for byte: so no byte of them is in it."""

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import onnx
import pytest
from hostile_names import names
from onnx import helper, numpy_helper

import lnncc
from lnncc import build as builds

A_MODEL, MODELS, ALWAYS = 50, 200, 40
INPUTS, STATES = 5, 5
PLAIN = [f"n{k}" for k in range(A_MODEL)]


def network(called: list[str]) -> tuple[onnx.ModelProto, dict[str, str], list[str]]:
    """A gated cell of ONNX operators in which every name is one of ``called``; its states and its inputs."""
    rng, given = np.random.default_rng(0), iter(called)
    xs, hs, after = ([next(given) for _ in range(n)] for n in (INPUTS, STATES, STATES))
    weights = {next(given): rng.normal(0, 0.3, (1, 4)).astype(np.float32) for _ in range(2 * STATES)}
    keys, nodes = list(weights), []
    for k in range(STATES):
        gated, summed = next(given), next(given)
        nodes.append(helper.make_node("Mul", [hs[k], keys[2 * k]], [gated], name=next(given)))
        nodes.append(helper.make_node("Add", [gated, xs[k]], [summed], doc_string=called[k]))
        nodes.append(helper.make_node("Tanh", [summed], [after[k]], name=next(given)))
    y = next(given)
    nodes.append(helper.make_node("Add", [after[0], keys[1]], [y], name=next(given)))
    graph = helper.make_graph(
        nodes,
        next(given),
        [helper.make_tensor_value_info(n, 1, (1, 4)) for n in (*xs, *hs)],
        [helper.make_tensor_value_info(n, 1, (1, 4)) for n in (y, *after)],
        [numpy_helper.from_array(w, n) for n, w in weights.items()],
        doc_string=called[-1],
    )
    assert [*given] == called[-2:], "all others have their place"
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8, producer_name=called[-2]
    )
    return model, dict(zip(hs, after, strict=True)), xs


def compiled(called: list[str]) -> lnncc.Program:
    model, state, _ = network(called)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        path.write_bytes(model.SerializeToString())
        found = lnncc.from_onnx(path, state=state, dt=False)
    return lnncc.compile(found, ranges={p.label: (-2, 2) for p in found.graph.inputs}, name="m")


@functools.cache
def plain() -> lnncc.Program:
    return compiled(PLAIN)


def assert_no_trace(called: list[str]) -> lnncc.Program:
    program = compiled(called)
    assert program.build.sources == plain().build.sources
    return program


@pytest.mark.parametrize("seed", range(ALWAYS))
def test_names_leave_no_trace_in_the_c(seed: int) -> None:
    assert_no_trace(names(seed, A_MODEL))


@pytest.mark.matrix
def test_ten_thousand_names_leave_no_trace_in_the_c() -> None:
    for seed in range(ALWAYS, MODELS):
        assert_no_trace(names(seed, A_MODEL))


def test_the_c_that_they_share_compiles_and_has_the_twins_bits() -> None:
    data = {f"n{k}": np.random.default_rng(k).uniform(-2, 2, (50, 4)) for k in range(INPUTS)}
    assert plain().verify(data).bit_exact


@pytest.mark.parametrize("seed", range(5))
def test_the_folder_of_such_a_model_reads_back_and_is_shown(seed: int, tmp_path: Path) -> None:
    program = assert_no_trace(names(seed, A_MODEL))
    program.save(tmp_path)
    build = builds.read(tmp_path)
    assert build.files() == program.build.files()
    assert {path.name for path in tmp_path.iterdir()} == {name.partition("/")[0] for name in plain().build.files()}
    text = lnncc.Program(build).report()
    assert all(c.isprintable() or c == "\n" for c in text)
    program.export_onnx(tmp_path / "m.onnx")
    exported = onnx.load(tmp_path / "m.onnx").graph
    ports = (*build.interface.inputs, *build.interface.states)
    assert [value.name for value in exported.input] == [port.label for port in ports]


def test_labels_that_look_alike_are_told_apart(tmp_path: Path) -> None:
    """Unprintable ones are shown as question marks; a data file must still name each input."""
    called = ["a\u202eb", "a\u2066b", "a?b", *PLAIN[3:]]
    found = compiled(called)
    assert [s.label for s in found.build.interface.inputs[:3]] == ["a?b", "a?b.1", "a?b.2"]
    data = {s.label: np.ones((5, 4)) for s in found.build.interface.inputs}
    assert found.verify(data).bit_exact


@pytest.mark.parametrize("seed", range(4))
def test_keys_of_jax_leave_no_trace_in_the_c(seed: int) -> None:
    """JAX sorts the keys of a dict, so the plain names have the order of the others."""
    hostile = sorted(names(seed, 30))
    sources = [_traced(called).build.sources for called in (hostile, [f"n{k:02}" for k in range(30)])]
    assert sources[0] == sources[1]


def _traced(called: Sequence[str]) -> lnncc.Program:
    weights, inputs, outputs = called[:10], called[10:20], called[20:]
    params = {name: np.full(4, (k + 1) / 20, np.float32) for k, name in enumerate(weights)}

    def step(params: dict, state: jnp.ndarray, x: dict, dt: float) -> tuple[jnp.ndarray, dict]:
        state = jnp.tanh(sum(params[w] * x[i] for w, i in zip(weights, inputs, strict=True)) + state * 0.5)
        return state, {name: state * (k + 1) for k, name in enumerate(outputs)}

    model = lnncc.trace(step, params, state=jnp.zeros(4), inputs={name: jnp.zeros(4) for name in inputs})
    return lnncc.compile(model, ranges={p.label: (-1, 1) for p in model.graph.inputs}, name="m")
