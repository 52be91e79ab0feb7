"""Error over time: windows, where it is worst, and that it does not grow however long the model runs."""

import json
from pathlib import Path

import models
import numpy as np
import pytest

import lnncc
from lnncc import cli, reference, twin
from lnncc.archive import Model
from lnncc.cli import inputs
from lnncc.validate import compare, deviation

LONG = 1_000_000


def compiled(kind: str) -> lnncc.Program:
    model = Model({"cfc": models.cfc, "ltc": models.ltc}[kind]())
    return lnncc.compile(model, dt=1.0, ranges={"x": (-2.0, 2.0)}, name=kind)


@pytest.fixture(scope="module")
def program() -> lnncc.Program:
    return compiled("cfc")


def signals(program: lnncc.Program, data: dict[str, np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """States and outputs (raw) that are the float model's, rounded: an error of half a unit."""
    exact = reference.run(program.build.model, data, 1.0)
    faces = program.build.interface.outputs, program.build.interface.states
    raw = [[twin.quantised(values[s.label], s.frac) for s in face] for face, values in zip(faces, exact, strict=True)]
    return raw[1], raw[0]


def test_windows_cover_the_run_and_add_up(program: lnncc.Program) -> None:
    data = {"x": models.recording(steps=57)}
    states, outputs = signals(program, data)
    errors, state_errors = deviation.errors(program.build, data, states, outputs)
    error = errors["y"]
    assert sum(w.steps for w in error.windows) == 57 and len(error.windows) == deviation.WINDOWS
    assert [w.start for w in error.windows] == list(range(0, 57, 6))
    squares = sum(w.rms**2 * w.steps for w in error.windows) / 57
    assert error.rms == pytest.approx(np.sqrt(squares)) and error.max_abs == max(w.max_abs for w in error.windows)
    assert 0 < error.max_abs <= 2.0 ** -(program.build.interface.outputs[0].frac + 1)
    assert set(state_errors) == {s.label for s in program.build.interface.states}


def test_the_relative_error_is_that_of_the_whole_run(program: lnncc.Program) -> None:
    data = {"x": models.recording(steps=57)}
    exact = reference.run(program.build.model, data, 1.0)[0]["y"]
    error = deviation.errors(program.build, data, *signals(program, data))[0]["y"]
    assert error.relative_rms == pytest.approx(error.rms / exact.std())


def test_a_single_wrong_value_is_found(program: lnncc.Program) -> None:
    data = {"x": models.recording(steps=40)}
    states, outputs = signals(program, data)
    outputs[0][1, 33, 0] += 500
    error = deviation.errors(program.build, data, states, outputs)[0]["y"]
    worst = error.worst
    assert (worst.stream, worst.step, worst.element) == (1, 33, 0)
    assert worst.chip == outputs[0][1, 33, 0] * 2.0 ** -program.build.interface.outputs[0].frac
    assert abs(worst.chip - worst.model) == error.max_abs
    assert "stream 1, step 33, element 0" in str(error)


def test_drift_is_last_by_first(program: lnncc.Program) -> None:
    data = {"x": models.recording(steps=40)}
    states, outputs = signals(program, data)
    outputs[0][:, 36:] += 1000
    error = deviation.errors(program.build, data, states, outputs)[0]["y"]
    assert error.drift == pytest.approx(error.windows[-1].rms / error.windows[0].rms) and error.drift > 100


def test_no_error_is_no_drift() -> None:
    still = deviation.Window(0, 1, 0.0, 0.0, 0.0)
    moved = deviation.Window(1, 1, 1.0, 1.0, 1.0)
    worst = deviation.Worst(0, 0, 0, 0.0, 0.0)
    assert deviation.Error(0.0, 0.0, 0.0, worst, (still, still)).drift == 1.0
    assert deviation.Error(0.0, 0.0, 0.0, worst, (still, moved)).drift == float("inf")


def test_long_runs_are_measured_with_jax_as_short_ones_without(
    program: lnncc.Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = {"x": models.recording(steps=33)}
    raw = signals(program, data)
    short = deviation.errors(program.build, data, *raw)
    monkeypatch.setattr(deviation, "SHORT", 0)
    long = deviation.errors(program.build, data, *raw)
    for a, b in zip(short, long, strict=True):
        for label in a:
            np.testing.assert_allclose(a[label].rms, b[label].rms, rtol=1e-9)
            assert a[label].worst.step == b[label].worst.step


def test_the_twin_joins_for_the_first_steps_only(program: lnncc.Program) -> None:
    found = compare.verify(program.build, {"x": models.recording(steps=50)}, twin_steps=20)
    assert found.steps == 2 * 20 and found.error_steps == 2 * 50
    assert found.bit_exact and found.exact == {"host": 40}


def drifts(kind: str, steps: int, twin: int) -> compare.Verification:
    build = compiled(kind).build
    return compare.verify(build, inputs.read(build, None, steps), twin_steps=twin)


def require_no_drift(found: compare.Verification, steps: int, twin: int) -> None:
    assert found.bit_exact and found.steps == twin and found.error_steps == steps
    for error in [*found.errors.values(), *found.state_errors.values()]:
        assert len(error.windows) == 10 and error.drift <= 1.2
        assert 0 < error.relative_rms < 2e-3


@pytest.mark.parametrize("kind", ["cfc", "ltc"])
def test_ten_thousand_steps_do_not_drift(kind: str) -> None:
    require_no_drift(drifts(kind, 10_000, 1000), 10_000, 1000)


@pytest.mark.matrix
@pytest.mark.parametrize("kind", ["cfc", "ltc"])
def test_a_million_steps_do_not_drift(kind: str) -> None:
    require_no_drift(drifts(kind, LONG, 10_000), LONG, 10_000)


def test_inputs_that_wander_fill_their_range_and_stay_in_it(program: lnncc.Program) -> None:
    x = inputs.read(program.build, None, 5000)["x"]
    assert x.shape == (1, 5000, models.INPUTS)
    assert np.abs(x).max() == pytest.approx(2.0, abs=0.01) and 0.5 < x.std() < 0.8
    np.testing.assert_array_equal(x, inputs.read(program.build, None, 5000)["x"])


def test_data_are_repeated(program: lnncc.Program, tmp_path: Path) -> None:
    x = models.recording(steps=4)
    np.savez(tmp_path / "x.npz", x=x)
    found = inputs.read(program.build, str(tmp_path / "x.npz"), 10)["x"]
    np.testing.assert_array_equal(found, np.concatenate([x, x, x[:, :2]], axis=1))
    assert inputs.read(program.build, str(tmp_path / "x.npz"), 3)["x"].shape == (2, 3, models.INPUTS)


def test_the_command_says_it_all(program: lnncc.Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.save(tmp_path)
    assert cli.main(["verify", str(tmp_path), "--steps", "1200"]) == 0
    said = capsys.readouterr()
    assert "host: 1200 of 1200 steps bit-exact" in said.out and "drift: rms of the last window is" in said.out
    assert "worst at step" in said.out and "state state: max error" in said.out and "1200 steps" in said.err
    assert cli.main(["verify", str(tmp_path), "--steps", "30", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"max_abs", "rms", "relative_rms", "worst", "windows", "drift"} == set(found["error"]["y"])
    assert found["error_steps"] == 30 and len(found["error"]["y"]["windows"]) == 10


def test_a_number_of_steps_is_positive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("0", "-3", "many"):
        assert cli.main(["verify", str(tmp_path), "--steps", word]) == 2
        assert "error[E0210]" in capsys.readouterr().err
