"""Every target: every op, all inputs of a table, and whole models, with the bits of the twin.

A target that cannot run here is skipped, with what it lacks. Most of these are run by `make test-all` alone.
"""

import functools
from collections.abc import Callable

import numpy as np
import pytest
from integer_graphs import FULL, Builder
from models import cfc, compiled, ltc
from test_machine_kernels import GRAPHS, inputs
from toy_model import need_target, seldom

from lnncc import target, twin
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Array, Graph
from lnncc.ops import NAMES
from lnncc.options import Settings
from lnncc.plan import plan
from lnncc.target import HOST
from lnncc.validate import chip, compare, host

TARGETS = [name for name in target.names() if name not in (HOST, "avr-atmega328p")]  # the 2560 has its core, and room
LANES = 64
SPAN = (0.25, 40.0)


@functools.cache
def sweep() -> Graph:
    """A sigmoid of inputs of 16 bits."""
    b = Builder()
    nodes = np.minimum(np.rint(FULL / (1 + np.exp(-np.linspace(-8, 8, 257)))), FULL - 1).astype(np.int64)
    b.output(b.nodes(b.input(LANES), nodes, -FULL, 8))
    return b.graph()


MODELS: dict[str, Callable[[], Graph]] = {
    "ltc": lambda: compiled(ltc()).integer,
    "cfc": lambda: compiled(cfc()).integer,
    "ltc, told dt": lambda: compiled(ltc(), dt=SPAN).integer,
    "cfc, told dt": lambda: compiled(cfc(), dt=SPAN).integer,
    "pure, told dt": lambda: compiled(cfc(mode="pure"), dt=SPAN).integer,
}


@functools.cache
def model(name: str) -> Graph:
    return MODELS[name]()


def assert_equal(graph: Graph, name: str, xs: tuple[Array, ...]) -> None:
    """States and outputs of the C for target ``name`` are those of the twin; ``xs`` are (1, steps, size)."""
    need_target(name)
    chosen = target.load(name)
    layout = plan(graph, "m", {}, chosen)
    build = Build(Settings("m", name), Choices(), layout.interface, graph, graph, emit(layout), {}, {}, {})
    if chosen.kind == HOST:
        trace = host.run(host.build(build, target=chosen), build.interface, xs)
    else:
        trace = chip.execute(build, chosen, tuple(x[0] for x in xs), count=0).trace
    assert compare.equal_steps(trace, twin.run(graph, xs)) == xs[0].shape[1]


@pytest.mark.parametrize("name", seldom(TARGETS, "cortex-m4", "host-avx2"))
def test_every_input_of_a_table(name: str) -> None:
    xs = np.arange(-FULL, FULL).astype(np.int16).reshape(1, -1, LANES)
    assert_equal(sweep(), name, (xs,))


@pytest.mark.matrix
@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("name", TARGETS)
def test_every_op(name: str, graph: str) -> None:
    """Inputs include all least, all most and all zero."""
    assert_equal(GRAPHS[graph], name, inputs(GRAPHS[graph]))


@pytest.mark.matrix
@pytest.mark.parametrize("graph", MODELS)
@pytest.mark.parametrize("name", TARGETS)
def test_whole_models(name: str, graph: str) -> None:
    assert_equal(model(graph), name, inputs(model(graph), steps=200))


def test_the_graphs_hold_every_op() -> None:
    used = {node.op for graph in (*GRAPHS.values(), *map(model, MODELS)) for node in graph.walk()}
    assert used >= NAMES - {"fetch"}, "only the planner writes fetch"
