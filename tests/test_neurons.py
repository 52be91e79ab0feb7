"""Neurons in ranges: the same integers from the same step of an LTC, in less memory."""

from dataclasses import replace

import numpy as np
import pytest
from device import ranged
from hypothesis import given, settings
from hypothesis import strategies as st
from integer_graphs import FULL, Builder, drawn
from test_machine_kernels import inputs
from test_update import Updated, agree, base, moved
from test_update import inputs as raws

from lnncc import ir, target, twin
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Format, Graph
from lnncc.kit.graphs import neurons
from lnncc.ops import NAMES
from lnncc.options import Settings
from lnncc.plan import neurons as parts
from lnncc.plan import plan
from lnncc.plan.neurons import LEAST, ROWS, in_order, parted, ranges
from lnncc.plan.once import once
from lnncc.plan.packing import pack
from lnncc.plan.places import places
from lnncc.plan.program import Call, Loop, Plan
from lnncc.plan.stack import stacked
from lnncc.plan.strips import SHORT, stripped
from lnncc.plan.timeline import timeline
from lnncc.program import Program
from lnncc.target import Target
from lnncc.validate import compare, host

HOST = target.load(target.HOST)
SMALL = target.load("avr-atmega328p")
MACHINES = {
    "scalar": HOST,
    "narrow": replace(HOST, isa=SMALL.isa, split=True),
    **{name: replace(HOST, isa=target.load(name).isa) for name in ("cortex-m0plus", "cortex-m4", "cortex-m55")},
}
LAYERS = (3, 5, 9)  # motor, command and inner neurons of a wiring: each layer reads the next, the last sensors alone


def wired(
    b: Builder,
    rng: np.random.Generator,
    x: str,
    own: np.ndarray,
    given: np.ndarray,
    solver: tuple[int, int] = (3, 1),
    finer: int = 0,
) -> None:
    """Neurons of so many synapses each, between them and from sensors; (trips, means of one pair) of their solver.
    ``finer`` bits of their conductances are for their sums alone."""
    (trips, means), most = solver, FULL >> finer
    v = b.state(rng.integers(-FULL, FULL, len(own)))
    base = b.leak(rng, len(own), most)
    base = b.synapses(rng, base, x, counts=given, most=most) if given.any() or rng.random() < 0.5 else base
    [u] = b.loop((v,))
    pair, after = b.synapses(rng, base, u, counts=own, most=most), u
    pair = b.coarsen(pair, finer) if finer else pair
    for _ in range(means):
        after = b.mean(rng, pair, after)
    [after] = b.end((v,), (u,), (after,), trips=trips)
    b.becomes(v, after)
    b.output(b.slice(after, 0, min(3, len(own))))


def sharing(b: Builder, rng: np.random.Generator, x: str, v: str) -> str:
    """Two networks that start from one leak."""
    n = b.size(v)
    time = b.inertia(rng, n)
    base = b.leak_dt(rng, time)
    pairs = [b.synapses(rng, base, y, time=time) for y in (x, v)]
    first, second = (b.op("mean_dt", (pair, v, time), n, n=n) for pair in pairs)
    return b.multiply(first, second, 15)


def timed(n: int = 17, *, after: bool = False) -> Graph:
    """Neurons that are told the time, in a loop; what they start from depends on it too. Others may come ``after``."""
    b, rng = Builder(), np.random.default_rng(n)
    b.time()
    x, v = b.input(5), b.state(rng.integers(-FULL, FULL, n))
    time = b.inertia(rng, n)
    own, given_ = np.repeat([2, 0], [n - 6, 6]), np.repeat([0, 3], [n - 6, 6])
    base = b.synapses(rng, b.leak_dt(rng, time), x, counts=given_, time=time)
    [u] = b.loop((v,))
    pair = b.synapses(rng, base, u, counts=own, time=time)
    [done] = b.end((v,), (u,), (b.op("mean_dt", (pair, u, time), n, n=n),), trips=2)
    b.becomes(v, sharing(b, rng, x, done) if after else done)
    b.output(b.slice(done, 0, 2))
    return b.graph()


