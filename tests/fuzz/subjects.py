"""What is fuzzed: of each kind of input some valid files, how they are changed, and what reads them."""

import functools
import hashlib
import io
import json
import random
import tempfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import flax.serialization
import numpy as np
from safetensors.numpy import save

import lnncc
from lnncc import archive, calibration
from lnncc import build as builds
from lnncc.cli import check
from lnncc.frontend import from_ncps
from lnncc.frontend.onnx import from_onnx
from lnncc.ir import Graph
from lnncc.program import Program
from tests.fuzz import mutate
from tests.fuzz.messages import onnx_model
from tests.onnx_cases import CASES, ONE_STEP

NPZ = mutate.zipped({".npy": mutate.npy})
LNN = mutate.zipped({".json": mutate.text, ".npz": NPZ})
DATA = Path(__file__).parents[1] / "data"


@dataclass(frozen=True)
class Subject:
    """``file`` is what the input is called, ``seeds`` gives the valid ones, ``read`` takes the path of one."""

    file: str
    seeds: Callable[[], list[bytes]]
    change: mutate.Change
    read: Callable[[Path], object]


@functools.cache
def graph() -> Graph:
    """A small GRU as a float graph."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m.onnx"
        path.write_bytes(ONE_STEP["gru"].SerializeToString())
        return from_onnx(path).graph


@functools.cache
def built() -> Program:
    return lnncc.compile(lnncc.Model(graph()), ranges={"x": (-1, 1)}, name="m")


def _onnx_seeds() -> list[bytes]:
    """Operators, recurrent nodes, loops and branches; the integer program, whose operators are others again."""
    models = [case.model.SerializeToString() for case in CASES.values()]
    exported = (DATA / "onnx" / "ltc_ncp28.dynamo.onnx").read_bytes()
    return [*models, *[m.SerializeToString() for m in ONE_STEP.values()] * 4, exported]


def _checkpoints() -> list[dict[str, np.ndarray]]:
    names = ("ltc_random", "cfc_gelu_dropout", "wired_no_gate", "ltc_mm16")
    return [dict(np.load(DATA / "ncps" / f"{name}.weights.npz")) for name in names]


def _npz(arrays: Mapping[str, np.ndarray]) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)  # type: ignore[arg-type]
    return buffer.getvalue()


def _checkpoint(path: Path) -> object:
    """All options said, so that reading goes on; what does not fit is an error, too."""
    from lnncc.frontend.weights import read

    names = read(path).arrays
    kind = {"unfolds": 2, "implicit": True} if any("gleak" in name for name in names) else {"mode": "default"}
    return from_ncps(path, **kind)


def _packed(files: Mapping[str, bytes]) -> bytes:
    """A folder as one input."""
    return mutate.packed(sorted(files.items()), deflate=False)


def _folder(draw: random.Random, data: bytes) -> bytes:
    """A file of a build is changed, and mostly the digests that are kept of it are made to fit."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archived:
            files = {n: archived.read(n) for n in archived.namelist()}
    except Exception:  # a corpus file that is no zip any more
        return mutate.raw(draw, data)
    kinds = {".lnn": LNN, ".json": mutate.text}
    for _ in range(draw.choice((1, 1, 2))):
        name = draw.choice([n for n in files if not n.startswith("lnn/")])
        files[name] = next((f for end, f in kinds.items() if name.endswith(end)), mutate.raw)(draw, files[name])
    if draw.random() < 0.8:
        _sealed(files)
    return _packed(files)


def _sealed(files: dict[str, bytes]) -> None:
    try:
        stated, manifest = (json.loads(files[f"m{end}.json"]) for end in (".certificate", ""))
        stated["graph"]["sha256"] = hashlib.sha256(files["m.integer.lnn"]).hexdigest()
        files["m.certificate.json"] = json.dumps(stated).encode()
        manifest["sha256"] = {n: hashlib.sha256(d).hexdigest() for n, d in files.items() if n in manifest["sha256"]}
        files["m.json"] = json.dumps(manifest).encode()
    except (KeyError, TypeError, ValueError, RecursionError):
        return


def _opened(path: Path, read: Callable[[Path], object]) -> object:
    """The folder that the zip at ``path`` stands for."""
    with tempfile.TemporaryDirectory() as place:
        try:
            with zipfile.ZipFile(path) as archived:
                archived.extractall(place)
        except Exception:  # no zip: an input that changes nothing
            return None
        return read(Path(place))


def _build(path: Path) -> object:
    """What ``report`` and ``export`` do; ``verify`` and ``run`` begin so, and then compile C of our own."""

    def read(folder: Path) -> object:
        program = Program(builds.read(folder))
        program.report()
        return program.export_onnx(folder / "m.onnx")

    return _opened(path, read)


def _certificate(path: Path) -> object:
    return _opened(path, check._checked)


def _data(path: Path) -> object:
    return calibration.read_npz(path, graph())


def _recordings() -> list[bytes]:
    x = np.random.default_rng(0).normal(size=(20, 3))
    buffer = io.BytesIO()
    np.save(buffer, x.astype(np.float32))
    return [_npz({"x": x}), _npz({"x": x.astype(np.float32), "more": x[:3]}), buffer.getvalue()]


def _keras(*names: str) -> Callable[[], list[bytes]]:
    return lambda: [(DATA / "keras" / name).read_bytes() for name in names]


def _trees() -> list[bytes]:
    """As ``flax.serialization.to_bytes`` writes them: arrays are an extension of msgpack."""
    arrays = {"w": np.ones((3, 4), np.float32), "b": np.arange(4.0), "n": np.array(7)}
    return [flax.serialization.to_bytes(tree) for tree in ({"cell": arrays, "more": [arrays, {}]}, arrays)]


SUBJECTS: Mapping[str, Subject] = {
    "lnn": Subject("m.lnn", lambda: [archive.pack(graph()), archive.pack(built().build.integer)], LNN, archive.load),
    "npz": Subject("w.npz", lambda: [_npz(a) for a in _checkpoints()], NPZ, _checkpoint),
    "safetensors": Subject("w.safetensors", lambda: [save(a) for a in _checkpoints()], mutate.safetensors, _checkpoint),
    "onnx": Subject("m.onnx", _onnx_seeds, onnx_model, from_onnx),
    "h5": Subject("m.weights.h5", _keras("cfc_dense.weights.h5", "ltc_ncp.weights.h5"), mutate.raw, from_ncps),
    "keras": Subject(
        "m.keras", _keras("cfc_dense.keras", "cfc_no_backbone.keras"), mutate.zipped({".json": mutate.text}), from_ncps
    ),
    "msgpack": Subject("p.msgpack", _trees, mutate.raw, lnncc.load_params),
    "data": Subject("x.npz", _recordings, NPZ, _data),
    "build": Subject("build.zip", lambda: [_packed(built().build.files())], _folder, _build),
    "certificate": Subject("build.zip", lambda: [_packed(built().build.files())], _folder, _certificate),
}
