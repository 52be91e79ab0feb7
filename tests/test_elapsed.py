"""A run-time dt: the bits of the twin at every dt an int32 can be, and errors like those of a constant dt."""

import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import cffi
import jax
import jax.numpy as jnp
import models
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lnncc
from lnncc import Model, build, cli, fx, target, twin
from lnncc.cells import LTC, AutoNCP, CfC
from lnncc.errors import LnnccError
from lnncc.frontend.jaxpr import trace
from lnncc.interval import Interval
from lnncc.ir import Graph
from lnncc.ops import decay, elapse
from lnncc.program import Program
from lnncc.validate import chip, compare, host, nodes, toolchain

CELLS = {
    "cfc": lambda: models.cfc(),
    "no_gate": lambda: models.cfc(mode="no_gate"),
    "pure": lambda: models.cfc(mode="pure"),
    "wired": lambda: models.wired(),
    "wired_pure": lambda: models.wired("pure"),
    "ltc": models.ltc,
    "mixed": models.mixed,
}
SPAN = (0.25, 40.0)
WILD = np.array([-(1 << 31), -1, 0, 1, (1 << 31) - 1], np.int32)


def compiled(graph: Graph, span: tuple[float, float] = SPAN, bits: int = 16) -> Program:
    return lnncc.compile(Model(graph), dt=span, ranges={"x": (-2.0, 2.0)}, calibration=recorded(span), bits=bits)


def recorded(span: tuple[float, float] = SPAN, streams: int = 2) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(6)
    return {"x": models.recording(streams=streams), "dt": np.exp(rng.uniform(*np.log(span), (streams, 60)))}


@pytest.fixture(scope="module", params=CELLS)
def program(request: pytest.FixtureRequest) -> Program:
    return compiled(CELLS[request.param]())


def test_the_error_is_that_of_a_constant_dt(program: Program) -> None:
    found = program.verify(recorded())
    assert found.bit_exact
    assert found.errors["y"].relative_rms < 2e-3
    made = program.build  # an LSTM's state has no bound, and saturates, counted, at twice what was seen
    assert made.facts["assumed_states"] == [s.label for s in made.interface.states if s.label == "c"]
    assert len(made.facts["saturations"]) == len(made.facts["assumed_states"])  # type: ignore[arg-type]


def test_the_errors_of_its_nodes_add_up(program: Program) -> None:
    data = {k: v.reshape(2, 60, -1) for k, v in recorded().items()}
    shares = [c.share for c in nodes.contributions(program.build, data, 40)]
    assert sum(shares) == pytest.approx(1.0)


def test_every_int32_is_a_dt_and_those_outside_the_range_are_clamped_and_counted(program: Program) -> None:
    made = program.build
    x, dt = compare.raw_inputs(made, {k: v.reshape(2, 60, -1) for k, v in recorded().items()})
    dt = np.random.default_rng(7).integers(-(1 << 31), 1 << 31, dt.shape).astype(np.int32)
    dt[:, : len(WILD), 0] = WILD
    done = host.counted(host.build(made, check=True, sanitize=True), made.interface, (x, dt))
    assert compare.equal_steps((done.states, done.outputs), twin.run(made.integer, (x, dt))) == dt.size
    signal = made.interface.dt
    assert signal is not None
    inside = np.clip(dt, signal.low, signal.high)
    assert done.clipped.tolist() == (inside != dt).sum(axis=(1, 2)).tolist()
    again = host.run(host.build(made), made.interface, (x, inside.astype(np.int32)))
    assert compare.equal_steps(again, (done.states, done.outputs)) == dt.size


def test_the_range_has_twelve_bits_at_its_lower_end() -> None:
    signal = compiled(models.cfc(), (1.0, 2.0**18)).build.interface.dt
    assert signal is not None
    assert (signal.bits, signal.low, signal.high) == (32, 1 << 12, 1 << 30)


def slow() -> Graph:
    """A CfC whose gate is between open and closed for gaps of hours and of most of a year."""
    cell = CfC(inputs=models.INPUTS, units=8)
    params = cell.init(jax.random.key(1))
    params["time_a"] = jax.tree.map(lambda w: w / 3000, params["time_a"])
    return trace(cell.step, params, state=cell.initial_state(), inputs=jnp.zeros(models.INPUTS))


@pytest.mark.parametrize("cell", [slow, CELLS["pure"], CELLS["ltc"]])
def test_a_range_of_four_decades_loses_no_precision_at_either_end(cell: Callable[[], Graph]) -> None:
    program = compiled(cell(), (1.0, 7387.0))
    for end in (1.0, 80.0, 7387.0):
        data = recorded() | {"dt": np.full((2, 60), end)}
        assert program.verify(data).errors["y"].relative_rms < 2e-3


