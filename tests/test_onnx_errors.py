"""What the ONNX front end refuses, and how: no file can name another, ask for any size, or be guessed at."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from onnx_cases import node, of, recurrent

from lnncc import cli
from lnncc.errors import LnnccError
from lnncc.frontend import builder
from lnncc.frontend.onnx import file, from_onnx
from lnncc.frontend.onnx.walk import UNROLL_LIMIT

V = (1, 4)
ONE = numpy_helper.from_array(np.array([1], np.int64), "one")


def refused(tmp_path: Path, model: onnx.ModelProto, **options: object) -> LnnccError:
    path = tmp_path / "m.onnx"
    path.write_bytes(model.SerializeToString())
    with pytest.raises(LnnccError) as caught:
        from_onnx(path, **options)  # type: ignore[arg-type]
    return caught.value


def step(inputs: dict, outputs: dict) -> onnx.ModelProto:
    """A model of these ports, in which every output is the sum of all inputs."""
    names = list(inputs)
    return of([node("Sum", names, [name]) for name in outputs], inputs, outputs)


@pytest.mark.parametrize(
    ("inputs", "outputs", "states"),
    [
        (("x", "h"), ("y", "h_next"), {"h"}),
        (("x", "h"), ("y", "hn"), {"h"}),
        (("u", "state"), ("new_state", "out"), {"state"}),
        (("x", "h", "c"), ("y", "h_out", "c_out"), {"h", "c"}),
        (("x", "h.prev"), ("y", "h.next"), {"h.prev"}),
    ],
)
def test_states_are_guessed_by_name_and_shape(tmp_path: Path, inputs: tuple, outputs: tuple, states: set) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(step(dict.fromkeys(inputs, V), dict.fromkeys(outputs, V)).SerializeToString())
    assert {s.label for s in from_onnx(path).graph.states} == states


def test_states_may_be_said_and_a_model_may_have_none(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(step({"a": V, "b": V}, {"p": V, "q": V}).SerializeToString())
    graph = from_onnx(path, state={"b": "p"}).graph
    assert [s.label for s in graph.states] == ["b"] and [p.label for p in graph.outputs] == ["q"]
    assert not from_onnx(path, state={}).graph.states


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (None, "--state a=p"),
        ({"z": "p"}, "no input `z`"),
        ({"a": "z"}, "no output `z`"),
        ({"a": "p", "b": "p"}, "the same output"),
    ],
)
def test_states_that_are_not_clear(tmp_path: Path, state: dict | None, words: str) -> None:
    error = refused(tmp_path, step({"a": V, "b": V}, {"p": V, "q": V}), state=state)
    assert error.code == "E0336" and words in str(error)


def test_a_state_that_changes_its_size(tmp_path: Path) -> None:
    model = of([node("Concat", ["x", "h"], ["y"], axis=1)], {"x": V, "h": V}, {"y": (1, 8)})
    assert refused(tmp_path, model, state={"h": "y"}).code == "E0336"


@pytest.mark.parametrize("name", ["dt", "ts", "elapsed_time"])
def test_the_elapsed_time_is_known_by_its_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(step({"x": V, name: (1, 1)}, {"y": V}).SerializeToString())
    assert from_onnx(path, state={}).graph.dt == "dt"
    assert from_onnx(path, state={}, dt=False).graph.dt is None


def test_the_elapsed_time_that_is_no_input(tmp_path: Path) -> None:
    assert refused(tmp_path, step({"x": V}, {"y": V}), state={}, dt="tau").code == "E0336"


def test_a_batch_axis_of_no_fixed_size_is_dropped_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(step({"x": ("batch", 4)}, {"y": ("batch", 4)}).SerializeToString())
    graph = from_onnx(path, state={}).graph
    assert graph.values["x0"].shape == (4,)
    assert refused(tmp_path, step({"x": (1, "n")}, {"y": (1, "n")}), state={}).code == "E0302"


@pytest.mark.parametrize("shape", [(1, 1 << 16), (1 << 31, 4), (1 << 8, 1 << 9)])
def test_an_input_that_c_cannot_count(tmp_path: Path, shape: tuple[int, int]) -> None:
    error = refused(tmp_path, of([node("ReduceMax", ["x"], ["y"])], {"x": shape}, {"y": (1, 1)}), state={})
    assert error.code == "E0340" and "65535" in str(error)


def test_an_axis_named_twice(tmp_path: Path) -> None:
    axes = numpy_helper.from_array(np.array([1, -3]), "axes")
    model = of([node("Unsqueeze", ["x", "axes"], ["y"])], {"x": V}, {"y": (1, 1, 1, 4)}, [axes])
    assert refused(tmp_path, model, state={}).code in ("E0331", "E0337")  # as onnx's own checker sees it or not
    model = of([node("Unsqueeze", ["x"], ["y"], axes=[1, 1])], {"x": (5,)}, {"y": (5, 1)}, opset=11)
    assert "twice" in str(refused(tmp_path, model, state={}))


def test_a_tile_larger_than_any_array(tmp_path: Path) -> None:
    repeats = numpy_helper.from_array(np.array([1, 1 << 42]), "repeats")
    model = of([node("Tile", ["x", "repeats"], ["t"]), node("ReduceMax", ["t"], ["y"])], {"x": V}, {"y": V}, [repeats])
    assert refused(tmp_path, model, state={}).code == "E0340"


def test_an_input_of_strings(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        [node("Identity", ["x"], ["y"])], "g", [info("x", TensorProto.STRING, V)], [info("y", TensorProto.STRING, V)]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    assert refused(tmp_path, model, state={}).code == "E0311"


def _body(*, going: str = "go", trips: str = "one", begins: str = "yes") -> onnx.ModelProto:
    info = helper.make_tensor_value_info
    nodes = [node("Tanh", ["v"], ["w"]), node("Less", ["lim", "x1"], ["less"]), node("Identity", [going], ["going"])]
    ports = [info("i", TensorProto.INT64, ()), info("go", TensorProto.BOOL, ()), info("v", TensorProto.DOUBLE, V)]
    outs = [info("going", TensorProto.BOOL, ()), info("w", TensorProto.DOUBLE, V), info("i2", TensorProto.INT64, ())]
    inner = helper.make_graph([*nodes, node("Identity", ["i"], ["i2"])], "b", ports, outs)
    constants = [numpy_helper.from_array(np.zeros(()), "lim"), numpy_helper.from_array(np.array(True), "yes"), ONE]
    many = named(many=np.array(UNROLL_LIMIT + 1), none=np.array(0), no=np.array(False))
    first = [node("ReduceSum", ["x"], ["x1"], keepdims=0), node("Cast", ["x1"], ["n"], to=TensorProto.INT64)]
    first.append(node("Less", ["x1", "lim"], ["less0"]))
    loop = node("Loop", [trips, begins, "x"], ["y", "numbers"], body=inner)
    return of([*first, loop], {"x": V}, {"y": V, "numbers": ("k",)}, [*constants, *many])


def _if() -> onnx.ModelProto:
    info = helper.make_tensor_value_info
    parts = [
        helper.make_graph([node(op, ["x"], [op])], op, [], [info(op, TensorProto.DOUBLE, V)]) for op in ("Tanh", "Neg")
    ]
    nodes = [node("ReduceSum", ["x"], ["s"], keepdims=0), node("Greater", ["s", "zero"], ["p"])]
    zero = numpy_helper.from_array(np.zeros(()), "zero")
    return of(
        [*nodes, node("If", ["p"], ["y"], then_branch=parts[0], else_branch=parts[1])], {"x": V}, {"y": V}, [zero]
    )


def single(op: str, inputs: dict, output: tuple, *constants: object, **attrs: object) -> onnx.ModelProto:
    tensors = [numpy_helper.from_array(np.asarray(c), f"c{k}") for k, c in enumerate(constants)]
    return of([node(op, [*inputs, *(t.name for t in tensors)], ["y"], **attrs)], inputs, {"y": output}, tensors)


I64 = np.int64


def named(**arrays: object) -> list[TensorProto]:
    return [numpy_helper.from_array(np.asarray(array), name) for name, array in arrays.items()]


def indexed(op: str, output: tuple, **constants: object) -> onnx.ModelProto:
    """``op`` of the constants and an index that the device computes."""
    nodes = [node("Cast", ["x"], ["i"], to=TensorProto.INT64), node(op, [*(constants or {"x": 0}), "i"], ["y"])]
    return of(nodes, {"x": (1,)}, {"y": output}, named(**constants))


FOREIGN = of([node("FusedMatMul", ["x", "x"], ["y"], domain="com.microsoft")], {"x": V}, {"y": V})
TELLING = of(
    [node("IsInf", ["x"], ["p"], detect_negative=0), node("Where", ["p", "x", "z"], ["y"])], {"x": V, "z": V}, {"y": V}
)
HALVES = of(
    [node("Split", ["x", "c"], ["y", "z"], axis=1)],
    {"x": V},
    {"y": (1, 1), "z": (1, 2)},
    named(c=np.array([1, 2], I64)),
)
COUNTED = of(
    [node("ReduceSum", ["x"], ["n"], keepdims=0), node("Range", ["z", "n", "o"], ["y"])],
    {"x": V},
    {"y": ("k",)},
    named(z=np.zeros(()), o=np.ones(())),
)
ODD = recurrent("RNN", 1, activations=["LeakyRelu"], activation_alpha=[0.1])
STEEP = recurrent("RNN", 1, activations=["HardSigmoid"], activation_beta=[0.4])
NEAR = single("Conv", {"x": (1, 1, 4)}, (1, 1, 4), np.ones((1, 1, 3)), auto_pad="NEAR")
IMAGE = single("Conv", {"x": (1, 1, 4, 4)}, (1, 1, 2, 2), np.ones((1, 1, 3, 3)))

UNSUPPORTED: dict[str, tuple[onnx.ModelProto, str]] = {
    "an operator of another domain": (FOREIGN, "com.microsoft"),
    "an unknown operator": (single("Hardmax", {"x": V}, V), "Hardmax"),
    "indices of the device": (indexed("Gather", (1, 3), w=np.ones((4, 3))), "indices are not constant"),
    "an index outside": (single("Gather", {"x": V}, (1, 1), np.array([7], I64), axis=1), "leaves axis 1"),
    "a shape of the device": (indexed("Expand", (3,)), "shape is not constant"),
    "a choice of the device": (_if(), "Where"),
    "a loop that a condition ends": (_body(going="less"), "a condition does"),
    "a loop of any length": (_body(trips="n"), "trip count is not constant"),
    "a loop too long to unroll": (_body(trips="many"), "unrolls at most"),
    "a loop of no rounds": (_body(trips="none"), "0 rounds"),
    "a loop that a condition begins": (_body(begins="no"), "only if a condition holds"),
    "a loop that may begin": (_body(begins="less0"), "only if a condition holds"),
    "no axis": (single("Concat", {"x": V, "z": V}, V, axis=5), "no axis 5"),
    "parts that do not fit": (single("Concat", {"x": V, "z": (2, 3)}, V, axis=0), "do not fit together"),
    "no such shape": (single("Reshape", {"x": V}, (3, 3), np.array([3, 3], I64)), "cannot become (3, 3)"),
    "a squeeze of more": (single("Squeeze", {"x": V}, (1,), np.array([1], I64)), "more than one element"),
    "a permutation that is none": (single("Transpose", {"x": V}, V, perm=[0, 0]), "no permutation"),
    "an empty slice": (single("Slice", {"x": V}, (1, 1), *(np.array([k], I64) for k in (3, 2, 1))), "leaves nothing"),
    "a step of zero": (single("Slice", {"x": V}, V, *(np.array([k], I64) for k in (0, 2, 1, 0))), "step is zero"),
    "a padding of edges": (single("Pad", {"x": V}, (1, 6), np.array([0, 1, 0, 1], I64), mode="edge"), "padding"),
    "a tile of nothing": (single("Tile", {"x": V}, V, np.array([0, 1], I64)), "repeated"),
    "a product that is none": (single("MatMul", {"x": V, "z": V}, V), "(1, 4) times (1, 4)"),
    "a gemm that is none": (single("Gemm", {"x": V, "z": V}, V), "not defined"),
    "an einsum of the diagonal": (single("Einsum", {"x": (4, 4)}, (4,), equation="ii->i"), "equation"),
    "a convolution of images": (IMAGE, "one dimension"),
    "groups that do not divide": (single("Conv", {"x": (1, 3, 9)}, (1, 4, 7), np.ones((4, 1, 3)), group=2), "groups"),
    "a kernel longer than its input": (single("Conv", {"x": (1, 1, 2)}, (1, 1, 1), np.ones((1, 1, 3))), "fewer than"),
    "a padding of no known kind": (NEAR, "NEAR"),
    "infinities told apart": (TELLING, "infinities"),
    "parts of other sizes": (HALVES, "no 2 parts"),
    "a range of the device": (COUNTED, "not constant"),
    "a range of too many": (single("Range", {}, ("k",), 0.0, 1e9, 1.0), "elements"),
    "a constant of text": (of([node("Constant", [], ["y"], value_string=b"a")], {"x": V}, {"y": V}), "no number"),
    "a constant of strings": (single("Add", {"x": V}, V, np.array(["a"], object)), "no real numbers"),
    "a cast to text": (single("Cast", {"x": V}, V, to=TensorProto.STRING), "no real number"),
    "an activation with a parameter": (ODD, "LeakyRelu"),
    "an activation with its second parameter": (STEEP, "HardSigmoid"),
    "a clipped cell": (recurrent("LSTM", 4, clip=1.0), "clip"),
    "shapes that do not broadcast": (single("Add", {"x": V, "z": (1, 3)}, V), "Add"),
    "an operand that is left out": (of([node("Add", ["x", ""], ["y"])], {"x": V}, {"y": V}), "missing"),
    "an operand from nowhere": (of([node("Add", ["x", "z"], ["y"])], {"x": V}, {"y": V}), "computed nowhere"),
    "an output from nowhere": (of([node("Neg", ["x"], ["y"])], {"x": V}, {"z": V}), "computed nowhere"),
}


@pytest.mark.parametrize("name", UNSUPPORTED)
def test_what_cannot_be_compiled_is_refused_at_its_node(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With onnx's checker switched off, for a model may be refused by both."""
    monkeypatch.setattr(onnx.checker, "check_model", lambda model: None)
    model, words = UNSUPPORTED[name]
    error = refused(tmp_path, model, state={})
    assert error.code == "E0331" and words in str(error)


