"""States that no rule bounds: a calibrated range, saturation that is counted, and words that say which and why."""

import jax
import jax.numpy as jnp
import models
import numpy as np
import pytest

import lnncc
from lnncc import LnnccError, twin
from lnncc.cells import CTRNN, LRCU, MixedMemory
from lnncc.cells.cfc import CfC
from lnncc.program import Program
from lnncc.report import summary
from lnncc.validate import compare


def integrated(p: None, h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    """In a loop, as a solver does it."""
    h = jax.lax.fori_loop(0, 2, lambda i, v: v + 0.05 * x, h)
    return h, h


def compiled(calibration: np.ndarray | None) -> Program:
    return lnncc.compile(
        integrated,
        state=jnp.zeros(models.INPUTS),
        inputs=jnp.zeros(models.INPUTS),
        ranges={"x": (-2.0, 2.0)},
        calibration=calibration,
    )


def test_a_state_that_a_loop_carries_is_named_with_the_reason() -> None:
    build = compiled(models.recording()).build
    assert build.facts["assumed_states"] == ["state"]
    [text] = summary.assumptions(build)
    assert text.startswith("state 'state' has no bound")
    assert "no bound that holds for all inputs" in text and "saturates, counted" in text
    assert text in summary.text(build)


def test_it_saturates_at_twice_what_was_seen_at_least() -> None:
    """And at no more than what ``ranges`` finds tolerable, eight times that: formats end at powers of two."""
    xs = models.recording()
    program = compiled(xs)
    seen = np.abs(np.cumsum(0.1 * xs, axis=1)).max()
    [signal] = program.build.interface.states
    steps = np.full((1, 2000, models.INPUTS), 2.0)
    raw = compare.raw_inputs(program.build, {"x": steps})
    reached = twin.run(program.build.integer, raw)[1][0].max() * 2.0**-signal.frac
    assert 2 * seen <= reached * (1 + 1e-3) and reached <= 8 * seen
    assert program.verify(steps[:, :200]).bit_exact


def test_without_calibration_it_is_refused() -> None:
    with pytest.raises(LnnccError) as caught:
        compiled(None)
    assert caught.value.code == "E0404"


@pytest.mark.parametrize(
    ("cell", "labels"),
    [(MixedMemory(CfC(3, 4, backbone_units=4)), ["c"]), (LRCU(3, 4), ["state"]), (CTRNN(3, 4, substeps=2), [])],
)
def test_which_states_of_cells_are_assumed(cell: object, labels: list[str]) -> None:
    params = cell.init(jax.random.key(0))
    state = cell.initial_state()
    program = lnncc.compile(
        cell.step,
        params,
        state=state,
        inputs=jnp.zeros(3),
        dt=1.0,
        ranges={"x": (-2.0, 2.0)},
        calibration=models.recording(),
    )
    assert program.build.facts["assumed_states"] == labels
    assert len(summary.assumptions(program.build)) == len(labels)
