"""The tape: the words that an op leaves on it are the op, and the lemma of means holds only where it should."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import fx, interval, twin
from lnncc.interval import Interval
from lnncc.ir import Array, Graph, Node
from lnncc.ops import NAMES, OPS
from lnncc.passes.prove import prove
from lnncc.tape import Line, Tape
from tests import models
from tests.integer_graphs import PLANNED, drawn
from tests.test_checker import every_op


def replayed(lines: tuple[Line, ...], env: Mapping[str, Array]) -> Array:
    """The words of ``lines`` on arrays, found by name."""
    known = dict(env)
    for line in lines:
        operands = [known[x] if isinstance(x, str) else x for x in line.operands]
        known[line.name] = getattr(fx, line.word)(*operands)
    return known[lines[-1].name]


def taped(graph: Graph, node: Node, env: Mapping[str, Array]) -> tuple[Line, ...]:
    tape = Tape()
    tape.begin(node.outputs[0])
    operands = (tape.given(x, graph.constants.get(x, interval.point(env[x]))) for x in node.inputs)
    return tape.ended(OPS[node.op].evaluate(node.attrs, *operands))


@pytest.mark.parametrize("seed", range(40))
def test_the_recorded_words_of_every_op_are_the_op(seed: int) -> None:
    """On random graphs and inputs, lines replayed without the ops give the twin's integers; points stay points."""
    _replay(drawn(seed), np.random.default_rng(seed))


def test_the_recorded_words_are_the_op_where_no_random_graph_has_it() -> None:
    _replay(every_op(), np.random.default_rng(0))


def _replay(graph: Graph, rng: np.random.Generator) -> None:
    env = {p.value: rng.integers(-32768, 32768, graph.values[p.value].size) for p in graph.inputs}
    env |= {} if graph.dt is None else {graph.dt: rng.integers(-(1 << 31), 1 << 31, 1)}
    env |= dict(graph.constants) | {s.before: s.initial for s in graph.states}
    _compare(graph, graph.nodes, env)


def _compare(graph: Graph, nodes: tuple[Node, ...], env: dict[str, Array]) -> None:
    for node in nodes:
        xs = [env[name] for name in node.inputs]
        if node.body is not None:
            env.update(zip(node.body.params, xs, strict=True))
            _compare(graph, node.body.nodes, env)
            env.update(zip(node.outputs, (env[name] for name in node.body.results), strict=True))
            continue
        expected = OPS[node.op].evaluate(node.attrs, *xs)
        lines = taped(graph, node, env)
        assert np.array_equal(replayed(lines, env), expected), node.op
        assert all(np.all(x.bounds.low <= x.bounds.high) for x in lines)
        env[node.outputs[0]] = expected


def test_these_graphs_have_every_op() -> None:
    graphs = [every_op(), *map(drawn, range(40))]
    assert {node.op for graph in graphs for node in graph.walk()} >= NAMES - PLANNED


CELLS = {"cfc": models.cfc, "ltc": models.ltc, "cfc_pure": lambda: models.cfc(mode="pure")}
CASES = [(cell, dt) for cell in CELLS for dt in (1.0, (0.01, 20.0))]


@pytest.mark.parametrize(("cell", "dt"), CASES)
def test_proving_again_finds_the_same_words(cell: str, dt: float | tuple[float, float]) -> None:
    """What ``prove`` relaxed is recorded as it would be from the relaxed graph."""
    case = models.compiled(CELLS[cell](), dt=dt)
    again, proof = prove(case.integer)
    assert {k: _words(v) for k, v in proof.lines.items()} == {k: _words(v) for k, v in case.proof.lines.items()}
    assert [n.attrs for n in again.walk()] == [n.attrs for n in case.integer.walk()]


def _words(lines: tuple[Line, ...]) -> list[tuple[object, ...]]:
    return [(x.word, x.name, x.operands, x.rule, x.bounds.low.tolist(), x.bounds.high.tolist()) for x in lines]


@pytest.mark.parametrize(("cell", "dt"), CASES)
def test_every_word_stays_in_its_interval(cell: str, dt: float | tuple[float, float]) -> None:
    """Random states inside the invariant, any inputs: each line of the proof holds what the word gives."""
    case, rng = models.compiled(CELLS[cell](), dt=dt), np.random.default_rng(3)
    for _ in range(30):
        env = {p.value: rng.integers(-32768, 32768, case.integer.values[p.value].size) for p in case.integer.inputs}
        env |= {} if case.integer.dt is None else {case.integer.dt: rng.integers(-(1 << 31), 1 << 31, 1)}
        for state in case.integer.states:
            bounds = case.proof.bounds[state.before]
            env[state.before] = rng.integers(bounds.low, bounds.high + 1)
        _inside(case, case.integer.nodes, env | dict(case.integer.constants))


