"""Other solver steps than an LTC was trained with: what they compute; hull and certificate hold; what is refused."""

import json
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from examples import solvers
from lnncc import build as builds
from lnncc import cli, options, solver
from lnncc import target as targets
from lnncc.archive import Model
from lnncc.cells import LTC, AutoNCP, CfC, MixedMemory
from lnncc.cells.ltc import _synapses
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.options import Budget, Settings
from lnncc.passes import refit
from lnncc.passes.fuse import fuse
from lnncc.passes.simplify import simplify
from lnncc.passes.solve import steps, substitutions
from lnncc.search import offered
from lnncc.solver import Solver
from lnncc.validate import nodes
from tests import models

WIRING = AutoNCP(10, 2).wire(models.INPUTS)
CELL = LTC(WIRING)
PARAMS = CELL.init(jax.random.key(2))
XS = models.recording(steps=40)
UNSEEN = np.random.default_rng(6).uniform(-2, 2, (2, 40, models.INPUTS))


def traced(unfolds: int = 6, *, rolled: bool = True) -> Graph:
    cell = LTC(WIRING, unfolds=unfolds, rolled=rolled)
    return trace(cell.step, PARAMS, state=cell.initial_state(), inputs=jnp.zeros(models.INPUTS))


GRAPH = traced()


def compiled(graph: Graph = GRAPH, **given: object) -> lnncc.Program:
    known = {"dt": 1.0, "ranges": {"x": (-2.0, 2.0)}, "name": "m", **given}
    return lnncc.compile(Model(graph), **known)  # type: ignore[arg-type]


def unseen(program: lnncc.Program) -> float:
    """Relative RMS of the states against the model as trained, on inputs that no refit has seen."""
    found = program.verify(UNSEEN)
    assert found.bit_exact
    [error] = found.state_errors.values()
    return error.relative_rms


@pytest.mark.parametrize("unfolds", [1, 2, 4])
@pytest.mark.parametrize("rolled", [True, False], ids=["rolled", "unrolled"])
def test_fewer_unfolds_are_those_of_a_cell_that_has_fewer(unfolds: int, rolled: bool) -> None:
    made = compiled(traced(rolled=rolled), solver=f"unfolds={unfolds}")
    np.testing.assert_array_equal(made.run(UNSEEN), compiled(traced(unfolds)).run(UNSEEN))


def test_with_a_dt_that_every_step_is_told_too() -> None:
    data = {"x": UNSEEN, "dt": np.random.default_rng(1).uniform(0.5, 2.0, UNSEEN.shape[:2])}
    made = compiled(solver="unfolds=3", dt=(0.5, 2.0))
    np.testing.assert_array_equal(made.run(data), compiled(traced(3), dt=(0.5, 2.0)).run(data))
    refitted = compiled(solver="refit=3", dt=(0.5, 2.0), calibration={"x": XS, "dt": np.ones(XS.shape[:2])})
    errors = [p.verify(data).state_errors["state"].relative_rms for p in (refitted, made)]
    assert errors[0] < 0.8 * errors[1]


