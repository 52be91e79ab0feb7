"""The command line: what each verb answers, and that every mistake is a clear error that leaves nothing behind."""

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import cli
from lnncc.validate import chip, host
from lnncc.validate.footprint import Footprint

TRAIN = '''
"""A gated cell of four neurons on two inputs, as a user would write it."""
import jax, jax.numpy as jnp
import lnncc
print("training ...")
keys = jax.random.split(jax.random.key(0), 3)
params = {n: jax.random.normal(k, (4, 6)) / 2 for n, k in zip("abt", keys)}
state, inputs = jnp.zeros(4), jnp.zeros(2)

def step(params, state, x, dt):
    z = jnp.concatenate((x, state))
    a, b = jnp.tanh(params["a"] @ z), jnp.tanh(params["b"] @ z)
    gate = jax.nn.sigmoid(params["t"] @ z * dt)
    state = a * (1 - gate) + gate * b
    return state, state[:1]

def model():
    return lnncc.trace(step, params, state=state, inputs=inputs)

def broken():
    return params["missing"]

def seven():
    return 7
'''
OPTIONS = ("--target", "cortex-m4", "--range", "x=-2:2", "--dt", "0.1", "--name", "gyro")
FAULTS = [
    (["complie"], "E0210", "did you mean `compile`?"),
    ([], "E0210", "verbs: compile"),
    (["compile", "model.lnn", "--traget", "cortex-m4", "-o", "out"], "E0210", "did you mean `--target`?"),
    (["compile", "model.lnn", "-o", "out"], "E0210", "--target"),
    (["compile", "model.lnn", *OPTIONS, "--target", "cortex-m5", "-o", "out"], "E0201", "did you mean `cortex-m"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "0", "-o", "out"], "E0202", "dt = 0"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "nan", "-o", "out"], "E0202", "dt = nan"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "soon", "-o", "out"], "E0202", "no number"),
    (["compile", "model.lnn", *OPTIONS[:4], "-o", "out"], "E0202", "reads dt"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "0.1:0.01", "-o", "out"], "E0202", "ascending"),
    (["compile", "model.lnn", *OPTIONS, "--dt=-1:1", "-o", "out"], "E0202", "above 0"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "0.1:nan", "-o", "out"], "E0202", "finite"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "0.1:", "-o", "out"], "E0202", "no range"),
    (["compile", "model.lnn", *OPTIONS, "--dt", "1e-6:1", "-o", "out"], "E0202", "too wide"),
    (["compile", "model.lnn", *OPTIONS, "--target", "nucleo-f446r", "-o", "out"], "E0201", "mean `nucleo-f446re`?"),
    (["compile", "model.lnn", *OPTIONS, "--package", "cmaek", "-o", "out"], "E0219", "did you mean `cmake`?"),
    (["compile", "model.lnn", *OPTIONS, "--optimise", "sped", "-o", "out"], "E0204", "did you mean `speed`?"),
    (["compile", "model.lnn", *OPTIONS, "--range", "X=-1:1", "-o", "out"], "E0205", "its inputs: x"),
    (["compile", "model.lnn", *OPTIONS, "--name", "while", "-o", "out"], "E0203", "while"),
    (["compile", "model.lnn", *OPTIONS, "--bits", "7", "-o", "out"], "E0204", "--bits 8"),
    (["compile", "model.lnn", *OPTIONS, "--range", "x=2", "-o", "out"], "E0205", "NAME=LOW:HIGH"),
    (["compile", "model.lnn", *OPTIONS, "--range", "x=a:b", "-o", "out"], "E0205", "NAME=LOW:HIGH"),
    (["compile", "model.lnn", *OPTIONS, "--range", "y=0:1", "-o", "out"], "E0205", "no input `y`"),
    (["compile", "model.lnn", *OPTIONS, "--range", "x=-1e308:1e308", "-o", "out"], "E0205", "must be finite"),
    (["compile", "model.lnn", *OPTIONS, "-o", "train.py"], "E0211", "cannot write"),
    (["compile", "model.lnn", *OPTIONS, "-o", "out", "--dump", "train.py"], "E0211", "--dump"),
    (["compile", "model.lnn", "--target", "cortex-m4", "--dt", "0.1", "-o", "out"], "E0400", "--range x="),
    (["compile", "model.lnn", *OPTIONS, "--calib", "wide.npz", "-o", "out"], "E0401", "(10, 3)"),
    (["compile", "model.lnn", *OPTIONS, "--calib", "others.npz", "-o", "out"], "E0407", "input `x`"),
    (["compile", "model.lnn", *OPTIONS, "--calib", "holes.npz", "-o", "out"], "E0403", "x"),
    (["compile", "model.lnn", *OPTIONS, "--calib", "none.npz", "-o", "out"], "E0406", "none.npz"),
    (["compile", "nan.lnn", *OPTIONS, "-o", "out"], "E0402", "24 values"),
    (["compile", "model.onnx", *OPTIONS, "-o", "out"], "E0330", "model.onnx"),
    (["compile", "model.lnn", *OPTIONS, "--state", "h=h2", "-o", "out"], "E0341", "says itself"),
    (["compile", "model.pt", *OPTIONS, "-o", "out"], "E0322", "pickle"),
    (["compile", "w.msgpack", *OPTIONS, "-o", "out"], "E0332", "--params w.msgpack"),
    (["compile", "w.npz", *OPTIONS, "-o", "out"], "E0330", "w.npz"),
    (["compile", "others.npz", *OPTIONS, "-o", "out"], "E0323", "no LTC or CfC"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out"], "E0320", "--ncps unfolds=6"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out", "--ncps", "unfold=6"], "E0342", "did you mean `unfolds`?"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out", "--ncps", "unfolds"], "E0342", "NAME=VALUE"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out", "--ncps", "unfolds=six"], "E0342", "no whole number"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out", "--ncps", "epsilon=e"], "E0342", "no number"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out", "--ncps", "implicit=maybe"], "E0342", "neither true nor false"),
    (["compile", "ltc.npz", *OPTIONS, "-o", "out", "--ncps", "proj=head", "--ncps", "proj=a"], "E0342", "of its own"),
    (["compile", "model.lnn", *OPTIONS, "-o", "out", "--ncps", "unfolds=6"], "E0342", "for weights of ncps"),
    (["compile", "model.lnn", *OPTIONS, "-o", "out", "--params", "p.npz"], "E0342", "for a step"),
    (["compile", "train:model", *OPTIONS, "-o", "out", "--params", "p.npz"], "E0342", "for a step"),
    (["compile", "train:step", *OPTIONS, "-o", "out", "--params", "others.npz"], "E0411", "a is 10×2, expected 4×6"),
    (["compile", "gone.lnn", *OPTIONS, "-o", "out"], "E0330", "gone.lnn"),
    (["compile", "train.py", *OPTIONS, "-o", "out"], "E0330", "pkg.module:attribute"),
    (["compile", "package", *OPTIONS, "-o", "out"], "E0330", "pkg.module:attribute"),
    (["compile", "gone:step", *OPTIONS, "-o", "out"], "E0330", "no module gone"),
    (["compile", "train:gone", *OPTIONS, "-o", "out"], "E0330", "no attribute gone"),
    (["compile", "train:params", *OPTIONS, "-o", "out"], "E0333", "of type dict"),
    (["compile", "train:seven", *OPTIONS, "-o", "out"], "E0333", "of type int"),
    (["compile", "lonely:step", *OPTIONS, "-o", "out"], "E0333", "has no params, state, inputs"),
    (["compile", "train:broken", *OPTIONS, "-o", "out"], "E0334", "KeyError"),
    (["compile", "raises", *OPTIONS, "-o", "out"], "E0330", "raises"),
    (["compile", "raises:step", *OPTIONS, "-o", "out"], "E0334", "1 / 0"),
    (["compile", "quits:step", *OPTIONS, "-o", "out"], "E0334", "SystemExit: 3"),
    (["compile", "needs:step", *OPTIONS, "-o", "out"], "E0334", "needs.py:1:1"),
    (["verify", "gone"], "E0405", "gone"),
    (["check", "gone"], "E0405", "gone"),
    (["verify", "gone", "--on", "cortex-m5"], "E0201", "cortex-m5"),
    (["run", "gone", "--on", "cortex-m4", "--emulator", "simavr"], "E0223", "unicorn"),
    (["run", "gone", "--on", "cortex-m4", "--emulator", "unicrn"], "E0223", "did you mean `unicorn`?"),
    (["run", "gone", "--on", "host", "--emulator", "qemu"], "E0222", "not emulated"),
    (["explain", "E0399"], "E0212", "E03"),
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a user: code, data, a saved model, and a broken one."""
    folder = tmp_path_factory.mktemp("desk")
    (folder / "train.py").write_text(TRAIN)
    (folder / "package").mkdir()
    (folder / "package/train.py").write_text(TRAIN)
    (folder / "lonely.py").write_text("def step(params, state, x, dt): ...\n")
    (folder / "raises.py").write_text("x = 1 / 0\n")
    (folder / "quits.py").write_text("import sys; sys.exit(3)\n")
    (folder / "needs.py").write_text("import package_that_is_not_there\n")
    shutil.copy(Path(__file__).parent / "data/ncps/ltc_random.weights.npz", folder / "ltc.npz")
    np.savez(folder / "params.npz", **{name: np.full((4, 6), 0.1, np.float32) for name in "abt"})
    np.savez(folder / "others.npz", a=np.zeros((10, 2)), b=np.zeros((10, 2)))
    np.savez(folder / "holes.npz", x=np.full((10, 2), np.nan))
    np.savez(folder / "wide.npz", x=np.zeros((10, 3)))
    np.savez(folder / "day.npz", x=np.random.default_rng(0).uniform(-1, 1, (20, 2)))
    np.savez(folder / "days.npz", x=np.random.default_rng(0).uniform(-1, 1, (2, 8, 2)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), *sys.path])
        model = __import__("train").model()
    lnncc.save(model, folder / "model.lnn")
    weight = next(name for name, array in model.graph.constants.items() if array.size > 1)
    bad = {**model.graph.constants, weight: np.full_like(model.graph.constants[weight], np.nan)}
    lnncc.save(lnncc.Model(model.graph.edited(constants=bad)), folder / "nan.lnn")
    return folder


@pytest.fixture(autouse=True)
def there(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(desk)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    assert not (desk / "out").exists(), "a command that failed has written"


@pytest.fixture(scope="module")
def built(desk: Path) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(desk)
        assert cli.main(["compile", "model.lnn", *OPTIONS, "-o", "built"]) == 0
    return desk / "built"


@pytest.fixture
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    host._opened.cache_clear()  # libraries that are open already need no compiler
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "ziglang", None)  # as if it were not installed


def answer(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict:
    capsys.readouterr()
    assert cli.main([*words, "--json"]) == code
    out = capsys.readouterr().out
    assert out.count("\n") == 1, "one object on stdout, nothing else"
    return json.loads(out)


@pytest.mark.parametrize(("words", "code", "said"), FAULTS, ids=lambda v: v if isinstance(v, str) else "")
def test_a_mistake_is_a_clear_error(words: list[str], code: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == int(code[2])
    shown = capsys.readouterr()
    assert shown.err.count("error[") == 1 and f"error[{code}]" in shown.err and said in shown.err
    assert "Traceback" not in shown.err and shown.out == ""
    error = answer(capsys, *words, code=int(code[2]))["error"]
    assert error["code"] == code and error["title"]


def test_compile_answers_what_scripts_rely_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "gyro"
    found = answer(capsys, "compile", "train:model", *OPTIONS, "-o", str(out))
    assert (found["schema"], found["name"], found["target"]) == ("lnncc.compile/1", "gyro", "cortex-m4")
    assert found["ranges"] == {"x": {"low": -2.0, "high": 2.0, "assumed": False}}
    assert found["saturations"] == []
    assert sorted(found["files"]) == sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_file())
    assert 4 * 2 <= found["state_bytes"] <= found["ram_bytes"] < 100
    assert 100 < found["flash_bytes"] < 20_000 and 0 < found["stack_bytes"] < 2000
    assert found["flash_bytes"] / 2 < found["flash_estimate_bytes"] < 2 * found["flash_bytes"]


def test_ranges_are_taken_from_recordings_and_called_assumed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("compile", "model.lnn", "--target", "host", "--dt", "0.1", "--calib", "days.npz", "--bits", "8")
    found = answer(capsys, *words, "-o", str(tmp_path / "x"))
    assert found["ranges"]["x"]["assumed"] is True and 0.9 < found["ranges"]["x"]["high"] < 1.3
    assert found["flash_bytes"] is None and found["name"] == "model"


def test_a_model_file_and_the_code_it_came_from_compile_to_the_same_files(built: Path, tmp_path: Path) -> None:
    for model in ("train:model", "train:step"):
        assert cli.main(["compile", model, *OPTIONS, "-o", str(tmp_path / model)]) == 0
        for path in (p for p in built.rglob("*") if p.is_file()):
            assert (tmp_path / model / path.relative_to(built)).read_bytes() == path.read_bytes()


def test_what_the_users_code_prints_is_no_part_of_the_answer(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sys.modules.pop("train")
    capsys.readouterr()
    assert cli.main(["compile", "train:step", *OPTIONS, "--json", "-o", str(tmp_path / "x")]) == 0
    shown = capsys.readouterr()
    assert "training ..." in shown.err and "importing your code" in shown.err
    assert json.loads(shown.out)["name"] == "gyro"


def test_frozen_compares_and_writes_nothing(built: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    frozen = ("compile", "model.lnn", *OPTIONS, "--frozen", "--package", "make")
    out = tmp_path / "gyro"
    assert cli.main([*frozen[:-3], *frozen[-2:], "-o", str(out)]) == 0
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert answer(capsys, *frozen, "-o", str(out))["name"] == "gyro"
    error = answer(capsys, *frozen, "--dt", "0.2", "-o", str(out), code=6)["error"]
    assert error["code"] == "E0606" and "gyro.c" in error["notes"][0] and "gyro.json" in error["notes"][0]
    assert before == {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    (out / "packages/make/gyro/Makefile").write_text("all:\n")
    error = answer(capsys, *frozen, "-o", str(out), code=6)["error"]
    assert error["notes"] == ["1 files differ or are missing: packages/make/gyro/Makefile"]
    assert answer(capsys, *frozen, "-o", str(tmp_path / "gone"), code=6)["error"]["code"] == "E0606"
    assert not (tmp_path / "gone").exists()


def test_dump_writes_each_stage(tmp_path: Path) -> None:
    out, dump = str(tmp_path / "x"), tmp_path / "stages"
    assert cli.main(["compile", "model.lnn", *OPTIONS, "-o", out, "--dump", str(dump)]) == 0
    assert "0-trace.txt" in {p.name for p in dump.iterdir()} and len(list(dump.iterdir())) >= 6


def test_verify_compares_every_step_everywhere(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "verify", str(built), "--data", "days.npz", "--on", "cortex-m4", "--max-abs", "0.01")
    assert (found["schema"], found["bit_exact"], found["steps"]) == ("lnncc.verify/1", True, 16)
    assert found["targets"] == ["host", "cortex-m4"]
    [error] = found["error"].values()
    assert 0 < error["rms"] <= error["max_abs"] < 1e-3 and 0 < error["relative_rms"] < 0.1


def test_verify_without_data_says_what_it_uses(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["verify", str(built)]) == 0
    shown = capsys.readouterr()
    assert "256 of 256 steps bit-exact" in shown.out and "256 steps of uniform noise" in shown.err


def test_verify_fails_where_the_error_is_larger_than_allowed(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = answer(capsys, "verify", str(built), "--max-abs", "1e-9", code=6)
    assert found["bit_exact"] and found["schema"] == "lnncc.verify/1"
    assert cli.main(["verify", str(built), "--max-abs", "1e-9"]) == 6
    assert "error[E0602]" in capsys.readouterr().err


def test_verify_fails_where_a_bit_differs(
    built: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = host.run

    def off_by_one(*args: object) -> tuple:
        states, (first, *rest) = run(*args)  # type: ignore[arg-type]
        return states, (first + (np.arange(first.shape[1]) == 3)[None, :, None], *rest)

    monkeypatch.setattr(host, "run", off_by_one)
    assert cli.main(["verify", str(built), "--data", "day.npz"]) == 6
    shown = capsys.readouterr()
    assert "error[E0601]" in shown.err and "19 of 20 steps" in shown.out


def test_run_gives_the_same_bits_on_every_target(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    host = answer(capsys, "run", str(built), "--on", "host", "--data", "day.npz")
    chip = answer(capsys, "run", str(built), "--on", "cortex-m4", "--data", "day.npz")
    assert host["outputs_sha256"] == chip["outputs_sha256"] and host["steps"] == chip["steps"] == 20
    assert (chip["schema"], chip["target"], chip["emulator"]) == ("lnncc.run/1", "cortex-m4", "unicorn")
    cycles = chip["cycles_per_step"]
    assert 100 < chip["instructions_per_step"] < cycles["max"] and cycles["min"] <= cycles["nominal"] <= cycles["max"]
    assert chip["flash_bytes"] > 0 and host["flash_bytes"] is None and host.keys() == chip.keys()


def test_run_on_several_targets_is_one_list(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    alone = answer(capsys, "run", str(built), "--on", "rv32imc", "--data", "day.npz")
    found = answer(capsys, "run", str(built), "--on", "host", "rv32imc", "cortex-m4", "host", "--data", "day.npz")
    assert [run["target"] for run in found["runs"]] == ["host", "rv32imc", "cortex-m4"]
    assert found["schema"] == "lnncc.run/1" and found["errors"] == []
    assert found["runs"][1] == {key: value for key, value in alone.items() if key != "schema"}
    assert {run["outputs_sha256"] for run in found["runs"]} == {found["outputs_sha256"]}
    assert cli.main(["run", str(built), "--on", "rv32imc", "host", "--data", "day.npz"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["target", "emulator", "instructions", "cycles", "flash", "RAM", "stack"]
    assert lines[1].split()[:3] == ["rv32imc", alone["emulator"], str(alone["instructions_per_step"])]
    assert lines[2].split() == ["host", *"------"] and lines[3] == f"outputs_sha256 {found['outputs_sha256']}"


def test_a_target_that_cannot_run_does_not_stop_the_others(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("lnncc.validate.here._flags", lambda: frozenset({"sse2"}))
    run = ("run", str(built), "--data", "day.npz", "--on")
    assert answer(capsys, "verify", str(built), "--on", "host-avx2", code=8)["error"]["code"] == "E0804"
    found = answer(capsys, *run, "host-avx2", "host", code=8)
    assert [one["target"] for one in found["runs"]] == ["host"]
    assert [error["code"] for error in found["errors"]] == ["E0804"]
    assert answer(capsys, *run, "host-avx2", code=8)["error"]["title"].endswith("lacks avx2")


def test_targets_that_differ_are_an_error(
    built: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    digests = iter("ab")
    monkeypatch.setattr("lnncc.twin.digest", lambda trace: next(digests))
    assert cli.main(["run", str(built), "--on", "host", "rv32imc", "--data", "day.npz"]) == 6
    assert "error[E0601]" in capsys.readouterr().err


def test_run_takes_one_stream(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = ("run", str(built), "--on", "cortex-m4", "--data", "days.npz")
    assert answer(capsys, *run, code=4)["error"]["code"] == "E0420"


def test_report_reads_the_folder_alone(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert answer(capsys, "report", str(built))["name"] == "gyro"
    assert cli.main(["report", str(built)]) == 0
    assert "gyro: 16-bit weights, compiled for cortex-m4" in capsys.readouterr().out


def test_without_a_compiler_the_c_is_written_and_its_size_is_not_known(
    no_compiler: None, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    found = answer(capsys, "compile", "model.lnn", *OPTIONS, "-o", str(tmp_path / "x"))
    assert found["flash_bytes"] is found["ram_bytes"] is found["stack_bytes"] is None
    assert found["flash_estimate_bytes"] > 100
    assert (tmp_path / "x" / "gyro.c").is_file()
    assert answer(capsys, "verify", str(tmp_path / "x"), code=7)["error"]["code"] == "E0701"


def test_a_required_size_needs_a_compiler(no_compiler: None, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("compile", "model.lnn", *OPTIONS, "-o", "out", "--require-size")
    assert answer(capsys, *words, code=7)["error"]["code"] == "E0701"


def test_a_compiler_that_failed_is_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(chip, "measure", lambda *_: Footprint(2_000, 100, 50, (), ("zig failed: gcc was taken",)))
    assert cli.main(["compile", "model.lnn", *OPTIONS, "-o", str(tmp_path / "x")]) == 0
    assert "zig failed: gcc was taken" in capsys.readouterr().err


def test_a_model_that_does_not_fit_is_not_written(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chip, "measure", lambda *_: Footprint(2_000_000, 100, 50, ()))
    words = ("compile", "model.lnn", *OPTIONS, "-o", "out")
    assert answer(capsys, *words, code=5)["error"]["code"] == "E0501"


def test_weights_of_ncps_and_the_parameters_of_a_step(capsys: pytest.CaptureFixture[str]) -> None:
    said = [word for text in ("unfolds=6", "implicit=true") for word in ("--ncps", text)]
    assert (
        cli.main(["compile", "ltc.npz", "--target", "host", "--range", "x=-2:2", "--dt", "1", *said, "-o", "ltc"]) == 0
    )
    assert "states: state" in capsys.readouterr().err
    assert cli.main(["compile", "train:step", *OPTIONS, "--params", "params.npz", "-o", "step"]) == 0
    made = [array for array in lnncc.build.read(Path("step")).model.constants.values() if array.shape == (4, 6)]
    assert made and all((array == np.float32(0.1)).all() for array in made)
