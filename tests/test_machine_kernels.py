"""Kernels of one machine against the twin: on the desk, where the same words are plain C, and on an emulated core."""

import functools
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from integer_graphs import FULL, Builder, drawn, long_bytes, long_rows
from toy_model import compiler, need_target, seldom
from vector_graphs import many_nodes, many_synapses, one_vector

from lnncc import target, twin
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Array, Attr, Format, Graph
from lnncc.kit import graphs
from lnncc.options import Settings
from lnncc.plan import layouts, plan, prototypes
from lnncc.plan.program import Call, Loop, Statement
from lnncc.target import Target
from lnncc.validate import compare, emulate, firmware, host
from lnncc.validate.toolchain import Compiler

CORES = {
    "dsp": ("cortex-m4", "cortex-m33", "cortex-m7"),
    "mve": ("cortex-m55",),
    "rvv": ("rv32-rvv",),
    "thumb1": ("cortex-m0plus",),
    "narrow": ("avr-atmega2560",),
    "dot": ("aarch64-dot",),
}  # ISAs whose words are plain C elsewhere, and targets that have them
CORE_NAMES = [core for cores in CORES.values() for core in cores]
STEPS = 12


def rows_of_synapses() -> Graph:
    """All sources of each destination, or some neighbours of some; of which one weighs more than 14 bits hold."""
    b, rng = Builder(), np.random.default_rng(0)
    x, v = b.input(5), b.state(rng.integers(-FULL, FULL, 8))
    pair = b.leak(rng, 8)
    for source, skip, counts, most in ((x, 1, [0, 2, 2, 0], 20000), (x, 0, [4, 4, 4, 4], 3000), (v, 0, [8] * 4, 3000)):
        counts = [*counts[:2], *[max(counts[1:3])] * 4, *counts[2:]]
        n = sum(counts)
        src = np.concatenate([skip + np.arange(count) for count in counts])
        columns = [(-FULL * 64, FULL * 64), (-FULL, FULL), (0, most), (-FULL, FULL)]
        record = np.stack([*(rng.integers(low, high, n) for low, high in columns), src], axis=-1)
        nodes = b.constant(np.sort(rng.integers(0, FULL, 33)), Format(16, 15), "sigmoid")
        constants = b.constant(record, Format(32, 0)), b.constant(counts, Format(16, 0)), nodes
        place: Mapping[str, Attr] = {"low": -(16 << 22), "top": (16 << 22) - 1, "shift": 22, "kind": "linear", "n": 8}
        pair = b.op("synapses", (pair, source, *constants), (8, 2), Format(32, 12), **place)
    b.becomes(v, b.mean(rng, pair, v))
    b.output(b.slice(v, 0, 8))
    return b.graph()


GRAPHS: Mapping[str, Graph] = {"affine": graphs.affine(16), "affine_w8": graphs.affine(8), "table": graphs.table(30)}
GRAPHS |= {"long rows": long_rows(), "long bytes": long_bytes(), "rows of synapses": rows_of_synapses()}
GRAPHS |= {"synapses": graphs.neurons(), "synapse_tables": graphs.tables(), "elements": graphs.elements()}
GRAPHS |= {f"drawn {seed}": drawn(seed) for seed in range(6)}
GRAPHS |= {"many synapses": many_synapses(), "one vector": one_vector()}


def inputs(graph: Graph, steps: int = STEPS) -> tuple[Array, ...]:
    """(1, steps, size): random, then all least, all most, nothing, and one of each."""
    rng = np.random.default_rng(1)
    xs = [rng.integers(-FULL, FULL, (1, steps, graph.values[p.value].size)) for p in graph.inputs]
    for x in xs:
        x[0, :4] = np.array([-FULL, FULL - 1, 0, -1])[:, None]
        x[0, 4] = np.resize([-FULL, FULL - 1], x.shape[-1])
    dt = [] if graph.dt is None else [rng.integers(-(1 << 31), 1 << 31, (1, steps, 1)).astype(np.int32)]
    return (*(x.astype(np.int16) for x in xs), *dt)


@functools.cache
def built(name: str, machine: str, optimise: str = "balanced") -> Build:
    """Planned for ``machine`` and named as a build for the host, so that it is compiled as it is."""
    return planned(name, _desk(machine), optimise)


