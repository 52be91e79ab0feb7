"""The watch example: no subject on both sides of a split, and what ships reaches what is recorded."""

from pathlib import Path

import jax
import numpy as np
import pytest

from examples.imu import augment, data, measure, models, train, weights
from lnncc.validate.footprint import Footprint

FOLDS = sorted(data.FOLDS)
RUNS = [(cell, fold) for cell in models.CELLS for fold in FOLDS]
TOLERANCE = 0.3  # percentage points: float sums differ between machines


@pytest.fixture(scope="module")
def measured() -> measure.Accuracies:
    return measure.measured()


@pytest.mark.parametrize("number", FOLDS)
def test_no_subject_is_trained_and_tested(number: int) -> None:
    split = data.fold(number)
    assert set(split.test.subjects) == set(data.FOLDS[number])
    assert set(split.train.subjects) == set(range(1, 11)) - set(data.FOLDS[number])
    assert {r.subject for r in split.recordings} == set(split.train.subjects)


@pytest.mark.parametrize("number", FOLDS)
def test_held_out_subjects_leave_the_tested_ones_alone(number: int) -> None:
    chosen = tuple(set(range(1, 11)) - set(data.FOLDS[number]))[:2]
    split = data.fold(number, chosen)
    assert set(split.test.subjects) == set(chosen)
    assert not {*chosen, *data.FOLDS[number]} & set(split.train.subjects)


def test_every_subject_is_tested_once() -> None:
    assert sorted(subject for fold in data.FOLDS.values() for subject in fold) == list(range(1, 11))


def test_windows_are_normalised_by_the_training_subjects_and_clipped() -> None:
    split = data.fold(1)
    raw = np.concatenate([r.samples for r in split.recordings])
    normal = (raw - split.normaliser.mean) / split.normaliser.deviation
    assert np.allclose(normal.mean(0), 0, atol=1e-4) and np.allclose(normal.std(0), 1, atol=1e-4)
    assert split.test.windows.shape == (len(split.test.labels), data.WINDOW, len(data.CHANNELS))
    assert split.test.windows.dtype == np.float32
    assert np.abs(split.test.windows).max() == data.LIMIT


def test_recordings_match_the_readme_and_the_sensor_range() -> None:
    low, high = data.sensor_range()
    everyone = data.recordings()
    assert len(everyone) == 70 and {r.label for r in everyone} == set(range(len(data.CLASSES)))
    assert min(len(r.samples) for r in everyone) >= data.WINDOW
    assert low[0] == np.float32(-4.251) and high[0] == np.float32(1.069)


@pytest.mark.parametrize(("number", "held_out"), [(0, ()), (4, ()), (1, (4, 5, 6, 7, 8, 9, 10))])
def test_impossible_splits_are_refused(number: int, held_out: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"folds are|nobody is left"):
        data.fold(number, held_out)


def test_an_unknown_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="must be one of cfc, ltc; got 'gru'"):
        models.build("gru")


def test_classify_takes_the_greatest_mean_of_the_settled_steps() -> None:
    outputs = np.zeros((1, data.WINDOW, len(data.CLASSES)), np.int16)
    outputs[0, : data.SETTLED, 1] = 30_000
    outputs[0, data.SETTLED :, 4] = 1
    assert data.classify(outputs).tolist() == [4]
    assert data.accuracy(outputs, np.array([4])) == 1 and data.accuracy(outputs, np.array([1])) == 0


def test_a_rotation_keeps_lengths_and_turns_the_right_way() -> None:
    window = np.tile(np.eye(6, dtype=np.float32)[0], (data.WINDOW, 1))
    turned = np.asarray(augment.rotated(jax.numpy.asarray(window), jax.numpy.array([0.0, 0.0, np.pi / 2])))
    assert np.allclose(turned, np.tile([0, 1, 0, 0, 0, 0], (data.WINDOW, 1)), atol=1e-6)


