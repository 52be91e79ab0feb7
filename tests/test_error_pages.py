"""Pages of docs/errors, run: what stands under "Fails" ends in the code of the page, and "Fixed" in no error.

A page is written for a reader who has a model, recordings and weights; ``desk`` has them by the names that pages use. A
block of a page is commands where its lines begin with ``$``, else Python, for which ``AROUND`` says what the reader has
there. What ``$ cat FILE`` shows is in the file.
"""

import contextlib
import importlib
import os
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from lnncc import cells, cli, explain
from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.validate import chip, host

onnx = pytest.importorskip("onnx")
flax = pytest.importorskip("flax")

DATA = Path(__file__).parent / "data"
CODE = re.compile(r"error\[(E0\d{3})\]")
SNIPPET = "SNIPPET"
REACH = {"x": (-4.0, 4.0)}

STEP = """
params, state, inputs = jnp.eye(3), jnp.zeros(3), jnp.zeros(3)
cell = lambda params, h, x: jnp.tanh(params @ x + h)
readout = lambda params, h: h[:1]
SNIPPET
lnncc.compile(step, params, state=state, inputs=inputs, ranges=REACH, dt=0.01)
"""
INSIDE = """
def step(params, state, x, dt):
    a, b, c, h, gates, tol, body = x, state, x[::-1], state, x, 1e-3, lambda x: x / 2
    SNIPPET
    return jnp.tanh(h + x), locals().get("y", h[:1])
lnncc.compile(step, None, state=jnp.zeros(3), inputs=jnp.zeros(3), ranges=REACH, dt=1.0)
"""
RECORDED = """
recording = np.random.default_rng(0).uniform(-1, 1, (60, 3))
recording[7] = np.nan if code == "E0403" else 0
recordings = np.stack([recording, recording])
stamps, x, t = np.arange(60.0), recording, np.arange(60.0)
SNIPPET
"""
COMPILED = RECORDED + "lnncc_('compile model.lnn --target cortex-m4 --calib day1.npz -o out3')"
TRAIN = """
import jax.numpy as jnp
import lnncc

params, state, inputs = {"w": jnp.eye(3)}, jnp.zeros(3), jnp.zeros(3)

def step(params, state, x, dt):
    return jnp.tanh(params["w"] @ x + state), state

def model():
    return lnncc.trace(step, params, state=state, inputs=inputs)
"""
GATHERS = """
cast = onnx.helper.make_node("Cast", ["x"], ["k"], to=onnx.TensorProto.INT64)
nodes = [cast, onnx.helper.make_node("Gather", ["h", "k"], ["y"]), tanh("h", "h_next")]
graph = onnx.helper.make_graph(nodes, "step", [three("x"), three("h")], [three("y"), three("h_next")])
onnx.save(onnx.helper.make_model(graph), "gyro.onnx")
"""
NCPS = """
shutil.copy("plain.npz", "cfc.npz")
encoder_weights, decoder_weights = ({f"{k}.{n}": v for n, v in np.load("cfc.npz").items()} for k in ("a", "b"))
SNIPPET
"""
AROUND: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("E0301", "E0303", "E0340"), STEP),
        **dict.fromkeys(("E0302", "E0306", "E0307", "E0309"), INSIDE),
        **dict.fromkeys(("E0401", "E0403", "E0407"), COMPILED),
        "E0408": COMPILED.replace("--calib", "--dt 0.5:2 --calib"),
        "E0406": "numpy = np\nSNIPPET\nlnncc_('compile model.lnn --target cortex-m4 --calib day1.npz -o out3')",
        "E0420": RECORDED + "lnncc_('run out --on host --data x.npz')",
        **dict.fromkeys(("E0322", "E0323", "E0324", "E0410"), NCPS),
        "E0305": "step = lambda p, h, x, dt: (jnp.tanh(p @ x + h), h)\nparams = jnp.ones((32, 6))\nSNIPPET",
        "E0310": "model = model(ltc())\nSNIPPET",
        "E0311": "h0 = x0 = jnp.zeros(3)\nSNIPPET",
        "E0325": "weights = {'head.weight': np.ones((2, 7)), 'head.bias': np.ones(2)}\n"
        "numpy.savez('model.npz', **np.load('plain.npz'), **weights)\nSNIPPET",
        "E0351": "numpy.savez('s4.npz', **{'kernel.log_dt': np.zeros(4)})\ncell, x = cells.S4D(3, 5, 4), jnp.zeros(3)\n"
        "recorded = np.random.default_rng(0).uniform(-1, 1, (60, 3))\nparams = cell.init(jax.random.key(0))\nSNIPPET\n",
        "E0353": "cell = cells.CfC(inputs=1, units=4)\nSNIPPET\n"
        "named = lambda p, h, x, dt: step(p, h, x['current'], 1.0)\n"
        "lnncc.save(lnncc.trace(named, cell.init(jax.random.key(0)), state=cell.initial_state(), "
        "inputs={'current': jnp.zeros(1)}), 'photo.lnn')",
        "E0402": "params = {'cell': {'tau': jnp.ones(3)}}\nSNIPPET\n"
        "step = lambda p, h, x, dt: (p['cell']['tau'] * x, h)\n"
        "lnncc.compile(step, params, state=jnp.zeros(3), inputs=jnp.zeros(3), ranges=REACH)",
        "E0411": "state = dict(np.load('plain.npz'))\nSNIPPET\nlnncc.from_ncps('w.npz', mode='default')",
        "E0412": "w = dict(np.load('ltc.npz'))\n"
        "numpy.savez('ltc.npz', **{k: -abs(v) if 'w' in k.rpartition('.')[2] else v for k, v in w.items()})\nSNIPPET",
        "E0224": "import lnncc.flash.firmware\nSNIPPET",
    }
)
BEFORE: Mapping[str, str] = MappingProxyType(
    {
        "E0202": "lnncc.save(model(gated(), timed=True), 'model.lnn')",
        "E0206": "lnncc.save(model(ltc()), 'other.lnn')\n"
        "lnncc_('compile gyro.lnn --target cortex-m4 --calib x.npz --bits auto --max-abs 1e-2 -o gyro_c')",
        **dict.fromkeys(("E0214", "E0409"), "Path('data').mkdir()"),
        "E0237": "for name, factor in (('model', 1.0), ('newer', 1.001)):\n"
        "    lnncc.save(trained(ltc(), factor), f'{name}.lnn')\n"
        "shutil.rmtree('out', ignore_errors=True)\n"
        "lnncc_('compile model.lnn --target cortex-m4 --range x=-4:4 --updatable -o out')",
        **dict.fromkeys(
            ("E0236", "E0238"),
            "for name, factor in (('model', 1.0), ('newer', 1.001)):\n"
            "    lnncc.save(trained(ltc(), factor), f'{name}.lnn')",
        ),
        "E0414": "for name, cell, by in (('model', ltc(), 1), ('retrained', ltc(), 1.001), ('larger', ltc(8), 1)):\n"
        "    lnncc.save(trained(cell, by), f'{name}.lnn')\n"
        "shutil.rmtree('out')\nlnncc_('compile model.lnn --target cortex-m4 --range x=-4:4 --updatable -o out')",
        "E0331": GATHERS,
        "E0332": "Path('params.msgpack').write_bytes(flax.serialization.to_bytes({'w': jnp.eye(3)}))",
        "E0336": """
step = onnx.helper.make_graph(
    [tanh("x", "output_0"), tanh("hidden", "output_1")],
    "step",
    [three("x"), three("hidden")],
    [three("output_0"), three("output_1")],
)
onnx.save(onnx.helper.make_model(step), "gyro.onnx")
filter = onnx.helper.make_graph([tanh("x", "y")], "filter", [three("x")], [three("y")])
onnx.save(onnx.helper.make_model(filter), "filter.onnx")
""",
        "E0338": "onnx.save(onnx.load('gyro.onnx'), 'gyro.onnx', save_as_external_data=True, size_threshold=0, "
        "location='gyro.onnx.data')",
        "E0404": "step = lambda p, h, x, dt: (h + 0.1 * x, h)\n"
        "lnncc.save(lnncc.trace(step, None, state=jnp.zeros(3), inputs=jnp.zeros(3)), 'model.lnn')",
        "E0408": "lnncc.save(model(gated(), timed=True), 'model.lnn')",
        "E0410": "shutil.copy('plain.npz', 'weights.npz')",
        "E0501": "lnncc.save(model(cells.CfC(inputs=3, units=22)), 'model.lnn')",
        "E0505": "lnncc.save(model(cells.CfC(inputs=3, units=32)), 'model.lnn')\nshutil.rmtree('out')\n"
        "lnncc_('compile model.lnn --target cortex-m4 --range x=-4:4 -o out')",
        "E0603": "shutil.rmtree('out')\n"
        "lnncc_('compile model.lnn --target cortex-m4 --range x=-4:4 --name gyro -o out')",
    }
)
LACKING: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "E0701": ("ziglang",),
        "E0703": ("unicorn",),
        "E0704": (),
        "E0705": ("ziglang",),
        "E0706": (),
        "E0710": (),
    }
)
NOT_RUN: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("E0100", "E0308", "E0601", "E0604", "E0712"), "lnncc itself has to be wrong"),
        **dict.fromkeys(("E0605", "E0702", "E0711", "E0801", "E0802", "E0805"), "a tool has to be wrong"),
        **dict.fromkeys(("E0806", "E0807", "E0808", "E0809"), "a board has to be at a serial port"),
        **dict.fromkeys(("E0810", "E0811", "E0812", "E0813", "E0814"), "a board has to be at hand"),
        **dict.fromkeys(("E0213", "E0707"), "lnncc, or an Arduino core, has to be installed in another way"),
        **dict.fromkeys(("E0326", "E0339", "E0413"), "the example is one of Keras or torch"),
        **dict.fromkeys(("E0415", "E0416"), "retraining has to end in just such weights"),
        "E0350": "there has to be an op without a kernel for many streams",
        "E0803": "the example takes as long as an emulator may",
    }
)
UNFIXED: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("E0226", "E0227", "E0706"), "a board has to be at hand"),
        **dict.fromkeys(("E0225", "E0427"), "a board has to be at a serial port"),
        "E0214": "the data sets have to be there",
        "E0322": "the example is one of torch",
        **dict.fromkeys(("E0334", "E0337"), "the way is to look for what is wrong"),
        "E0409": "the data sets have to be there",
    }
)