def planned(name: str, chosen: Target, optimise: str = "balanced") -> Build:
    return planned_graph(GRAPHS[name], chosen, optimise)


def planned_graph(graph: Graph, chosen: Target, optimise: str = "balanced") -> Build:
    layout = plan(graph, "m", {}, chosen, optimise)
    empty = Graph({}, {}, (), (), (), ())
    return Build(Settings("m"), Choices(), layout.interface, empty, graph, emit(layout), {}, {}, {})


@pytest.mark.parametrize("mode", [{"sanitize": True}, *seldom([{"check": True}])])
@pytest.mark.parametrize("name", seldom(GRAPHS, *(name for name in GRAPHS if not name.startswith("drawn"))))
@pytest.mark.parametrize("machine", CORES)
def test_on_the_desk(machine: str, name: str, mode: dict[str, bool]) -> None:
    _equal_on_the_desk(machine, name, "balanced", mode)


@pytest.mark.parametrize("optimise", ["speed", "size"])
@pytest.mark.parametrize("name", ["affine", "table", "synapses", "synapse_tables", "drawn 0", "drawn 3"])
def test_on_the_desk_for_speed_and_for_size(name: str, optimise: str) -> None:
    _equal_on_the_desk("dsp", name, optimise, {"check": True})


def _equal_on_the_desk(machine: str, name: str, optimise: str, mode: dict[str, bool]) -> None:
    build, xs = built(name, machine, optimise), inputs(GRAPHS[name])
    trace = host.run(host.build(build, **mode), build.interface, xs)
    assert compare.equal_steps(trace, twin.run(GRAPHS[name], xs)) == STEPS


CHANGED = {"speed": ("synapse_tables",), "size": ("synapses", "affine", "table")}  # graphs whose C such a goal changes


@pytest.mark.parametrize("optimise", ["balanced", *CHANGED])
@pytest.mark.parametrize("name", [name for name in GRAPHS if not name.startswith("drawn")])
@pytest.mark.parametrize("core", seldom(CORE_NAMES, *(cores[0] for cores in CORES.values())))
def test_on_an_emulated_core(core: str, name: str, optimise: str, tmp_path: Path) -> None:
    if name not in CHANGED.get(optimise, GRAPHS):
        pytest.skip(f"nothing is done for {optimise} here")
    need_target(core)
    xs, chosen = inputs(GRAPHS[name]), target.load(core)
    build = planned(name, chosen, optimise)
    assert _output(build, chosen, xs, tmp_path) == _record(twin.run(GRAPHS[name], xs))


def many_rows() -> Graph:
    """So many that their columns take longer turns, of 48: none, one, and two with what is left."""
    b, rng = Builder(), np.random.default_rng(7)
    x = b.input(112)
    for start, rows, cols in ((0, 128, 19), (1, 129, 61), (0, 130, 64), (1, 131, 107), (0, 128, 110)):
        b.output(b.requantise(b.affine(rng, b.slice(x, start, cols), rows, least_shift=2), 14))
    return b.graph()


@pytest.mark.parametrize("kind", [None, "gcc"])
def test_many_rows(kind: str | None, tmp_path: Path) -> None:
    need_target("cortex-m4")
    graph, chosen = many_rows(), target.load("cortex-m4")
    layout = plan(graph, "m", {}, chosen)
    empty = Graph({}, {}, (), (), (), ())
    build = Build(Settings("m"), Choices(), layout.interface, empty, graph, emit(layout), {}, {}, {})
    found = _output(build, chosen, inputs(graph), tmp_path, None if kind is None else compiler("cortex-m4", kind))
    assert found == _record(twin.run(graph, inputs(graph)))


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("name", "optimise"),
    [*((n, "balanced") for n in ("affine", "affine_w8", "synapses", "synapse_tables")), ("synapse_tables", "speed")],
)
@pytest.mark.parametrize(("core", "kind"), [(c, t.kind) for c in CORE_NAMES for t in target.load(c).compilers[1:]])
def test_other_compilers_give_the_same_bits(core: str, kind: str, name: str, optimise: str, tmp_path: Path) -> None:
    """Assembly among what a compiler allocates by itself: each has its own way to be out of registers."""
    need_target(core)
    xs, chosen = inputs(GRAPHS[name]), target.load(core)
    found = _output(planned(name, chosen, optimise), chosen, xs, tmp_path, compiler(core, kind))
    assert found == _record(twin.run(GRAPHS[name], xs))


