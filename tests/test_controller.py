"""The controller of examples/controller, in its fast form: it holds the pendulum, and the C does as float does."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.docs
pytest.importorskip("optax")

from examples.controller import __main__ as example  # noqa: E402  # it needs the extra
from examples.controller import model, plant  # noqa: E402


def test_both_loops_hold_and_stay_together(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    params = model.shipped()
    prog = example.compiled(params)
    exact, fixed = example.both(params, prog, seed=1)
    assert max(np.abs(exact.angles).max(), np.abs(fixed.angles).max()) < np.radians(45)
    assert 0 < np.abs(exact.angles - fixed.angles).max() < np.radians(1)
    assert f"{len(fixed.times)} of {len(fixed.times)} steps bit-exact" in example.on_the_chip(prog, [fixed])
    assert "| fixed point |" in example.table([(exact, fixed)])
    example.draw(exact, fixed, tmp_path / "loops.png")
    assert (tmp_path / "loops.png").read_bytes()[1:4] == b"PNG"


def test_a_controller_that_does_nothing_drops_the_pendulum() -> None:
    steps = np.zeros(100)
    run = plant.simulate(lambda x, dt: 0.0, steps + plant.PERIOD, steps, 0.1, steps)
    assert np.abs(run.angles).max() > np.radians(90)


def test_training_makes_it_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "STEPS", 20)
    given = model.drawn(np.random.default_rng(5), 1, 50)
    cost = lambda params: float(model.cost(params, *(x[0] for x in given)))  # noqa: E731
    assert cost(model.shipped()) < cost(model.train(seed=1))
