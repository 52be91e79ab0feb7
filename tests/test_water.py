"""The flow meter of examples/water: the C publishes what the float network does, and little else than what happened."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.docs
pytest.importorskip("optax")
pytest.importorskip("river")

from examples.water import __main__ as example  # noqa: E402  # it needs the extras
from examples.water import data, model  # noqa: E402


def test_what_is_published_is_what_happened(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    series, params = data.load(), model.shipped()
    prog = example.compiled(params)
    exact, fixed = example.surprises(params, prog, series)
    limit = example.threshold(exact)
    published = np.flatnonzero(fixed > limit)
    assert all(((published >= a) & (published < b)).any() for a, b in data.HAPPENINGS)
    assert len(published) < 0.06 * len(series.times) and np.abs(exact - fixed).max() < 0.05 * limit
    assert "| fixed point |" in example.table({"float": exact, "fixed point": fixed}, limit)
    assert "steps bit-exact" in (said := example.cost(prog, series)) or "not run" in said
    example.draw(series, exact, fixed, limit, tmp_path / "water.png")
    assert (tmp_path / "water.png").read_bytes()[1:4] == b"PNG"


def test_training_makes_it_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "STEPS", 30)
    series = data.load()
    start = np.asarray(model.run(model.cell.init(model.jax.random.key(0)), series.inputs, series.elapsed))
    done = np.asarray(model.run(model.train(series), series.inputs, series.elapsed))
    error = lambda f: np.mean((f[:-1] - series.inputs[1:, 0])[data.LEARNED] ** 2)  # noqa: E731
    assert error(done) < error(start) / 2