def test_a_vector_is_halved_once_for_matrices_that_follow_each_other() -> None:
    """What the loop's last trip leaves is no more known than what its first one finds."""
    text = built("one vector", "mve").sources["m.c"]
    assert re.findall(r"ln_affine_w8_mve\(.*, (\d), \d+, \d+\);", text) == list("01000010")


def test_more_nodes_than_16_bits_count(tmp_path: Path) -> None:
    """Too many for the memory of other cores that are emulated here."""
    need_target("cortex-m55")
    graph, core = many_nodes(), target.load("cortex-m55")
    xs = inputs(graph)
    expected, desk = twin.run(graph, xs), planned_graph(graph, _desk("mve"))
    assert re.search(r"ln_synapse_tables_mve\(.*, 4, 1, 0, 6, 6\);", desk.sources["m.c"])
    trace = host.run(host.build(desk, sanitize=True), desk.interface, xs)
    assert compare.equal_steps(trace, expected) == STEPS
    assert _output(planned_graph(graph, core), core, xs, tmp_path) == _record(expected)


@pytest.mark.parametrize("bits", [256, 1024])
@pytest.mark.parametrize("name", ["affine", "affine_w8", "table", "synapses", "elements"])
def test_vectors_of_any_length(name: str, bits: int, tmp_path: Path) -> None:
    need_target("rv32-rvv")
    xs, chosen = inputs(GRAPHS[name]), target.load("rv32-rvv")
    [(emulator, machine)] = chosen.emulated().emulators
    board = replace(chosen.emulated(), emulators=((emulator, machine.replace("vlen=128", f"vlen={bits}")),))
    assert board != chosen.emulated()
    found = _output(planned(name, chosen), replace(chosen, board=board), xs, tmp_path)
    assert found == _record(twin.run(GRAPHS[name], xs))


def _output(
    build: Build, chosen: Target, xs: tuple[Array, ...], folder: Path, compiler: Compiler | None = None
) -> bytes:
    for file, text in build.sources.items():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(text)
    elf = firmware.build(folder, build.interface, chosen, folder / "work", compiler)
    stdin = np.concatenate([x[0] for x in xs], axis=-1).astype("<i2").tobytes()
    return emulate.run(elf, build.interface, chosen, stdin, count=0).output


def _record(trace: compare.Trace) -> bytes:
    return np.concatenate([y[0] for side in trace for y in side], axis=-1).astype("<i2").tobytes()


@pytest.mark.parametrize("machine", CORES)
def test_every_kernel_of_a_machine_was_called(machine: str) -> None:
    """A layout that refuses everything would let the tests above pass."""
    folder = Path(prototypes.__file__).parents[2] / "runtime" / "kernels"
    texts = [path.read_text() for path in folder.glob(f"*.{machine}.h")]
    own = {line["name"] for text in texts for line in prototypes.LINE.finditer(text) if line["layout"]}
    goals = ("balanced", "speed", "size")
    plans = [plan(graph, "m", {}, _desk(machine), goal) for graph in GRAPHS.values() for goal in goals]
    called = {function for made in plans for function in _called(made.statements)}
    assert own and own <= called


def test_four_rows_of_eight_columns() -> None:
    w, s = np.arange(5 * 9).reshape(5, 9) + 1, np.array([3, 40, 0, 1, 2])
    found = layouts.row_octets({"w": w, "s": s}, {}).tables["w"].reshape(2, 2 * 32 + 4)
    assert found[0, :8].tolist() == w[0, :8].tolist() and found[0, 24:32].tolist() == w[3, :8].tolist()
    assert found[0, 32:40].tolist() == [9] + [0] * 7 and found[0, 64:].tolist() == [-3, -30, 0, -1]
    assert (
        found[1, :8].tolist() == w[4, :8].tolist()
        and not found[1, 8:32].any()
        and found[1, 64:].tolist() == [-2, 0, 0, 0]
    )


