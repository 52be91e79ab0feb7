"""Many streams at once: every stream gets what it gets alone, whatever the lanes and however many there are."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from integer_graphs import FULL, Builder, drawn
from test_lanes import fills, need

import lnncc
from examples.every_cell.case import RANGE
from examples.every_cell.rows import CASES
from lnncc import build, twin
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.errors import LnnccError
from lnncc.ir import Format, Graph
from lnncc.kit.graphs import streamed
from lnncc.options import Settings
from lnncc.plan import plan
from lnncc.target import Target
from lnncc.validate import batch, compare, host
from tests import models

STEPS = 5
WIDTHS = ("lanes", 4), ("avx2", 8), ("avx2", 16), ("avx512_vnni", 16), ("avx512 in plain C", 16)


def built(graph: Graph, chip: Target, lanes: int) -> Build:
    made = plan(graph, "m", {}, chip, lanes=lanes)
    return Build(Settings("m", batch=lanes), Choices(), made.interface, graph, graph, emit(made), {}, {}, {})


@pytest.mark.parametrize(("machine", "lanes"), WIDTHS)
@pytest.mark.parametrize("graph", range(3))
def test_streams_are_as_alone(machine: str, lanes: int, graph: int) -> None:
    """Graphs of all ops; states, outputs and what was clipped."""
    chip = need(machine)
    fit = (found for found in map(drawn, itertools.count(graph * 7 + lanes)) if found.dt is None)
    drawn_graph = next(fit) if graph else streamed()
    made = built(drawn_graph, chip, lanes)
    library = host.build(made, target=chip, sanitize=graph == 0 and lanes == 8)
    xs = tuple(np.repeat(fills(drawn_graph.values[p.value].size), STEPS, axis=1) for p in drawn_graph.inputs)
    for streams in (45, 1, lanes):
        few = tuple(x[:streams] for x in xs)
        alone = host.counted(library, made.interface, few)
        together = batch.run(library, made.interface, lanes, few)
        trace = together.states, together.outputs
        assert compare.equal_steps(trace, (alone.states, alone.outputs)) == streams * STEPS
        assert np.array_equal(together.clipped, alone.clipped)
    assert compare.equal_steps((alone.states, alone.outputs), twin.run(drawn_graph, few)) == streams * STEPS


@pytest.mark.parametrize(("machine", "lanes"), WIDTHS)
def test_tables_that_fit_registers_and_that_do_not(machine: str, lanes: int) -> None:
    """Every input, of tables with one interval less than fits, as many, and one more."""
    chip, b, rng = need(machine), Builder(), np.random.default_rng(lanes)
    x = b.input(1)
    for n in (1, 15, 16, 17, 31, 32, 33, 48, 49, 63, 64, 65):
        low = -(n // 2 << 10)
        b.output(b.nodes(x, rng.integers(0, FULL, n + 1), low, 10))
        values = b.constant(rng.integers(-FULL, FULL, n), Format(16, 15), "values")
        b.output(b.op("table", (x, values), 1, low=low, top=low + (n << 10) - 1, shift=10, kind="direct", n=1))
    made, every = built(b.graph(), chip, lanes), np.arange(-FULL, FULL, dtype=np.int16).reshape(-1, 16, 1)
    together = batch.run(host.build(made, target=chip), made.interface, lanes, (every,))
    assert compare.equal_steps((together.states, together.outputs), twin.run(b.graph(), (every,))) == 2 * FULL


@pytest.mark.parametrize("name", ["CfC, softmax head", "CfC, argmax head", "LrcSSM block, layer norm", "CT-GRU"])
def test_rows_of_the_table_with_softmax_argmax_and_division(name: str) -> None:
    case = CASES[name]
    model = case.make()
    seen = case.recording(model.graph, "calibration", 100)
    ranges = {port.label: RANGE for port in model.graph.inputs}
    made = lnncc.compile(model, dt=1.0, ranges=ranges, calibration=seen, batch=8).build
    assert {node.op for node in made.integer.walk()} & {"argmax", "divide", "softmax"}
    few = compare.raw_inputs(made, {label: np.concatenate([x[:, :20]] * 3) for label, x in seen.items()})
    library = host.build(made)
    alone, together = (host.counted(library, made.interface, few), batch.run(library, made.interface, 8, few))
    trace = together.states, together.outputs
    assert compare.equal_steps(trace, (alone.states, alone.outputs)) == 60


@pytest.fixture(scope="module")
def program() -> lnncc.Program:
    return lnncc.compile(Model(models.ltc()), dt=1.0, ranges={"x": (-2.0, 1.5)}, name="many", batch=8)


def test_a_program_runs_many_streams_at_once(program: lnncc.Program) -> None:
    alone = replace(program.build, settings=replace(program.build.settings, batch=None))
    sources = {n: t for n, t in alone.sources.items() if "_batch" not in n}
    xs = models.recording(streams=11, reach=3.0)
    found = lnncc.Program(replace(alone, sources=sources)).run(xs)
    np.testing.assert_array_equal(program.run(xs), found)
    np.testing.assert_array_equal(program.run(xs[3]), found[3])


def test_the_folder_keeps_the_lanes(program: lnncc.Program, tmp_path: Path) -> None:
    program.save(tmp_path)
    again = build.read(tmp_path)
    assert again.settings.batch == 8 and again.files() == program.build.files()


def test_a_build_without_lanes_leaves_no_older_c_with_them(program: lnncc.Program, tmp_path: Path) -> None:
    """But what somebody has changed, and what no manifest names."""
    program.save(tmp_path)
    name = program.build.name
    header, source, own = (tmp_path / file for file in (f"{name}_batch.h", f"{name}_batch.c", "main.c"))
    own.write_text("int main(void) { return 0; }\n")
    header.write_text(header.read_text() + "/* mine */\n")
    alone = lnncc.compile(Model(models.ltc()), dt=1.0, ranges={"x": (-2.0, 1.5)}, name=name).build
    alone.write(tmp_path)
    assert not source.exists() and header.exists() and own.exists()
    (tmp_path / f"{name}.json").write_text("no manifest")
    alone.write(tmp_path)
    assert build.read(tmp_path).files() == alone.files()


def test_a_stream_goes_out_of_its_lane_and_into_another(program: lnncc.Program) -> None:
    library = host.build(program.build)
    ffi, calls = library.ffi, library.calls
    blocks, state = ffi.new("many_block[2]"), ffi.new("many_state *")
    calls.many_reset_batch(blocks, 9)
    calls.many_reset(state)
    state.s0[2], state.clipped = 77, 5
    calls.many_set_stream(blocks, 11, state)
    assert blocks[1].s0[2 * 8 + 3] == 77 and blocks[1].clipped[3] == 5
    calls.many_reset(state)
    calls.many_get_stream(blocks, 11, state)
    assert state.s0[2] == 77 and state.clipped == 5
    calls.many_get_stream(blocks, 10, state)
    assert state.s0[2] != 77 and state.clipped == 0


@pytest.mark.parametrize("lanes", [0, 1, 3, 64])
def test_lanes_that_no_register_has_are_refused(lanes: int) -> None:
    with pytest.raises(LnnccError, match="E0215"):
        lnncc.compile(Model(models.cfc()), dt=1.0, ranges={"x": (-1.0, 1.0)}, batch=lanes)


def test_streams_with_a_time_step_each_are_refused() -> None:
    with pytest.raises(LnnccError, match=r"E0215.*dt has a range"):
        lnncc.compile(Model(models.cfc()), dt=(0.5, 2.0), ranges={"x": (-1.0, 1.0)}, batch=8)


def test_an_op_without_a_kernel_for_many_streams_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lnncc.plan.calls.STREAMS", "none")
    with pytest.raises(LnnccError, match=r"E0350.*affine"):
        lnncc.compile(Model(models.cfc()), dt=1.0, ranges={"x": (-1.0, 1.0)}, batch=8)
