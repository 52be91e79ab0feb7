"""The data sets of the accuracy benchmark: each reader on small files of the same format, and its own metrics."""

from pathlib import Path

import numpy as np
import pytest

from examples.accuracy.sets import TASKS, imu_watch, occupancy
from examples.accuracy.task import joined
from tests import accuracy_data

SHAPES = {  # sequences of train, valid and test in the generated files, and their length in steps
    "cheetah": (270, 15, 30, 32),
    "gesture": (27, 3, 5, 32),
    "occupancy": (40, 4, 12, 16),
    "occupancy_dark": (17, 11, 12, 16),
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


def test_the_watch_pools_three_folds() -> None:
    task = TASKS["imu_watch"]
    parts = [fold.load(Path()).test for fold in task.folds]
    assert len(joined(parts).inputs) == sum(len(p.inputs) for p in parts) == 1065
    outputs = np.eye(7)[joined(parts).targets]
    assert imu_watch.accuracy(outputs, joined(parts), ONE) == 100
