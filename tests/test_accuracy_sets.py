"""The data sets of the accuracy benchmark: each reader on small files of the same format, and its own metrics."""

from pathlib import Path

import numpy as np
import pytest

from examples.accuracy.sets import TASKS, cmapss, emps, imu_watch, nab, occupancy, traffic, walker2d
from examples.accuracy.task import Part, joined, whole
from tests import accuracy_data

SHAPES = {  # sequences of train, valid and test in the generated files, and their length in steps
    "cheetah": (270, 15, 30, 32),
    "cmapss": (69, 100, 3, 64),
    "emps": (198, 6, 18, 128),
    "gesture": (27, 3, 5, 32),
    "nab": (23, 7, 1, 96),
    "occupancy": (40, 4, 12, 16),
    "occupancy_dark": (17, 11, 12, 16),
    "traffic": (24, 3, 4, 32),
    "traffic_gaps": (24, 3, 4, 32),
    "walker2d": (12, 13, 13, 64),
}
ONE = np.ones(1, np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sets")
    accuracy_data.write(path)
    return path


@pytest.mark.parametrize("name", TASKS)
def test_a_set_reads_its_files(name: str, folder: Path) -> None:
    task = TASKS[name]
    assert task.missing(folder) == []
    split = task.load(folder)
    for part in (split.train, split.valid, split.test):
        assert part.inputs.dtype == np.float32 and part.inputs.shape[-1] == task.inputs
        assert np.abs(part.inputs).max() <= task.limit and part.judged.any()
        assert part.targets.shape[:2] == part.judged.shape == part.inputs.shape[:2]
        if part.targets.ndim == 2:
            assert part.targets.dtype == np.int64 and 0 <= part.targets.min() <= part.targets.max() < task.outputs
        else:
            assert part.targets.dtype == np.float32 and part.targets.shape[-1] == task.outputs == len(split.unit)


@pytest.mark.parametrize("name", SHAPES)
def test_a_split_has_the_windows_of_its_protocol(name: str, folder: Path) -> None:
    split = TASKS[name].load(folder)
    counts = tuple(len(part.inputs) for part in (split.train, split.valid, split.test))
    assert (*counts, split.train.inputs.shape[1]) == SHAPES[name]


def test_cheetah_targets_are_the_next_inputs(folder: Path) -> None:
    test = TASKS["cheetah"].load(folder).test
    assert np.allclose(test.targets[:, :-1], test.inputs[:, 1:], atol=1e-6)


def test_light_alone_tells_the_generated_rooms(folder: Path) -> None:
    assert occupancy.light_alone(folder) == 100
    assert TASKS["occupancy"].load(folder).train.inputs.shape[-1] == 1 + TASKS["occupancy_dark"].inputs


def test_traffic_reads_weather_and_calendar(folder: Path) -> None:
    x, volume, hours = traffic.features(folder / traffic.FILE)
    assert hours[:3].tolist() == [0, 0, 1] and np.diff(hours).max() == 49
    assert x[:2].tolist() == [[0, 280, 0, 0, 0, 1, np.sin(9 * np.pi / 24)]] * 2  # a Tuesday at nine, twice
    assert x[5, 0] == 1 and x[:, 0].sum() == 1
    assert volume[:3].tolist() == [3000, 3000, 3100]


def test_time_is_told_where_it_varies(folder: Path) -> None:
    for task in TASKS.values():
        split = task.load(folder)
        for part in (split.train, split.valid, split.test):
            assert (part.elapsed is None) == (task.elapsed is None)
            if part.elapsed is not None and task.elapsed is not None:
                assert part.elapsed.shape == part.judged.shape and part.elapsed.dtype == np.float32
                low, high = task.elapsed
                assert low <= part.elapsed.min() and part.elapsed.max() <= high


def test_traffic_tells_its_gap_and_a_second_row_of_one_hour(folder: Path) -> None:
    split = TASKS["traffic_gaps"].load(folder)
    assert set(np.unique(split.train.elapsed)) == {1, 49}


def test_a_walker_is_told_how_many_steps_were_dropped(folder: Path) -> None:
    with np.load(folder / walker2d.FILES[2]) as file:
        rollout = file["x"][:200]
    test = TASKS["walker2d"].load(folder).test
    assert test.elapsed is not None
    kept = np.cumsum(test.elapsed[0]).astype(int) - 1  # the window at the rollout's start
    assert test.elapsed.max() > 1 and len(kept) == walker2d.LENGTH
    unit = TASKS["walker2d"].load(folder).unit
    steps = (test.targets[0] - test.inputs[0]) * unit
    assert np.allclose(steps, rollout[kept + 1] - rollout[kept], atol=1e-4)


def test_engines_are_judged_once_at_their_last_cycle(folder: Path) -> None:
    split = TASKS["cmapss"].load(folder)
    assert split.test.judged.sum(1).tolist() == [1, 1, 1]
    assert split.test.judged[2].argmax() == 30  # the engine of 31 cycles, padded behind them
    left = (split.test.targets[split.test.judged] * split.unit + cmapss.CAP / 2)[:, 0]
    assert left.tolist() == [112, 98, 10]
    assert not split.train.judged[:, : cmapss.SETTLED].any() and split.train.judged[:, cmapss.SETTLED :].all()


def test_the_nasa_score_punishes_late_answers_more() -> None:
    part = Part(np.zeros((1, 1, 1), np.float32), np.zeros((1, 1, 1), np.float32), np.ones((1, 1), bool))
    late, early = (cmapss.nasa(np.full((1, 1, 1), e), part, np.full(1, 10.0)) for e in (1.0, -1.0))
    assert late == pytest.approx(np.e - 1) and early == pytest.approx(np.exp(10 / 13) - 1)


def test_emps_adds_the_ways_up() -> None:
    part = whole(np.zeros((1, 4, 2)), np.zeros((1, 4, 1)))
    assert emps.position(np.ones((1, 4, 1)), part, np.full(1, 2.0)) == pytest.approx(np.sqrt((4 + 16 + 36 + 64) / 4))


def test_what_nab_is_compared_with_is_the_step_from_one_value_to_the_next(folder: Path) -> None:
    split = TASKS["nab"].load(folder)
    steps = (split.test.targets - split.test.inputs).astype(np.float64) * split.unit
    assert nab.again(folder) == pytest.approx(np.mean(steps**2))


def test_nab_learns_before_the_test_and_not_from_labelled_samples(folder: Path) -> None:
    split = TASKS["nab"].load(folder)
    assert split.test.marks is not None and set(np.unique(split.test.marks)) == {0, 2}
    assert split.test.marks[0, 1500 - 301 : 1600 - 301].all()  # of the values after the learned 300
    assert split.test.inputs.min() == -nab.LIMIT  # the breakdown, clipped


@pytest.mark.parametrize(
    ("alarms", "expected"),
    [([], 0.0), ([50], 100.0), ([50, 55], 100.0), ([50, 200], 200 / 3), ([200], 0.0)],
)
def test_window_f1_counts_windows_and_false_runs(alarms: list[int], expected: float) -> None:
    marks = np.zeros((1, 300), np.int64)
    marks[0, 40:70] = 1
    zeros = np.zeros((1, 300, 1), np.float32)
    outputs = zeros.copy()
    outputs[0, alarms] = 2 * nab.SMOOTHED * nab.ALARM
    assert nab.window_f1(outputs, Part(zeros, zeros, zeros[..., 0] == 0, marks=marks), ONE) == pytest.approx(expected)


def test_the_watch_pools_three_folds() -> None:
    task = TASKS["imu_watch"]
    parts = [fold.load(Path()).test for fold in task.folds]
    assert len(joined(parts).inputs) == sum(len(p.inputs) for p in parts) == 1065
    outputs = np.eye(7)[joined(parts).targets]
    assert imu_watch.accuracy(outputs, joined(parts), ONE) == 100
