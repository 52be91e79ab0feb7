"""Files that lie about their size, point elsewhere, or hold C: each is refused with a code before it costs anything."""

import hashlib
import io
import json
import os
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import models
import numpy as np
import onnx
import pytest
from onnx import helper
from onnx_cases import node, of

import lnncc
from lnncc import build as builds
from lnncc import manifest as manifests
from lnncc import npz
from lnncc.calibration import read_npz
from lnncc.cli import main
from lnncc.errors import LnnccError
from lnncc.facts import KINDS
from lnncc.frontend import builder, weights
from lnncc.frontend.onnx import from_onnx
from lnncc.ir import Graph, Port, Value
from lnncc.passes import prove

X = Graph({"x0": Value("x0", (3,))}, {}, (Port("x", "x0"),), (), (), ())


def header(shape: str, dtype: str = "<f8", version: bytes = b"\1\0", extra: str = "") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}{extra}}}\n".encode()
    return b"\x93NUMPY" + version + len(text).to_bytes(2 if version == b"\1\0" else 4, "little") + text


def zipped(*entries: tuple[str, bytes], method: int = 0) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return buffer.getvalue()


def patched(data: bytes, field: int, value: int, width: int) -> bytes:
    """A field of the first entry in the directory of a zip."""
    at = data.index(b"PK\1\2") + field
    return data[:at] + value.to_bytes(width, "little") + data[at + width :]


ONE = zipped(("x.npy", header("(3,)") + bytes(24)))
BOMB = zipped(("x.npy", header("(40000000,)", "|u1") + bytes(40_000_000)), method=8)
ARRAYS = {
    "an array larger than its file": (zipped(("x.npy", header("(1000000000000,)"))), "more than a file of its size"),
    "negative sizes": (zipped(("x.npy", header("(-1, 3)") + bytes(24))), "more than a file of its size"),
    "sizes whose product wraps": (zipped(("x.npy", header("(4294967296, 4294967296)"))), "more than a file of its"),
    "a type without bytes": (zipped(("x.npy", header("(10000000000,)", "|V0"))), "more than a file of its size"),
    "an array shorter than its shape": (zipped(("x.npy", header("(3,)") + bytes(23))), "shorter or longer"),
    "an array longer than its shape": (zipped(("x.npy", header("(3,)") + bytes(25))), "shorter or longer"),
    "objects": (zipped(("x.npy", header("(3,)", "|O") + bytes(24))), "pickled objects"),
    "a version of its own": (zipped(("x.npy", header("(3,)", version=b"\7\0") + bytes(24))), "version"),
    "a header that is no text": (zipped(("x.npy", header("(" * 300))), "header of an array"),
    "a header with more in it": (zipped(("x.npy", header("(3,)", extra=", 'a': 1") + bytes(24))), "header|keys"),
    "a header beyond all": (zipped(("x.npy", header("(3," + " " * 30_000 + ")", version=b"\2\0"))), "header|Header"),
    "a bomb": (BOMB, "more than a file of its size"),
    "what is no array": (zipped(("x.txt", b"1 2 3")), "is no array"),
    "too many": (zipped(*((f"{k}.npy", b"") for k in range(npz.MAX_ENTRIES + 1))), "entries|directory"),
    "a method of its own": (patched(ONE, 10, 12, 2), "packed in a way"),
    "a cipher": (patched(ONE, 8, 1, 2), "encrypted"),
    "a size that lies": (patched(ONE, 24, 1 << 31, 4), "unpacks to more"),
    "a checksum that is none": (patched(ONE, 16, 7, 4), "CRC"),
    "no zip": (b"PK\3\4 and then nothing", "no zip"),
    "a pickle": (b"\x80\x04]\x94.", "neither npz nor npy"),
    "nothing": (b"", "neither npz nor npy"),
}


