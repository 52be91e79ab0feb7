"""A step at a time is what a whole run is: the same C, the same bits, the state kept."""

import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from lnncc.archive import Model
from lnncc.program import Program
from tests import models


@pytest.fixture(scope="module")
def program() -> Program:
    return lnncc.compile(Model(models.cfc()), ranges={"x": (-1.5, 1.5)}, dt=1.0)


def test_steps_are_a_run(program: Program) -> None:
    xs, session = models.recording(steps=30)[0], program.session()
    for _ in range(2):
        assert np.array_equal(np.stack([session.step(x) for x in xs]), program.run(xs))
        session.reset()


def test_two_sessions_have_two_states(program: Program) -> None:
    one, other = program.session(), program.session()
    xs = models.recording(steps=5)[0]
    ys = [one.step(x) for x in xs]
    assert np.array_equal(other.step({"x": xs[0]}), ys[0]) and not np.array_equal(ys[0], ys[-1])


def test_what_is_out_of_range_is_clamped_and_counted(program: Program) -> None:
    session = program.session()
    session.step([0.0, 0.0, 0.0])
    assert session.clipped == 0
    session.step([9.0, 0.0, -9.0])
    assert session.clipped == 2


def test_nan_is_nothing(program: Program) -> None:
    one, other = program.session(), program.session()
    assert np.array_equal(one.step([np.nan, 0.5, 0.0]), other.step([0.0, 0.5, 0.0]))


def test_each_step_is_told_its_time() -> None:
    program = lnncc.compile(Model(models.cfc()), ranges={"x": (-2, 2)}, dt=(0.5, 4.0))
    xs, dts = models.recording(steps=20)[0], np.random.default_rng(0).uniform(0.5, 4.0, 20)
    session = program.session()
    stepped = [session.step(x, float(dt)) for x, dt in zip(xs, dts, strict=True)]
    assert np.array_equal(np.stack(stepped), program.run({"x": xs, "dt": dts}))
    with pytest.raises(ValueError, match="dt is given at each step"):
        session.step(xs[0])


def test_several_inputs_and_outputs_go_by_label() -> None:
    step = lambda p, s, x, dt: (0.5 * s + x["a"], {"u": s, "v": 0.5 * x["b"]})  # noqa: E731
    model = lnncc.trace(step, None, state=jnp.zeros(2), inputs={"a": jnp.zeros(2), "b": jnp.zeros(1)})
    program = lnncc.compile(model, ranges={"a": (-1, 1), "b": (-1, 1)})
    session = program.session()
    outputs = session.step({"a": [0.5, -0.5], "b": 0.5})
    assert isinstance(outputs, dict) and {k: v.tolist() for k, v in outputs.items()} == {"u": [0.0, 0.0], "v": [0.25]}
    with pytest.raises(ValueError, match="`b` is missing"):
        session.step({"a": [0.5, -0.5]})
    with pytest.raises(ValueError, match="several inputs"):
        session.step([0.5, -0.5])


@pytest.mark.parametrize(("x", "dt", "said"), [([0.0], None, "has 3 elements, got 1"), ([0.0] * 3, 0.1, "only if")])
def test_what_does_not_suit(program: Program, x: list[float], dt: float | None, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        program.session().step(x, dt)