def blocks(code: str, heading: str) -> list[str]:
    """What is indented under a heading, without the indentation; lines between which there is only an empty one are
    of one block."""
    [text] = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", explain.page(code), re.M | re.S)
    return [
        textwrap.dedent(found).strip("\n") + "\n"
        for found in re.findall(r"(?:^    .*\n|^\n(?=    (?!\$ )))+", text, re.M)
    ]


def model(cell: cells.LTC | cells.CfC, timed: bool = False) -> Model:
    """On three inputs called x; the time between steps is 1, or told."""
    params, state = cell.init(jax.random.key(2)), cell.initial_state()
    step = cell.step if timed else lambda p, h, x, dt: cell.step(p, h, x, 1.0)
    return lnncc.trace(step, params, state=state, inputs=jnp.zeros(3))


def ltc(units: int = 6) -> cells.LTC:
    return cells.LTC(cells.AutoNCP(units, 1).wire(3))


def trained(cell: cells.LTC, factor: float) -> Model:
    """Parameters of which none is 0 or 1, which an update could not change."""
    params = jax.tree.map(lambda p: factor * (1.01 * p + 0.003), cell.init(jax.random.key(2)))
    step = lambda p, h, x, dt: cell.step(p, h, x, 1.0)  # noqa: E731
    return lnncc.trace(step, params, state=cell.initial_state(), inputs=jnp.zeros(3))