@pytest.mark.parametrize("name", ARRAYS)
@pytest.mark.parametrize(
    ("suffix", "code", "read"),
    [(".npz", "E0410", weights.read), ("-data.npz", "E0406", lambda path: read_npz(path, X))],
    ids=["weights", "data"],
)
def test_arrays(name: str, suffix: str, code: str, read: Callable[[Path], object], tmp_path: Path) -> None:
    data, words = ARRAYS[name]
    path = tmp_path / f"w{suffix}"
    path.write_bytes(data)
    with pytest.raises(LnnccError) as caught:
        read(path)
    assert caught.value.code == code
    assert suffix == ".npz" or re.search(words, str(caught.value)), str(caught.value)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_arrays_of_one_name(tmp_path: Path) -> None:
    part = header("(3,)") + bytes(24)
    (tmp_path / "w.npz").write_bytes(zipped(("x.npy", part), ("x.npy", part)))
    with pytest.raises(LnnccError, match=r"(?s)E0410.*two of one name"):
        weights.read(tmp_path / "w.npz")


def test_one_array_without_a_name_is_data_but_no_weights(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.asfortranarray(np.arange(12.0).reshape(4, 3)))
    np.testing.assert_array_equal(read_npz(tmp_path / "x.npy", X)["x"][0], np.arange(12.0).reshape(4, 3))
    (tmp_path / "x.npy").rename(tmp_path / "x.npz")
    with pytest.raises(LnnccError, match=r"(?s)E0410.*without a name"):
        weights.read(tmp_path / "x.npz")


def test_zeros_may_shrink_and_recordings_may_be_large(tmp_path: Path) -> None:
    mask = np.zeros((1000, 1000))
    np.savez_compressed(tmp_path / "w.npz", mask=mask)
    assert weights.read(tmp_path / "w.npz").arrays["mask"].shape == mask.shape


def safetensors(entry: object, body: bytes = bytes(12), length: int | None = None) -> bytes:
    text = json.dumps({"x": entry}).encode() if not isinstance(entry, bytes) else entry
    return (len(text) if length is None else length).to_bytes(8, "little") + text + body


F32 = {"dtype": "F32", "shape": [3], "data_offsets": [0, 12]}
TENSORS = {
    "a header longer than its file": safetensors(F32, length=1 << 40),
    "a header of nothing": safetensors(F32, length=0),
    "a header that is no table": safetensors(b"[1, 2]"),
    "a header that is nested": safetensors(b"[" * 100_000),
    "an entry that is none": safetensors(7),
    "no shape": safetensors({"dtype": "F32", "data_offsets": [0, 12]}),
    "a shape that is none": safetensors(F32 | {"shape": "three"}),
    "a huge shape": safetensors(F32 | {"shape": [1 << 30, 1 << 30]}),
    "a shape below zero": safetensors(F32 | {"shape": [-3]}),
    "offsets beyond the file": safetensors(F32 | {"data_offsets": [0, 1 << 40]}),
    "offsets that cross": safetensors(F32 | {"data_offsets": [12, 0]}),
    "a type of its own": safetensors(F32 | {"dtype": "F31"}),
    "bytes that nobody owns": safetensors(F32, bytes(13)),
    "too many": safetensors(json.dumps({str(k): F32 for k in range(npz.MAX_ENTRIES + 1)}).encode()),
    "nothing": b"",
}