@pytest.mark.parametrize("later", [1e-3, 1.0])
def test_an_elapsed_time_with_an_offset(later: float, tmp_path: Path) -> None:
    """As the code of the CfC paper divides by it, whose first elapsed times are zero."""
    cell = LTC(AutoNCP(10, 2).wire(models.INPUTS))
    step = lambda params, h, x, dt: cell.step(params, h, x, dt + later)  # noqa: E731
    span = (0.5, 4.0)
    graph = trace(step, cell.init(jax.random.key(2)), state=cell.initial_state(), inputs=jnp.zeros(models.INPUTS))
    program = compiled(graph, span)
    assert [n.op for n in program.build.integer.nodes].count("elapse") == 1
    for data in (recorded(span), *(recorded(span) | {"dt": np.full((2, 60), end)} for end in (1.0, 4.0))):
        found = program.verify(data)
        assert found.bit_exact and found.errors["y"].relative_rms < 2e-3
    program.save(tmp_path)
    assert cli.main(["check", str(tmp_path), "--json"]) == 0


def test_weights_of_eight_bits() -> None:
    assert compiled(models.cfc(), bits=8).verify(recorded()).bit_exact


@pytest.mark.parametrize("cell", ["cfc", "ltc"])
def test_a_core_gives_the_same_bits(cell: str) -> None:
    pytest.importorskip("unicorn", reason="needs the mcu extra")
    made = compiled(CELLS[cell]()).build
    raw = compare.raw_inputs(made, {k: v.reshape(1, 60, -1) for k, v in recorded(streams=1).items()})
    result = chip.execute(made, target.load("cortex-m4"), tuple(x[0] for x in raw), count=1)
    assert compare.equal_steps(result.trace, twin.run(made.integer, raw)) == 60


def keras(params: dict[str, jax.Array], h: jax.Array, x: jax.Array, dt: jax.Array) -> tuple[jax.Array, jax.Array]:
    """The sign of time as ncps for Keras has it, an output that grows with dt, and one that is dt."""
    z = jnp.concatenate((x, h))
    gate = jax.nn.sigmoid(-(params["a"] @ z) * dt + params["b"] @ z)
    h = jnp.tanh(params["c"] @ z) * (1 - gate) + gate * jnp.tanh(params["d"] @ z)
    return h, jnp.concatenate((h * dt, jnp.exp(-dt / 8)[None] * h[:1], dt[None]))


def test_other_spellings_and_products_with_dt() -> None:
    rng = np.random.default_rng(3)
    params = {k: jnp.asarray(rng.normal(size=(4, 7)) / 2) for k in "abcd"}
    program = compiled(trace(keras, params, state=jnp.zeros(4), inputs=jnp.zeros(3)), (0.5, 8.0))
    found = program.verify(recorded((0.5, 8.0)))
    assert found.bit_exact
    assert found.errors["y"].max_abs < 8 * 5e-4


