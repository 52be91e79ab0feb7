"""ranges: bounds of states that hold for all time, found where there are any at a fair price."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import nn

import lnncc
from lnncc.cells import LTC, AutoNCP
from lnncc.errors import LnnccError
from lnncc.passes.fuse import fuse
from lnncc.passes.ranges import Ranges, ranges
from lnncc.passes.simplify import simplify
from lnncc.passes.widths import widths

X = np.zeros(2, np.float32)
DATA = {"x": np.random.default_rng(0).uniform(-1, 1, (1, 300, 2))}


def found(step, *, calibrated: bool = False, state=X) -> Ranges:
    graph = widths(fuse(simplify(lnncc.trace(step, {}, state=state, inputs=X).graph, dt=1.0)))
    return ranges(graph, declared={"x": (-1.0, 1.0)}, calibration=DATA if calibrated else None)


def reach(step, **options) -> tuple[float, bool]:
    """(the bound of the first state, whether it is assumed)."""
    spans = found(step, **options)
    return float(spans.spans["s0"].magnitude.max()), bool(spans.assumed)


def test_a_state_that_settles_slowly_is_bounded_by_what_it_goes_through() -> None:
    size, assumed = reach(lambda p, h, x: (jnp.tanh(3 * h + x), h))
    assert 0.999 < size <= 1 and not assumed


@pytest.mark.parametrize(("rate", "bound"), [(0.5, 2), (0.9, 16), (0.99, 128)])
def test_a_slow_filter_gets_the_next_power_of_two(rate: float, bound: float) -> None:
    size, assumed = reach(lambda p, h, x: (rate * h + x, h))
    assert 1 / (1 - rate) * (1 - 1e-6) <= size <= bound and not assumed


def test_two_states_that_feed_each_other() -> None:
    def step(p, state, x):
        a, b = state
        return (0.9 * jnp.tanh(b) + 0.5 * a, 0.7 * b + x), a

    assert reach(step, state=(X, X))[1] is False


def test_what_grows_for_ever_is_calibrated_to_the_end_of_its_format() -> None:
    size, assumed = reach(lambda p, h, x: (h + 0.01 * x, h), calibrated=True)
    assert assumed and size == 2 ** np.ceil(np.log2(size))
    with pytest.raises(LnnccError) as caught:
        reach(lambda p, h, x: (h + 0.01 * x, h))
    assert caught.value.code == "E0404"


def test_a_bound_that_costs_too_many_bits_gives_way_to_what_was_seen() -> None:
    """The memory of an LSTM, whose bound 1 / (1 - f) is far beyond what it holds."""

    def lstm(p, c, x):
        c = nn.sigmoid(x + 5) * c + nn.sigmoid(x) * jnp.tanh(x)
        return c, jnp.tanh(c)

    bounded, calibrated = reach(lstm), reach(lstm, calibrated=True)
    assert not bounded[1] and bounded[0] > 60
    assert calibrated[1] and calibrated[0] <= bounded[0]


def test_a_start_beyond_all_that_is_seen_later_fits_its_format() -> None:
    """Nilpotent: after a step nothing is left of the start, whose intervals grow all the same."""
    matrix = jnp.array([[1.0, -1.0], [1.0, -1.0]])
    start = np.array([50.0, 49.0], np.float32)
    size, assumed = reach(lambda p, h, x: (matrix @ h + x, h), calibrated=True, state=start)
    assert assumed and size >= 50


@pytest.mark.parametrize("given", [{"ranges": {"x": (-1e-9, 1e-9)}}, {"calibration": np.full((9, 3), 3e-6)}])
def test_an_input_that_sixteen_bits_would_take_for_zero(given: dict) -> None:
    def step(p, h, x):
        h = jnp.tanh(0.5 * h + 1e9 * x)
        return h, h

    with pytest.raises(LnnccError, match="E0353") as caught:
        lnncc.compile(lnncc.trace(step, state=jnp.zeros(3), inputs=jnp.zeros(3)), **given)
    assert "* x" in caught.value.helps[0]
    assert lnncc.compile(lnncc.trace(step, state=jnp.zeros(3), inputs=jnp.zeros(3)), ranges={"x": (0.0, 0.001)})


def test_an_input_that_is_always_zero_has_a_range() -> None:
    def step(p, h, x):
        h = jnp.tanh(0.5 * h + x)
        return h, h

    model = lnncc.trace(step, state=jnp.zeros(3), inputs=jnp.zeros(3))
    assert lnncc.compile(model, calibration=np.zeros((9, 3))).verify(np.zeros((9, 3))).bit_exact


@pytest.mark.parametrize("dt", [1e-12, 1e-13, 1e-300])
def test_a_dt_in_absurd_units_is_an_error(dt: float) -> None:
    """An LTC divides by what its capacitances are in steps of dt."""
    cell = LTC(AutoNCP(units=6, outputs=1).wire(2))
    params = cell.init(jax.random.key(0))
    with pytest.raises(LnnccError, match="E0308"):
        lnncc.compile(
            cell.step, params, state=cell.initial_state(), inputs=jnp.zeros(2), dt=dt, ranges={"x": (-1.0, 1.0)}
        )
