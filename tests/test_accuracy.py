"""The accuracy benchmark: metrics, training, the command, and the weights that ship."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest

from examples.accuracy import fixed, measure, models, table, train, weights
from examples.accuracy.metrics import ACCURACY, MSE, RMSE
from examples.accuracy.models import run
from examples.accuracy.sets import TASKS
from examples.accuracy.task import Part, Schedule, Split, Task, normaliser, whole
from lnncc import cli
from tests import accuracy_data

STORED = [(task, cell) for task in TASKS.values() for cell in task.cells if weights.path(task, cell).is_file()]
CHOSEN = [(task, weights.best(task)) for task in TASKS.values() if not task.folds]
ONE = np.ones(1, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sets")
    accuracy_data.write(path)
    return path


def test_metrics_see_judged_steps_only() -> None:
    targets = np.array([[0, 1, 1]])
    judged = np.array([[True, True, False]])
    logits = np.eye(2)[[[0, 0, 0]]]
    assert ACCURACY.of(logits, Part(logits.astype(np.float32), targets, judged), ONE) == 50
    numbers = Part(np.zeros((1, 3, 1), np.float32), np.zeros((1, 3, 1)), judged)
    outputs = np.array([[[1.0], [2.0], [99.0]]])
    assert MSE.of(outputs, numbers, np.full(1, 2.0)) == 10
    assert RMSE.of(outputs, numbers, np.full(1, 2.0)) == pytest.approx(10**0.5)


def test_worse_is_points_of_accuracy_and_percent_of_an_error() -> None:
    assert ACCURACY.worse(90.0, 89.5) == 0.5 and MSE.worse(2.0, 2.1) == pytest.approx(5)
    assert ACCURACY.better(2, 1) and MSE.better(1, 2)


def test_a_channel_that_never_changes_becomes_zero() -> None:
    norm = normaliser(np.array([[1.0, 5.0], [3.0, 5.0]]), 2.0)
    assert norm(np.array([[9.0, 5.0]])).tolist() == [[2.0, 0.0]]


def toy() -> tuple[Task, Split]:
    """The sign of the last input, to be said at every step."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-1, 1, (48, 8, 2)).astype(np.float32)
    part = whole(x, (x[..., 0] > 0).astype(np.int64))
    cells = {
        "cfc": partial(models.cfc, 2, 2, units=4, backbone=4),
        "ltc": partial(models.ltc, 2, 2, units=4, unfolds=2),
    }
    schedules = {"cfc": Schedule(40, 16, 5e-2), "ltc": Schedule(40, 16, 5e-2)}
    split = Split(part, part, part, ONE)
    return Task("toy", ("toy.csv",), lambda _: split, 2, 2, 1.0, (ACCURACY,), cells, schedules), split


def test_training_learns_and_what_it_saves_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    task, split = toy()
    params, valid = train.trained(task, "cfc", split, progress=False)
    assert valid > 85
    weights.save(task, "cfc", params, split, valid)
    assert weights.best(task) == "cfc"
    kept, vector = weights.params(task, "cfc"), weights.vector(task, "cfc")
    assert np.array_equal(run(task.cells["cfc"](), kept, vector.inputs), vector.outputs)


def test_an_ltc_trains_written_out_and_is_the_same() -> None:
    task, split = toy()
    model = task.cells["ltc"]()
    params, x = model.init(jax.random.key(0)), split.test.inputs[:2]
    assert np.allclose(run(models.unrolled(model), params, x), run(model, params, x), atol=1e-6)


def test_training_that_never_gets_finite_says_so() -> None:
    task, split = toy()
    broken = replace(split.train, inputs=np.full_like(split.train.inputs, np.nan))
    hopeless = replace(task, metrics=(MSE,))
    numbers = replace(broken, targets=np.zeros((48, 8, 2), np.float32))
    with pytest.raises(FloatingPointError, match="lower the rate"):
        train.trained(hopeless, "cfc", Split(numbers, numbers, numbers, np.ones(2, np.float32)), progress=False)


@pytest.mark.parametrize(("task", "cell"), STORED, ids=[f"{t.name}-{c}" for t, c in STORED])
def test_stored_weights_meet_their_vector(task: Task, cell: str) -> None:
    vector = weights.vector(task, cell)
    floats = run(task.cells[cell](), weights.params(task, cell), vector.inputs, vector.elapsed)
    assert np.allclose(floats, vector.outputs, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("task", "cell"), CHOSEN, ids=[f"{t.name}-{c}" for t, c in CHOSEN])