def layered(layers: tuple[int, ...] = LAYERS) -> Graph:
    """Each layer has synapses from the next one; commands, the second, also among themselves; the last from sensors."""
    b, rng = Builder(), np.random.default_rng(0)
    ends = np.cumsum(layers)
    wired(b, rng, b.input(4), np.repeat([2, 3, 0], layers), np.repeat([0, 0, 2], layers))
    graph = b.graph()
    [sums] = [n for n in graph.walk() if n.op == "synapses" and n.inputs[1] not in {p.value for p in graph.inputs}]
    record = graph.constants[sums.inputs[2]].copy()
    record[: 2 * layers[0], 4] = rng.integers(ends[0], ends[1], 2 * layers[0])
    record[2 * layers[0] :, 4] = rng.integers(ends[0], ends[2], 3 * layers[1])
    record[-1, 4], record[2 * layers[0], 4] = ends[2] - 1, ends[0]
    return graph.edited(constants={**graph.constants, sums.inputs[2]: record})


def every(seed: int) -> Graph:
    """Several networks: none, some or all of the neurons have synapses of either kind; sizes of every remainder."""
    b, rng = Builder(), np.random.default_rng(seed)
    x = b.input(5)
    for n in (1, 4, 8, 9, 15, 16, 17, 29):
        own, given = (rng.integers(0, 4, n) * np.repeat(rng.random(n // 4 + 1) < 0.6, 4)[:n] for _ in range(2))
        solver = int(rng.integers(1, 4)), int(rng.integers(1, 3))
        wired(b, rng, x, own, given, solver, int(rng.integers(0, 3)))
    return b.graph()


def built(graph: Graph, chosen: Target) -> Build:
    layout = plan(graph, "m", {}, chosen, "size")
    empty = Graph({}, {}, (), (), (), ())
    return Build(Settings("m"), Choices(), layout.interface, empty, graph, emit(layout), {}, {}, {})


def calls(made: Plan) -> list[Call]:
    inside = [s for part in made.statements if isinstance(part, Loop) for s in part.body]
    return [s for s in (*made.statements, *inside) if isinstance(s, Call)]


def same(made: Graph, graph: Graph) -> bool:
    xs = inputs(graph)
    return compare.equal_steps(twin.run(made, xs), twin.run(graph, xs)) == len(xs[0][0])


@pytest.mark.parametrize("rows", [1, 2, 3])
@pytest.mark.parametrize("seed", range(30))
def test_no_number_changes(seed: int, rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Graphs of all ops and loops, in ranges of so many neurons."""
    monkeypatch.setattr(parts, "ROWS", rows)
    monkeypatch.setattr(parts, "LEAST", 1)
    graph = drawn(seed)
    made = ir.verify(parted(graph), NAMES | {"loop"})
    assert same(made, graph) and made.states == graph.states and made.outputs == graph.outputs


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 32))
def test_no_number_changes_whatever_the_wiring(seed: int) -> None:
    graph = every(seed)
    assert same(ir.verify(parted(graph), NAMES | {"loop"}), graph)


@pytest.mark.parametrize("machine", MACHINES)
def test_nothing_is_overwritten_that_is_read_later(machine: str) -> None:
    """In C, with every access to memory checked."""
    graph = every(len(machine))
    made, xs = built(graph, MACHINES[machine]), inputs(graph)
    trace = host.run(host.build(made, sanitize=True), made.interface, xs)
    assert compare.equal_steps(trace, twin.run(graph, xs)) == len(xs[0][0])


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=70))
def test_ranges_hold_every_neuron_once(kinds: list[tuple[bool, bool]]) -> None:
    own, given_ = np.array(kinds).T
    found = ranges(own, given_)
    assert [0, *(end for _, end in found)] == [*(start for start, _ in found), len(kinds)]
    assert all(end - start <= ROWS for start, end in found if own[start:end].any())
    assert len(found) == 1 or all(end - start >= LEAST for start, end in found)


@pytest.mark.parametrize(
    ("own", "given_", "expected"),
    [
        ([1] * 8, [0] * 8, [(0, 8)]),
        ([1] * 9, [0] * 9, [(0, 4), (4, 9)]),
        ([0] * 20, [1] * 20, [(0, 20)]),  # they need no sums
        ([1] * 4 + [0] * 5, [0] * 4 + [1] * 5, [(0, 4), (4, 9)]),
        ([1] * 3 + [0] * 5, [0] * 3 + [1] * 5, [(0, 8)]),  # too few for a call
        ([1, 0] * 6, [0, 1] * 6, [(0, 4), (4, 8), (8, 12)]),
        ([1] * 2 + [0] * 9 + [1] * 3, [1] * 14, [(0, 7), (7, 14)]),  # too few at both ends
    ],
)
def test_ranges_by_hand(own: list[int], given_: list[int], expected: list[tuple[int, int]]) -> None:
    assert ranges(np.array(own) > 0, np.array(given_) > 0) == expected


def test_readers_come_first() -> None:
    motor, command, inner = (0, 4), (4, 9), (9, 20)
    assert in_order({inner: (0, 0), command: (4, 20), motor: (4, 9)}) == [motor, command, inner]
    around = {(0, 4): (4, 8), (8, 12): (0, 4), (4, 8): (8, 12)}  # each is read: any may begin
    assert in_order(around) == [(0, 4), (4, 8), (8, 12)]


def test_a_wiring_has_sums_where_it_has_synapses() -> None:
    """Its inner neurons have those of sensors alone, its others those of one range at a time: nothing is copied but
    what goes out, as each layer is read before it is overwritten."""
    graph = layered((4, 5, 9))
    made, whole = (plan(graph, "m", {}, HOST, goal) for goal in ("size", "balanced"))
    assert sorted((b.type, b.size) for b in made.buffers) == [("int32_t", 2 * 5), ("int32_t", 2 * 9)]
    assert whole.buffer_bytes == 2 * 8 * 18
    assert sum(c.function == "ln_copy" for c in calls(made)) == 1
    [loop] = [s for s in made.statements if isinstance(s, Loop)]
    written = [s.arguments[0] for s in loop.body if isinstance(s, Call) and s.function == "ln_mean"]
    assert written == ["s->s0", "s->s0 + 4", "s->s0 + 9"]


def test_neurons_that_all_read_each_other_need_a_second_copy_of_all_but_the_last() -> None:
    b, rng = Builder(), np.random.default_rng(0)
    wired(b, rng, b.input(4), np.full(16, 16), np.full(16, 4))
    made = plan(b.graph(), "m", {}, HOST, "size")
    assert sorted((b.type, b.size) for b in made.buffers) == [("int16_t", 8), *3 * [("int32_t", 16)]]


@pytest.mark.parametrize("n", [1, 4, 8])
def test_few_neurons_stay_as_they_are(n: int) -> None:
    b, rng = Builder(), np.random.default_rng(0)
    wired(b, rng, b.input(4), np.full(n, 2), np.full(n, 2))
    assert parted(b.graph()).values == b.graph().values


def test_sums_that_others_read_stay_as_they_are() -> None:
    """Two networks that start from the same sums; a pair whose mean comes later than something else."""
    b, rng = Builder(), np.random.default_rng(0)
    x, v = b.input(4), b.state(rng.integers(-FULL, FULL, 12))
    shared = b.synapses(rng, b.leak(rng, 12), x)
    first, second = (b.mean(rng, b.synapses(rng, shared, v), v) for _ in range(2))
    late = b.synapses(rng, b.leak(rng, 12), v)
    third = b.multiply(first, second, 15)
    b.becomes(v, b.mean(rng, late, third))
    assert parted(b.graph()).values == b.graph().values


def test_where_ram_is_scarce_balanced_code_has_ranges_too() -> None:
    """That decides by the part, not by the board of its emulator."""
    graph = layered()
    sizes = [plan(graph, "m", {}, target.load(name)).buffer_bytes for name in ("avr-atmega328p", "avr-atmega2560")]
    assert sizes[0] < sizes[1] == plan(graph, "m", {}, HOST).buffer_bytes
    assert target.load("arduino-uno").scarce and not HOST.scarce


@pytest.mark.parametrize("machine", ["scalar", "narrow"])
def test_neurons_that_are_told_the_time_have_ranges_too(machine: str) -> None:
    graph = timed()
    made, xs = built(graph, MACHINES[machine]), inputs(graph)
    trace = host.run(host.build(made, sanitize=True), made.interface, xs)
    assert compare.equal_steps(trace, twin.run(graph, xs)) == len(xs[0][0]) and same(parted(graph), graph)
    whole, thrifty = (plan(graph, "m", {}, MACHINES[machine], goal).buffer_bytes for goal in ("balanced", "size"))
    assert thrifty <= whole - 8 * 9


def test_rows_that_others_read_stay_as_they_are() -> None:
    b, rng = Builder(), np.random.default_rng(0)
    b.time()
    x, v = b.input(4), b.state(rng.integers(-FULL, FULL, 12))
    b.becomes(v, sharing(b, rng, x, v))
    b.output(x)
    assert parted(b.graph()).values == b.graph().values


def test_networks_that_share_constants() -> None:
    """The same records with other counts are other synapses."""
    b, rng = Builder(), np.random.default_rng(0)
    x, v = b.input(4), b.state(rng.integers(-FULL, FULL, 12))
    wired(b, rng, x, np.full(12, 2), np.zeros(12, np.int64))
    graph = b.graph()
    [sums] = [n for n in graph.walk() if n.op == "synapses"]
    counts = b.constant([4, 0] * 6, Format(16, 0))
    base, _, record, _, nodes = sums.inputs
    b.constants[record] = np.minimum(graph.constants[record], [1 << 31, 1 << 15, 200, 1 << 15, 3])
    pair = b.op("synapses", (base, x, record, counts, nodes), (12, 2), Format(32, 12), **sums.attrs)
    b.becomes(v, b.mean(rng, pair, v))
    assert same(parted(b.graph()), b.graph())


def test_ranges_that_take_more_memory_are_not_taken() -> None:
    """Where one network's come before another that has none: the large arrays of that do not fit into small ones."""
    graph = timed(after=True)
    in_ranges = parted(stripped(stacked(once(graph), SHORT)))
    line = timeline(in_ranges)
    _, buffers = pack(places(in_ranges, line, thrifty=True).blocks, line.lives)
    made = plan(graph, "m", {}, HOST, "size")
    assert made.buffer_bytes < sum(int(b.type[3:5]) // 8 * b.size for b in buffers)
    assert sum(c.function.startswith("ln_mean") for c in calls(made)) == 3


@pytest.mark.parametrize("lanes", [4, 8])
def test_streams_have_ranges_too(lanes: int) -> None:
    whole, made = (plan(layered(), "m", {}, HOST, goal, lanes=lanes).batch for goal in ("balanced", "size"))
    assert whole is not None and made is not None
    assert sum(b.size for b in made.buffers) < sum(b.size for b in whole.buffers)


def test_an_update_reaches_every_range(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's neurons are few, so that ranges are of two here."""
    monkeypatch.setattr(parts, "ROWS", 2)
    monkeypatch.setattr(parts, "LEAST", 1)
    old = ranged(base("ltc"), target="host", updatable=True, optimise="size")
    new = Program(old).update(Model(moved(base("ltc"), 0.05, 1))).build
    assert old.sources["m.c"].count("ln_mean") > 1
    device, raw = Updated(old), raws(old)
    state = device.fresh()
    assert new.update is not None and device.update(state, new.update) in (0, 1024)
    device.calls.m_restart(state)
    agree(device.run(state, old, raw), new, raw)


def test_the_graph_of_the_kit_has_ranges() -> None:
    """Those of ``neurons`` run on every emulated core in tests/test_machine_kernels.py."""
    assert parted(neurons()).values != neurons().values


def test_finer_conductances_go_in_ranges_too() -> None:
    """What makes sums coarser is done for those of each range."""
    b, rng = Builder(), np.random.default_rng(0)
    own, given = np.repeat([2, 0], [10, 7]), np.repeat([0, 3], [10, 7])
    wired(b, rng, b.input(5), own, given, finer=2)
    made = plan(b.graph(), "m", {}, HOST, "size")
    each = [call.function for call in calls(made)]
    assert each.count("ln_mean") == each.count("ln_coarsen") == 3
    assert each.count("ln_synapses") == 3
