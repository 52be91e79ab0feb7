"""plan: copies that are avoided, copies that are ordered, buffers that are shared, bounds that are handed on."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from integer_graphs import WIDE, Builder, drawn

from lnncc import share
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Graph
from lnncc.ops import OPS
from lnncc.plan import layouts, plan, prototypes
from lnncc.plan.copies import Copy, in_order
from lnncc.plan.layouts import Packed
from lnncc.plan.places import Place, places
from lnncc.plan.program import Buffer, Call, Loop, Plan, Statement
from lnncc.plan.timeline import timeline
from lnncc.target import load
from tests import models

RNG = np.random.default_rng
HOST = load("host")


def calls(statements: tuple[Statement, ...], depth: int = 0) -> list[str]:
    """Statements as text, one call a line, the body of a loop indented."""
    lines: list[str] = []
    for statement in statements:
        if isinstance(statement, Loop):
            lines += [f"{' ' * depth}{statement.trips} times", *calls(statement.body, depth + 1)]
        else:
            lines.append(f"{' ' * depth}{statement.function} {' '.join(a for a in statement.arguments if _named(a))}")
    return lines


def _named(argument: str) -> bool:
    return argument[0].isalpha() and argument[0] != "c"


def planned(graph: Graph) -> Plan:
    return plan(graph, "m", {}, HOST)


@pytest.mark.parametrize("size, trips, what", [(65536, 2, "array of 65536"), (2, 65536, "loop of 65536")])
def test_what_16_bits_cannot_count_is_refused(size: int, trips: int, what: str) -> None:
    b = Builder()
    v = b.state(np.zeros(size))
    [u] = b.loop((v,))
    b.output(b.end((v,), (u,), (b.door(u, -9, 9),), trips)[0])
    with pytest.raises(LnnccError, match=f"E0340.*{what}"):
        planned(b.graph())


def ltc() -> Graph:
    b, rng = Builder(), RNG(0)
    x, v = b.input(3), b.state(np.zeros(5))
    base = b.synapses(rng, b.leak(rng, 5), b.door(x, -9, 9))
    [u] = b.loop((v,))
    [after] = b.end((v,), (u,), (b.mean(rng, b.synapses(rng, base, u), u),), trips=6)
    b.becomes(v, after)
    b.output(b.slice(after, 1, 2))
    return b.graph()


def test_the_loop_of_an_ltc_works_in_the_state_itself() -> None:
    assert calls(planned(ltc()).statements) == [
        "ln_door t0 x0",
        "ln_synapses t1 t0",
        "6 times",
        " ln_synapses t2 t1 s->s0",
        " ln_mean s->s0 t2 s->s0",
        "ln_copy y0 s->s0 + 1",
    ]


def cfc() -> Graph:
    b, rng = Builder(), RNG(1)
    x, h = b.input(3), b.state(np.zeros(4))
    both = b.concat(b.door(x, -9, 9), h)
    first, second, gate = (b.table(rng, b.affine(rng, both, 4)) for _ in range(3))
    after = b.blend(first, second, gate)
    b.becomes(h, after)
    b.output(b.requantise(b.affine(rng, b.table(rng, b.affine(rng, after, 2)), 6), 10))
    return b.graph()


def test_the_step_of_a_cfc_copies_the_old_state_alone() -> None:
    assert calls(planned(cfc()).statements) == [
        "ln_door t0 x0",
        "ln_copy t0 + 3 s->s0",
        "ln_affine t1 t0",
        "ln_table s->s0 t1",
        "ln_table t0 t1 + 4",
        "ln_table t2 t1 + 8",
        "ln_blend s->s0 s->s0 t0 t2",
        "ln_affine t1 s->s0",
        "ln_table t2 t1",
        "ln_affine t1 t2",
        "ln_requantise_sat y0 t1",
    ]


def test_buffers_are_shared_by_type_and_lifetime() -> None:
    chained, rng = Builder(), RNG(2)
    value = chained.input(6)
    for _ in range(5):
        value = chained.requantise(chained.affine(rng, value, 6), 10)
    chained.output(value)
    assert planned(chained.graph()).buffers == (Buffer("t0", "int32_t", 6), Buffer("t1", "int16_t", 6))


def test_states_that_exchange_places_go_through_a_third() -> None:
    b = Builder()
    x = b.input(2)
    states = [b.state(np.arange(2)) for _ in range(3)]
    for state, after in zip(states, [states[1], states[2], states[0]], strict=True):
        b.becomes(state, after)
    b.output(x)
    made = calls(planned(b.graph()).statements)
    assert made[0] == "ln_copy y0 x0" and len(made) == 5 and "t0" in made[1] and made[4].endswith("t0")


def test_an_output_that_shows_the_old_state_is_copied_before_it_changes() -> None:
    b = Builder()
    x, s = b.input(2), b.state(np.zeros(2))
    b.output(s)
    b.becomes(s, b.door(x, -5, 5))
    assert calls(planned(b.graph()).statements) == ["ln_copy y0 s->s0", "ln_door s->s0 x0"]


def test_an_op_that_cannot_work_in_place_gets_another_buffer() -> None:
    b = Builder()
    x, s = b.input(1), b.state(np.arange(3))
    b.becomes(s, b.gather(s, [2, 0, 1]))
    b.output(x)
    made = calls(planned(b.graph()).statements)
    assert made == ["ln_copy y0 x0", "ln_gather t0 s->s0", "ln_copy s->s0 t0"]


def test_what_nobody_reads_is_not_copied() -> None:
    b = Builder()
    x = b.input(3)
    [p] = b.loop((x,))
    b.end((x,), (p,), (b.gather(p, [0, 0, 0]),), trips=2)  # its result is lost
    b.output(x)
    made = calls(planned(b.graph()).statements)
    assert made == ["ln_copy y0 x0", "ln_copy t0 x0", "2 times", " ln_gather t1 t0", " ln_copy t0 t1"]


@pytest.mark.parametrize("seed", range(40))
def test_every_value_lies_inside_its_block(seed: int) -> None:
    """That it is not overwritten there while it is alive, test_emit finds by running the C."""
    line = timeline(graph := drawn(seed))
    where = places(graph, line)
    for name, place in where.values.items():
        assert place.start >= 0 and place.start + line.lives[name].size <= where.blocks[place.block].size
    for key, block in where.blocks.items():
        assert all(where.values[name].block == key for name in block.values)
        assert block.writable or len(block.values) == 1


@st.composite
def jumbles(draw: st.DrawFn) -> list[tuple[int, int, int]]:
    """Copies (to, from, size) inside one block of 24 whose targets do not overlap."""
    cuts = sorted(draw(st.sets(st.integers(0, 24), min_size=2, max_size=7)))
    pairs = list(pairwise(cuts))
    return [(a, draw(st.integers(0, 24 - (b - a))), b - a) for a, b in draw(st.permutations(pairs))]


@given(jumbles())
def test_simultaneous_copies_read_before_any_writes(moves: list[tuple[int, int, int]]) -> None:
    memory = {0: list(range(24))}
    expected = list(memory[0])
    for to, source, size in moves:
        expected[to : to + size] = memory[0][source : source + size]

    def scratch(size: int) -> Place:
        memory[len(memory)] = [0] * size
        return Place(len(memory) - 1, 0)

    for copy in in_order([Copy(Place(0, to), Place(0, source), size) for to, source, size in moves], scratch):
        assert isinstance(copy.source, Place)
        part = memory[copy.source.block][copy.source.start : copy.source.start + copy.size]
        memory[copy.to.block][copy.to.start : copy.to.start + copy.size] = part
    assert memory[0] == expected


def test_bounds_come_from_doors_and_from_the_proof() -> None:
    b = Builder()
    x, s = b.input(2), b.state(np.array([3, -4]))
    door = b.door(x, -50, 60)
    b.becomes(s, door)
    b.output(door)
    b.output(b.constant([7, 8]))
    graph = b.graph()
    found = plan(
        graph, "m", {s: Interval(np.array([-50, -51]), np.array([60, 61])), door: Interval(*_ends(-50, 60))}, HOST
    )
    ends = [(v.id, v.low, v.high) for v in (*found.interface.inputs, *found.interface.states, *found.interface.outputs)]
    assert ends == [("x0", -50, 60), ("s0", -51, 61), ("y0", -50, 60), ("y1", 7, 8)]
    assert not found.fields[0].uniform
    starts = found.fields[0].initial.any()
    assert found.constant_bytes == found.table_bytes + (2 + bool(starts)) * 2 * 2 + 4
    with pytest.raises(AssertionError, match="starts outside"):
        plan(graph, "m", {s: Interval(*_ends(-50, 2))}, HOST)


def _ends(low: int, high: int) -> tuple[np.ndarray, np.ndarray]:
    return np.full(2, low), np.full(2, high)


def test_sizes_are_known_before_any_compiler_runs() -> None:
    found = planned(cfc())
    assert found.interface.counters == ("clipped", "saturated")
    assert found.state_bytes == 4 * 2 + 2 * 4 and found.save_bytes == 10 + 4 * 2
    assert found.table_bytes == sum(table.bytes for table in found.tables) > 500
    assert found.constant_bytes == found.table_bytes + 2 * int(found.fields[0].initial.any()) * 4 + 4
    assert found.buffer_bytes == sum({"int16_t": 2, "int32_t": 4}[b.type] * b.size for b in found.buffers)


def test_the_digest_tells_models_apart() -> None:
    assert planned(cfc()).digest == planned(cfc()).digest != planned(ltc()).digest
    graph = cfc()
    name = next(n for n, array in graph.constants.items() if array.size > 1)
    other = {**graph.constants, name: graph.constants[name] + 1}
    assert planned(graph.edited(constants=other)).digest != planned(graph).digest


def test_a_constant_that_its_type_cannot_hold_is_our_bug() -> None:
    b = Builder()
    x = b.input(2)
    b.output(b.multiply(x, b.constant([1, 40000]), 12))
    with pytest.raises(AssertionError, match="40000"):
        planned(b.graph())


def test_a_shift_that_c_does_not_define_is_our_bug() -> None:
    b = Builder()
    x, acc = b.input(2), b.constant([0, 0])
    b.constants[acc] = np.zeros(2, np.int64)
    for weights, fine in (([[0, 0], [1, 2]], True), ([[1, 0], [1, 2]], False)):
        attempt = Builder()
        attempt.values, attempt.constants, attempt.inputs = dict(b.values), dict(b.constants), list(b.inputs)
        w, s = attempt.constant(weights), attempt.constant([72, 3])
        attempt.output(attempt.requantise(attempt.op("affine", (acc, x, w, s), 2, WIDE, rows=2, cols=2), 3))
        if fine:
            assert [t.values.max() for t in planned(attempt.graph()).tables if t.type == "uint8_t"] == [30]
        else:
            with pytest.raises(AssertionError, match="more than 30"):
                planned(attempt.graph())


def test_a_packed_table_is_called_what_it_holds() -> None:
    """On a core that packs them in another order too, where synapses also say where a destination ends."""
    found = {t.type: t.label for t in plan(models.compiled(models.ltc()).integer, "m", {}, load("cortex-m4")).tables}
    assert found["ln_synapse_words"] == "synapses: b, a, w, e, source, synapses of each destination"
    assert found["ln_pair"].startswith("logistic(x) in Q0.15, 512 intervals of 0.0625 from -16, ")


@pytest.mark.parametrize("op", sorted(OPS))
def test_every_op_has_a_kernel_or_is_none_of_its_own(op: str) -> None:
    if op in ("slice", "concat"):
        return
    name = {"affine": "affine_w8", "table": "table_s16"}.get(op, op)
    found = prototypes.find(op, name)
    assert found.parameters[0].pointer and not found.parameters[0].const
    assert found.counts == (op == "door")


KERNEL = """
/* layout backwards: w, s */
LN_FN void ln_affine_own(int32_t *y, const int16_t *w, const int32_t *acc, const int16_t *x, ln_size cols)
{
}
"""


def _backwards(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    w = constants["w"]
    return None if w.shape[0] == 1 else Packed({"w": w[::-1]}, {"cols": attrs["cols"]})


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (2, ("ln_affine_own", ("t0", "c0", "c1", "x0", "3"))),
        (1, ("ln_affine", ("t0", "c0", "x0", "c1", "c2", "1", "3"))),
    ],
)
def test_a_machine_may_have_its_own_text_of_a_kernel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, expected: tuple[str, tuple[str, ...]]
) -> None:
    """In the layout that its first line names, if that has a use for the constants."""
    kernels = shutil.copytree(share.folder("runtime"), tmp_path / "runtime") / "kernels"
    (kernels / "affine.own.h").write_text(KERNEL)
    monkeypatch.setattr(share, "folder", lambda name: tmp_path / name)
    monkeypatch.setattr(layouts, "LAYOUTS", {"backwards": _backwards})
    b = Builder()
    acc, w, s = b.constant([1] * rows), b.constant(np.arange(3 * rows).reshape(rows, 3)), b.constant([1] * rows)
    b.output(b.requantise(b.op("affine", (acc, b.input(3), w, s), rows, WIDE, rows=rows, cols=3), 3))
    found = plan(b.graph(), "m", {}, replace(HOST, isa=("own", "scalar")))
    assert found.statements[0] == Call(*expected)
    assert ("affine.own" in found.kernels) == (rows == 2)
    if rows == 2:
        assert found.tables[0].values.ravel().tolist() == [3, 4, 5, 0, 1, 2]


def test_a_call_is_what_the_prototype_says() -> None:
    b = Builder()
    x = b.input(4)
    b.output(b.door(x, -3, 4))
    assert planned(b.graph()).statements == (Call("ln_door", ("y0", "x0", "-3", "4", "4"), counter="clipped"),)


def test_what_reads_a_mean_waits_for_all_of_it() -> None:
    """For speed a mean has a call a destination, and so have tables of single synapses: of these alone what is made
    first is read by the next while the rest is still to come."""
    b, rng = Builder(), np.random.default_rng(0)
    x, z = b.input(5), b.state(np.zeros(6))
    first = b.mean(rng, b.synapses(rng, b.leak(rng, 6), x, counts=[1] * 6), z)
    second = b.mean(rng, b.synapse_tables(rng, b.leak(rng, 6), first, [2] * 6, shift=12), z)
    b.becomes(z, second)
    made = plan(b.graph(), "m", {}, load("cortex-m4"), "speed")
    order = [call.function for call in made.statements if isinstance(call, Call)]
    mean, tables = "ln_mean_dsp", "ln_synapse_tables_dsp"
    assert order[-18:] == [mean] * 6 + [tables, mean] * 6