def test_four_rows_of_sixteen_columns_in_words() -> None:
    w, s = np.arange(5 * 33).reshape(5, 33) % 251 - 125, np.array([3, 40, 0, 1, 2])
    attrs = {"shared": False}
    packed = layouts.row_halves({"w": w, "s": s}, attrs)
    assert packed is not None and packed.scratch == 3 * 32 // 4
    found = packed.tables["w"].reshape(2, 4 + 3 * 16 + 1)
    assert found[0, :4].tolist() == (128 * w[:4].sum(axis=1)).tolist() and found[1, 1:4].tolist() == [0, 0, 0]
    weights = found[:, 4:-1].astype("<i4").view(np.int8).reshape(2, 3, 4, 16)
    assert (weights[0, 1] == w[:4, 16:32]).all() and (weights[1, 0, 0] == w[4, :16]).all()
    assert weights[0, 2, 3].tolist() == [w[3, 32], *[0] * 15] and not weights[1, :, 1:].any()
    assert found[:, -1].astype("<i4").view(np.int8).tolist() == [-3, -30, 0, -1, -2, 0, 0, 0]
    assert layouts.row_halves({"w": w[:4], "s": s[:4]}, attrs) is None
    assert layouts.row_halves({"w": w, "s": s}, {"shared": True}) is None
    for cols, taken in ((24, False), (25, True), (256, True), (257, False)):
        assert (layouts.row_halves({"w": np.zeros((5, cols), int), "s": s}, attrs) is not None) == taken


def test_odd_intervals_have_their_value_at_the_end() -> None:
    found = layouts.flat_rises({"nodes": np.array([5, 5, 7, 4, 4])}, {"low": -(2 << 11), "shift": 11})
    assert found is not None and found.attrs["half"] == 2
    assert found.tables["nodes"].tolist() == [[0, 5], [2, 7], [-3, 7], [0, 4]]


def test_rows_of_literal_sizes() -> None:
    """Four rows, then one; the last of three columns first; factors before what their rows begin from."""
    w, s = np.arange(5 * 3).reshape(5, 3), np.array([2, 40, 3, 4, 5])
    constants, attrs = {"w": w, "s": s, "acc": np.arange(5) + 100}, {"cols": 3, "shared": False}
    plain, first = layouts.literal_rows(constants, attrs), layouts.literal_rows_from(constants, attrs)
    assert plain is not None and first is not None
    pairs, one = [[2, 0], [5, 0], [8, 0], [11, 0], [0, 1], [3, 4], [6, 7], [9, 10]], [[14, 0], [12, 13]]
    assert plain.tables["w"].tolist() == [*pairs, [0, 1 << 14], [4, 0], [0, 1 << 13], [0, 1 << 12], *one, [0, 1 << 11]]
    ends = [[0, 1 << 14], [4, 0], [100, 0], [101, 0], [0, 1 << 13], [0, 1 << 12], [102, 0], [103, 0]]
    assert first.tables["w"].tolist() == [*pairs, *ends, *one, [0, 1 << 11], [104, 0]]
    for told in ({"shared": True}, {"cols": 2049}):
        assert layouts.literal_rows(constants, {**attrs, **told}) is None
    assert layouts.literal_rows({**constants, "s": s - 1}, attrs) is None


def test_rows_of_literal_sizes_one_after_the_other() -> None:
    """Four rows, then one, filled up to a word; shifts in bytes, before what the rows begin from."""
    w, s = np.arange(5 * 3).reshape(5, 3), np.array([1, 40, 3, 4, 5])
    constants, attrs = {"w": w, "s": s, "acc": np.arange(5) + 100}, {"cols": 3, "shared": False}
    plain, first = layouts.literal_words(constants, attrs), layouts.literal_words_from(constants, attrs)
    assert plain is not None and first is not None
    four, one = [*w[:4].reshape(-1, 2).tolist(), [30 * 256 + 1, 4 * 256 + 3]], [[12, 13], [14, 0], [5, 0]]
    assert plain.tables["w"].tolist() == [*four, *one]
    assert first.tables["w"].tolist() == [*four, *([100 + r, 0] for r in range(4)), *one, [104, 0]]
    for told in ({"shared": True}, {"cols": 2049}):
        assert layouts.literal_words(constants, {**attrs, **told}) is None
    assert layouts.literal_words({**constants, "s": s - 1}, attrs) is None


