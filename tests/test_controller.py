"""The controller of examples/controller, in its fast form: it holds the pendulum, and the C does as float does."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.docs
pytest.importorskip("optax")

from examples.controller import __main__ as example  # noqa: E402  # it needs the extra
from examples.controller import emps, model, plant  # noqa: E402
from lnncc.errors import LnnccError  # noqa: E402


def test_both_loops_hold_and_stay_together(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    params = model.shipped()
    prog = example.compiled(params)
    exact, fixed = example.both(plant.PENDULUM, params, prog, example.chances(1))
    assert max(np.abs(exact.positions).max(), np.abs(fixed.positions).max()) < np.radians(45)
    assert 0 < np.abs(exact.positions - fixed.positions).max() < np.radians(1)
    assert f"{len(fixed.times)} of {len(fixed.times)} steps bit-exact" in example.on_the_chip(prog, [fixed])
    assert "| fixed point |" in example.table([(exact, fixed)])
    example.draw(exact, fixed, plant.PENDULUM, tmp_path / "loops.png")
    assert (tmp_path / "loops.png").read_bytes()[1:4] == b"PNG"


def test_a_controller_that_does_nothing_drops_the_pendulum() -> None:
    steps = np.zeros(100)
    run = plant.simulate(plant.PENDULUM, lambda x, dt: 0.0, steps + plant.PERIOD, steps, 0.1, steps)
    assert np.abs(run.positions).max() > np.radians(90)


def recording(true: plant.Plant, steps: int = 1200) -> dict[str, np.ndarray]:
    """As EMPS records, every 5 ms: a reference that goes to and fro, followed by a controller that knows the speed."""
    times, state, rows = np.arange(steps) * emps.RATE, np.array([0.0, 0.0]), []
    for time in times:
        reference, speed = 0.8 * np.sin(1.2 * time), 0.96 * np.cos(1.2 * time)
        command = float(np.clip(6 * (reference - state[0]) + speed - state[1], -1, 1))
        rows.append((time, reference, state[0], emps.FORCE * command))
        state = plant._integrated(true, state[0], state[1], command, emps.RATE)
    return dict(zip(("time_exp", "q_ref", "q_meas", "u_in"), np.array(rows).T, strict=True))


def emps_like(mass: float, viscous: float, dry: float, offset: float) -> plant.Plant:
    def acceleration(xp, position, speed, command):
        return (emps.FORCE * command - viscous * speed - dry * xp.tanh(speed / emps.SLOW) - offset) / mass

    return plant.Plant("emps", acceleration, emps.SCALE, emps.TICK, 1000.0, "·10⁻³", "position")


def test_a_plant_is_found_in_its_recording_and_followed(tmp_path: Path) -> None:
    recorded = recording(emps_like(0.4, 0.7, 0.5, -0.1))
    lines = [",".join(recorded), *(",".join(map(str, row)) for row in zip(*recorded.values(), strict=True))]
    (tmp_path / emps.SHOWN).write_text("\n".join(lines) + "\n")
    read = emps.read(tmp_path, emps.SHOWN)
    found = emps.fitted(read)
    for speed, command in ((0.5, 0.0), (-0.5, 0.0), (0.3, 1.0), (0.3, -1.0)):
        wanted = emps_like(0.4, 0.7, 0.5, -0.1).acceleration(np, 0.0, speed, command)
        assert found.acceleration(np, 0.0, speed, command) == pytest.approx(wanted, abs=0.5)
    assert "misses" in emps.told(found, read)
    params = model.shipped(found)
    prog = example.compiled(params, found)
    given = tuple(x[:200] if isinstance(x, np.ndarray) else x for x in example.along(read, 1))
    exact, fixed = example.both(found, params, prog, given)
    assert np.abs(exact.positions - exact.references).max() < 0.5
    assert 0 < np.abs(exact.positions - fixed.positions).max() < 0.01


def test_a_folder_without_the_recording_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match=r"(?s)E0410.*--emps"):
        emps.read(tmp_path, emps.FITTED)


def test_training_makes_it_better(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model, "STEPS", 20)
    given = model.drawn(np.random.default_rng(5), 1, 50)
    cost = lambda params: float(model.cost(params, plant.PENDULUM, *(x[0] for x in given)))  # noqa: E731
    assert cost(model.shipped()) < cost(model.train(seed=1))