def sequence(*nodes: onnx.NodeProto, steps: int = 6) -> onnx.ModelProto:
    one = [numpy_helper.from_array(np.array(k, np.int64), f"k{k}") for k in range(steps)]
    return of(nodes, {"x": (1, steps, 3)}, {"y": ("a", "b")}, one)


def test_a_whole_sequence_says_how_to_export_a_step(tmp_path: Path) -> None:
    unrolled = [node("Gather", ["x", f"k{k}"], [f"x{k}"], axis=1) for k in range(6)]
    summed = node("Sum", [f"x{k}" for k in range(6)], ["y"])
    error = refused(tmp_path, sequence(*unrolled, summed), state={})
    assert error.code == "E0339" and "6 time steps" in str(error) and "one step" in str(error)
    split = node("Split", ["x"], [f"x{k}" for k in range(6)], axis=1, num_outputs=6)
    assert refused(tmp_path, sequence(split, summed), state={}).code == "E0339"


def test_a_recurrent_node_over_several_steps(tmp_path: Path) -> None:
    model = recurrent("GRU", 3)
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.DOUBLE, (5, 3)))
    assert refused(tmp_path, model).code == "E0331"


def test_no_file_and_no_model(tmp_path: Path) -> None:
    with pytest.raises(LnnccError) as caught:
        from_onnx(tmp_path / "gone.onnx")
    assert caught.value.code == "E0330"
    for data in (b"", b"\x08\x07junk", b"PK\x03\x04", bytes(range(256)) * 4):
        (tmp_path / "bad.onnx").write_bytes(data)
        with pytest.raises(LnnccError) as caught:
            from_onnx(tmp_path / "bad.onnx")
        assert caught.value.code == "E0337"


