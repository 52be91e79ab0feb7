"""The stream of examples/water: the C publishes what the float network does, and little else than what happened."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.docs
pytest.importorskip("optax")

from examples.water import __main__ as example  # noqa: E402  # it needs the extras
from examples.water import data, model  # noqa: E402
from lnncc.errors import LnnccError  # noqa: E402


def test_what_is_published_is_what_happened(tmp_path: Path) -> None:
    pytest.importorskip("river")
    pytest.importorskip("matplotlib")
    series, params = data.water(), model.shipped()
    prog = example.compiled(params)
    exact, fixed = example.surprises(params, prog, series)
    limit = example.threshold(exact, series)
    published = np.flatnonzero(fixed > limit)
    assert all(((published >= a) & (published < b)).any() for a, b in series.happenings)
    assert len(published) < 0.06 * len(series.times) and np.abs(exact - fixed).max() < 0.05 * limit
    assert "| fixed point |" in example.table({"float": exact, "fixed point": fixed}, limit, series)
    assert "steps bit-exact" in (said := example.cost(prog, series)) or "not run" in said
    example.draw(series, exact, fixed, limit, tmp_path / "water.png")
    assert (tmp_path / "water.png").read_bytes()[1:4] == b"PNG"


@pytest.fixture
def nab(tmp_path: Path) -> Path:
    """A folder like that of NAB: a warm machine that fails for a day."""
    began, generator = datetime(2014, 1, 1), np.random.default_rng(0)
    times = [began + timedelta(minutes=5 * k) for k in range(0, 12 * 1500)]
    values = 90 + generator.normal(0, 1, len(times))
    values[12 * 1300 : 12 * 1324] = 40.0
    rows = ["timestamp,value", *(f"{time},{value}" for time, value in zip(times, values, strict=True))]
    (tmp_path / data.FILE).write_text("\n".join(rows) + "\n")
    window = [str(began + timedelta(hours=k, minutes=20)) + ".000000" for k in (1299, 1325)]
    (tmp_path / data.LABELS).write_text(json.dumps({data.FILE: {"windows": [window]}}))
    return tmp_path


def test_hours_of_a_machine_and_where_it_failed(nab: Path, tmp_path: Path) -> None:
    series, params = data.machine(nab), model.shipped(data.MACHINE)
    assert len(series.times) == 1500 and series.happenings == ((1299, 1326),) and set(series.elapsed) == {1.0}
    assert series.inputs[1310, 0] == -data.LIMIT and abs(series.inputs[:1300, 0]).max() < 0.5
    prog = example.compiled(params, series.name)
    exact, fixed = example.surprises(params, prog, series)
    limit = example.threshold(exact, series)
    assert np.flatnonzero(fixed > limit).size and (fixed[1299:1326] > limit).any()
    assert "°F" in example.table({"float": exact, "fixed point": fixed}, limit, series)
    example.draw(series, exact, fixed, limit, tmp_path / "machine.svg")


def test_a_folder_without_the_series_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match=r"(?s)E0410.*--nab"):
        data.machine(tmp_path)


def test_training_makes_it_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "STEPS", 30)
    pytest.importorskip("river")
    series = data.water()
    start = np.asarray(model.run(model.cell.init(model.jax.random.key(0)), series.inputs, series.elapsed))
    done = np.asarray(model.run(model.train(series), series.inputs, series.elapsed))
    error = lambda f: np.mean((f[:-1] - series.inputs[1:, 0])[series.learned] ** 2)  # noqa: E731
    assert error(done) < error(start) / 2