def test_a_mirrored_table_with_the_steepest_rise_that_fits() -> None:
    nodes, attrs = np.array([-1024, 0, 1024, 1]), {"low": -(2 << 11), "shift": 11, "shared": False}
    found = layouts.flat_mirrored({"nodes": np.pad(nodes, 2, mode="edge")}, {**attrs, "low": -(4 << 11)})
    assert found is not None and found.tables["nodes"][2].tolist() == [-(1 << 15), -1]
    assert layouts.flat_mirrored({"nodes": np.array([0, 0, 1025, 0, 0])}, attrs) is None
    assert layouts.flat_mirrored({"nodes": nodes}, {**attrs, "shared": True}) is None


def test_four_rows_of_weights_in_bytes() -> None:
    w, s = np.array([[1, -2, 3, -4, 5]] * 5), np.array([2, 40, 3, 3, 3])
    found = layouts.row_quads8({"w": w, "s": s}, {})
    assert found is not None
    table = found.tables["w"].reshape(2, 10, 2)
    assert table[0, 1].tolist() == [257 + 128, -2 * 257 + 128] and table[0, 4].tolist() == [5 * 257 + 128, 0]
    assert table[0, 6:8].tolist() == [[0, 1 << 14], [4, 0]] and table[1, 1].tolist() == [128, 128]
    assert table[1, 0].tolist() == [1 + 128, -2 + 128] and table[1, 5].tolist() == [128, 0]
    assert layouts.row_quads8({"w": w, "s": s - 1}, {}) is None


def test_two_rows_of_weights_in_halfwords() -> None:
    w = np.array([[1, -2], [-3, 4], [5, 6], [7, 8], [-9, 10]])
    found = layouts.byte_pairs({"w": w}, {}).tables["w"].reshape(4, 2)
    assert found[0].tolist() == [-3 * 256 + 1, 4 * 256 + 254] and found[2].tolist() == [247, 10]
    assert found[1].tolist() == [7 * 256 + 5, 8 * 256 + 6] and not found[3].any()


NODES: Mapping[str, Attr] = {"low": -(2 << 20), "shift": 20}


def test_four_synapses_of_a_destination_then_eight() -> None:
    """Nine are twelve, of which four come first; then a destination has none, and one has four."""
    record = np.array([[10 + k, -k, 2 * k, -3 * k, k] for k in range(13)])
    constants = {"synapse": record, "counts": np.array([0, 9, 0, 4]), "nodes": np.arange(5)}
    found = layouts.synapse_fours(constants, NODES)
    assert found is not None and (found.attrs["first"], found.attrs["n"], found.attrs["all"]) == (1, 3, 4)
    assert found.tables["counts"].tolist() == [3, *range(9), 0, 0, 0, 0, 1, 9, 10, 11, 12]
    first, eight, last = np.split(found.tables["synapse"], [10, 30])
    assert first[:6].tolist() == [10, 11, 12, 13, -1 << 16, (-3 << 16) + 65534]
    assert first[6:].tolist() == [0, (-3 << 16) + 2, (-6 << 16) + 4, (-9 << 16) + 6]
    assert eight[:4].tolist() == [(-5 << 16) + 65532, (-7 << 16) + 65530, 65528, 0]
    assert eight[4:12].tolist() == [14, 16, 18, 0, 15, 17, 0, 0]
    assert eight[12:16].tolist() == [(10 << 16) + 8, (14 << 16) + 12, 16, 0]
    assert eight[16:].tolist() == [(-15 << 16) + 65524, (-21 << 16) + 65518, 65512, 0]
    assert last[:4].tolist() == [19, 20, 21, 22]