def test_files_and_graphs_beyond_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = step({"x": V}, {"y": V, "z": V})
    with monkeypatch.context() as patch:
        patch.setattr(file, "MAX_FILE", 10)
        assert "bytes" in str(refused(tmp_path, model))
    with monkeypatch.context() as patch:
        patch.setattr(file, "MAX_NODES", 1)
        assert "2 nodes" in str(refused(tmp_path, model))


def test_graphs_nested_without_end(tmp_path: Path) -> None:
    info = helper.make_tensor_value_info
    inner = helper.make_graph([node("Identity", ["x"], ["o"])], "g", [], [info("o", TensorProto.DOUBLE, V)])
    for k in range(file.MAX_DEPTH + 2):
        choice = node("If", ["yes"], [f"o{k}"], then_branch=inner, else_branch=inner)
        inner = helper.make_graph([choice], "g", [], [info(f"o{k}", TensorProto.DOUBLE, V)])
        if k > 10:  # two branches double the file each time: one is enough for depth
            choice.attribute[1].g.CopyFrom(helper.make_graph([], "e", [], []))
    yes = numpy_helper.from_array(np.array(True), "yes")
    outer = node("If", ["yes"], ["y"], then_branch=inner, else_branch=helper.make_graph([], "e", [], []))
    error = refused(tmp_path, of([outer], {"x": V}, {"y": V}, [yes]), state={})
    assert error.code == "E0337" and ("nested" in str(error) or "parse" in str(error).lower())


