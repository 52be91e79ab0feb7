"""A whole build: the same bytes every time, strict C, no undefined behaviour, and a folder that reads back."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import build, options, share, twin
from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.program import Program
from lnncc.validate import compare, host
from tests import models

CELLS = {"cfc": models.cfc, "ltc": models.ltc}
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-pedantic", "-Werror", "-fsyntax-only"]


@pytest.fixture(scope="module", params=CELLS)
def program(request: pytest.FixtureRequest) -> Program:
    ranges = {"x": (-2.0, 1.5)}  # narrower than its format on one side: the door must clamp
    return lnncc.compile(Model(CELLS[request.param]()), dt=1.0, ranges=ranges, name=request.param)


def test_c_and_twin_agree_on_every_step_far_outside_the_range_too(program: Program) -> None:
    wild = models.recording(reach=8.0)
    assert program.verify(models.recording()).bit_exact
    assert program.verify(wild).bit_exact


@pytest.mark.parametrize("mode", [{"sanitize": True}, {"check": True}])
def test_no_undefined_behaviour_and_no_word_out_of_range(program: Program, mode: dict[str, bool]) -> None:
    raw = compare.raw_inputs(program.build, {"x": models.recording(reach=8.0)})
    library = host.build(program.build, **mode)
    trace = host.run(library, program.build.interface, raw)
    expected = twin.run(program.build.integer, raw)
    assert compare.equal_steps(trace, expected) == raw[0].shape[0] * raw[0].shape[1]


@pytest.mark.parametrize("compiler, extra", [("gcc", []), ("clang", []), ("g++", ["-x", "c++", "-std=c++11"])])
def test_the_c_passes_every_warning(program: Program, compiler: str, extra: list[str], tmp_path: Path) -> None:
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler} is not installed")
    program.save(tmp_path)
    flags = [f for f in STRICT if not extra or f != "-std=c99"] + extra
    source = tmp_path / f"{program.build.name}.c"
    done = subprocess.run([compiler, *flags, str(source)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_folder_reads_back_as_the_same_build(program: Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    assert build.read(tmp_path).files() == program.build.files()


def test_a_changed_file_is_noticed(program: Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    source = tmp_path / f"{program.build.name}.c"
    source.write_text(source.read_text() + "\n")
    with pytest.raises(LnnccError, match="E0405"):
        build.read(tmp_path)
    with pytest.raises(LnnccError, match="E0405"):
        build.read(tmp_path / "nowhere")


def test_a_file_of_somebody_else_is_not_overwritten(program: Program, tmp_path: Path) -> None:
    own = tmp_path / f"{program.build.name}.c"
    own.write_text("int mine;\n")
    with pytest.raises(LnnccError, match="E0211"):
        program.save(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [own.name] and own.read_text() == "int mine;\n"
    own.unlink()
    program.save(tmp_path)
    own.write_text("changed\n")  # in a folder of lnncc's it is made anew
    program.save(tmp_path)
    assert own.read_text() == program.build.sources[own.name]


def test_who_writes_at_the_same_time_may_have_taken_a_file_away_first(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program.save(tmp_path)
    monkeypatch.setattr(build, "_left_over", lambda folder, *others: [folder / "gone.c"])
    program.save(tmp_path)
    assert program.build.stale(tmp_path) == []


def test_a_manifest_says_what_a_build_was_made_from() -> None:
    xs = models.recording()
    made = lnncc.compile(Model(models.cfc()), ranges={"x": (-2, 2)}, calibration=xs, dt=1.0, bits="auto", max_abs=0.5)
    found = made.build.origin
    assert found["ranges"] == {"x": [-2, 2]} and found["budget"] == {"max_abs": 0.5, "objective": "flash"}
    digest = hashlib.sha256(np.asarray(xs, np.float64).tobytes()).hexdigest()
    assert found["calibration"] == {"x": digest} and found["lnncc"] == share.version()


def test_a_number_may_be_written_with_a_point_or_without() -> None:
    def files(end: float, dt: float | tuple[float, float]) -> object:
        return lnncc.compile(Model(models.cfc()), ranges={"x": (-end, end)}, dt=dt).build.files()

    assert files(2, 1) == files(2.0, 1.0) and files(2, (1, 3)) == files(2.0, (1.0, 3.0))
    budgets = [options.Budget(limit, limit, 8192) for limit in (1, 1.0)]
    floats = [options.floats(options.Settings(), {}, budget)[2] for budget in budgets]
    assert repr(floats[0]) == repr(floats[1]) == repr(budgets[1])


def rewritten(folder: Path, name: str, **changes: object) -> None:
    path = folder / f"{name}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize("change", [{"schema": "lnncc.manifest/1"}, {"interface": {}}], ids=("schema", "text"))
def test_what_another_version_wrote_is_told_from_what_is_broken(
    change: dict[str, object], program: Program, tmp_path: Path
) -> None:
    program.save(tmp_path)
    name = program.build.name
    rewritten(
        tmp_path, name, made_from={"lnncc": "0.0.9", "ranges": {"x y": [-2, 2]}, "calibration": {"x": "0"}}, **change
    )
    with pytest.raises(LnnccError, match=r"E0405.*another version of lnncc: 0\.0\.9") as caught:
        build.read(tmp_path)
    command = caught.value.helps[0]
    assert f"{name}.lnn --choices {tmp_path} -o {tmp_path}" in command
    parts = (f"--target {program.build.settings.target}", "--dt", f"--name {name}", "--range 'x y=-2:2'", "--calib")
    assert all(part in command for part in parts)


def test_the_formats_of_an_older_folder_are_read(program: Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    rewritten(tmp_path, program.build.name, schema="lnncc.manifest/1")
    assert build.read_choices(tmp_path) == program.build.choices


@pytest.mark.parametrize("made_from", [None, [], "no", {"lnncc": "0", "ranges": {"x": 5}}])
def test_what_an_older_version_wrote_says_so(made_from: object, program: Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    rewritten(tmp_path, program.build.name, made_from=made_from, schema="lnncc.manifest/1", settings=7)
    with pytest.raises(LnnccError, match=r"E0405.*another version of lnncc: (older|0)"):
        build.read(tmp_path)


def test_a_folder_of_two_models_is_neither(program: Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    shutil.copy(tmp_path / f"{program.build.name}.json", tmp_path / "other.json")
    with pytest.raises(LnnccError, match=r"E0405.*2 compiled models: \w+.json, other.json"):
        build.read(tmp_path)


SCRIPT = """
import hashlib, lnncc
from lnncc.archive import Model
from tests import models
for cell in (models.cfc, models.ltc):
    p = lnncc.compile(Model(cell()), dt=1.0, ranges={"x": (-2.0, 2.0)}, name="same")
    for name, data in p.build.files().items():
        print(name, hashlib.sha256(data).hexdigest())
"""


def test_two_hash_seeds_and_two_folders_give_the_same_bytes(tmp_path: Path) -> None:
    outputs = set()
    for seed, folder in (("1", tmp_path), ("2", Path.cwd())):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, cwd=folder, capture_output=True, text=True, check=True
        )
        outputs.add(done.stdout)
    assert len(outputs) == 1
    assert "same.certificate.json" in outputs.pop()


def test_run_keeps_the_shape_of_what_it_is_given(program: Program) -> None:
    xs = models.recording()
    streams, single = program.run(xs), program.run(xs[0])
    assert isinstance(streams, np.ndarray)
    np.testing.assert_array_equal(streams[0], single)
    assert program.build.name in program.report()


def test_a_model_saved_and_loaded_compiles_to_the_same_bytes(tmp_path: Path) -> None:
    model = Model(models.ltc())
    lnncc.save(model, tmp_path / "model.lnn")
    again = lnncc.load(tmp_path / "model.lnn")
    files = [lnncc.compile(m, dt=1.0, ranges={"x": (-2.0, 2.0)}, name="same").build.files() for m in (model, again)]
    assert files[0] == files[1]
