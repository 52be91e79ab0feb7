"""The ONNX front end: operators mean what onnx's own reference says, and models of ncps run as they do in torch."""

from pathlib import Path

import models
import numpy as np
import onnx
import pytest
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx_cases import CASES, ONE_STEP, node, of

import lnncc
from lnncc import primitives, twin
from lnncc.frontend.onnx import from_onnx
from lnncc.ir import Graph
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify
from lnncc.validate import compare

DATA = Path(__file__).parent / "data"
EXPORTS = sorted((DATA / "onnx").glob("*.onnx"))


def written(tmp_path: Path, model: onnx.ModelProto) -> Path:
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    return path


def results(graph: Graph, xs: dict[str, np.ndarray]) -> list[np.ndarray]:
    inputs = tuple(xs[p.label].reshape(graph.values[p.value].shape) for p in graph.inputs)
    return list(primitives.step(graph, (), inputs)[1])


@pytest.mark.parametrize("name", CASES)
def test_an_operator_means_what_the_reference_says(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    graph = from_onnx(written(tmp_path, case.model), state={}, dt=False).graph
    rng = np.random.default_rng(0)
    for _ in range(3):
        xs = {port: case.draw(rng, shape) for port, shape in case.inputs.items()}
        expected = ReferenceEvaluator(case.model).run(None, xs)
        for found, y in zip(results(graph, xs), expected, strict=True):
            np.testing.assert_allclose(found, np.asarray(y, np.float64).reshape(found.shape), rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_an_export_of_ncps_runs_as_the_reference_does(path: Path) -> None:
    """Against onnx's reference evaluator, which knows nothing of lnncc, over 40 steps from the zero state."""
    graph = from_onnx(path).graph
    evaluator = ReferenceEvaluator(str(path))
    names = [(i.name, tuple(d.dim_value for d in i.type.tensor_type.shape.dim)) for i in onnx.load(path).graph.input]
    states = {s.label: np.zeros(s.initial.shape) for s in graph.states}
    for x in np.random.default_rng(0).uniform(-2, 2, (40, dict(names)["x"][1])).astype(np.float32):
        dt = float(np.float32(0.5 + abs(x[0])))
        given = {"x": x, "ts": np.float32(dt)} | states
        expected = evaluator.run(None, {n: np.asarray(given[n], np.float32).reshape(shape) for n, shape in names})
        after, outputs = primitives.step(graph, tuple(states.values()), (x,), dt)
        states = dict(zip(states, after, strict=True))
        for found, y in zip([*outputs, *after], expected, strict=True):
            np.testing.assert_allclose(found, y.reshape(found.shape), atol=2e-5)


@pytest.mark.parametrize("path", [p for p in EXPORTS if "ltc" in p.stem], ids=lambda path: path.stem)
def test_six_copies_of_a_solver_step_become_a_loop_of_six(path: Path) -> None:
    graph = reroll(simplify(from_onnx(path).graph, dt=1.0))
    assert [n.attrs["trips"] for n in graph.nodes if n.body is not None] == [6]
    assert sum(n.op == "logistic" for n in graph.walk()) == (2 + 3 * ("mm" in path.stem))


@pytest.mark.parametrize("exporter", ["dynamo", "torchscript"])
@pytest.mark.parametrize("name", ["cfc_ncp28", "ltc_ncp28"])
def test_an_export_is_as_good_as_the_weights(name: str, exporter: str) -> None:
    run = np.load(DATA / "ncps" / f"{name}.run.npz")
    program = lnncc.compile(lnncc.from_onnx(DATA / "onnx" / f"{name}.{exporter}.onnx"), dt=1.0, ranges={"x": (-4, 4)})
    assert program.verify(run["x"]).bit_exact
    assert np.abs(np.asarray(program.run(run["x"])) - run["y"]).max() < 4e-4


def test_a_step_of_plain_torch_spelling_compiles_to_the_bits_of_jax(tmp_path: Path) -> None:
    """h' = tanh(W [x, h] + b) through Concat and Gemm, and through JAX: the same integers."""
    import jax.numpy as jnp

    rng = np.random.default_rng(3)
    w, b = (a.astype(np.float32).astype(np.float64) for a in (rng.normal(0, 0.4, (4, 7)), rng.normal(0, 0.1, 4)))
    initializers = [numpy_helper.from_array(w, "w"), numpy_helper.from_array(b, "b")]
    made = of(
        [
            node("Concat", ["x", "h"], ["xh"], axis=1),
            node("Gemm", ["xh", "w", "b"], ["p"], transB=1),
            node("Tanh", ["p"], ["hn"]),
            node("Identity", ["hn"], ["y"]),
        ],
        {"x": (1, 3), "h": (1, 4)},
        {"hn": (1, 4), "y": (1, 4)},
        initializers,
    )
    onnx_model = from_onnx(written(tmp_path, made))

    def step(params: dict, h: jnp.ndarray, x: jnp.ndarray) -> tuple[jnp.ndarray, jnp.ndarray]:
        h = jnp.tanh(params["w"] @ jnp.concatenate([x, h]) + params["b"])
        return h, h

    params = {"w": w.astype(np.float32), "b": b.astype(np.float32)}
    jax_model = lnncc.trace(step, params, state=np.zeros(4, np.float32), inputs=np.zeros(3, np.float32))
    builds = [lnncc.compile(m, ranges={"x": (-2, 2)}).build for m in (onnx_model, jax_model)]
    raw = compare.raw_inputs(builds[0], {"x": models.recording()})
    traces = [twin.run(build.integer, raw) for build in builds]
    assert all((a == b).all() for a, b in zip(traces[0][0], traces[1][0], strict=True))


@pytest.mark.parametrize("name", ONE_STEP)
def test_the_standards_own_recurrent_nodes(name: str, tmp_path: Path) -> None:
    """With the state as input and output, through the twin and the C."""
    model = from_onnx(written(tmp_path, ONE_STEP[name]))
    assert [s.label for s in model.graph.states] == (["h", "c"] if "lstm" in name else ["h"])
    data = np.random.default_rng(1).uniform(-1, 1, (200, 3))
    program = lnncc.compile(model, ranges={"x": (-1, 1)}, calibration=data)
    found = program.verify(data)
    assert found.bit_exact
    assert max(e.max_abs for e in found.errors.values()) < 2e-3