def _inside(case: models.Compiled, nodes: tuple[Node, ...], env: dict[str, Array]) -> None:
    for node in nodes:
        if node.body is not None:
            xs = [env[name] for name in node.inputs]
            for _ in range(int(str(node.attrs["trips"]))):
                env.update(zip(node.body.params, xs, strict=True))
                _inside(case, node.body.nodes, env)
                xs = [env[name] for name in node.body.results]
            env.update(zip(node.outputs, xs, strict=True))
            continue
        lines = case.proof.lines[node.outputs[0]]
        for count, line in enumerate(lines, 1):
            value = replayed(lines[:count], env)
            assert np.all(line.bounds.low <= value), line
            assert np.all(value <= line.bounds.high), line
        env[node.outputs[0]] = replayed(lines, env)


INT = st.integers(-1000, 1000)


@given(st.lists(st.tuples(INT, INT, INT, INT), min_size=1, max_size=5), st.data())
@settings(max_examples=200)
def test_a_mean_of_any_weighted_sum_stays_in_its_hull(rows: list[tuple[int, ...]], data: st.DataObject) -> None:
    """(x0 w0 + x1 w1 + ...) / (w0 + w1 + ...) in words: the quotient of any member lies in the proven interval."""
    spans = [(min(a, b), max(a, b), min(abs(c), abs(d)), max(abs(c), abs(d))) for a, b, c, d in rows]
    tape = Tape()
    tape.begin("y")
    n = d = None
    points: list[tuple[int, int]] = []
    for k, (low, high, least, most) in enumerate(spans):
        x, w = _span(tape, f"x{k}", low, high), _span(tape, f"w{k}", least, most + 1)
        n = fx.mul(x, w) if n is None else fx.mac(n, x, w)
        d = w if d is None else fx.add(d, w)
        points.append((data.draw(st.integers(low, high)), data.draw(st.integers(least, most + 1))))
    assert n is not None and d is not None
    weight = sum(w for _, w in points)
    if min(sum(s[2] for s in spans), weight) == 0:
        with pytest.raises(fx.Unproven, match="divisor"):
            fx.div(n, d)
        return
    found = fx.div(n, d)
    quotient = (2 * sum(x * w for x, w in points) + weight) // (2 * weight)
    assert tape.lines[-1].rule == "mean"
    assert found.bounds.low[0] <= quotient <= found.bounds.high[0]  # type: ignore[union-attr]
    assert found.bounds.low[0] == min(s[0] for s in spans)  # type: ignore[union-attr]


def _span(tape: Tape, name: str, low: int, high: int) -> object:
    return tape.given(name, Interval(np.array([low]), np.array([high])))


def test_the_lemma_asks_for_the_same_weights() -> None:
    tape = Tape()
    tape.begin("y")
    x, w, u = _span(tape, "x", 1, 9), _span(tape, "w", 20, 29), _span(tape, "u", 1, 9)
    for weight in (u, fx.add(w, w), fx.add(w, 1)):
        fx.div(fx.mul(x, w), weight)
        assert tape.lines[-1].rule == "word"
    fx.div(fx.mul(x, w), fx.sub(fx.add(w, u), u))
    assert tape.lines[-1].rule == "mean"
    fx.rshift(fx.mac(fx.mul(x, w), u, fx.sub(32, w)), 5)
    assert tape.lines[-1].rule == "mean"
    fx.rshift(fx.mac(fx.mul(x, w), u, fx.sub(32, w)), 4)
    assert tape.lines[-1].rule == "word"


def test_a_weight_that_was_shifted_counts_only_where_it_was_rounded_up() -> None:
    """2**s · d is the weight that was and a rest towards 0; a d that may be less is of another weight."""
    x, w = (np.array([k]) for k in (9, 3000))
    for shift, more, rule in ((3, 3, "mean"), (3, 2, "word"), (3, 4, "word"), (1, 0, "mean"), (0, 0, "mean")):
        tape = Tape()
        tape.begin("y")
        given = _span(tape, "x", 7, 9), _span(tape, "w", 100, 3000)
        pair = fx.stack(fx.mul(*given), fx.rshift(fx.add(given[1], more), shift))
        found = fx.div(fx.column(pair, 0), fx.column(pair, 1)).bounds  # type: ignore[union-attr]
        assert tape.lines[-1].rule == rule
        if rule == "mean":
            assert (found.low, found.high) == (0, 9 << shift)
            assert found.low <= fx.div(fx.mul(x, w), fx.rshift(w + more, shift)) <= found.high


def test_an_array_that_was_not_recorded_is_a_bug() -> None:
    tape = Tape()
    with pytest.raises(AssertionError, match="must be recorded"):
        fx.add(tape.given("x", np.array([1, 2])), np.array([3, 4]))


def test_a_graph_runs_as_its_twin_after_the_proof() -> None:
    case = models.compiled(models.ltc())
    xs = (np.random.default_rng(1).integers(-32768, 32768, (1, 5, models.INPUTS)),)
    again = prove(case.integer)[0]
    assert twin.digest(twin.run(again, xs)) == twin.digest(twin.run(case.integer, xs))
