"""Every target: every op, all inputs of a table, and whole models, with the bits of the twin.

A target that cannot run here is skipped, with what it lacks. Most of these are run by `make test-all` alone.
"""

import functools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from integer_graphs import FULL, Builder
from models import cfc, compiled, ltc
from test_machine_kernels import GRAPHS, inputs
from toy_model import need_target

from lnncc import target, twin
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Array, Graph
from lnncc.ops import NAMES
from lnncc.options import Settings
from lnncc.plan import plan
from lnncc.target import HOST
from lnncc.validate import emulate, firmware, host

TARGETS = [name for name in target.names() if name not in (HOST, "avr-atmega328p")]  # the 2560 has its core, and room
LANES = 64


@functools.cache
def sweep() -> Graph:
    """A sigmoid of inputs of 16 bits."""
    b = Builder()
    nodes = np.minimum(np.rint(FULL / (1 + np.exp(-np.linspace(-8, 8, 257)))), FULL - 1).astype(np.int64)
    b.output(b.nodes(b.input(LANES), nodes, -FULL, 8))
    return b.graph()


MODELS: dict[str, Callable[[], Graph]] = {"ltc": ltc, "cfc": cfc}


@functools.cache
def model(name: str) -> Graph:
    return compiled(MODELS[name]()).integer


def assert_equal(graph: Graph, name: str, xs: tuple[Array, ...], folder: Path) -> None:
    """States and outputs of the C for target ``name`` are those of the twin; ``xs`` are (1, steps, size)."""
    need_target(name)
    chosen = target.load(name)
    layout = plan(graph, "m", {}, chosen)
    build = Build(Settings("m", name), Choices(), layout.interface, graph, graph, emit(layout), {}, {})
    expected = b"".join(_bytes(twin.run(graph, xs)))
    if chosen.kind == HOST:
        assert b"".join(_bytes(host.run(host.build(build, target=chosen), build.interface, xs))) == expected
        return
    for file, text in build.sources.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    elf = firmware.build(folder, build.interface, chosen, folder / "work")
    stdin = np.concatenate([x[0] for x in xs], axis=-1).astype("<i2").tobytes()
    assert emulate.run(elf, build.interface, chosen, stdin, count=0).output == expected


def _bytes(trace: tuple[tuple[Array, ...], tuple[Array, ...]]) -> list[bytes]:
    return [np.concatenate([y[0] for side in trace for y in side], axis=-1).astype("<i2").tobytes()]


@pytest.mark.parametrize("name", TARGETS)
def test_every_input_of_a_table(name: str, tmp_path: Path) -> None:
    xs = np.arange(-FULL, FULL).astype(np.int16).reshape(1, -1, LANES)
    assert_equal(sweep(), name, (xs,), tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("name", TARGETS)
def test_every_op(name: str, graph: str, tmp_path: Path) -> None:
    """Inputs include all least, all most and all zero."""
    assert_equal(GRAPHS[graph], name, inputs(GRAPHS[graph]), tmp_path)


@pytest.mark.matrix
@pytest.mark.parametrize("graph", MODELS)
@pytest.mark.parametrize("name", TARGETS)
def test_whole_models(name: str, graph: str, tmp_path: Path) -> None:
    size = model(graph).values[model(graph).inputs[0].value].size
    xs = np.random.default_rng(0).integers(-FULL, FULL, (1, 200, size)).astype(np.int16)
    assert_equal(model(graph), name, (xs,), tmp_path)


def test_the_graphs_hold_every_op() -> None:
    used = {node.op for graph in (*GRAPHS.values(), *map(model, MODELS)) for node in graph.walk()}
    assert used >= NAMES - {"fetch"}, "only the planner writes fetch"
