"""No file does harm: what fuzzing found, and some new hostile files of every kind, always the same ones."""

from pathlib import Path

import pytest

from tests.fuzz.campaign import campaign
from tests.fuzz.subjects import SUBJECTS
from tests.fuzz.worker import attempt

FOUND = sorted(path for path in (Path(__file__).parent / "data" / "fuzz").glob("*/*") if path.is_file())
COUNTS = {"onnx": 400, "lnn": 400, "data": 400, "npz": 150, "safetensors": 150, "h5": 300, "keras": 100, "msgpack": 400}
COUNTS |= {"build": 12, "certificate": 12}


@pytest.mark.parametrize("path", FOUND, ids=lambda path: f"{path.parent.name}-{path.name}")
@pytest.mark.filterwarnings("ignore")
def test_what_was_found_is_refused(path: Path, tmp_path: Path) -> None:
    subject = SUBJECTS[path.parent.name]
    (tmp_path / subject.file).write_bytes(path.read_bytes())
    assert attempt(subject, tmp_path / subject.file) is not None


@pytest.mark.parametrize("name", SUBJECTS)
def test_new_ones_are_read_or_refused(name: str) -> None:
    faults = [found.fault for found in campaign(name, 1, 0, COUNTS[name]) if found.fault]
    assert not faults, faults[0]


def test_a_fault_is_seen_and_the_next_input_tried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By a reader that fails, takes too long, or takes too much."""
    broken = """
import lnncc.archive as archive
state = []
def load(path):
    state.append(path)
    if len(state) > 2:
        raise KeyError("x")
archive.load = load
"""
    (tmp_path / "sitecustomize.py").write_text(broken)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")
    found = list(campaign("lnn", 0, 0, 2))
    assert len(found) == 2 and all("KeyError" in each.fault and each.data for each in found)