def test_synapses_of_destinations_with_the_same_sources() -> None:
    """Two in five words, both reversal potentials between them; the argument is mirrored, conductances are doubled."""
    record = np.array([[10 + k, -k, 2 * k + 1, -3 * k, 3 + k % 2] for k in range(4)])
    constants = {"synapse": record, "counts": np.array([0, 2, 2, 0]), "nodes": np.arange(5)}
    found = layouts.synapse_rows(constants, NODES)
    assert found is not None
    words = [[~10, 2 << 16, -3 << 16, ~11, 6 << 16 | 1], [~12, 10 << 16 | 2, -9 << 16 | 65530, ~13, 14 << 16 | 3]]
    assert found.tables["synapse"].reshape(2, 5).tolist() == words
    where = ("skip", "pairs", "first", "n", "all", "up")
    assert [found.attrs[name] for name in where] == [3, 1, 1, 2, 4, 16]
    apart, long = (
        record + [0, 0, 0, 0, 1] * (np.arange(4)[:, None] == 3),
        np.zeros((layouts.synapses.LONGEST_ROW + 2, 5), int),
    )
    long[:, 4] = np.arange(len(long))
    for synapse, counts in ((record, [3, 1]), (record[:1], [1, 0]), (apart, [2, 2]), (long, [len(long)])):
        assert layouts.synapse_words({**constants, "synapse": synapse, "counts": np.array(counts)}, NODES) is not None
        assert layouts.synapse_rows({**constants, "synapse": synapse, "counts": np.array(counts)}, NODES) is None
    assert layouts.synapse_rows({**constants, "counts": np.zeros(4, int)}, NODES) is None


TABLES: Mapping[str, Array] = {
    "nodes": np.arange(3 * 5).reshape(3, 5), "e": np.array([-7, 8, 9]), "src": np.array([4, 2, 3]),
    "counts": np.array([0, 2, 0, 1, 0]),
}  # fmt: skip


def test_where_sources_lie_in_tables_of_single_synapses() -> None:
    """Bytes of tables of five nodes, and of places, from the first source that there is."""
    found = layouts.synapse_places(TABLES, {"shift": 14})
    assert found is not None and found.scratch == 3
    assert {k: v.tolist() for k, v in found.tables.items()} == {
        "nodes": list(range(1, 16)), "synapse": [0, -7, 24, 10, 8, 0, 20, 9, 12], "counts": [24, 0, 12]
    }  # fmt: skip
    assert dict(found.attrs) == {"shift": 14, "first": 1, "n": 3, "all": 5, "skip": 2, "sources": 3}


def test_what_tables_of_single_synapses_cannot_hold() -> None:
    """No synapse at all, a node with a sign, steps of one input, more synapses than 16 bits count the bytes of."""
    none = {**TABLES, "counts": np.zeros(5, int), "src": np.zeros(0, int)}
    long = {**TABLES, "counts": np.array([layouts.own.LONGEST_LIST + 1])}
    for constants, shift in ((none, 14), ({**TABLES, "nodes": TABLES["nodes"] - 1}, 14), (TABLES, 0), (long, 14)):
        assert layouts.synapse_places(constants, {"shift": shift}) is None


def test_tables_of_single_synapses_that_an_instruction_reaches() -> None:
    """They lie in the order of their sources, and count from the first one's of as many sources as lie near enough."""
    nodes, src = np.arange(5 * 1025).reshape(5, 1025), np.array([7, 3, 7, 2, 2])
    constants = {"nodes": nodes, "src": src, "counts": np.array([2, 0, 3])}
    found = layouts.one_by_one(constants, {"shift": 6, "unroll": True})
    assert found is not None and found.scratch == 3
    assert found.tables["nodes"].reshape(5, 1025)[:, 0].tolist() == [1025 * k for k in (3, 4, 1, 0, 2)]
    assert {k: v.tolist() for k, v in found.tables.items() if k != "nodes"} == {
        "src": [2, 1, 2, 0, 0], "index": [0, 0, 1, 0, 1], "order": [2, 3, 7], "where": [0, 2, 3]
    }  # fmt: skip
    near = layouts.one_by_one({**constants, "nodes": nodes[:, :683]}, {"shift": 6, "unroll": True})
    assert near is not None and near.tables["where"].tolist() == [0, 0, 3]
    assert [call["sources"] for call in found.calls] == [3, 0, 0] and found.calls[2]["first"] == 2
    none = {"nodes": nodes[:0], "src": src[:0], "counts": np.zeros(3, int)}
    empty = layouts.one_by_one(none, {"shift": 6, "unroll": True})
    assert empty is not None and empty.calls[0]["sources"] == 0 and empty.scratch == 1
    many = {**constants, "src": np.zeros(layouts.own.UNROLLED + 1, int)}
    assert layouts.one_by_one(many, {"shift": 6, "unroll": True}) is None
    assert layouts.one_by_one(constants, {"shift": 6, "unroll": False}) is None