def gated() -> cells.CfC:
    return cells.CfC(inputs=3, units=4, backbone_units=8)


def three(name: str) -> object:
    return onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [3])


def tanh(before: str, after: str) -> object:
    return onnx.helper.make_node("Tanh", [before], [after])


def photo() -> Model:
    step = lambda p, h, x, dt: (jnp.tanh(h + x["current"]), h)  # noqa: E731
    return lnncc.trace(step, None, state=jnp.zeros(1), inputs={"current": jnp.zeros(1)})


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    for name, made in (("model", model(ltc())), ("gyro", model(gated())), ("photo", photo())):
        lnncc.save(made, folder / f"{name}.lnn")
    (folder / "gyro").mkdir()
    (folder / "gyro/train.py").write_text(TRAIN)
    xs = np.random.default_rng(0).uniform(-1, 1, (60, 3))
    for name in ("x", "day", "day1", "day2"):
        np.savez(folder / f"{name}.npz", x=xs)
    np.savetxt(folder / "day1.csv", xs, delimiter=",")
    (folder / "renamed.zip.lnn").write_bytes(b"PK")
    (folder / "broken.onnx").write_bytes(b"no")
    (folder / "model.pt").write_bytes(b"no")
    for name, file in (("plain", "cfc_no_backbone"), ("cfc", "cfc_full64"), ("ltc", "ltc_random")):
        shutil.copy(DATA / "ncps" / f"{file}.weights.npz", folder / f"{name}.npz")
    shutil.copy(folder / "ltc.npz", folder / "weights.npz")
    shutil.copy(DATA / "onnx/ltc_ncp28.torchscript.onnx", folder / "gyro.onnx")
    lnncc.compile(model(ltc()), ranges=REACH, target="cortex-m4").save(folder / "out")
    return folder


