"""bits auto: budgets kept as measured, the same choices always, the cheapest where all can be tried, and why."""

import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lnncc
from examples import cost_model
from lnncc import build, cli, options, reference, twin
from lnncc import target as targets
from lnncc.archive import Model
from lnncc.cells.cfc import CfC
from lnncc.choices import Choice, Choices, Table
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.ops import OPS
from lnncc.options import Budget, Settings
from lnncc.passes.formats import formats
from lnncc.passes.fuse import fuse
from lnncc.passes.ranges import ranges
from lnncc.passes.simplify import simplify
from lnncc.passes.tails import tails
from lnncc.passes.widths import widths
from lnncc.report import formats as report
from lnncc.search import answer, auto, cost, knobs, pool, problem, solve
from lnncc.search.pool import Meter
from lnncc.search.solve import Effect
from lnncc.validate import chip, compare
from tests import models

XS = np.clip(np.cumsum(np.random.default_rng(4).normal(size=(4, 12, models.INPUTS)), axis=1) / 5, -2, 2)
HOST = targets.load("host")
CELL = CfC(inputs=models.INPUTS, units=5, backbone_units=16)
MODEL = trace(
    CELL.step, CELL.init(jax.random.key(1)), state=CELL.initial_state(), inputs=jnp.zeros(models.INPUTS)
)  # 1.5 KB of weights
COSTS = dict.fromkeys(targets.COSTS, 1.0) | {"mac8": 2.0}


def case(
    target: targets.Target = HOST, model: Graph = MODEL, optimise: str = "balanced", xs: np.ndarray = XS
) -> problem.Problem:
    settings = Settings("small", dt=1.0, optimise=optimise)
    fused = widths(tails(fuse(simplify(model, dt=1.0))))
    spans = ranges(fused, declared={"x": (-2.0, 2.0)}, calibration={"x": xs})
    return problem.pose(model, settings, formats(fused, spans), spans, target, {"x": xs})


CASE = case()


def compiled(**options: object) -> lnncc.Program:
    given = {"ranges": {"x": (-2.0, 2.0)}, "calibration": XS, "bits": "auto", "dt": 1.0, **options}
    return lnncc.compile(Model(MODEL), **given)  # type: ignore[arg-type]


def test_what_a_candidate_measures_is_what_its_build_has() -> None:
    """Error, flash of tables and memory: of the real compilation with the same choices, on the same data."""
    found = knobs.knobs(CASE.graph, problem.quantise(CASE.graph, CASE.ranges, Choices()))
    rng = np.random.default_rng(0)
    for _ in range(3):
        picked = knobs.choices(found, [int(rng.integers(len(k.options))) for k in found])
        measured = problem.measure(CASE, picked)
        program = compiled(bits=16, choices=picked)
        errors = program.verify(XS).errors["y"]
        assert measured.max_abs == pytest.approx(errors.max_abs, rel=1e-9)
        assert measured.rms == pytest.approx(errors.rms, rel=1e-9)
        assert measured.flash == program.build.facts["table_bytes"]


def test_a_budget_of_error_is_kept_and_less_exact_is_smaller() -> None:
    sizes = []
    for limit in (4e-4, 4e-3, 4e-2):
        program = compiled(max_abs=limit)
        assert program.verify(XS).errors["y"].max_abs <= limit
        sizes.append(program.build.facts["table_bytes"])
    assert sizes[0] > sizes[1] > sizes[2]  # type: ignore[operator]


def test_a_budget_of_flash_alone_gives_the_least_error_in_it() -> None:
    errors = []
    for limit in (1600, 3000):
        program = compiled(flash=limit)
        assert program.build.facts["table_bytes"] <= limit  # type: ignore[operator]
        errors.append(program.verify(XS).errors["y"].max_abs)
    assert errors[1] < errors[0]


def test_rms_and_flash_together() -> None:
    program = compiled(rms=2e-3, flash=2500)
    assert program.verify(XS).errors["y"].rms <= 2e-3
    assert program.build.facts["table_bytes"] <= 2500  # type: ignore[operator]