@pytest.mark.parametrize("count", [2, 3, 6])
def test_frozen_conductances_serve_so_many_steps(count: int) -> None:
    """Against the same written out in JAX."""
    positive, p = jax.nn.softplus, PARAMS
    inertia, leak = 6 * positive(p["cm"]), positive(p["gleak"])
    w, sensory_w = positive(p["w"]) * WIRING.mask, positive(p["sensory_w"]) * WIRING.sensory_mask

    def step(v: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        outer = _synapses(
            x * p["input_w"] + p["input_b"], sensory_w, p["sensory_sigma"], p["sensory_mu"], p["sensory_erev"]
        )
        for _ in range(6 // count):
            inner = _synapses(v, w, p["sigma"], p["mu"], p["erev"])
            g, pull = (a + b for a, b in zip(outer, inner, strict=True))
            for _ in range(count):
                v = (inertia * v + leak * p["vleak"] + pull) / (inertia + leak + g)
        return v, v[:2] * p["output_w"] + p["output_b"]

    _, exact = jax.lax.scan(step, jnp.zeros(10), jnp.asarray(UNSEEN[0]))
    made = compiled(solver=f"frozen={count}")
    assert np.abs(made.run(UNSEEN[0]) - np.asarray(exact)).max() < 1e-3
    [loop] = [node for node in made.build.integer.walk() if node.body is not None]
    assert loop.body is not None
    assert loop.trips == 6 // count and [n.op for n in loop.body.nodes] == ["synapses"] + ["mean"] * count


@pytest.mark.parametrize("asked", ["unfolds=3", "unfolds=1", "frozen=2", "frozen=6", "refit=3", "refit=1"])
def test_potentials_keep_their_hull_and_the_certificate_holds(asked: str, tmp_path: Path) -> None:
    program, trained = compiled(solver=asked, calibration=XS), compiled()
    [state], [before] = program.build.interface.states, trained.build.interface.states
    assert before.low <= state.low and state.high <= before.high
    assert program.build.facts["saturations"] == []
    program.save(tmp_path)
    assert cli.main(["check", str(tmp_path)]) == 0


def test_refitted_steps_err_less_than_longer_ones() -> None:
    for count in (3, 2):
        refitted = unseen(compiled(solver=f"refit={count}", calibration=XS))
        assert refitted < 0.8 * unseen(compiled(solver=f"unfolds={count}"))
    assert unseen(compiled()) < 1e-3


def test_a_refit_to_all_trained_steps_changes_nothing() -> None:
    graph = fuse(simplify(GRAPH, dt=1.0))
    [planned] = substitutions(graph, Solver("refit", 6))
    [made] = refit.refit(graph, [planned], {"x": XS})
    [one] = steps(graph)
    np.testing.assert_allclose(made.inertia, graph.constants[one.inertia], rtol=1e-6)  # type: ignore[arg-type]


def test_with_constant_conductances_the_refit_is_the_closed_form() -> None:
    """m steps of inertia p are one of D / ((1 + D / p)^m - 1); a neuron that never moved keeps what it had."""
    rng, m, p, d = np.random.default_rng(0), 3, np.array([5.0, 2.0, 1.0]), np.array([2.0, 7.0, 1.0])
    v, n = rng.normal(size=(200, 3)), rng.normal(size=(200, 3)) * d
    v[:, 2] = n[:, 2]
    u = v
    for _ in range(m):
        u = (n + p * u) / (d + p)
    start = p / m
    found = refit._least(u - v, n - u * d, np.broadcast_to(d, v.shape), np.ones(v.shape), start)
    np.testing.assert_allclose(found[:2], (d / ((1 + d / p) ** m - 1))[:2], rtol=1e-9)
    assert found[2] == start[2]


def test_inertia_stays_above_zero() -> None:
    moved, pulled = np.ones((9, 1)), -np.ones((9, 1))
    assert refit._least(moved, pulled, np.ones((9, 1)), np.ones((9, 1)), np.array([4.0])) == 4.0 * refit.LIGHTEST


def test_the_table_of_the_readme_can_be_made_again() -> None:
    rows = {asked: solvers.row(asked).split("|") for asked in (None, "refit=3")}
    relative, instructions = ({asked: row[k] for asked, row in rows.items()} for k in (3, 5))
    assert [row[1].strip() for row in rows.values()] == ["as trained", "refit=3"]
    assert float(relative[None].strip(" %")) < 0.1 < float(relative["refit=3"].strip(" %")) < 3
    assert int(instructions["refit=3"]) < 0.6 * int(instructions[None])


def test_mixed_memory_has_such_steps_too() -> None:
    cell = MixedMemory(LTC(AutoNCP(8, 2).wire(models.INPUTS)))
    graph = trace(cell.step, cell.init(jax.random.key(4)), state=cell.initial_state(), inputs=jnp.zeros(models.INPUTS))
    assert compiled(graph, solver="frozen=3").verify(UNSEEN).bit_exact


def test_the_cheapest_that_keeps_the_budget_is_chosen() -> None:
    alone = [
        compiled(solver=f"{kind}={n}", calibration=XS) for kind, n in (("refit", 1), ("unfolds", 1), ("frozen", 6))
    ]
    least = min(program.verify(XS).errors["y"].rms for program in alone)
    found = []
    for limit in (1.1 * least, 0.9 * least, 2e-4):
        program = compiled(solver="auto", calibration=XS, rms=limit)
        assert max(e.rms for e in program.verify(XS).errors.values()) <= limit
        found.append(solver.carried_out(program.build.facts))
    assert [one.evaluations for [one] in found[:2]] == [1, 2] and found[2] == ()
    options = offered(fuse(simplify(GRAPH, dt=1.0)), "auto", {"x": XS})
    costs = [sum(one.evaluations for one in option.done) for option in options[:-1]]
    assert costs == sorted(costs) and options[-1].solver is None


def test_formats_are_searched_with_the_solver_that_was_chosen() -> None:
    program = compiled(solver="auto", bits="auto", calibration=XS, max_abs=0.2)
    errors = program.verify(XS).errors["y"]
    assert errors.max_abs <= 0.2 and program.build.facts["search"]
    assert solver.carried_out(program.build.facts)[0].evaluations < 6
    with pytest.raises(LnnccError, match="no choice of solver keeps the budget") as caught:
        compiled(solver="auto", calibration=XS, max_abs=1e-6)
    assert caught.value.code == "E0502" and "as trained" in str(caught.value)
    with pytest.raises(LnnccError, match="no choice of solver keeps the budget"):
        compiled(solver="auto", bits="auto", calibration=XS, max_abs=0.2, flash=50)


def test_the_build_says_so_and_reads_back(tmp_path: Path) -> None:
    program = compiled(solver="refit=3", calibration=XS)
    text = program.report()
    assert "3 evaluations of the synapses, 1 steps each, for 6 trained steps; inertia refitted" in text
    assert "no bound: another solver" in text
    program.save(tmp_path)
    again = builds.read(tmp_path)
    assert again.settings.solver == "refit=3" and again.facts["solver"]["chosen"] == "refit=3"  # type: ignore[index]
    assert solver.carried_out(again.facts) == solver.carried_out(program.build.facts)
    blamed = nodes.contributions(again, {"x": XS})
    assert max(c.max_abs for c in blamed) < 1e-3 < unseen(program)  # exact means exact with these steps
    assert solver.carried_out(compiled().build.facts) == ()


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data, out = (str(tmp_path / name) for name in ("m.lnn", "x.npz", "out"))
    lnncc.save(Model(GRAPH), model)
    np.savez(data, x=XS)
    common = ["compile", model, "--target", "host", "--dt", "1.0", "--range", "x=-2:2", "-o", out]
    assert cli.main([*common, "--solver", "frozen=2", "--json"]) == 0
    [loop] = json.loads(capsys.readouterr().out)["solver"]["loops"]
    assert (loop["trained"], loop["evaluations"], loop["sub_steps"], loop["inertia"]) == (6, 3, 2, None)
    assert cli.main([*common, "--solver", "auto", "--max-abs", "0.5", "--calib", data]) == 0
    assert "for 6 trained steps" in capsys.readouterr().out
    assert cli.main([*common, "--solver", "euler"]) == 2
    assert "E0217" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["euler", "unfolds", "unfolds=0", "unfolds=-1", "frozen=two", "refit=1.5", ""])
def test_what_is_no_solver_is_refused(text: str) -> None:
    with pytest.raises(LnnccError, match="is no solver") as caught:
        compiled(solver=text)
    assert caught.value.code == "E0217"


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("unfolds=7", "choose one of unfolds=1, unfolds=2"),
        ("frozen=4", "choose one of frozen=1, frozen=2, frozen=3, frozen=6"),
        ("refit=5", "does not fit a model of 6 solver steps"),
        ("refit=3", "fitted to recorded inputs"),
    ],
)
def test_what_does_not_fit_the_model_is_refused(asked: str, says: str) -> None:
    with pytest.raises(LnnccError) as caught:
        compiled(solver=asked)
    assert caught.value.code == "E0217" and says in str(caught.value)


@pytest.mark.parametrize("asked", ["unfolds=3", "auto"])
def test_a_model_without_such_steps_has_none_to_replace(asked: str) -> None:
    cell = CfC(inputs=models.INPUTS, units=5, backbone_units=6)
    graph = trace(cell.step, cell.init(jax.random.key(1)), state=cell.initial_state(), inputs=jnp.zeros(models.INPUTS))
    with pytest.raises(LnnccError, match="no solver steps that could be replaced"):
        compiled(graph, solver=asked, calibration=XS, max_abs=1.0 if asked == "auto" else None)


@pytest.mark.parametrize(
    ("budget", "calibrated", "says"),
    [
        (Budget(), True, "solver auto needs a limit of error"),
        (Budget(max_abs=1e-2), False, "recorded inputs"),
        (Budget(max_abs=1e-2, flash=5000), True, "a budget is for a search of formats"),
        (Budget(max_abs=-1.0), True, "is no budget"),
    ],
)
def test_budgets_of_a_search_for_a_solver(budget: Budget, calibrated: bool, says: str) -> None:
    with pytest.raises(LnnccError, match=says) as caught:
        options.check_budget(Settings(solver="auto"), budget, targets.load("host"), calibrated=calibrated)
    assert caught.value.code == "E0207"
