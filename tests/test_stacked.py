"""Runs of rows that read the same become one; what is computed already is not computed again: the same integers."""

import numpy as np
import pytest
from integer_graphs import FULL, Builder, drawn
from test_machine_kernels import inputs

from lnncc import ir, target, twin
from lnncc.ir import Graph
from lnncc.ops import NAMES
from lnncc.plan import plan
from lnncc.plan.once import once
from lnncc.plan.program import Call
from lnncc.plan.stack import MOST, stacked
from lnncc.validate import compare

HOST = target.load(target.HOST)


def wired(rows: tuple[int, ...], kept: str = "blend") -> Graph:
    """Layers of a wired CfC, of so many rows: each gates two heads, and the state is what all of them handed on.

    ``kept`` "blend" blends all rows of the state once more, from the heads of all layers.
    """
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(8), b.state(rng.integers(-FULL, FULL, sum(rows)))
    given, start, parts = x, 0, list[tuple[str, str, str]]()
    nodes = b.constant(np.linspace(-32000, 32000, 17).astype(np.int64))
    for n in rows:
        own = b.slice(h, start, n)
        wide = [b.affine(rng, own, n, b.affine(rng, given, n, least_shift=2), least_shift=2) for _ in range(3)]
        place = {"kind": "linear", "low": -(8 << 24), "top": (8 << 24) - 1, "shift": 24}
        heads = [b.op("table", (w, nodes), n, **place, n=n) for w in wide]
        parts.append((heads[0], heads[1], heads[2]))
        given, start = b.blend(*heads), start + n
    if kept == "blend":
        b.becomes(h, b.blend(*(b.op("concat", of, sum(rows)) for of in zip(*parts, strict=True))))
    b.output(given)
    return b.graph()


def counts(graph: Graph) -> dict[str, int]:
    return {op: sum(node.op == op for node in graph.walk()) for op in ("affine", "table", "blend")}


@pytest.mark.parametrize("seed", range(120))
def test_no_number_changes(seed: int) -> None:
    """Graphs of all ops and loops; states and outputs keep their labels and formats."""
    graph = drawn(seed)
    single = ir.verify(once(graph), NAMES | {"loop"})
    made = ir.verify(stacked(single), NAMES | {"loop"})
    xs = inputs(graph)
    for other in (single, made):
        assert compare.equal_steps(twin.run(other, xs), twin.run(graph, xs)) == len(xs[0][0])
        assert [s.label for s in other.states] == [s.label for s in graph.states]
        assert [p.label for p in other.outputs] == [p.label for p in graph.outputs]


def test_a_layer_is_two_matrices_and_a_table() -> None:
    graph = wired((6, 5))
    made, xs = ir.verify(stacked(once(graph)), NAMES | {"loop"}), inputs(graph)
    assert compare.equal_steps(twin.run(made, xs), twin.run(graph, xs)) == len(xs[0][0])
    assert counts(graph) == {"affine": 12, "table": 6, "blend": 3}
    assert counts(made) == {"affine": 4, "table": 2, "blend": 2}
    assert all(made.constants[n.inputs[2]].shape[0] == n.attrs["rows"] for n in made.walk() if n.op == "affine")


def test_runs_longer_than_most_stay_apart() -> None:
    graph = wired((MOST // 2 + 1,))
    assert counts(stacked(graph))["affine"] == 6
    assert counts(stacked(graph, most=MOST + 2))["affine"] == 4


def test_what_reads_other_values_stays_apart() -> None:
    b, rng = Builder(), np.random.default_rng(0)
    x, z = b.input(4), b.input(4)
    one, other = b.affine(rng, x, 3, least_shift=2), b.affine(rng, z, 3, least_shift=2)
    b.output(b.requantise(one, 10))
    b.output(b.requantise(other, 10))
    assert counts(stacked(b.graph()))["affine"] == 2


def test_a_state_lies_where_its_layers_write() -> None:
    """Rows of the old state that nobody reads any more make room for those of the new one: no copies of it."""
    graph = wired((6, 5, 4))
    calls = [s for s in plan(graph, "m", {}, HOST).statements if isinstance(s, Call)]
    assert [c.arguments[0] for c in calls if c.function == "ln_blend"][:2] == ["s->s0", "s->s0 + 6"]
    assert sum(c.function == "ln_copy" for c in calls) <= 1  # of the last layer, which is the output too


def test_the_same_twice_is_computed_once() -> None:
    b = Builder()
    x = b.input(4)
    first, second = (b.blend(x, b.slice(x, 0, 4), x) for _ in range(2))
    b.output(first)
    b.output(second)
    made = once(b.graph())
    assert counts(made)["blend"] == 1 and {p.value for p in made.outputs} == {first}


def test_what_nobody_reads_is_not_computed() -> None:
    b, rng = Builder(), np.random.default_rng(0)
    x = b.input(4)
    b.requantise(b.affine(rng, x, 3, least_shift=2), 10)
    b.output(b.blend(x, x, x))
    assert counts(once(b.graph())) == {"affine": 0, "table": 0, "blend": 1}