def test_columns() -> None:
    assert layouts.columns({"w": np.arange(6).reshape(2, 3)}, {}).tables["w"].tolist() == [0, 3, 1, 4, 2, 5]
    record = np.array([[1, 2, 3, 4, 5], [6, 7, 8, 9, (1 << 15) - 1]])
    found = layouts.synapse_columns({"synapse": record}, {})
    assert found is not None and {k: v.tolist() for k, v in found.tables.items()} == {
        "b": [1, 6], "a": [2, 7], "w": [3, 8], "e": [4, 9], "src": [5, (1 << 15) - 1]
    }  # fmt: skip
    assert layouts.synapse_columns({"synapse": record + 1}, {}) is None


def own(intervals: int, counts: list[int], least: int = 0) -> tuple[dict[str, Array], dict[str, Attr]]:
    n = sum(counts)
    nodes = np.full((n, intervals + 1), least)
    constants = {"nodes": nodes, "e": np.arange(n) + 50, "src": np.arange(n) + 100, "counts": np.array(counts)}
    return constants, {"shift": 16 - intervals.bit_length() + 1}


def test_eight_synapses_with_tables_of_their_own() -> None:
    found, six, seven = layouts.own_eights(*own(4, [0, 2, 0, 9, 0])), [0] * 6, [0] * 7
    assert found is not None and (found.attrs["first"], found.attrs["n"], found.attrs["all"]) == (1, 3, 5)
    two, nine = [2, 100, 101, *six, 2, 7, *six], [9, *range(102, 110), *range(12, 52, 5), 110, *seven, 52, *seven]
    assert found.attrs["far"] == 0 and found.tables["counts"].tolist() == [*two, 0, *nine]
    assert found.tables["e"].tolist() == [50, 51, *six, *range(52, 61), *seven]


def test_eight_synapses_with_more_nodes_than_16_bits_count() -> None:
    found, stride, half = layouts.own_eights(*own(1 << 13, [2, 0, 7])), (1 << 13) + 1, 1 << 12
    assert found is not None and found.attrs["far"] == 1
    two = [0, 2, 100, 101, *[0] * 6, half, half + stride, *[0] * 6]
    seven = [0, 7, *range(102, 109), 0, *range(half, half + 7 * stride, stride), 0]
    assert found.tables["counts"].tolist() == [*two, 2 * stride, 0, *seven]


@pytest.mark.parametrize(("counts", "least"), [([0, 0], 0), ([1], -1), ([8], 0)])
def test_what_synapses_with_tables_of_their_own_cannot_hold(counts: list[int], least: int) -> None:
    """No synapse at all, a rise of more than 16 bits, more nodes of a destination than 16 bits count."""
    constants, attrs = own(1 << 13, counts)
    constants["nodes"] = np.full((max(sum(counts), 1), (1 << 13) + 1), least)
    assert layouts.own_eights(constants, attrs) is None


@pytest.mark.parametrize(("counts", "source", "shift"), [((0, 0), 0, 20), ((1, 0), 1 << 15, 20), ((1, 0), 0, 31)])
def test_what_synapses_in_eights_cannot_hold(counts: tuple[int, int], source: int, shift: int) -> None:
    """No synapse at all, a source of more than 15 bits, an index that no shift saturates."""
    record = np.array([[0, 1, 2, 3, source]])[: sum(counts)]
    constants = {"synapse": record, "counts": np.array(counts), "nodes": np.arange(5)}
    assert layouts.synapse_fours(constants, {**NODES, "shift": shift, "low": -(2 << shift)}) is None


def _desk(machine: str) -> Target:
    return replace(target.load(target.HOST), isa=target.load(CORES[machine][0]).isa)


def _called(statements: tuple[Statement, ...]) -> set[str]:
    names: set[str] = set()
    for statement in statements:
        names |= {statement.function} if isinstance(statement, Call) else set()
        names |= _called(statement.body) if isinstance(statement, Loop) else set()
    return names
