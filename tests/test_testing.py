"""What a user's own tests may demand: equivalence, C that is current, and a fixture for each target."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import testing
from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.program import Program
from lnncc.validate import host
from tests import models

PLUGIN = () if metadata.entry_points(group="pytest11", name="lnncc") else ("-p", "lnncc.pytest_plugin")
PROJECT = """
import numpy as np
import pytest
from lnncc.testing import assert_equivalent

@pytest.mark.parametrize("seed", [0, 1])
def test_firmware(lnncc_target, seed):
    xs = np.random.default_rng(seed).uniform(-2, 2, (20, 3))
    found = assert_equivalent("gyro_c", xs, max_abs=0.1, on=[lnncc_target])
    assert lnncc_target in found.exact
"""


@pytest.fixture(scope="module")
def program() -> Program:
    return lnncc.compile(Model(models.cfc()), ranges={"x": (-2, 2)}, dt=1.0, name="gyro", target="cortex-m4")


@pytest.fixture
def saved(program: Program, tmp_path: Path) -> Path:
    program.save(tmp_path / "gyro_c")
    return tmp_path / "gyro_c"


def pytest_run(folder: Path, *options: str) -> tuple[int, str]:
    (folder / "test_firmware.py").write_text(PROJECT)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-v", "-rs", *PLUGIN, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout


def test_it_is_there_without_being_imported() -> None:
    code = "import lnncc; print(lnncc.testing.assert_equivalent.__name__)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "assert_equivalent\n"


def test_equivalence_returns_what_was_found(program: Program, saved: Path) -> None:
    xs = models.recording()
    assert testing.assert_equivalent(program, xs, max_abs=0.1, rms=0.1).bit_exact
    assert testing.assert_equivalent(saved, xs).errors.keys() == {"y"}


def test_a_program_that_was_saved_is_loaded_whole(program: Program, saved: Path) -> None:
    assert Program.load(saved).build.files() == program.build.files()
    with pytest.raises(LnnccError, match="E0405"):
        Program.load(saved / "lnn")


@pytest.mark.parametrize(("limit", "word"), [({"max_abs": 1e-9}, "max error"), ({"rms": 1e-9}, "RMS error")])
def test_an_output_too_far_off_is_named(program: Program, limit: dict[str, float], word: str) -> None:
    with pytest.raises(AssertionError, match=rf"(?s)E0602.*y: {word}"):
        testing.assert_equivalent(program, models.recording(), **limit)


def test_a_bit_that_differs_is_named(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    run = host.run

    def flipped(*given: object) -> object:
        states, outputs = run(*given)  # type: ignore[arg-type]
        return states, (outputs[0] ^ np.int16(1), *outputs[1:])

    monkeypatch.setattr(host, "run", flipped)
    with pytest.raises(AssertionError, match=r"(?s)E0601.*host: 0 of"):
        testing.assert_equivalent(program, models.recording())


def test_current_c_is_what_the_model_compiles_to(program: Program, saved: Path) -> None:
    testing.assert_current(program, saved)
    (saved / "gyro.c").write_text("int x;\n")
    (saved / "gyro.h").unlink()
    with pytest.raises(AssertionError, match=re.escape("gyro.c, gyro.h; compile it again")):
        testing.assert_current(program, saved)


def test_the_fixture_is_the_host_unless_told(saved: Path) -> None:
    code, shown = pytest_run(saved.parent)
    assert code == 0 and "test_firmware[host-0] PASSED" in shown and "2 passed" in shown


def test_the_fixture_runs_each_target_and_skips_what_cannot(saved: Path) -> None:
    (saved.parent / "pytest.ini").write_text("[pytest]\nlnncc_on = host-avx512 cortex-m4\n")
    code, shown = pytest_run(saved.parent)
    assert code == 0 and "test_firmware[cortex-m4-1] PASSED" in shown
    assert "host-avx512 does not run here" in shown or "test_firmware[host-avx512-0] PASSED" in shown


def test_the_options_go_before_the_settings(saved: Path) -> None:
    (saved.parent / "pytest.ini").write_text("[pytest]\nlnncc_on = cortex-m4\n")
    code, shown = pytest_run(saved.parent, "--lnncc-on", "host", "--lnncc-on", "cortex-m5")
    assert code == 1 and "2 passed, 2 errors" in shown and "E0201" in shown


@pytest.mark.parametrize(("options", "outcome"), [((), "2 skipped"), (("--lnncc-require",), "2 errors")])
def test_what_cannot_run_is_skipped_unless_it_must(saved: Path, options: tuple[str, ...], outcome: str) -> None:
    lacking = 'from lnncc.errors import LnnccError\nhere.why_not = lambda target: LnnccError("E0704", "no emulator")\n'
    (saved.parent / "conftest.py").write_text(f"from lnncc.validate import here\n{lacking}")
    code, shown = pytest_run(saved.parent, "--lnncc-on", "cortex-m4", *options)
    assert (code != 0) == bool(options) and outcome in shown and "no emulator" in shown