@pytest.mark.parametrize("name", TENSORS)
def test_safetensors(name: str, tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(TENSORS[name])
    with pytest.raises(LnnccError, match="E0410"):
        weights.read(tmp_path / "w.safetensors")


def test_safetensors_that_are_whole(tmp_path: Path) -> None:
    (tmp_path / "w.safetensors").write_bytes(safetensors(F32))
    assert weights.read(tmp_path / "w.safetensors").arrays["x"].shape == (3,)


# ONNX.


def refused(model: onnx.ModelProto, tmp_path: Path) -> LnnccError:
    (tmp_path / "m.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(LnnccError) as caught:
        from_onnx(tmp_path / "m.onnx", state={})
    return caught.value


def functions(*calls: tuple[str, ...]) -> onnx.ModelProto:
    """f0 calls what ``calls[0]`` says, and so on; the graph calls f0."""
    model = of([helper.make_node("f0", ["x"], ["y"], domain="own")], {"x": (1, 4)}, {"y": (1, 4)})
    imports = [helper.make_opsetid("", 20), helper.make_opsetid("own", 1)]
    model.opset_import.append(imports[1])
    for k, inner in enumerate(calls):
        values = ["a", *(f"v{i}" for i in range(len(inner) - 1)), "b"]
        nodes = [
            helper.make_node(op, [values[i]], [values[i + 1]], domain="own" if op[0] == "f" else "")
            for i, op in enumerate(inner)
        ]
        model.functions.append(helper.make_function("own", f"f{k}", ["a"], ["b"], nodes, imports))
    return model


def test_functions_that_stand_for_more_nodes_than_there_can_be(tmp_path: Path) -> None:
    """Ten calls in each of ten functions: 10**10 nodes in a few kilobytes."""
    calls = [(f"f{k + 1}",) * 10 for k in range(10)]
    error = refused(functions(*calls, ("Neg",)), tmp_path)
    assert error.code == "E0337" and "more than 100000 nodes" in str(error)


def test_functions_that_call_themselves(tmp_path: Path) -> None:
    error = refused(functions(("f1", "Neg"), ("f0", "Neg")), tmp_path)
    assert error.code == "E0337" and "call themselves" in str(error)


def test_functions_that_end_are_inlined(tmp_path: Path) -> None:
    path = tmp_path / "m.onnx"
    path.write_bytes(functions(("f1", "f1"), ("Neg", "Neg", "Neg")).SerializeToString())
    assert sum(n.op == "neg" for n in from_onnx(path, state={}).graph.nodes) == 6


def test_external_data_of_a_function(tmp_path: Path) -> None:
    """Where onnx's own loader does not look."""
    model = functions(("Neg",))
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[1], data_location=onnx.TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    model.functions[0].node.insert(0, helper.make_node("Constant", [], ["c"], value=tensor))
    assert refused(model, tmp_path).code == "E0338"


def test_a_product_that_takes_for_ever(tmp_path: Path) -> None:
    """Two constants of four megabytes each, made of four numbers, multiplied: 10**10 products."""
    shape = onnx.numpy_helper.from_array(np.array([2200, 2200], np.int64), "shape")
    nodes = [
        node("ConstantOfShape", ["shape"], ["a"]),
        node("MatMul", ["a", "a"], ["b"]),
        node("ReduceSum", ["b"], ["c"], keepdims=0),
        node("Add", ["x", "c"], ["y"]),
    ]
    assert refused(of(nodes, {"x": (1, 4)}, {"y": (1, 4)}, [shape]), tmp_path).code == "E0340"


def test_more_operations_than_a_step_can_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builder, "MOST", 5)
    nodes = [node("Neg", [f"v{k}" if k else "x"], [f"v{k + 1}" if k < 9 else "y"]) for k in range(10)]
    error = refused(of(nodes, {"x": (1, 4)}, {"y": (1, 4)}), tmp_path)
    assert error.code == "E0340" and "too large" in str(error)


def test_an_attribute_of_a_function_outside_of_one(tmp_path: Path) -> None:
    model = of([node("Concat", ["x", "x"], ["y"], axis=1)], {"x": (1, 4)}, {"y": (1, 8)})
    model.graph.node[0].attribute[0].ref_attr_name = "axis"
    assert refused(model, tmp_path).code in ("E0331", "E0337")


# Folders.


@pytest.fixture(scope="module")
def program() -> lnncc.Program:
    return lnncc.compile(lnncc.Model(models.cfc()), dt=1.0, ranges={"x": (-2, 2)}, name="m")


@pytest.fixture
def folder(program: lnncc.Program, tmp_path: Path) -> Path:
    program.save(tmp_path / "out")
    return tmp_path / "out"


def sealed(folder: Path, **changes: object) -> None:
    """The manifest with ``changes``, and with the digests of the files as they are."""
    manifest = json.loads((folder / "m.json").read_text()) | changes
    digests = manifest["sha256"]
    manifest["sha256"] = {n: hashlib.sha256((folder / n).read_bytes()).hexdigest() for n in digests}
    (folder / "m.json").write_text(json.dumps(manifest))


def read_refused(folder: Path) -> str:
    with pytest.raises(LnnccError) as caught:
        builds.read(folder)
    assert caught.value.code == "E0405"
    return str(caught.value)


RANGE = {"low": -1.0, "high": 1.0, "assumed": False}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *((key, value) for key in KINDS for value in (None, "x", 7.5)),
        ("ranges", {"x": 7}),
        ("ranges", {}),
        ("ranges", {"x": RANGE, "y": RANGE}),
        ("ranges", {"x": RANGE | {"low": 2}}),
        ("ranges", {"x": RANGE | {"low": float("nan")}}),
        ("ranges", {"x": RANGE | {"more": 1}}),
        ("ranges", {"x": RANGE | {"assumed": 0}}),
        ("saturations", [1]),
        ("assumed_states", [["state"]]),
        ("rounding", {"values": {}, "unbounded": 1}),
        ("rounding", {"values": []}),
        ("rounding", {"values": {"v1": 1.0}, "unbounded": None}),
        ("rounding", {"values": {"v1": [-1.0]}, "unbounded": None}),
    ],
)
def test_facts_of_other_types_are_refused(folder: Path, key: str, value: object) -> None:
    stated = json.loads((folder / "m.json").read_text())["facts"]
    sealed(folder, facts=stated | {key: value})
    read_refused(folder)