def test_without_variation_a_drawn_window_is_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TILT", "STRENGTH", "TEMPO", "NOISE"):
        monkeypatch.setattr(augment, name, 0.0)
    split = data.fold(3)
    drawn, label = augment.draw(augment.source(split), jax.random.key(5))
    pieces = [split.normaliser(r.samples) for r in split.recordings if r.label == int(label)]
    off = [np.abs(p[i] - np.asarray(drawn)[0]).max() for p in pieces for i in range(len(p))]
    assert drawn.shape == (data.WINDOW, len(data.CHANNELS))
    assert min(off) < 1  # a sample lies between two recorded ones, half a step from one of them
    assert float(np.abs(drawn).max()) <= data.LIMIT


def test_a_short_training_learns() -> None:
    split, plan = data.fold(1), train.Schedule(train.CHUNK, batch=4, rate=1e-2, decay=0.0, averaging=0.0)
    trained = train.fit("cfc", split, plan, progress=False)
    assert _loss("cfc", trained, split) < 0.9 * np.log(len(data.CLASSES))  # the loss of one who guesses


def _loss(cell: str, params: models.PyTree, split: data.Fold) -> float:
    logits = models.run(cell, params, split.train.windows)[:, data.SETTLED :].mean(1)
    surprise = -jax.nn.log_softmax(logits)[np.arange(len(logits)), split.train.labels]
    return float(surprise.mean())


@pytest.mark.parametrize(("cell", "number"), RUNS)
def test_shipped_weights_reach_the_record(cell: str, number: int, measured: measure.Accuracies) -> None:
    recorded = measure.recorded()[cell][str(number)]
    assert measured[cell][str(number)] == pytest.approx(recorded, abs=TOLERANCE)


@pytest.mark.parametrize("number", FOLDS)
def test_the_baseline_is_what_is_recorded(number: int, measured: measure.Accuracies) -> None:
    recorded = measure.recorded()["ridge"][str(number)]
    assert measured["ridge"][str(number)] == pytest.approx(recorded, abs=TOLERANCE)


@pytest.mark.parametrize(("cell", "number"), RUNS)
def test_both_cells_beat_the_baseline(cell: str, number: int, measured: measure.Accuracies) -> None:
    assert measured[cell][str(number)] > measured["ridge"][str(number)]


def test_the_readme_quotes_the_recorded_table() -> None:
    assert measure.table(measure.recorded()) in (measure.FILE.parent / "README.md").read_text()


def test_weights_survive_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    params = weights.load("ltc", 1)
    monkeypatch.setattr(weights, "FOLDER", tmp_path)
    weights.save("ltc", 1, jax.tree.map(lambda leaf: leaf + 1, params))
    again = weights.load("ltc", 1)
    assert jax.tree.structure(again) == jax.tree.structure(params)
    assert all(np.array_equal(b, a + 1) for a, b in zip(*map(jax.tree.leaves, (params, again)), strict=True))


def test_the_picture_has_what_was_told_of_every_window(tmp_path: Path) -> None:
    pytest.importorskip("optax")
    figures = pytest.importorskip("matplotlib.figure")
    from examples import demo  # it needs the extras

    labels = np.array([0, 0, 1, 6])
    outputs = np.zeros((4, data.WINDOW, 7), np.float32)
    outputs[np.arange(4), :, [0, 2, 1, 6]] = 1.0
    row = demo.Row("cfc", 0.75, 0.75, "", "", 0.0, Footprint(1, 1, 1, ()), 1, "-", outputs, outputs)
    left, right = figures.Figure().subplots(1, 2)
    demo._told(left, row, labels)
    shares = np.asarray(left.images[0].get_array())
    assert shares[0].tolist() == [50, 0, 50, 0, 0, 0, 0] and shares[6, 6] == shares[1, 1] == 100
    demo._followed(right, row, 0)
    assert len(right.lines) == 14
    test = data.Windows(outputs[..., :6], labels, labels)
    demo.draw([row, row], test, tmp_path / "imu.png")
    assert (tmp_path / "imu.png").read_bytes()[1:4] == b"PNG"
