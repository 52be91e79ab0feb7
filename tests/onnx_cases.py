"""Small ONNX models: one operator each, and the recurrent nodes of the standard as a step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, helper, numpy_helper

Shape = tuple[int, ...]
RNG = np.random.default_rng(7)


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], **attrs: object) -> NodeProto:
    return helper.make_node(op, list(inputs), list(outputs), **attrs)


def of(
    nodes: Sequence[NodeProto],
    inputs: Mapping[str, Shape],
    outputs: Mapping[str, Shape | None],
    initializers: Sequence[TensorProto] = (),
    opset: int = 20,
) -> onnx.ModelProto:
    """A model in float64, so that the reference is exact enough; onnx infers the shapes that are None."""
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info(n, TensorProto.DOUBLE, s) for n, s in inputs.items()],
        [helper.make_tensor_value_info(n, TensorProto.DOUBLE, s) for n, s in outputs.items()],
        list(initializers),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    known = None not in outputs.values()
    return model if known else onnx.shape_inference.infer_shapes(model, data_prop=True)


def _uniform(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.uniform(-3, 3, shape)


def _positive(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.uniform(0.1, 3, shape)


def _small(rng: np.random.Generator, shape: Shape) -> np.ndarray:
    return rng.uniform(-0.9, 0.9, shape)


@dataclass(frozen=True)
class Case:
    model: onnx.ModelProto
    inputs: Mapping[str, Shape]
    draw: Callable[[np.random.Generator, Shape], np.ndarray] = field(default=_uniform)


def case(
    op: str,
    *shapes: Shape,
    consts: Sequence[object] = (),
    out: int = 1,
    opset: int = 20,
    draw: Callable[[np.random.Generator, Shape], np.ndarray] = _uniform,
    **attrs: object,
) -> Case:
    """``op`` of inputs of ``shapes``, then of the constants; None leaves an operand out."""
    inputs = {f"x{i}": shape for i, shape in enumerate(shapes)}
    names = [*inputs, *("" if c is None else f"c{i}" for i, c in enumerate(consts))]
    tensors = [numpy_helper.from_array(np.asarray(c), f"c{i}") for i, c in enumerate(consts) if c is not None]
    outputs = [f"y{i}" for i in range(out)]
    # Outputs of any type leave as numbers of one type.
    cast = [node("Cast", [f"t{i}"], [y], to=TensorProto.DOUBLE) for i, y in enumerate(outputs)]
    nodes = [node(op, names, [f"t{i}" for i in range(out)], **attrs), *cast]
    return Case(of(nodes, inputs, dict.fromkeys(outputs), tensors, opset), inputs, draw)


V, M = (5,), (3, 4)
I64 = np.int64
UNARY = """
Abs Neg Sign Floor Ceil Round Exp Tanh Sigmoid Erf Sin Cos Tan Sinh Cosh Atan Asinh Relu LeakyRelu
Elu HardSigmoid Softplus Softsign Gelu Selu Celu HardSwish Mish ThresholdedRelu Identity Size Shape
IsNaN IsInf
""".split()  # noqa: SIM905  # a list of 34 quoted names is no easier to read

CASES: dict[str, Case] = {
    **{op: case(op, M) for op in UNARY},
    **{op: case(op, M, draw=_positive) for op in ("Log", "Sqrt", "Reciprocal", "Acosh")},
    **{op: case(op, M, draw=_small) for op in ("Asin", "Acos", "Atanh")},
    **{op: case(op, M, (4,)) for op in ("Add", "Sub", "Mul", "Min", "Max", "Sum", "Mean", "PRelu")},
    **{op: case(op, M, M) for op in ("Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual")},
    "Acosh": case("Acosh", M, draw=lambda rng, shape: rng.uniform(1.1, 3, shape)),
    "Div": case("Div", M, M, draw=_positive),
    "Pow by an array": case("Pow", M, M, draw=_positive),
    "Pow 3": case("Pow", M, consts=[3.0]),
    "Pow -2": case("Pow", M, consts=[-2.0], draw=_positive),
    "Pow half": case("Pow", M, consts=[0.5], draw=_positive),
    "Gelu tanh": case("Gelu", M, approximate="tanh"),
    "LeakyRelu slope": case("LeakyRelu", M, alpha=0.3),
    "Clip": case("Clip", M, consts=[-1.0, 0.5]),
    "Clip above": case("Clip", M, consts=[None, 0.5]),
    "Clip attributes": case("Clip", M, opset=6, min=-1.0, max=0.5),
    "Min of three": case("Min", M, (4,), (1,)),
    "Where": case("Where", consts=[np.eye(3, 4) > 0, np.ones(M), np.zeros(M)]),
    "Cast to int": case("Cast", M, to=TensorProto.INT64),
    "Dropout": case("Dropout", M),
    "Reshape": case("Reshape", M, consts=[np.array([2, -1], I64)]),
    "Reshape keeping": case("Reshape", M, consts=[np.array([0, 2, 2], I64)]),
    "Flatten": case("Flatten", (2, 3, 2), axis=2),
    "Flatten from the end": case("Flatten", (2, 3, 2), axis=-1),
    "Squeeze": case("Squeeze", (1, 3, 1), consts=[np.array([0], I64)]),
    "Squeeze all": case("Squeeze", (1, 3, 1)),
    "Squeeze attribute": case("Squeeze", (1, 3, 1), opset=11, axes=[2]),
    "Unsqueeze": case("Unsqueeze", V, consts=[np.array([0, -1], I64)]),
    "Unsqueeze attribute": case("Unsqueeze", V, opset=11, axes=[1]),
    "Transpose": case("Transpose", (2, 3, 4), perm=[2, 0, 1]),
    "Transpose all": case("Transpose", M),
    "Concat": case("Concat", M, (3, 2), axis=-1),
    "Split": case("Split", (6,), consts=[np.array([1, 3, 2], I64)], out=3),
    "Split evenly": case("Split", (4, 5), out=3, axis=1, num_outputs=3),
    "Split attribute": case("Split", (6,), out=2, opset=11, split=[2, 4]),
    "Slice": case("Slice", (6, 5), consts=[np.array(c, I64) for c in ([1, -3], [5, 99], [0, 1])]),
    "Slice by steps": case("Slice", (9,), consts=[np.array(c, I64) for c in ([1], [8], [0], [3])]),
    "Slice backwards": case("Slice", (9,), consts=[np.array(c, I64) for c in ([7], [-99], [0], [-2])]),
    "Slice attributes": case("Slice", (6, 5), opset=9, starts=[1], ends=[4], axes=[1]),
    "Gather": case("Gather", M, consts=[np.array([[2, 0], [-1, 1]], I64)], axis=1),
    "Gather one": case("Gather", M, consts=[np.array(1, I64)], axis=0),
    "Expand": case("Expand", (3, 1), consts=[np.array([2, 1, 4], I64)]),
    "Tile": case("Tile", (2, 3), consts=[np.array([2, 2], I64)]),
    "Pad": case("Pad", M, consts=[np.array([1, 0, 0, 2], I64), 0.5]),
    "Pad attribute": case("Pad", M, opset=9, pads=[0, 1, 1, 0], value=-1.0),
    "ConstantOfShape": case("ConstantOfShape", consts=[np.array([2, 3], I64)]),
    "Range": case("Range", consts=[1.0, 4.0, 0.5]),
    "MatMul": case("MatMul", M, (4, 2)),
    "MatMul of vectors": case("MatMul", (4,), (4,)),
    "MatMul of many": case("MatMul", (2, 1, 3, 4), (5, 4, 2)),
    "Gemm": case("Gemm", (4, 3), (2, 4), (2,), transA=1, transB=1, alpha=0.5, beta=2.0),
    "Einsum": case("Einsum", (2, 3), (3, 4), equation="ij,jk->ki"),
    "Einsum of rows": case("Einsum", (2, 3), (2, 3), equation="ij,ij->i"),
    "Einsum of one": case("Einsum", (2, 3, 4), equation="ijk->kj"),
    "Einsum in batches": case("Einsum", (2, 3, 4), (2, 4, 5), equation="bij,bjk->bik"),
    "ReduceSum": case("ReduceSum", (2, 3, 4), consts=[np.array([1, -1], I64)], keepdims=0),
    "ReduceSum of all": case("ReduceSum", M),
    "ReduceSum of none": case("ReduceSum", M, noop_with_empty_axes=1),
    "ReduceSum attribute": case("ReduceSum", M, opset=11, axes=[0]),
    "ReduceMean": case("ReduceMean", M, consts=[np.array([1], I64)]),
    "ReduceMean attribute": case("ReduceMean", M, opset=13, axes=[1], keepdims=0),
    "ReduceMax": case("ReduceMax", (5, 3), consts=[np.array([0], I64)]),
    "ReduceMin": case("ReduceMin", M),
    "ReduceProd": case("ReduceProd", M, consts=[np.array([1], I64)]),
    "ReduceL1": case("ReduceL1", M),
    "ReduceSumSquare": case("ReduceSumSquare", M),
    "Softmax": case("Softmax", M, axis=-1),
    "LayerNormalization": case("LayerNormalization", M, consts=[np.ones(4), np.zeros(4)]),
    "BatchNormalization": case("BatchNormalization", (2, 3), consts=[RNG.uniform(0.5, 2, 3) for _ in range(4)]),
    "Conv": case("Conv", (1, 2, 9), consts=[RNG.normal(size=(3, 2, 4)), np.arange(3.0)], strides=[2], pads=[1, 2]),
    "Conv in groups": case("Conv", (1, 4, 9), consts=[RNG.normal(size=(6, 2, 3))], group=2, dilations=[2]),
    "Conv same": case("Conv", (1, 2, 7), consts=[RNG.normal(size=(3, 2, 4))], auto_pad="SAME_UPPER"),
    "Conv same below": case("Conv", (1, 2, 7), consts=[RNG.normal(size=(3, 2, 4))], auto_pad="SAME_LOWER", strides=[2]),
}


def _logic() -> Case:
    """Predicates of comparisons: And, Or, Xor, Not, and Where by what the device knows."""
    names = ("And", "Or", "Xor")
    nodes = [node("Less", ["x0", "x1"], ["p"]), node("Greater", ["x0", "zero"], ["q"]), node("Not", ["p"], ["Not"])]
    nodes += [node(op, ["p", "q"], [op]) for op in names]
    nodes += [node("Cast", [op], [f"y{op}"], to=TensorProto.DOUBLE) for op in (*names, "Not")]
    nodes += [node("Where", ["p", "x0", "x1"], ["ywhere"])]
    outputs = [*(f"y{op}" for op in (*names, "Not")), "ywhere"]
    inputs = {"x0": M, "x1": M}
    return Case(of(nodes, inputs, dict.fromkeys(outputs), [numpy_helper.from_array(np.zeros(()), "zero")]), inputs)


def _loop(count: int, *, counts: bool = False, collects: bool = False) -> Case:
    """v = tanh(v + w [+ i]), ``count`` times; it may collect every v."""
    info = helper.make_tensor_value_info
    body = [node("Add", ["v", "w"], ["sum"])]
    if counts:
        body += [node("Cast", ["i"], ["number"], to=TensorProto.DOUBLE), node("Add", ["sum", "number"], ["more"])]
    body += [node("Tanh", ["more" if counts else "sum"], ["after"]), node("Identity", ["go"], ["going"])]
    results = [info("going", TensorProto.BOOL, ()), info("after", TensorProto.DOUBLE, V)]
    if collects:
        body += [node("Identity", ["after"], ["row"])]
        results += [info("row", TensorProto.DOUBLE, V)]
    inputs = [info("i", TensorProto.INT64, ()), info("go", TensorProto.BOOL, ()), info("v", TensorProto.DOUBLE, V)]
    inner = helper.make_graph(body, "body", inputs, results)
    outs = ["y", *(["rows"] if collects else [])]
    constants = [numpy_helper.from_array(np.array(count, I64), "count"), numpy_helper.from_array(np.array(True), "yes")]
    constants += [numpy_helper.from_array(np.linspace(-1, 1, 5), "w")]
    loop = node("Loop", ["count", "yes", "x0"], outs, body=inner)
    shapes = {"y": V, "rows": (count, *V)}
    return Case(of([loop], {"x0": V}, {name: shapes[name] for name in outs}, constants), {"x0": V})


def _branch() -> Case:
    info = helper.make_tensor_value_info
    parts = [
        helper.make_graph([node(op, ["x0"], [f"{op}out"])], op, [], [info(f"{op}out", TensorProto.DOUBLE, V)])
        for op in ("Tanh", "Neg")
    ]
    yes = numpy_helper.from_array(np.array(True), "yes")
    chosen = node("If", ["yes"], ["y"], then_branch=parts[0], else_branch=parts[1])
    return Case(of([chosen], {"x0": V}, {"y": None}, [yes]), {"x0": V})


CASES |= {
    "Logic": _logic(),
    "Loop": _loop(4),
    "Loop that counts": _loop(3, counts=True),
    "Loop that collects": _loop(3, collects=True),
    "If": _branch(),
    "Constant": Case(
        of(
            [
                node("Constant", [], ["c"], value_floats=[1.0, 2.0]),
                node("Cast", ["c"], ["d"], to=TensorProto.DOUBLE),
                node("Add", ["x0", "d"], ["y"]),
            ],
            {"x0": (2,)},
            {"y": None},
        ),
        {"x0": (2,)},
    ),
}


def recurrent(op: str, gates: int, units: int = 4, directions: int = 1, **attrs: object) -> onnx.ModelProto:
    """``op`` of x (1, 3) and its state, as a step."""
    draw = [RNG.normal(0, 0.4, shape) for shape in ((directions, gates * units, 3), (directions, gates * units, units))]
    draw.append(RNG.normal(0, 0.2, (directions, 2 * gates * units)))
    weights = [numpy_helper.from_array(a, name) for a, name in zip(draw, ("W", "R", "B"), strict=True)]
    weights.append(numpy_helper.from_array(np.array([0], I64), "axis"))
    states = ["h", "c"] if op == "LSTM" else ["h"]
    attrs |= {"direction": "bidirectional"} if directions == 2 else {}
    inputs = ["x1", "W", "R", "B", "", *states]
    nodes = [
        node("Unsqueeze", ["x", "axis"], ["x1"]),
        node(op, inputs, ["", *(f"{s}_next" for s in states)], hidden_size=units, **attrs),
        node("Identity", ["h_next"], ["y"]),
    ]
    shape = (directions, 1, units)
    ports = {"x": (1, 3), **dict.fromkeys(states, shape)}
    return of(nodes, ports, {"y": shape, **{f"{s}_next": shape for s in states}}, weights)


ONE_STEP = {
    "rnn": recurrent("RNN", 1),
    "gru": recurrent("GRU", 3),
    "gru, linear before reset": recurrent("GRU", 3, linear_before_reset=1),
    "lstm": recurrent("LSTM", 4),
    "lstm both ways": recurrent("LSTM", 4, directions=2),
}
CASES |= {
    name: Case(model, {i.name: tuple(d.dim_value for d in i.type.tensor_type.shape.dim) for i in model.graph.input})
    for name, model in ONE_STEP.items()
}