def test_a_few_bytes_that_ask_for_any_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "huge")
    model = of(
        [node("Expand", ["x", "huge"], ["e"]), node("ReduceSum", ["e"], ["y"])], {"x": (1, 1)}, {"y": (1, 1)}, [huge]
    )
    assert refused(tmp_path, model, state={}).code == "E0340"
    monkeypatch.setattr(builder, "ALL", 10)
    assert "too large" in str(refused(tmp_path, step({"x": V, "z": V}, {"y": V, "w": V, "v": V}), state={}))


def test_weights_that_are_not_finite_are_named(tmp_path: Path) -> None:
    w = numpy_helper.from_array(np.array([[1.0, np.nan, 2.0, np.inf]]), "layer.weight")
    error = refused(tmp_path, of([node("Mul", ["x", "layer.weight"], ["y"])], {"x": V}, {"y": V}, [w]), state={})
    assert error.code == "E0402" and "layer.weight" in str(error)


def external(folder: Path, location: str) -> Path:
    model = of([node("Add", ["x", "w"], ["y"])], {"x": V}, {"y": V}, [numpy_helper.from_array(np.ones(V), "w")])
    onnx.external_data_helper.convert_model_to_external_data(model, location="w.bin", size_threshold=0)
    path = folder / "m.onnx"
    onnx.save(model, path)
    renamed(path, location)
    return path