def test_the_folder_and_the_command_line_carry_dt(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lnncc.save(Model(models.cfc()), tmp_path / "model.lnn")
    np.savez(tmp_path / "day.npz", **{k: v[0] for k, v in recorded().items()})  # type: ignore[arg-type]
    out, data = str(tmp_path / "out"), str(tmp_path / "day.npz")
    target_options = ["--target", "host", "-o", out, "--dt", "0.25:40", "--calib", data, "--json"]
    assert cli.main(["compile", str(tmp_path / "model.lnn"), *target_options]) == 0
    capsys.readouterr()
    assert cli.main(["verify", out, "--data", data, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bit_exact"]
    assert cli.main(["run", out, "--on", "host", "--json"]) == 0
    made = build.read(Path(out))
    assert made.settings.dt_range == (0.25, 40.0)
    assert made.facts["dt"] == {"low": 0.25, "high": 40.0}
    assert build.read(Path(out)).files() == made.files()


@pytest.mark.parametrize(
    ("data", "code", "what"),
    [
        ({"x": models.recording()}, "E0407", "dt"),
        (recorded() | {"dt": np.zeros((2, 60))}, "E0408", "not above zero at 120 of 120"),
        (recorded() | {"dt": np.full((2, 60), np.nan)}, "E0403", "dt"),
        (recorded() | {"dt": np.ones((2, 59))}, "E0401", "equally long"),
    ],
)
def test_data_without_a_time_that_passes_are_refused(data: dict[str, np.ndarray], code: str, what: str) -> None:
    with pytest.raises(LnnccError, match=what) as caught:
        compiled(models.cfc()).run(data)
    assert caught.value.code == code


def test_streams_come_back_whatever_is_named_first(program: Program) -> None:
    data = recorded(streams=3)
    first = program.run(data)
    assert isinstance(first, np.ndarray) and first.shape[:2] == data["dt"].shape == (3, 60)
    np.testing.assert_array_equal(program.run({"dt": data["dt"], "x": data["x"]}), first)


def test_a_range_of_dt_has_two_ends() -> None:
    with pytest.raises(LnnccError, match=r"E0202.*\(0.1,\)"):
        lnncc.compile(Model(models.cfc()), dt=(0.1,), ranges={"x": (-2.0, 2.0)})  # type: ignore[arg-type]


def test_an_input_called_dt_is_refused_where_dt_has_a_range() -> None:
    step = lambda p, h, x, dt: (jnp.tanh(p * x["dt"] * dt + h), h)  # noqa: E731
    graph = trace(step, jnp.ones(2), state=jnp.zeros(2), inputs={"dt": jnp.zeros(2)})
    with pytest.raises(LnnccError, match="called `dt` too"):
        lnncc.compile(Model(graph), dt=(1.0, 2.0), ranges={"dt": (-1, 1)})


HELPERS = """
#include "model.h"
int32_t raw(float dt);
int32_t raw(float dt) { return model_dt_from_float(dt); }
uint16_t said;
int16_t stepped(float dt);
int16_t stepped(float dt)
{
    model_state state;
    const int16_t x[MODEL_X0_LEN] = {12000, -9000, 4000};
    int16_t y[MODEL_Y0_LEN];
    model_reset(&state);
    said = model_step_float_dt(&state, x, dt, y);
    return state.s0[0];
}
"""


def test_the_float_helper_holds_the_state_where_no_time_has_passed_and_says_so(tmp_path: Path) -> None:
    program = compiled(models.cfc())
    program.save(tmp_path)
    (tmp_path / "helpers.c").write_text(HELPERS)
    ffi = cffi.FFI()
    ffi.cdef("int32_t raw(float); int16_t stepped(float); extern uint16_t said;")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        files = (tmp_path / "helpers.c", tmp_path / "model.c")
        compiler = toolchain.find(target.load(target.HOST))
        path = toolchain.shared_library(compiler, files, Path(folder) / "h.so", include=(tmp_path,), flags=())
        library = ffi.dlopen(str(path))
    signal = program.build.interface.dt
    assert signal is not None
    for value in (0.25, 1.0, 3.1, 40.0):
        assert library.raw(value) == round(np.float32(value) * 2.0**signal.frac)
    assert [library.raw(v) for v in (0.0, -1.0, float("nan"), -float("inf"))] == [0] * 4
    assert library.raw(float("inf")) == library.raw(1e9) == 1 << 30
    held = int(re.search(r"MODEL_HELD (\d+)", program.build.sources["model.h"])[1])  # type: ignore[index]
    for value in (0.0, -0.0, -1.0, float("nan"), -float("inf")):
        assert (library.stepped(value), library.said) == (0, held)
    for value in (1.0, float("inf"), 1e-30):
        assert library.stepped(value) != 0 and library.said == 0


@st.composite
def moments(draw: st.DrawFn) -> tuple[Interval, np.ndarray, Interval, np.ndarray]:
    """(interval, a point of it) of a factor and of an elapsed time."""
    ends = sorted(draw(st.lists(st.integers(-(1 << 28), 1 << 28), min_size=3, max_size=3)))
    times = sorted(draw(st.lists(st.integers(1, 1 << 30), min_size=3, max_size=3)))
    (a, x, b), (s, t, e) = (np.array(v)[:, None] for v in (ends, times))
    return Interval(a, b), x, Interval(s, e), t


@given(moments(), st.integers(-12, 45))
@settings(max_examples=300)
def test_on_intervals_hold_points(case: tuple[Interval, np.ndarray, Interval, np.ndarray], left: int) -> None:
    xs, x, ts, t = case
    acc = np.array([77])
    attrs = {
        "left": left,
        "flat": True,
        "least": -900,
        "most": 900,
        "low": 0,
        "shift": 11,
        "kind": "linear",
        "down": 9,
        "n": 1,
    }
    nodes = np.rint(32767 * np.exp(-np.arange(513) / 32)).astype(np.int64)
    for op, rest, tail in ((elapse, (acc,), ()), (decay, (), (nodes,))):
        c = () if op is elapse else (np.array([5]),)
        span = op.evaluate(attrs, *rest, xs, *c, ts, *tail)
        y = op.evaluate(attrs, *rest, x, *c, t, *tail)
        assert span.low[0] <= y[0] <= span.high[0]


def test_what_the_words_of_time_refuse() -> None:
    one = np.array([1])
    for word, args in (
        (fx.norm, (np.array([0]),)),
        (fx.scale16, (one, np.array([1 << 16]))),
        (fx.mantissa, (np.array([-3]),)),
        (fx.rshift, (one, np.array([31]))),
        (fx.shift_by, (np.array([2]), np.array([30]))),
    ):
        with pytest.raises(fx.Unproven, match=word.__name__):
            word(*args)
    for shift in (31, -31):
        with pytest.raises(fx.Unproven, match="shift"):
            fx.sat_shift(one, np.array([shift]), 7)
    wide = {"left": 40, "flat": False, "n": 1}
    with pytest.raises(fx.Unproven, match="shift_by"):
        elapse.evaluate(wide, one, np.array([1 << 20]), np.array([1 << 30]))
