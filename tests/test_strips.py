"""Strips: the same integers from the same step, in less memory."""

import numpy as np
import pytest
from integer_graphs import Builder, drawn
from test_machine_kernels import inputs

from lnncc import ir, target, twin
from lnncc.kit.graphs import gated
from lnncc.ops import NAMES, OPS
from lnncc.plan import plan, strips
from lnncc.plan.strips import stripped
from lnncc.validate import compare

HOST = target.load(target.HOST)


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("seed", range(60))
def test_no_number_changes(seed: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs of all ops and loops, in strips of so many rows; values keep their names, as far as others read them."""
    monkeypatch.setattr(strips, "ROWS", rows)
    monkeypatch.setattr(strips, "SHORT", 2 * rows - 1)
    graph = drawn(seed)
    made = ir.verify(stripped(graph), NAMES | {"loop"})
    xs = inputs(graph)
    assert compare.equal_steps(twin.run(made, xs), twin.run(graph, xs)) == len(xs[0][0])
    assert made.states == graph.states and made.outputs == graph.outputs


@pytest.mark.parametrize("rows", [32, 40, 64])
def test_sums_of_a_strip_alone_need_memory(rows: int) -> None:
    graph = gated(rows, 16)
    made, xs = stripped(graph), inputs(graph)
    assert compare.equal_steps(twin.run(made, xs), twin.run(graph, xs)) == len(xs[0][0])
    whole, strip = (plan(graph, "m", {}, HOST, goal) for goal in ("balanced", "size"))
    assert max(b.size for b in strip.buffers if b.type == "int32_t") <= strips.ROWS
    assert strip.buffer_bytes <= 2 * rows + 4 * strips.ROWS + 3 * 2 * strips.ROWS < whole.buffer_bytes
    assert sum(t.bytes for t in strip.tables) <= sum(t.bytes for t in whole.tables)


def test_short_runs_stay_as_they_are() -> None:
    graph = gated(strips.SHORT)
    assert stripped(graph).values == graph.values


def test_runs_without_wide_sums_stay_as_they_are() -> None:
    b, rng = Builder(), np.random.default_rng(0)
    x = b.input(40)
    b.output(b.blend(x, b.table(rng, x, low=-1), b.table(rng, x)))
    assert stripped(b.graph()).values == b.graph().values


def test_what_the_result_reads_by_row_has_its_rows() -> None:
    """Every input of an op that may be cut is as long as the result, in each graph that is drawn."""
    for graph in map(drawn, range(60)):
        for node in (n for n in graph.walk() if hasattr(OPS.get(n.op), "BY_ROW")):
            rows = graph.values[node.outputs[0]].shape[0]
            assert all(graph.values[node.inputs[i]].shape[0] == rows for i in OPS[node.op].BY_ROW)