def renamed(path: Path, location: str) -> None:
    """The same model, whose data is said to be in ``location``."""
    model = onnx.load(path, load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = location
    path.write_bytes(model.SerializeToString())


def test_external_data_is_read_where_it_is_asked_for(tmp_path: Path) -> None:
    path = external(tmp_path, "w.bin")
    with pytest.raises(LnnccError) as caught:
        from_onnx(path, state={})
    assert caught.value.code == "E0338"
    graph = from_onnx(path, state={}, external_data=True).graph
    assert sum(float(c.sum()) for c in graph.constants.values()) in (1.0, 4.0)  # ones, perhaps as one number


def _symlink(folder: Path) -> str:
    (folder / "link.bin").symlink_to(folder / "w.bin")
    return "link.bin"


def _hardlink(folder: Path) -> str:
    os.link(folder / "w.bin", folder / "hard.bin")
    return "hard.bin"


ESCAPES: dict[str, Callable[[Path], str]] = {
    "parent": lambda folder: "../w.bin",
    "absolute": lambda folder: str(folder / "w.bin"),
    "dots": lambda folder: "..",
    "backslash": lambda folder: "..\\w.bin",
    "symlink": _symlink,
    "hardlink": _hardlink,
    "missing": lambda folder: "gone.bin",
}


@pytest.mark.parametrize("name", ESCAPES)
def test_external_data_does_not_leave_the_folder(name: str, tmp_path: Path) -> None:
    inside = tmp_path / "model"
    inside.mkdir()
    (tmp_path / "w.bin").write_bytes(bytes(64))
    external(inside, "w.bin")
    path = external(inside, "w.bin")
    renamed(path, ESCAPES[name](inside))
    with pytest.raises(LnnccError) as caught:
        from_onnx(path, state={}, external_data=True)
    assert caught.value.code == "E0338"


def test_external_data_counts_as_the_file_does_and_must_be_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = external(tmp_path, "w.bin")
    with monkeypatch.context() as patch:
        patch.setattr(file, "MAX_FILE", path.stat().st_size + 8)
        with pytest.raises(LnnccError, match="E0337"):
            from_onnx(path, state={}, external_data=True)
    (tmp_path / "w.bin").write_bytes(b"1234")
    with pytest.raises(LnnccError) as caught:
        from_onnx(path, state={}, external_data=True)
    assert caught.value.code in ("E0337", "E0338")


def test_without_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx.checker", None)
    assert refused(tmp_path, step({"x": V}, {"y": V})).code == "E0703"


def test_names_that_would_speak_to_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(step({"x\x1b[31m*/": V}, {"y\n": V}).SerializeToString())
    graph = from_onnx(path, state={}).graph
    assert [p.label for p in graph.inputs + graph.outputs] == ["x?[31m*/", "y?"]


def test_the_command_line_takes_onnx(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "m.onnx"
    nodes = [node("Add", ["x", "a"], ["s"]), node("Tanh", ["s"], ["p"]), node("Identity", ["p"], ["q"])]
    path.write_bytes(of(nodes, {"x": V, "a": V}, {"p": V, "q": V}).SerializeToString())
    options = ["compile", str(path), "--target", "host", "-o", str(tmp_path / "out"), "--range", "x=-1:1"]
    assert cli.main([*options, "--state", "a"]) == 3 and "E0336" in capsys.readouterr().err
    assert cli.main(options) == 3 and "--state x=p" in capsys.readouterr().err
    assert cli.main([*options, "--state", "a=p"]) == 0
    assert "states: a" in capsys.readouterr().err
    assert cli.main([*options, "--range", "a=-1:1", "--state", "none"]) == 0