def test_the_chosen_weights_compile_and_meet_their_vector(task: Task, cell: str) -> None:
    vector = weights.vector(task, cell)
    part = Part(vector.inputs, np.zeros(0), np.ones(vector.inputs.shape[:2], bool), vector.elapsed)
    found = fixed.outputs(fixed.compiled(task, cell, weights.params(task, cell), 16), part)
    assert np.abs(found - vector.outputs).max() <= 0.01 * np.abs(vector.outputs).max()


def test_rows_of_a_set_compare_the_generated_c_with_float(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    task, split = toy()
    params = task.cells["cfc"]().init(jax.random.key(0))
    wrong = jax.tree.map(lambda leaf: -leaf, params)
    weights.save(task, "cfc", params, split, 50.0)
    weights.save(task, "cfc", wrong, split, 50.0, weights.tuned("cfc", 8))
    (row,) = measure.measured(replace(task, tuned=(("cfc", 8),)), tmp_path)
    assert row.chosen and abs(row.worse["16 bits"]) < 0.6  # of 384 answers, two on the edge
    assert row.worse["8-bit weights"] == pytest.approx(row.exact - row.found["8-bit weights"])
    assert abs(row.worse["8-bit weights"]) > 1  # those that the task said were trained for it


def test_a_search_may_cost_a_share_of_what_the_model_errs_or_moves() -> None:
    numbers = whole(np.zeros((1, 4, 1)), np.zeros((1, 4, 2)))
    floats = np.array([[[1.0, 3.0]] * 4])
    assert fixed.allowed(floats, numbers) == pytest.approx(0.1)
    classes = whole(np.zeros((1, 4, 1)), np.zeros((1, 4), np.int64))
    assert fixed.allowed(np.array([[[0.0, 1.0], [2.0, 3.0]] * 2]), classes) == pytest.approx(0.01)


def test_bits_auto_keep_their_budget() -> None:
    task, split = toy()
    params = task.cells["cfc"]().init(jax.random.key(0))
    program = fixed.compiled(task, "cfc", params, fixed.AUTO, split.train)
    floats = run(task.cells["cfc"](), params, split.train.inputs)
    error = fixed.outputs(program, split.train) - floats
    assert np.sqrt((error**2).mean((0, 1))).max() <= 1.05 * fixed.allowed(floats, split.train)  # floats of 32 bits


def test_the_command_measures_the_sets_that_are_there(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measure, "_rows", lambda task, cell, *_, chosen, **__: [_row(task.name, cell, chosen)])
    assert cli.main(["bench", "accuracy", "--data", str(folder), "--set", "cheetah", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "lnncc.bench/1" and {r["task"] for r in found["rows"]} == {"cheetah"}


def _row(task: str, cell: str, chosen: bool) -> measure.Row:
    found = {"16 bits": 2.0, "8-bit weights": 2.2, "auto": 2.02}
    worse = {"16 bits": 0.0, "8-bit weights": 10.0, "auto": 1.0}
    met = {"16 bits": True, "8-bit weights": False, "auto": True}
    return measure.Row(task, cell, chosen, "MSE", 2.0, found, worse, met, {"LTC": 2.308}, {"nothing": 3.0})


def test_absent_sets_are_skipped_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["bench", "accuracy", "--data", str(tmp_path), "--set", "cheetah", "gesture"]) == 0
    out, err = capsys.readouterr()
    assert out == "no data set was found\n"
    assert f"cheetah skipped: {tmp_path} has no cheetah/cheetah.npz" in err and "gesture skipped" in err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["--data", "{}/none"], "E0409"),
        (["--data", "{}", "--set", "cheeta"], "E0214"),
        (["--data", "{}", "--sets", "cheetah"], "E0210"),
    ],
)
def test_a_wrong_call_is_refused(
    words: list[str], code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["bench", "accuracy", *(w.format(tmp_path) for w in words)]) in (2, 4)
    assert code in capsys.readouterr().err


def test_an_installed_wheel_says_where_the_benchmark_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from lnncc.cli import bench

    monkeypatch.setattr(bench, "PACKAGE", tmp_path / "site-packages" / "lnncc")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["bench", "accuracy", "--data", str(tmp_path)]) == 2
    assert "E0213" in capsys.readouterr().err


def test_tables_mark_what_misses_its_goal_and_name_the_source() -> None:
    rows = [_row("cheetah", "cfc", True), _row("cheetah", "ltc", False)]
    assert table.short(rows).splitlines()[2:] == [
        "| cheetah | MSE | cfc | 2 | 2 (+0.00 %) | 2.2 (+10.00 %) ! | 2.02 (+1.00 %) | 2.308 | - |",
        "",
        "cheetah: nothing: 3.",
    ]
    assert table.full(rows).count("| cheetah |") == 2
    assert "published: Hasani et al." in table.full(rows) and "nothing: 3." in table.full(rows)
