"""What the chip rounds: no node is ever further from its float meaning than its words say."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import jax
import jax.numpy as jnp
import models
import numpy as np
import pytest

import lnncc
from lnncc import choices, cli, expr, fx, lut
from lnncc.archive import Model
from lnncc.bounds import rounding, timed
from lnncc.bounds.words import RULES, Known
from lnncc.choices import Choice, Table
from lnncc.cli import inputs
from lnncc.enclose import Unbounded
from lnncc.expr import VAR, Expr
from lnncc.frontend.jaxpr import trace
from lnncc.interval import Interval
from lnncc.ir import Array, Format, Graph, Node
from lnncc.ops import OPS
from lnncc.passes.lower import lower
from lnncc.report import ahead, summary
from lnncc.validate import compare, nodes


def silu() -> Graph:
    """A function with a straight tail, a product, and two matrices of their own formats."""
    w = jax.random.normal(jax.random.key(4), (4, 6)) / 2

    def step(params, state, x, dt):
        z = jnp.concatenate([x, state])
        state = jnp.tanh(jax.nn.silu(params @ z[:6]) * state + 0.3 * state)
        return state, jnp.concatenate([3.0 * state[:2], state * jax.nn.sigmoid(state)])

    return trace(step, w, state=jnp.zeros(4), inputs=jnp.zeros(models.INPUTS))


MODELS = {"cfc": models.cfc, "ltc": models.ltc, "silu": silu}


class Followed:
    """All raw values of random steps from anywhere in the proven box, node by node."""

    def __init__(self, made: models.Compiled, fused: Graph) -> None:
        self.made, self.fused = made, fused
        self.parts = {part.name: part for part in nodes._parts(fused, made.integer)}
        self.off = rounding.rounding(fused, made.integer, made.proof)
        self.seen: dict[str, Array] = {}

    def unit(self, name: str) -> float:
        form = self.made.integer.values[name].format
        assert form is not None
        return 2.0**-form.frac

    def run(self, rng: np.random.Generator, count: int) -> None:
        graph, proof = self.made.integer, self.made.proof
        env: dict[str, Array] = dict(graph.constants)
        for port in graph.inputs:
            reach = round(2.0 / self.unit(port.value))
            env[port.value] = rng.integers(-reach, reach + 1, (count, graph.values[port.value].size))
        if graph.dt is not None:
            ends = [np.log(x) for x in (timed.octaves(graph)[0].low, timed.octaves(graph)[-1].high)]
            env[graph.dt] = np.rint(np.exp(rng.uniform(*ends, (count, 1)))).astype(np.int64)
        for state in graph.states:
            ends = proof.bounds[state.before]
            env[state.before] = rng.integers(ends.low, ends.high + 1, (count, len(ends.low)))
        self._nodes(graph.nodes, env)

    def _nodes(self, written: tuple[Node, ...], env: dict[str, Array]) -> None:
        for node in written:
            xs = [env[name] for name in node.inputs]
            if node.body is None:
                env[node.outputs[0]] = OPS[node.op].evaluate(node.attrs, *xs)
                self._look(node.outputs[0], env)
                continue
            for _ in range(int(str(node.attrs["trips"]))):
                env.update(zip(node.body.params, xs, strict=True))
                self._nodes(node.body.nodes, env)
                xs = [env[name] for name in node.body.results]
            env.update(zip(node.outputs, xs, strict=True))

    def _look(self, name: str, env: dict[str, Array]) -> None:
        if name not in self.parts:
            return
        part = self.parts[name]
        exact = dict(self.fused.constants) | {x: env[x] * self.unit(x) for x in part.inputs}
        for node in part.real:
            exact[node.outputs[0]] = OPS[node.op].reference(node.attrs, *(exact[x] for x in node.inputs))
        off = np.abs(env[name] * self.unit(name) - exact[name]).max(axis=0)
        self.seen[name] = np.maximum(self.seen.get(name, 0.0), off)


OWN = Choice(table=Table("own", 64))


@pytest.mark.parametrize(
    ("kind", "choice"),
    [("cfc", Choice()), ("cfc", Choice(weight_bits=8)), ("ltc", Choice()), ("ltc", OWN), ("silu", Choice())],
)
def test_no_node_is_further_off_than_its_words_say(kind: str, choice: Choice, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = MODELS[kind]()
    monkeypatch.setattr(choices, "uniform", lambda _: choices.Choices(choice))
    followed = Followed(models.compiled(graph), lower(graph, dt=1.0))
    followed.run(np.random.default_rng(1), 2000)
    assert set(followed.seen) <= set(followed.off) and len(followed.seen) > 1
    for name, seen in followed.seen.items():
        assert np.all(seen <= followed.off[name] + 1e-12), name
    ratios = [
        off.max() / seen.max() for name, seen in followed.seen.items() if seen.max() > 0 for off in [followed.off[name]]
    ]
    assert min(ratios) < 5, "some bound is nearly reached"


SPANS = (1.0, 1.0), (0.25, 40.0), (1.0, 7387.0)


TOLD = "default", "no_gate", "pure", "ltc"


def cell(mode: str) -> Graph:
    return models.ltc() if mode == "ltc" else models.cfc(mode=mode)


def following(rng: np.random.Generator, mode: str, span: tuple[float, float]) -> Followed:
    graph = cell(mode)
    followed = Followed(models.compiled(graph, dt=span), lower(graph, dt=None))
    followed.run(rng, 2000)
    return followed


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("mode", TOLD)
def test_nor_where_each_step_is_told_its_time(mode: str, span: tuple[float, float]) -> None:
    followed = following(np.random.default_rng(2), mode, span)
    assert set(followed.seen) <= set(followed.off)
    clipped = {n.outputs[0] for n in followed.made.integer.walk() if n.op == "elapse" and n.attrs["flat"]}
    assert bool(clipped) == (span[1] > 1000 and mode in ("default", "no_gate"))
    for name in set(followed.seen) - clipped:
        assert np.all(followed.seen[name] <= followed.off[name] + 1e-12), name


def test_an_octave_of_times_has_one_leading_bit_and_all_of_them_are_the_range() -> None:
    made = models.compiled(models.cfc(), dt=(0.3, 40.0))
    parts = timed.octaves(made.integer)
    door = next(n for n in made.integer.walk() if n.op == "door" and n.inputs[0] == made.integer.dt)
    assert (parts[0].low[0], parts[-1].high[0]) == (door.attrs["low"], door.attrs["high"])
    assert all(b.low[0] == a.high[0] + 1 for a, b in pairwise(parts))
    assert all(int(p.low[0]).bit_length() == int(p.high[0]).bit_length() for p in parts)
    assert timed.spans(made.integer)[0][0] < 0.3 and timed.spans(made.integer)[-1][1] > 40.0


def test_a_time_that_is_not_known_well_has_no_bound() -> None:
    with pytest.raises(Unbounded, match="more than one octave"):
        RULES["norm"](Interval(np.array([3]), np.array([4])), known(100, 300))
    with pytest.raises(Unbounded, match="a shift that is not known"):
        RULES["shift_by"](known(0, 9).bounds, known(0, 90), known(-3, -2))
    with pytest.raises(Unbounded, match="a shift that is not known"):
        RULES["rshift"](known(0, 9).bounds, known(0, 90), known(2, 3))
    with pytest.raises(Unbounded, match="a shift that is not known"):
        RULES["sat_shift"](known(0, 9).bounds, known(0, 90), known(-3, -3, 1.0), 100)


def test_a_time_that_saturates_is_bounded_for_functions_alone() -> None:
    graph = models.cfc()
    made, fused = models.compiled(graph, dt=(1.0, 7387.0)), lower(graph, dt=None)
    changes = timed.beyond(fused, made.integer, made.proof)
    assert changes and all(np.all((c >= 0) & (c <= 2.0**-17)) for c in changes.values())
    with pytest.raises(Unbounded, match="is read by table"):
        timed.beyond(fused.edited(nodes=tuple(n for n in fused.nodes if n.op != "table")), made.integer, made.proof)


def test_every_word_has_a_rule() -> None:
    words = {name for name, word in vars(fx).items() if hasattr(word, "__wrapped__")}
    assert words == set(RULES)


def test_a_word_without_a_rule_has_no_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = models.cfc()
    made = models.compiled(graph)
    monkeypatch.delitem(RULES, "dot")  # type: ignore[arg-type]
    with pytest.raises(Unbounded, match="the word dot"):
        rounding.rounding(lower(graph, dt=1.0), made.integer, made.proof)
    found = rounding.facts(lower(graph, dt=1.0), made.integer, made.proof)
    assert found == {"unbounded": "there is no bound of what the word dot rounds", "values": {}}


def known(low: int, high: int, error: float = 0.0) -> Known:
    return Known(Interval(np.array([low]), np.array([high])), np.array([error]))


def test_a_table_whose_input_can_leave_it_has_no_bound() -> None:
    steep = Known(Interval(np.array([0, 50, 100]), np.array([0, 50, 100])), np.array([1.0, 2.0, np.inf, np.inf]))
    for x, most in ((known(0, 7, 0.5), 2.0), (known(0, 10), 7.0), (known(-4, 7), 9.0), (known(-1, 7, 1.5), 6.0)):
        np.testing.assert_allclose(RULES["lookup"](known(0, 100).bounds, steep, x, 0, 2), [most])
    for x in (known(-5, 7), known(0, 13), known(0, 11, 1.5)):
        with pytest.raises(Unbounded, match="leave its table"):
            RULES["lookup"](known(0, 100).bounds, steep, x, 0, 2)
    half = Known(steep.bounds, np.array([1.0, 2.0, 3.5, np.inf]))  # flat on the left, where any input may come
    for x, most in ((known(-999, 7), 3.5), (known(-1, 7), 3.0)):
        np.testing.assert_allclose(RULES["lookup"](known(0, 100).bounds, half, x, 0, 2), [most])


@pytest.mark.parametrize("kind", lut.KINDS)
@pytest.mark.parametrize("function", [("mul", VAR, VAR), ("exp", VAR), ("logistic", VAR)])
def test_a_table_is_not_further_off_than_its_rule_says_next_to_its_ends(function: Expr, kind: str) -> None:
    """A proof may see an input a little further than the estimate that the table was made for."""
    made = lut.build(function, 10, Format(16, 12), Interval(-np.ones(1), np.ones(1)), Table(kind, 64))
    nodes, width = Known(Interval(made.nodes, made.nodes), made.deviation), 1 << made.shift
    for beyond in (*range(0, width + 1, width // 4), *([20 * width] if np.isfinite(made.tails).all() else [])):
        x = np.arange(made.low - beyond, made.top + 1 + beyond)
        y = lut.read({"low": made.low, "shift": made.shift, "kind": kind}, made.nodes, x)
        seen = Known(Interval(x[:1], x[-1:]), np.zeros(1))
        word = "lookup" if kind == "linear" else "direct"
        most = RULES[word](seen.bounds, nodes, seen, made.low, made.shift)
        off = np.abs(np.asarray(y) - expr.evaluate(function, x * 2.0**-10) * 2.0**12)
        assert off.max() <= most


def test_a_table_of_one_synapse_serves_the_range_it_was_made_for() -> None:
    nodes = Known(Interval(np.zeros((1, 3), int), np.zeros((1, 3), int)), np.array([[1.5, -10.0, 10.0, 9.0]]))
    np.testing.assert_allclose(RULES["interpolate"](known(0, 0).bounds, nodes, known(-10, 10), 15), [1.5])
    np.testing.assert_allclose(RULES["interpolate"](known(0, 0).bounds, nodes, known(-11, 10), 15), [9.0])
    with pytest.raises(Unbounded, match="as it is"):
        RULES["interpolate"](known(0, 0).bounds, nodes, known(-10, 10, 0.5), 15)


def test_a_divisor_must_be_known() -> None:
    with pytest.raises(Unbounded, match="divisor"):
        RULES["div"](known(0, 9).bounds, known(0, 90), known(10, 20, 10.0))


def test_digits_are_dropped_upward() -> None:
    for x in (0.0, 1.0, 1.23456e-5, 9.9996, 0.0123449):
        assert x <= rounding._upward(x) <= x * 1.002


@pytest.fixture(scope="module", params=["cfc", "ltc"])
def program(request: pytest.FixtureRequest) -> lnncc.Program:
    return lnncc.compile(Model(MODELS[request.param]()), dt=1.0, ranges={"x": (-2.0, 2.0)}, name=request.param)


def test_the_chip_keeps_to_what_the_report_says(program: lnncc.Program) -> None:
    bounds = ahead.ahead(program.build, 7)["y"]
    found = compare.verify(program.build, inputs.read(program.build, None, 1500), twin_steps=1)
    windows = compare.verify(program.build, {"x": models.recording(steps=1, streams=200)}).errors["y"]
    assert windows.max_abs <= bounds.one_step
    assert found.errors["y"].max_abs <= bounds.forever
    assert bounds.one_step <= bounds.after_steps <= bounds.forever
    assert bounds.contracts == (program.build.name == "ltc")
    assert bounds.estimate <= bounds.forever
    [y] = program.build.interface.outputs
    assert bounds.forever <= 1.01 * (y.high - y.low) * 2.0**-y.frac, "no wider than all that the output is proven to do"
    assert (bounds.forgets is not None) == (program.build.name == "ltc")
    assert ("the float model forgets them" in program.report()) == (program.build.name == "ltc")


@pytest.mark.parametrize("mode", TOLD)
def test_the_chip_keeps_to_it_at_any_time_in_range(mode: str) -> None:
    span = (0.25, 40.0)
    program = lnncc.compile(Model(cell(mode)), dt=span, ranges={"x": (-2.0, 2.0)}, name=f"told_{mode}")
    bounds = ahead.ahead(program.build, 7)["y"]
    rng = np.random.default_rng(3)
    data = {"x": models.recording(steps=12, streams=200), "dt": np.exp(rng.uniform(*np.log(span), (200, 12, 1)))}
    long = compare.verify(program.build, data, twin_steps=1).errors["y"]
    first = compare.verify(program.build, {k: v[:, :1] for k, v in data.items()}).errors["y"]
    assert first.max_abs <= bounds.one_step <= bounds.after_steps <= bounds.forever
    assert long.max_abs <= bounds.forever and bounds.estimate <= bounds.forever


def test_a_step_that_ignores_its_time_is_bounded_like_one_that_has_none() -> None:
    def step(params, state, x, dt):
        return 0.5 * jnp.tanh(state + x), state

    given = {"state": jnp.zeros(3), "inputs": jnp.zeros(3), "ranges": {"x": (-1.0, 1.0)}}
    told, fixed = (lnncc.compile(step, dt=dt, **given).build for dt in ((1.0, 8.0), 1.0))
    assert ahead.ahead(told) == ahead.ahead(fixed)


def test_the_report_speaks_of_a_day(program: lnncc.Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program.save(tmp_path)
    assert cli.main(["report", str(tmp_path), "--period", "0.08"]) == 0
    said = capsys.readouterr().out
    assert "after a day (1080000 steps)" in said and "after one step" in said and "an estimate, not a bound" in said
    assert "after 1000 steps" in program.report()
    fields = summary.fields(program.build, 3600.0)["error_bounds"]
    assert isinstance(fields, dict) and fields["y"]["steps"] == 24 and "rounding" not in summary.fields(program.build)
    for word in ("0", "-1", "nan", "soon"):
        assert cli.main(["report", str(tmp_path), "--period", word]) == 2


def test_a_model_without_a_bound_is_told_so(program: lnncc.Program) -> None:
    facts = {**program.build.facts, "rounding": {"unbounded": "a divisor is not known", "values": {}}}
    build = replace(program.build, facts=facts)
    assert "no bound: a divisor is not known; lnncc verify measures it" in summary.text(build)
    assert summary.fields(build)["error_bounds"] is None