@pytest.fixture
def desk(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Code that a page imports is imported anew for each."""
    shutil.copytree(filled, tmp_path / "desk")
    monkeypatch.chdir(tmp_path / "desk")
    monkeypatch.setattr(sys, "path", list(sys.path))
    known = set(sys.modules)
    yield tmp_path / "desk"
    for name in set(sys.modules) - known:
        if name.split(".")[0] in ("train", "gyro"):
            del sys.modules[name]


def ran(words: list[str], capsys: pytest.CaptureFixture[str]) -> str | None:
    """The code that a command ends in."""
    capsys.readouterr()
    status = cli.main(words)
    shown = capsys.readouterr()
    found = CODE.search(shown.err)
    assert (status == 0) == (found is None), shown.err
    return None if found is None else found[1]


def outcomes(block: str, code: str, capsys: pytest.CaptureFixture[str]) -> Iterator[str | None]:
    """Of each command, or of the Python, the code it ends in."""
    if not block.startswith("$"):
        yield snippet(block, code)
        return
    for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$).*\n)*)", block, re.M):
        first, *rest = shlex.split(command, comments=True)
        if first == "lnncc":
            yield ran(rest, capsys)
        elif first == "cat":
            Path(rest[0]).write_text(textwrap.dedent(shown))
            sys.modules.pop(Path(rest[0]).stem, None)
            importlib.invalidate_caches()
        elif first not in ("pip", "apt", "git", "pyocd", "cd"):
            path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
            environment = os.environ | {"PATH": path}
            subprocess.run(["bash", "-euc", command], check=True, capture_output=True, env=environment)


def snippet(text: str, code: str) -> str | None:
    around = AROUND.get(code, SNIPPET)
    margin = next(line for line in around.splitlines() if SNIPPET in line).partition(SNIPPET)[0]
    whole = around.replace(margin + SNIPPET, textwrap.indent(text, margin))
    names = {**globals(), "numpy": np, "code": code, "lax": jax.lax, "lnncc_": lnncc_}
    try:
        exec(compile(whole, f"{code}.py", "exec"), names)
    except LnnccError as error:
        return error.code
    return None


def lnncc_(text: str) -> None:
    """A command in Python: its error is raised."""
    from lnncc.cli import _main

    _main(text.split(), as_json=False)


@pytest.fixture
def unlinked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes are not measured, which takes a second each."""

    def measure(*_: object) -> object:
        raise LnnccError("E0701", "no compiler is asked")

    monkeypatch.setattr(chip, "measure", measure)


@contextlib.contextmanager
def lacking(code: str) -> Iterator[None]:
    """The machine of a reader who meets this error."""
    with pytest.MonkeyPatch.context() as patch:
        if code in LACKING:
            host._opened.cache_clear()
            patch.setenv("PATH", "")
            for name in LACKING[code]:
                for user in [
                    key for key, module in sys.modules.items() if key.startswith("lnncc.") and hasattr(module, name)
                ]:
                    patch.delitem(sys.modules, user)  # what another test has imported would not import it again
                patch.setitem(sys.modules, name, None)
        yield


@pytest.mark.docs
@pytest.mark.parametrize("code", [code for code in explain.codes() if code not in NOT_RUN])
def test_a_page_is_true(
    code: str, desk: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    if code != "E0501":
        request.getfixturevalue("unlinked")
    exec(BEFORE.get(code, ""), {**globals()})
    with lacking(code):
        failed = [found for block in blocks(code, "Fails") for found in outcomes(block, code, capsys)]
    assert failed and failed[-1] == code and set(failed) <= {code, None}, failed
    if code not in UNFIXED:
        done = [found for block in blocks(code, "Fixed") for found in outcomes(block, code, capsys)]
        assert set(done) <= {None}, done
