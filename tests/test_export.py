"""ONNX out: the integer graph has the twin's bits in two other programs, the float graph means what it meant."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import models
import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_graphs import drawn
from onnx.reference import ReferenceEvaluator
from onnx_cases import CASES
from test_checker import every_op

import lnncc
from lnncc import cli, fx, ir, primitives, reference, shapes, twin
from lnncc.emit.onnx import KINDS, float_model, integer_model
from lnncc.emit.onnx.formulas import ELEMENTWISE, STRUCTURAL
from lnncc.emit.onnx.words import WORDS
from lnncc.emit.onnx.writer import Tensor, Writer
from lnncc.errors import LnnccError
from lnncc.frontend.onnx import from_onnx
from lnncc.ir import Array, Attr, Graph, Node, Port, State, Value

DATA = Path(__file__).parent / "data" / "onnx"
EXPORTS = sorted(DATA.glob("*.onnx"))
MODELS = {"cfc": models.cfc, "ltc": models.ltc, "mixed": models.mixed, "wired": models.wired}
SPAN = (0.25, 4.0)
INT64 = np.dtype(np.int64)
Runner = Callable[[dict[str, Array]], list[Array]]


def in_runtime(model: onnx.ModelProto) -> Runner:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return lambda given: session.run(None, given)


def in_reference(model: onnx.ModelProto) -> Runner:
    evaluator = ReferenceEvaluator(model)
    return lambda given: evaluator.run(None, given)  # type: ignore[return-value]  # arrays, whatever it says


RUNNERS = {"runtime": in_runtime, "reference": in_reference}


def facts(model: onnx.ModelProto) -> dict:
    [entry] = model.metadata_props
    return json.loads(entry.value)


def names(model: onnx.ModelProto) -> list[str]:
    return [value.name for value in model.graph.input]


def raw(graph: Graph, steps: int, seed: int = 0) -> tuple[Array, ...]:
    """Random integers of all of int16, and times of all magnitudes: one stream."""
    rng = np.random.default_rng(seed)
    xs = [rng.integers(-32768, 32768, (1, steps, graph.values[p.value].size)).astype(np.int16) for p in graph.inputs]
    return (*xs, *([] if graph.dt is None else [np.int32(2.0 ** rng.uniform(0, 31, (1, steps, 1)))]))


def assert_bits(graph: Graph, steps: int, *runners: str) -> onnx.ModelProto:
    """States and outputs of every step are those of the twin."""
    model = integer_model(graph)
    onnx.checker.check_model(model, full_check=True)
    xs = raw(graph, steps)
    after, outputs = twin.run(graph, xs)
    for name in runners:
        run = RUNNERS[name](model)
        held = [np.array(state["initial"], np.int16) for state in facts(model)["states"].values()]
        for k in range(steps):
            found = run(dict(zip(names(model), [*(x[0, k] for x in xs), *held], strict=True)))
            held = found[len(outputs) :]
            for y, expected in zip(found, (*outputs, *after), strict=True):
                assert y.dtype == np.int16
                np.testing.assert_array_equal(y, expected[0, k], err_msg=f"{name}, step {k}")
    return model


def test_every_word_and_every_primitive_has_its_text() -> None:
    assert set(WORDS) == {name for name, value in vars(fx).items() if hasattr(value, "__wrapped__")}
    assert {*ELEMENTWISE, *STRUCTURAL, "loop"} == primitives.NAMES


# Each word for itself, with operands that are known and that are not. Numbers of all magnitudes, and the ends.

EDGES = np.array([0, 1, -1, 2, -2, 32767, -32768, 65535, -65535, 2**30, -(2**30), 2**31 - 1, -(2**31)])


def wide(count: int, low: int = -(2**31), high: int = 2**31 - 1, seed: int = 0) -> Array:
    rng = np.random.default_rng(seed)
    size = 1 << rng.integers(0, 32, count)
    return np.clip(np.concatenate([EDGES, rng.integers(-size, size)]), low, high)


def word(name: str, *xs: Array, known: tuple[int, ...] = ()) -> list[Array]:
    """What ``name`` gives in ONNX Runtime and in the reference; those at ``known`` are constants of the model."""
    w = Writer()
    operands = [x if k in known else w.input(f"x{k}", x.shape, INT64) for k, x in enumerate(xs)]
    w.place, w.word = "y", name
    shape = np.asarray(getattr(fx, name)(*xs)).shape
    result = Tensor(WORDS[name](w, *operands), shape, INT64)
    w.output(w.name("out"), result, shape, INT64)
    model = w.model(name, {})
    given = {f"x{k}": x.astype(np.int64) for k, x in enumerate(xs) if k not in known}
    return [make(model)(given)[0] for make in RUNNERS.values()]


def assert_word(name: str, *xs: Array | int, known: tuple[int, ...] = ()) -> None:
    arrays = [np.asarray(x, np.int64) for x in xs]
    for found in word(name, *arrays, known=known):
        np.testing.assert_array_equal(found, getattr(fx, name)(*arrays))


@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_sums_and_products(name: str) -> None:
    a, b = wide(2000), wide(2000, seed=1)
    exact = {"add": a + b, "sub": a - b, "mul": a * b}[name]
    fits = (exact >= -(2**31)) & (exact < 2**31)
    assert_word(name, a[fits], b[fits])


def test_mac_abs_and_the_clips() -> None:
    a, b = wide(500, -32768, 32767), wide(500, -32768, 32767, 1)
    assert_word("mac", wide(500, -(2**30), 2**30 - 1, 2), a, b)
    assert_word("abs", wide(500, low=-(2**31) + 1))
    assert_word("sat16", wide(500))
    assert_word("narrow", a)
    assert_word("clip", wide(500), -900, 1000, known=(1, 2))


@pytest.mark.parametrize("known", [(1,), ()])
def test_rshift_by_every_shift(known: tuple[int, ...]) -> None:
    x, shift = np.meshgrid(wide(200, -(2**31), 2**30), np.arange(31))
    assert_word("rshift", x.ravel(), shift.ravel(), known=known)


@pytest.mark.parametrize("known", [(1,), ()])
def test_shifts_to_either_side(known: tuple[int, ...]) -> None:
    x, left = (v.ravel() for v in np.meshgrid(wide(200, -(2**30), 2**30), np.arange(-30, 31)))
    assert_word("sat_shift", x, left, 2**30, known=(*known, 2))
    fits = np.abs(x) * 2.0**left < 2.0**31 - 1
    assert_word("shift_by", x[fits], left[fits], known=known)


def test_leading_bits() -> None:
    x = np.unique(np.concatenate([wide(3000, 1), 2 ** np.arange(31), 2 ** np.arange(1, 31) - 1]))
    assert_word("norm", x)
    assert_word("mantissa", x)
    assert_word("scale16", *(v.ravel() for v in np.meshgrid(wide(100), [0, 1, 32768, 65535])))


def test_div_rounds_as_it_is_defined() -> None:
    d = np.concatenate([np.arange(1, 300), [32767, 32768, 65534, 65535]])
    q = np.concatenate([np.arange(-32768, 32768, 997), [32767, -1, 0, 1]])
    n = (q[:, None] * d + np.array([-1, 0, 1])[:, None, None] * (d // 2)).reshape(-1)
    d = np.tile(d, len(n) // len(d))
    quotient = (n + (d >> 1)) // d
    fits = (quotient >= -32768) & (quotient <= 32767) & (np.abs(n) < 2**31 - 65536)
    assert_word("div", n[fits], d[fits])


@pytest.mark.parametrize("shift", [0, 4, 15, 20])
def test_tables(shift: int) -> None:
    nodes = np.random.default_rng(1).integers(-16000, 16000, 17)
    x, low = wide(3000, -(2**31), 2**31 - 1), -(8 << shift)
    for name in ("lookup", "direct"):
        assert_word(name, nodes, x, low, shift, known=(0, 2, 3))


@pytest.mark.parametrize("shift", [9, 13, 14])
def test_tables_of_single_elements(shift: int) -> None:
    x = np.unique(wide(3000, -32768, 32767))
    nodes = np.random.default_rng(1).integers(-32768, 32768, (len(x), (65536 >> shift) + 1))
    assert_word("interpolate", nodes, x, shift, known=(0, 2))


def test_sums_over_many() -> None:
    rng = np.random.default_rng(0)
    assert_word("dot", rng.integers(-2000, 2000, (5, 30)), rng.integers(-32768, 32768, 30), known=(0,))
    counts, start = np.array([3, 0, 2, 0]), rng.integers(-9, 9, 4)
    assert_word("segment_sum", start, rng.integers(-99, 99, 5), counts, known=(2,))
    assert_word("segment_sum", start, rng.integers(-99, 99, 5), counts, known=(0, 2))


def test_words_that_move() -> None:
    x, pair = np.arange(6), np.arange(12).reshape(6, 2)
    assert_word("take", x, np.array([5, 0, 0, 3]), known=(1,))
    assert_word("part", x, 2, 3, known=(1, 2))
    assert_word("repeat", x, np.array([1, 0, 2, 1, 1, 3]), known=(1,))
    assert_word("repeat", np.array([7]), 4, known=(1,))
    assert_word("concat", x, x[:2], known=(1,))
    assert_word("column", pair, 1, known=(1,))
    assert_word("stack", x, x + 1, known=(1,))
    assert_word("stack", x, np.array([3]))


# Whole integer graphs.


def test_a_graph_of_every_op() -> None:
    assert_bits(every_op(), 20, "runtime", "reference")


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
def test_random_graphs(seed: int) -> None:
    assert_bits(drawn(seed), 6, "runtime", "reference")


@pytest.mark.parametrize("dt", [1.0, SPAN], ids=["fixed", "range"])
@pytest.mark.parametrize("name", MODELS)
def test_models(name: str, dt: float | tuple[float, float]) -> None:
    """300 steps in ONNX Runtime, 100 in the reference, which is slow."""
    graph = models.compiled(MODELS[name](), dt=dt).integer
    assert_bits(graph, 300, "runtime")
    assert_bits(graph, 100, "reference")


@pytest.mark.parametrize("path", EXPORTS, ids=lambda path: path.stem)
def test_networks_of_ncps(path: Path) -> None:
    """Six sub-steps of a solver stay one Loop."""
    dt = SPAN if "irregular" in path.stem else 1.0
    given, rng = lnncc.from_onnx(path), np.random.default_rng(0)
    seen = {"x": rng.uniform(-4, 4, (100, given.graph.values["x0"].size)), "dt": rng.uniform(*SPAN, 100)}
    build = lnncc.compile(given, dt=dt, ranges={"x": (-4, 4)}, calibration=seen).build
    model = assert_bits(build.integer, 200, "runtime")
    loops = [node for node in model.graph.node if node.op_type == "Loop"]
    assert len(loops) == ("ltc" in path.stem)


@pytest.mark.parametrize("graph", [every_op(), models.compiled(models.ltc(), dt=SPAN).integer], ids=["ops", "ltc"])
def test_no_float_is_in_an_integer_model(graph: Graph) -> None:
    model = onnx.shape_inference.infer_shapes(integer_model(graph), strict_mode=True)
    whole = {onnx.TensorProto.INT16, onnx.TensorProto.INT32, onnx.TensorProto.INT64, onnx.TensorProto.BOOL}

    def types(inner: onnx.GraphProto) -> set[int]:
        values = [*inner.input, *inner.output, *inner.value_info]
        bodies = [a.g for node in inner.node for a in node.attribute if a.HasField("g")]
        found = {v.type.tensor_type.elem_type for v in values} | {t.data_type for t in inner.initializer}
        return found.union(*(types(body) for body in bodies))

    assert types(model.graph) <= whole
    assert {node.domain for node in model.graph.node} == {""} and not model.functions


# The float graph.


def one(op: str, shapes_: list[tuple[int, ...]], attrs: dict[str, Attr]) -> Graph:
    """A step of one primitive whose operands are inputs; truths enter as numbers above zero."""
    truths = op in ("and", "or", "not")
    values = {f"x{k}": Value(f"x{k}", shape) for k, shape in enumerate(shapes_)}
    nodes, operands, constants = [], list(values), {"zero": np.zeros(())}
    for k, shape in enumerate(shapes_):
        if truths or (op == "select" and k == 0):
            values[f"t{k}"], operands[k] = Value(f"t{k}", shape), f"t{k}"
            nodes.append(Node("gt", (f"x{k}", "zero"), (f"t{k}",)))
    ports = tuple(Port(f"x{k}", f"x{k}") for k in range(len(shapes_)))
    values |= {"y": Value("y", shapes.of(op, attrs, shapes_)), "zero": Value("zero", ())}
    nodes.append(Node(op, tuple(operands), ("y",), attrs))
    graph = Graph(values, constants, ports, (), (Port("y", "y"),), tuple(nodes))
    return shapes.check(ir.verify(graph, primitives.NAMES))


VECTOR, MATRIX = (5,), (5, 4)
AXES: dict[str, Attr] = {"x_batch": (), "y_batch": ()}
ONES: dict[str, tuple[list[tuple[int, ...]], dict[str, Attr]]] = {
    **{op: ([VECTOR], {}) for op in primitives.UNARY},
    **{op: ([VECTOR, MATRIX[:1]], {}) for op in primitives.BINARY},
    "select": ([VECTOR, VECTOR, ()], {}),
    "broadcast": ([VECTOR], {"shape": (5, 3), "dims": (0,)}),
    "broadcast in front": ([VECTOR], {"shape": (3, 5), "dims": (1,)}),
    "reshape": ([MATRIX], {"shape": (2, 10)}),
    "reshape to a number": ([(1, 1)], {"shape": ()}),
    "transpose": ([MATRIX], {"perm": (1, 0)}),
    "slice": ([MATRIX], {"start": (1, 0), "limit": (5, 3), "stride": (2, 1)}),
    "take": ([MATRIX], {"axis": 1, "indices": (3, 3, 0)}),
    "concat": ([MATRIX, (2, 4)], {"axis": 0}),
    "sum": ([MATRIX], {"axes": (1,)}),
    "sum of nothing": ([MATRIX], {"axes": ()}),
    "dot": ([VECTOR, MATRIX], {"x_contract": (0,), "y_contract": (0,), **AXES}),
    "dot turned": ([(4, 5), MATRIX], {"x_contract": (1,), "y_contract": (0,), **AXES}),
    "dot of vectors": ([VECTOR, VECTOR], {"x_contract": (0,), "y_contract": (0,), **AXES}),
    "dot from behind": ([(5, 2), MATRIX], {"x_contract": (0,), "y_contract": (0,), **AXES}),
    "dot of a matrix and a vector": ([(4, 5), VECTOR], {"x_contract": (1,), "y_contract": (0,), **AXES}),
    "dot of rows": ([VECTOR, (3, 5)], {"x_contract": (0,), "y_contract": (1,), **AXES}),
    "dot of many": ([(3, 5), (3, 5)], {"x_contract": (1,), "y_contract": (1,), "x_batch": (0,), "y_batch": (0,)}),
}
POSITIVE = {"log", "log1p", "sqrt", "rsqrt", "acosh", "pow", "rem"}
SMALL = {"asin", "acos", "atanh"}


@pytest.mark.parametrize("double", [False, True], ids=["float32", "float64"])
@pytest.mark.parametrize("name", ONES)
def test_a_primitive_means_the_same(name: str, double: bool) -> None:
    op = name.partition(" ")[0]
    graph, rng = one(op, *ONES[name]), np.random.default_rng(3)
    low, high = (1.1, 4) if op in POSITIVE else (-0.9, 0.9) if op in SMALL else (-4, 4)
    xs = [rng.uniform(low, high, graph.values[p.value].shape) for p in graph.inputs]
    if op in ("eq", "ne", "le", "ge"):
        xs[1][:2] = xs[0][:2]
    model, dtype = float_model(graph, double=double), np.float64 if double else np.float32
    onnx.checker.check_model(model, full_check=True)
    _, [expected] = primitives.step(graph, (), tuple(xs))
    given = {f"x{k}": x.astype(dtype) for k, x in enumerate(xs)}
    for runner in RUNNERS if not double else ("reference",):  # ONNX Runtime has not all of them in float64
        [found] = RUNNERS[runner](model)(given)
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
        assert found.dtype == dtype and found.shape == graph.values["y"].shape


def test_infinities_are_not_finite_and_truths_are_compared_as_such() -> None:
    graph = one("is_finite", [VECTOR], {})
    x = np.array([1.0, np.inf, -np.inf, np.nan, 0.0], np.float32)
    for make in RUNNERS.values():
        np.testing.assert_array_equal(make(float_model(graph))({"x0": x})[0], [1, 0, 0, 0, 1])
    truth = np.array([True, False, True, False, True])
    values = graph.values | {"t": Value("t", VECTOR), "f": Value("f", VECTOR)}
    nodes = (*graph.nodes, Node("eq", ("y", "t"), ("f",)))
    both = graph.edited(values=values, constants={"t": truth}, nodes=nodes, outputs=(Port("f", "f"),))
    np.testing.assert_array_equal(in_runtime(float_model(both))({"x0": x})[0], [1, 1, 0, 1, 1])


def test_a_number_beyond_float32_is_its_largest() -> None:
    graph = one("min", [VECTOR, VECTOR], {})
    fixed = graph.edited(inputs=graph.inputs[:1], constants={"x1": np.full(5, 1e300), "zero": np.zeros(())})
    np.testing.assert_array_equal(in_runtime(float_model(fixed))({"x0": np.ones(5, np.float32)})[0], np.ones(5))


@pytest.mark.parametrize("name", CASES)
def test_an_operator_comes_out_as_it_went_in(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    (tmp_path / "m.onnx").write_bytes(case.model.SerializeToString())
    graph = from_onnx(tmp_path / "m.onnx", state={}, dt=False).graph
    model = float_model(graph, double=True)
    given = {port: case.draw(np.random.default_rng(0), shape) for port, shape in case.inputs.items()}
    here = {p.label: given[p.label].reshape(graph.values[p.value].shape) for p in graph.inputs}
    expected = ReferenceEvaluator(case.model).run(None, given)
    for found, y in zip(in_reference(model)(here), expected, strict=True):
        np.testing.assert_allclose(found, np.asarray(y).reshape(found.shape), rtol=1e-5, atol=1e-7)


def assert_trajectory(graph: Graph, dt: float | None, double: bool, steps: int = 100) -> None:
    model = float_model(graph, dt=dt, double=double)
    onnx.checker.check_model(model, full_check=True)
    run, dtype, rng = in_runtime(model), np.float64 if double else np.float32, np.random.default_rng(0)
    data = {p.label: rng.uniform(-2, 2, (1, steps, graph.values[p.value].size)) for p in graph.inputs}
    data |= {ir.DT: rng.uniform(*SPAN, (1, steps, 1))} if dt is None else {}
    expected = [*(y for part in reference.run(graph, data, dt) for y in part.values())]
    held = [np.array(state["initial"], dtype) for state in facts(model)["states"].values()]
    sizes = [tuple(d.dim_value for d in value.type.tensor_type.shape.dim) for value in model.graph.input]
    for k in range(steps):
        given = [*(x[0, k] for x in data.values()), *held]
        given = [np.reshape(x, size).astype(dtype) for x, size in zip(given, sizes, strict=True)]
        found = run(dict(zip(names(model), given, strict=True)))
        held = found[len(graph.outputs) :]
        for y, each in zip(found, expected, strict=True):
            np.testing.assert_allclose(y.ravel(), each[0, k], rtol=0, atol=1e-12 if double else 2e-5)


@pytest.mark.parametrize("dt", [1.0, None], ids=["fixed", "told"])
@pytest.mark.parametrize("double", [False, True], ids=["float32", "float64"])
@pytest.mark.parametrize("name", MODELS)
def test_the_float_graph_runs_as_the_reference_does(name: str, double: bool, dt: float | None) -> None:
    assert_trajectory(MODELS[name](), dt, double)


@pytest.mark.parametrize("name", MODELS)
def test_a_model_that_went_out_and_in_again_is_the_same_c(name: str, tmp_path: Path) -> None:
    """float64 keeps every constant; the C says nothing of where the model came from."""
    graph, path = MODELS[name](), tmp_path / "m.onnx"
    there = lnncc.compile(lnncc.Model(graph), dt=1.0, ranges={"x": (-2, 2)})
    there.export_onnx(path, "float64")
    back = lnncc.compile(lnncc.from_onnx(path), ranges={"x": (-2, 2)})
    assert back.build.sources == there.build.sources
    assert back.build.integer.nodes != () and [s.label for s in back.build.integer.states] == [
        s.label for s in there.build.integer.states
    ]


# Names, bytes and errors.


def test_labels_become_names_and_those_that_collide_get_a_number() -> None:
    values = {n: Value(n, (2,), ir.Format(16, 12)) for n in ("x0", "x1", "s0", "v0", "v1")}
    nodes = (
        Node("door", ("x0",), ("v0",), {"low": -9, "high": 9, "n": 2}),
        Node("multiply", ("x1", "s0"), ("v1",), {"shift": 12, "n": 2, "saturates": True}),
    )
    ports = (Port("v0", "x0"), Port("h_next", "x1"))
    state = State("h", "s0", "v0", np.array([3, -4]))
    outputs = (Port("h", "v1"), Port('";%s\u202e*/', "v1"), Port("v0", "v0"))
    graph = Graph(values, {}, ports, (state,), outputs, nodes)
    model = assert_bits(graph, 5, "runtime", "reference")
    assert names(model) == ["v0", "h_next", "h"]
    assert [value.name for value in model.graph.output] == ["h.1", '";%s\u202e*/', "v0.1", "h_next.1"]
    assert facts(model)["states"] == {"h": {"next": "h_next.1", "initial": [3, -4], "frac": 12}}


def test_a_result_may_be_a_constant_or_what_went_in() -> None:
    values = {n: Value(n, (2,), ir.Format(16, 12)) for n in ("x0", "s0", "c0")}
    state = State("h", "s0", "x0", np.array([1, 2]))
    graph = Graph(values, {"c0": np.array([5, 6])}, (Port("x", "x0"),), (state,), (Port("y", "c0"),), ())
    assert_bits(graph, 3, "runtime", "reference")


@pytest.fixture(scope="module")
def program() -> lnncc.Program:
    return lnncc.compile(lnncc.Model(models.cfc()), dt=1.0, ranges={"x": (-2, 2)})


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_bytes_every_time(kind: str, program: lnncc.Program, tmp_path: Path) -> None:
    for name in ("a.onnx", "b.onnx"):
        program.export_onnx(tmp_path / name, kind)
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_a_kind_that_there_is_not(program: lnncc.Program, tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match=r"\[E0204\]: there is no ONNX graph in float16"):
        program.export_onnx(tmp_path / "m.onnx", "float16")


def test_a_file_that_cannot_be_written(program: lnncc.Program, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LnnccError, match=r"\[E0211\]: cannot write"):
        program.export_onnx(tmp_path / "file" / "m.onnx")


def test_without_the_package(program: lnncc.Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx.checker", None)
    with pytest.raises(LnnccError, match=r"\[E0703\]"):
        program.export_onnx(tmp_path / "m.onnx")


def test_the_verb(program: lnncc.Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.save(tmp_path / "out")
    path = tmp_path / "m.onnx"
    assert cli.main(["export", str(tmp_path / "out"), "-o", str(path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown == {
        "schema": "lnncc.export/1",
        "file": str(path),
        "kind": "integer",
        "inputs": ["x"],
        "states": {"state": "state_next"},
        "outputs": ["y"],
    }
    assert onnx.load(path) == integer_model(program.build.integer, "model")
    assert cli.main(["export", str(tmp_path / "out"), "-o", str(path), "--kind", "float32"]) == 0
    assert "state state -> state_next" in capsys.readouterr().out
    assert onnx.load(path).graph.input[0].type.tensor_type.elem_type == onnx.TensorProto.FLOAT