def test_the_answer_says_why_and_reads_back(tmp_path: object) -> None:
    program = compiled(max_abs=2e-3)
    text = program.report()
    assert "front" in text and "table of tanh(x)" in text and "alone adds" in text
    search = program.build.facts["search"]
    assert isinstance(search, dict) and search["measured"]["max_abs"] <= 2e-3
    front = [(p["flash"], p["max_abs"]) for p in search["front"]]
    assert front == sorted(front) and [e for _, e in front] == sorted((e for _, e in front), reverse=True)
    program.save(tmp_path)  # type: ignore[arg-type]
    again = build.read(tmp_path)  # type: ignore[arg-type]
    assert report.text(again.facts["search"]) in text  # type: ignore[arg-type]
    same = compiled(bits=16, choices=again.choices).build
    assert same.sources == program.build.sources


class Backwards(Executor):
    """Does everything at once, the last asked for first, as a cluster may."""

    def submit(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> "Future[object]":
        raise AssertionError("map is what is used")

    def map(self, fn: Callable[..., object], *iterables: Iterable[object], **_: object) -> Iterator[object]:
        calls = list(zip(*iterables, strict=True))
        done = {k: fn(*calls[k]) for k in reversed(range(len(calls)))}
        return iter([done[k] for k in range(len(calls))])


@pytest.mark.parametrize("executor", [Backwards(), ThreadPoolExecutor(3)], ids=["backwards", "threads"])
def test_any_executor_gives_the_same_choices(executor: Executor) -> None:
    budget = Budget(max_abs=2e-3)
    found = auto.choose(Meter(CASE, executor, None), budget)
    assert found == auto.choose(Meter(CASE, None, None), budget)


def test_processes_of_this_machine_give_the_same_choices(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [Choices(Choice(weight_bits=bits)) for bits in (8, 16)]
    alone = Meter(CASE, None, None).many(asked)
    monkeypatch.setattr(pool, "WORTH_A_POOL", 0.0)
    monkeypatch.setattr(pool.os, "cpu_count", lambda: 2)
    said: list[str] = []
    assert Meter(CASE, None, said.append).many(asked) == alone
    assert said == ["measured 2 candidates"]


def test_the_cheapest_of_all_is_found_where_all_can_be_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the weights alone, every combination is measured: none that keeps the budget is cheaper."""
    monkeypatch.setattr(OPS["table"], "TABLES", ())
    short = replace(CASE, short=CASE.whole)
    every = knobs.knobs(CASE.graph, problem.quantise(CASE.graph, CASE.ranges, Choices()))
    meter = Meter(short, None, None)
    measured = [meter.one(knobs.choices(every, p)) for p in itertools.product(range(2), repeat=len(every))]
    limits = np.quantile([m.max_abs for m in measured], [0.2, 0.5, 0.9])
    for limit in limits.tolist():
        found = auto.choose(meter, Budget(max_abs=limit))
        assert found.measured.max_abs <= limit
        assert found.measured.flash <= min(m.flash for m in measured if m.max_abs <= limit) * 1.05


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=3), min_size=1, max_size=4
    ),
    st.integers(0, 120),
)
@settings(deadline=None)
def test_the_program_is_solved_exactly(numbers: list[list[tuple[int, int]]], limit: int) -> None:
    effects = [[Effect(float(c), {"e": float(e)}) for c, e in options] for options in numbers]
    found = solve.solve(effects, {"e": float(limit)})
    sums = {
        picks: [sum(o[p][side] for o, p in zip(numbers, picks, strict=True)) for side in (0, 1)]
        for picks in itertools.product(*(range(len(o)) for o in numbers))
    }
    kept = [c for c, e in sums.values() if e <= limit]
    if not kept:
        assert found is None
        return
    assert found is not None and sums[found][1] <= limit and sums[found][0] == min(kept)


def test_cycles_are_made_small_where_a_target_states_costs() -> None:
    dear = case(replace(HOST, cost=COSTS))
    found = auto.choose(Meter(dear, None, None), Budget(max_abs=0.1, objective="cycles"))
    bits = [row.option for row in found.rows if isinstance(row.option, int)]
    assert set(bits) == {16}  # 8 bits are dearer on this target
    assert any(isinstance(row.option, Table) and row.option.kind == "direct" for row in found.rows) is False
    smaller = auto.choose(Meter(dear, None, None), Budget(max_abs=0.1, objective="ram"))
    assert smaller.measured.flash < found.measured.flash  # memory being equal, flash decides


M4 = replace(
    targets.load("cortex-m4"),
    cost={**COSTS, "synapse": 20.0, "synapse_direct": 20.0, "synapse_own": 10.0, "position": 5.0},
)


def test_where_cycles_count_synapses_get_tables_of_their_own() -> None:
    """Inside the solver's loop alone, as small as the error allows; not where flash or its limit decides."""
    ltc = case(M4, models.ltc(), "speed")
    found = auto.choose(Meter(ltc, None, None), Budget(max_abs=0.05, objective="cycles"))
    [tables] = [row.option for row in found.rows if not isinstance(row.option, int)]
    assert isinstance(tables, knobs.Own) and answer.option(tables) == "own 16, others linear 128"
    made = {c.table.kind for c in found.choices.nodes.values()}
    assert made == {"own", "linear"}
    exact = auto.choose(Meter(ltc, None, None), Budget(max_abs=1.5e-3, objective="cycles"))
    assert exact.measured.flash > found.measured.flash and exact.measured.cycles == found.measured.cycles
    rolled, cycles = case(M4, models.ltc()), Budget(max_abs=0.05, objective="cycles")
    for posed, budget in ((ltc, Budget(max_abs=0.05)), (ltc, replace(cycles, flash=1000)), (rolled, cycles)):
        other = auto.choose(Meter(posed, None, None), budget)
        assert "own" not in {c.table.kind for c in other.choices.nodes.values()}


@pytest.mark.parametrize(
    ("core", "sizes"),
    [
        (HOST, []),  # no kernel
        (replace(M4, part=targets.Part("tiny", 1000, 1000)), [16]),  # half of it holds 11 tables of 17 nodes
        (M4, [128, 64, 32, 16]),
    ],
)
def test_own_tables_are_offered_where_there_is_a_kernel_and_room(core: targets.Target, sizes: list[int]) -> None:
    ltc = case(core, models.ltc())
    [tables] = knobs.knobs(ltc.graph, problem.quantise(ltc.graph, ltc.ranges, Choices()), core)
    own = [option for option in tables.options if isinstance(option, knobs.Own)]
    assert list(dict.fromkeys(option.table.intervals for option in own)) == sizes
    assert (len(tables.nodes), len(tables.inner)) == (2, 1 if sizes else 0)


@pytest.mark.parametrize("intervals", [16, 128])
def test_own_tables_of_any_size_give_the_same_bits_on_a_core(intervals: int) -> None:
    given = {"dt": 1.0, "ranges": {"x": (-2.0, 2.0)}, "choices": Choices(Choice(table=Table("own", intervals)))}
    made = lnncc.compile(Model(models.ltc()), target="cortex-m4", **given).build  # type: ignore[arg-type]
    raw = compare.raw_inputs(made, {"x": XS[:1]})
    result = chip.execute(made, M4, tuple(x[0] for x in raw), count=1)
    assert compare.equal_steps(result.trace, twin.run(made.integer, raw)) == XS.shape[1]


def test_work_is_counted_through_loops() -> None:
    graph = models.compiled(models.ltc()).integer
    work = cost.work(graph)
    loop = next(n for n in graph.walk() if n.op == "loop")
    inside = [n for n in loop.body.nodes if n.op == "synapses"]  # type: ignore[union-attr]
    outside = [n for n in graph.nodes if n.op == "synapses"]
    counts = [sum(len(graph.constants[n.inputs[2]]) for n in part) for part in (inside, outside)]
    assert work["synapse"] == counts[0] * loop.attrs["trips"] + counts[1]  # type: ignore[operator]
    assert work["step"] == 1 and work["division"] == 10 * loop.attrs["trips"]  # type: ignore[operator]
    assert work["destination"] == 10 * (loop.attrs["trips"] + 1)  # type: ignore[operator]
    others = [n for n in graph.nodes if n.op not in ("synapses", "slice", "loop")]
    assert work["call"] == 2 * loop.attrs["trips"] + 1 + len(others)  # type: ignore[operator]
    assert cost.cycles(graph, HOST) is None
    assert cost.cycles(graph, replace(HOST, cost=COSTS)) == sum(COSTS[k] * n for k, n in work.items())


def test_work_is_told_apart_by_what_tables_are_read() -> None:
    def work(table: Table) -> dict[str, int]:
        choices = Choices(Choice(8, table))
        given = {"dt": 1.0, "ranges": {"x": (-2.0, 2.0)}, "choices": choices}
        return cost.work(lnncc.compile(Model(models.ltc()), **given).build.integer)  # type: ignore[arg-type]

    linear, direct, own = (work(Table(kind, 64)) for kind in ("linear", "direct", "own"))
    assert direct["synapse_direct"] == linear["synapse"] == own["synapse_own"] > 0
    assert direct["synapse"] == own["synapse"] == 0 and own["position"] == 6 * 10 + models.INPUTS
    matrices = cost.work(models.compiled(models.cfc(), weight_bits=8).integer)
    assert matrices["mac8"] > 0 and matrices["mac16"] == 0 and matrices["row"] > 0 and matrices["lookup"] > 0
    assert set(matrices) | set(own) | set(direct) <= set(targets.COSTS)


def test_a_fit_finds_costs_and_says_what_it_misses_of_models_left_out() -> None:
    rng, exact = np.random.default_rng(0), dict(zip(targets.COSTS, range(1, 40), strict=False))
    work = [{kind: int(rng.integers(1, 90)) for kind in targets.COSTS} for _ in range(60)]
    every = [cost_model.Sample(f"group {k // 2}", w, None, XS) for k, w in enumerate(work)]  # type: ignore[arg-type]
    counts = np.array([sum(exact[kind] * n for kind, n in w.items()) for w in work], float)
    fit = cost_model.fitted(every, counts)
    assert fit.costs == pytest.approx(exact, rel=1e-6) and np.abs(fit.misses).max() < 1e-6
    counts[:2] *= 2  # a group unlike all others
    assert np.abs(cost_model.fitted(every, counts).misses[:2]).max() > 0.3
    text = cost_model.text("cortex-m4", counts, fit)
    assert "fitted to the counts of 60 emulated models" in text and "mac16 = " in text


@pytest.mark.parametrize("name", ["cortex-m0plus", "cortex-m4"])
@pytest.mark.parametrize("graph", [models.ltc(), models.cfc()], ids=["ltc", "cfc"])
def test_the_stated_costs_are_near_what_an_emulator_counts(name: str, graph: Graph) -> None:
    core = targets.load(name)
    made = lnncc.compile(Model(graph), dt=1.0, ranges={"x": (-2.0, 2.0)}, target=name).build
    raw = compare.raw_inputs(made, {"x": XS[:1, :4]})
    counted = chip.execute(made, core, tuple(x[0] for x in raw), count=4).run.instructions_per_step
    estimate = cost.cycles(made.integer, core)
    assert counted is not None and estimate == pytest.approx(counted, rel=0.35)


def test_a_budget_is_kept_where_nothing_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Recorded inputs fill a twentieth of the range that is declared."""
    meter, budget = Meter(case(xs=XS / 20), None, None), Budget(rms=1e-3)
    kept = auto.choose(meter, budget).measured
    assert max(kept.rms, kept.wide_rms) <= 1e-3
    monkeypatch.setattr(auto, "WIDE", 1e9)
    careless = auto.choose(meter, budget).measured
    assert careless.rms <= 1e-3 and careless.wide_rms > 1.5e-3


def test_what_the_most_exact_candidate_errs_there_may_be_doubled() -> None:
    """A budget that nothing keeps on inputs that wander is one of recorded inputs all the same."""
    wide = CASE.wide
    assert wide is not None
    base = problem.measure(replace(CASE, short=wide), Choices())
    loud = replace(CASE, short=wide, whole=wide, wide=replace(wide, exact=tuple(3 * y for y in wide.exact)))
    most = problem.measure(loud, Choices())
    found = auto.choose(Meter(loud, None, None), Budget(rms=3 * base.rms)).measured
    assert most.wide_rms > 30 * base.rms and base.rms < found.rms <= 3 * base.rms
    assert found.wide_rms <= auto.WIDE * most.wide_rms


def test_inputs_that_the_float_model_does_not_survive_limit_nothing() -> None:
    assert CASE.wide is not None
    lost = replace(CASE, wide=replace(CASE.wide, exact=tuple(np.full_like(y, np.inf) for y in CASE.wide.exact)))
    found = auto.choose(Meter(lost, None, None), Budget(max_abs=4e-3))
    assert found.measured.max_abs <= 4e-3 and found.measured.wide_max_abs == np.inf


def test_long_recordings_are_tried_in_windows() -> None:
    long = np.zeros((2, 3 * problem.WINDOW * problem.WINDOWS, models.INPUTS))
    trial = problem._windows({"x": long})["x"]
    assert trial.shape == (problem.WINDOWS, problem.WINDOW, models.INPUTS)
    np.testing.assert_array_equal(problem._windows({"x": XS})["x"], XS)


@pytest.mark.parametrize(
    ("budget", "binds"),
    [
        (Budget(max_abs=1e-7), "max_abs 1e-07: the most exact has"),
        (Budget(flash=100), "flash 100: the smallest measured has"),
        (Budget(rms=1e-4, flash=1500), "error and flash together"),
    ],
)
def test_a_budget_that_cannot_be_kept(budget: Budget, binds: str) -> None:
    with pytest.raises(LnnccError) as caught:
        auto.choose(Meter(CASE, None, None), budget)
    assert caught.value.code == "E0502" and caught.value.exit_code == 5
    assert binds in str(caught.value) and "nearest of" in str(caught.value)


@pytest.mark.parametrize(
    ("bits", "budget", "calibrated", "says"),
    [
        (16, Budget(max_abs=1e-3), True, "a budget is for a search"),
        (8, Budget(objective="cycles"), True, "a budget is for a search"),
        ("auto", Budget(), True, "needs a budget"),
        ("auto", Budget(max_abs=0.0), True, "max_abs 0.0 is no budget"),
        ("auto", Budget(max_abs=float("nan")), True, "max_abs nan is no budget"),
        ("auto", Budget(flash=-1), True, "flash -1 is no budget"),
        ("auto", Budget(max_abs=1e-3), False, "recorded inputs"),
        ("auto", Budget(max_abs=1e-3, objective="joy"), True, "joy is no objective"),
        ("auto", Budget(max_abs=1e-3, objective="cycles"), True, "states no costs"),
    ],
)
def test_budgets_that_mean_nothing(bits: int | str, budget: Budget, calibrated: bool, says: str) -> None:
    with pytest.raises(LnnccError, match=says) as caught:
        options.check_budget(Settings(bits=bits), budget, HOST, calibrated=calibrated)
    assert caught.value.code == "E0207"


def test_nothing_to_choose_keeps_every_limit_or_none() -> None:
    assert solve.solve([], {"max_abs": 0.5, "flash": 0.0}) == ()
    assert solve.solve([], {"max_abs": 0.5, "flash": -1.0}) is None


def test_the_float_model_and_the_twin_meet_in_a_trial() -> None:
    exact = reference.run(MODEL, {"x": XS}, 1.0)[0]["y"]
    np.testing.assert_array_equal(CASE.whole.exact[0], exact)
    assert CASE.whole.steps == XS.shape[0] * XS.shape[1]
    np.testing.assert_allclose(CASE.short.raw[0] * 2.0**-14, np.clip(XS, -2, 2 - 2.0**-14), atol=2.0**-14)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data, out = (str(tmp_path / name) for name in ("m.lnn", "x.npz", "out"))
    lnncc.save(Model(MODEL), model)
    np.savez(data, x=XS)
    common = ["compile", model, "--target", "host", "--dt", "1.0", "--calib", data, "--range", "x=-2:2", "--json"]
    auto_ = ["--bits", "auto", "--max-abs", "5e-3", "--rms", "1", "--flash", "64k"]
    assert cli.main([*common, *auto_, "-o", out]) == 0
    found = json.loads(capsys.readouterr().out)["search"]
    assert found["measured"]["max_abs"] <= 5e-3 and found["budget"]["flash"] == 65536
    assert cli.main(["report", out]) == 0
    assert "saves bytes" in capsys.readouterr().out
    again = str(tmp_path / "again")
    assert cli.main([*common, "--choices", out, "-o", again]) == 0
    assert (Path(again) / "model.c").read_bytes() == (Path(out) / "model.c").read_bytes()
    capsys.readouterr()
    assert cli.main([*common, "--bits", "auto", "--flash", "8q", "-o", out]) == 2
    assert "E0207" in capsys.readouterr().err
    assert cli.main([*common, "--bits", "auto", "--max-abs", "1e-9", "-o", out]) == 5
    assert "E0502" in capsys.readouterr().err


@pytest.mark.parametrize("graph", [models.cfc, models.ltc])
def test_a_search_with_a_dt_that_every_step_is_told(graph: Callable[[], Graph]) -> None:
    rng = np.random.default_rng(3)
    data = {"x": rng.uniform(-1, 1, (300, 3)), "dt": rng.uniform(0.5, 2.0, 300)}
    options = {"dt": (0.5, 2.0), "ranges": {"x": (-1.0, 1.0)}, "calibration": data}
    program = lnncc.compile(Model(graph()), bits="auto", max_abs=0.02, **options)
    found = program.verify(data)
    assert found.bit_exact and max(e.max_abs for e in found.errors.values()) <= 0.02
