"""Long rows get bits from what they multiply, where that makes results better; nothing else does."""

from collections.abc import Mapping

import jax.numpy as jnp
import numpy as np
import pytest

from lnncc import twin
from lnncc.bounds import disturbed
from lnncc.choices import Choice, Choices
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.passes import balance
from lnncc.passes.formats import formats
from lnncc.passes.lower import lower
from lnncc.passes.prove import prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges, ranges

INPUTS = 5
DECLARED = {"x": (-2.0, 2.0)}


def two_layers(hidden: int, size: float, *, shown: bool = False, twice: bool = False) -> Graph:
    """tanh(V tanh(U x)); ``shown`` gives out what V multiplies, ``twice`` lets a product read it."""
    rng = np.random.default_rng(hidden)
    first, second = rng.uniform(-1, 1, (hidden, INPUTS)), rng.uniform(-size, size, (8, hidden))

    def step(params, state, x, dt):
        inner = jnp.tanh(params[0] @ x)
        y = jnp.tanh(params[1] @ inner)
        if twice:
            y = y * inner[:8]
        return state, (y, inner) if shown else y

    graph = trace(step, (jnp.asarray(first), jnp.asarray(second)), state=(), inputs=jnp.zeros(INPUTS))
    return lower(graph, dt=1.0)


def estimated(graph: Graph, recorded: Mapping[str, np.ndarray] | None = None) -> Ranges:
    return ranges(graph, declared=DECLARED, calibration=recorded)


def inner(graph: Graph) -> str:
    """What the second matrix multiplies."""
    return next(node.outputs[0] for node in graph.nodes if node.op == "table")


def fraction(graph: Graph, recorded: Mapping[str, np.ndarray] | None = None) -> int:
    form = formats(graph, estimated(graph, recorded)).values[inner(graph)].format
    assert form is not None
    return form.frac


def error(graph: Graph, more: int) -> float:
    """RMS error of the outputs where what the second matrix multiplies has ``more`` fraction bits than it is given."""
    spans = estimated(graph)
    integer, _ = prove(quantise(formats(graph, spans, {inner(graph): more}), spans, Choices()))
    xs = np.random.default_rng(1).uniform(*DECLARED["x"], (1, 2000, INPUTS))
    form, given = (integer.values[p[0].value].format for p in (integer.outputs, integer.inputs))
    assert form is not None and given is not None
    raw = twin.quantised(xs, given.frac)
    found = twin.run(integer, (raw,))[1][0] * 2.0**-form.frac
    exact = disturbed.step(graph, {graph.inputs[0].value: raw[0] * 2.0**-given.frac}, {}, lambda _, x: x)[1]
    return float(np.sqrt(np.mean((found[0] - exact) ** 2)))


@pytest.mark.parametrize("hidden", [192, 256])
def test_long_rows_are_more_exact_for_it(hidden: int) -> None:
    graph = two_layers(hidden, 0.3)
    bits = 15 - fraction(graph)
    assert bits > 0
    assert error(graph, 0) < 0.75 * error(graph, bits)
    assert error(graph, 0) < balance.WORTH**0.5 * min(error(graph, more) for more in (-2, -1, 1)), "what a bit is worth"


def test_short_rows_leave_it_what_it_has() -> None:
    assert fraction(two_layers(16, 0.3)) == 15


def test_what_is_an_output_or_read_otherwise_keeps_its_bits() -> None:
    assert fraction(two_layers(192, 0.3)) < 15
    assert fraction(two_layers(192, 0.3, shown=True)) == fraction(two_layers(192, 0.3, twice=True)) == 15


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize("size", [0.3, 1.5, 3.5])
def test_narrow_weights_stay_in_8_bits(size: float, bits: int) -> None:
    graph = two_layers(192, size)
    spans = estimated(graph)
    integer = quantise(formats(graph, spans), spans, Choices(Choice(weight_bits=bits)))
    last = [node.inputs[2] for node in integer.walk() if node.op == "affine"][-1]
    form = integer.values[last].format
    assert form is not None and form.bits == 8


def test_a_recording_of_nothing_gives_no_reason() -> None:
    assert fraction(two_layers(192, 0.3), {"x": np.zeros((1, 9, INPUTS))}) == 15
    assert fraction(two_layers(192, 0.3), {"x": np.ones((1, 9, INPUTS))}) < 15