def test_facts_that_are_none_are_refused(folder: Path) -> None:
    sealed(folder, facts=[])
    assert "facts are no table" in read_refused(folder)


def test_c_that_lnncc_did_not_write_is_never_compiled(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digests fit, and the C would run on this machine."""
    source = folder / "m.c"
    source.write_text(source.read_text() + "\n__attribute__((constructor)) static void f(void) { __builtin_trap(); }\n")
    sealed(folder)
    assert "its C is not what this lnncc generates" in read_refused(folder)
    for verb in ("verify", "check", "report"):
        assert main([verb, str(folder)]) == 4
    assert main(["run", str(folder), "--on", "host"]) == 4
    assert "E0405" in capsys.readouterr().err


def test_a_file_more_that_the_c_could_include(folder: Path) -> None:
    (folder / "lnn" / "more.h").write_text("#error\n")
    manifest = json.loads((folder / "m.json").read_text())
    sealed(folder, sha256=manifest["sha256"] | {"lnn/more.h": ""})
    assert "its C is not" in read_refused(folder)


@pytest.mark.parametrize("key", ["saturations", "rounding", "ranges"])
def test_facts_that_a_report_reads_are_there(key: str, folder: Path) -> None:
    facts = json.loads((folder / "m.json").read_text())["facts"]
    sealed(folder, facts={name: fact for name, fact in facts.items() if name != key})
    assert f"there is no {key} among the facts" in read_refused(folder)


def test_an_interface_that_holds_c(folder: Path) -> None:
    interface = json.loads((folder / "m.json").read_text())["interface"]
    sealed(folder, interface=interface | {"name": "m; system(0)"})
    assert "its interface is not" in read_refused(folder)
    interface["inputs"][0]["id"] = "x0); system(0"
    sealed(folder, interface=interface)
    assert "its interface is not" in read_refused(folder)
    sealed(folder, interface=7)
    assert "its interface is not" in read_refused(folder)


@pytest.mark.parametrize(
    "settings",
    [{"name": "m; x"}, {"name": 7}, {"target": "../host"}, {"target": []}, {"more": 1}, {"dt": {}}, {"dt": ["a", "b"]}],
    ids=str,
)
def test_settings_that_cannot_be(settings: dict[str, object], folder: Path) -> None:
    manifest = json.loads((folder / "m.json").read_text())
    sealed(folder, settings=manifest["settings"] | settings)
    with pytest.raises(LnnccError, match=r"E0(405|20[0-9])"):
        builds.read(folder)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "lnn"])
def test_a_manifest_that_names_what_is_not_in_the_folder(name: str, folder: Path) -> None:
    (folder.parent / "secret").write_text("s")
    manifest = json.loads((folder / "m.json").read_text())
    manifest["sha256"][name] = ""
    (folder / "m.json").write_text(json.dumps(manifest))
    assert "no file inside the folder" in read_refused(folder)


def test_a_link_out_of_the_folder(folder: Path) -> None:
    (folder.parent / "elsewhere.lnn").write_bytes((folder / "m.lnn").read_bytes())
    (folder / "m.lnn").unlink()
    (folder / "m.lnn").symlink_to(folder.parent / "elsewhere.lnn")
    assert "no file inside the folder" in read_refused(folder)


def test_a_pipe_that_never_ends(folder: Path) -> None:
    (folder / "m.lnn").unlink()
    os.mkfifo(folder / "m.lnn")
    os.mkfifo(folder / "a.json")
    assert "no file inside the folder" in read_refused(folder)


def test_a_manifest_that_lacks_a_file(folder: Path) -> None:
    manifest = json.loads((folder / "m.json").read_text())
    del manifest["sha256"]["m.lnn"]
    (folder / "m.json").write_text(json.dumps(manifest))
    assert "lacks m.lnn" in read_refused(folder)


def test_a_file_beyond_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lnncc.archive.MAX_FILE", 10)
    assert "more than 10 bytes" in read_refused(folder)
    monkeypatch.setattr(manifests, "MAX_JSON", 10)
    assert "holds no compiled model" in read_refused(folder)


def test_a_certificate_beyond_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manifests, "MAX_JSON", (folder / "m.json").stat().st_size)
    (folder / "m.certificate.json").write_text("{}" + " " * manifests.MAX_JSON)
    sealed(folder)
    assert "a JSON file has" in read_refused(folder)


def test_json_that_is_no_manifest_is_passed_by(folder: Path) -> None:
    for k, text in enumerate(("[]", "{", "[" * 100_000, "7", '{"schema": []}')):
        (folder / f"a{k}.json").write_text(text)
    assert builds.read(folder).name == "m"


def test_an_integer_graph_of_ops_that_lack_their_numbers(folder: Path) -> None:
    from lnncc import archive

    graph = builds.read(folder).integer
    bare = tuple(n.__class__(n.op, n.inputs, n.outputs) for n in graph.nodes)
    (folder / "m.integer.lnn").write_bytes(archive.pack(graph.edited(nodes=bare)))
    sealed(folder)
    assert "its integer graph is none of lnncc's" in read_refused(folder)


def test_choices_are_read_whatever_made_the_c(folder: Path, program: lnncc.Program) -> None:
    (folder / "m.c").write_text("")
    assert builds.read_choices(folder) == program.build.choices
    (folder / "m.json").write_text(json.dumps({"schema": manifests.SCHEMA, "choices": {"nodes": 7}}))
    with pytest.raises(LnnccError, match="E0405"):
        builds.read_choices(folder)


def test_a_certificate_of_more_steps_than_anyone_waits_for(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The checker itself looks at a thousand steps; what is said of more must not be run."""
    stated = json.loads((folder / "m.certificate.json").read_text())
    stated["replay"]["steps"] = 10**12
    monkeypatch.setattr("lnncc.checker.check", lambda folder: stated)
    assert main(["check", str(folder)]) == 6
    assert "its replay is not of 1 to 1024 steps" in capsys.readouterr().err


def test_a_graph_that_the_checker_would_unpack_is_a_bomb(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = zipped(("v.npy", bytes(40_000_000)), method=8)
    (folder / "m.integer.lnn").write_bytes(zipped(("graph.json", b"{}"), ("weights.npz", inner)))
    assert main(["check", str(folder)]) == 6
    shown = capsys.readouterr().err
    assert "E0603" in shown and "no model that this lnncc can read" in shown


def test_a_proof_that_does_not_settle(program: lnncc.Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "MOST_NODES", 5)
    with pytest.raises(LnnccError, match=r"(?s)E0308.*does not settle within 5"):
        prove.prove(program.build.integer)
