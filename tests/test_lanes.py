"""SIMD kernels: every op gives the twin's integers on every machine that can run here."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from integer_graphs import FULL, WIDE, Builder
from test_machine_kernels import GRAPHS, inputs

from lnncc import target, twin
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Array, Format, Graph
from lnncc.options import Settings
from lnncc.plan import layouts, plan
from lnncc.target import Target
from lnncc.validate import compare, emulate, firmware, host

HOST = target.load("host")
RNG = np.random.default_rng(3)
STREAMS = 40


def machine(isa: tuple[str, ...], *flags: str) -> Target:
    """The host with other words; its name keeps a build for it from being planned again."""
    compilers = tuple(replace(c, flags=(*c.flags, *flags)) for c in HOST.compilers)
    return replace(HOST, isa=isa, compilers=compilers)


def has(flag: str) -> bool:
    info = Path("/proc/cpuinfo")
    return info.is_file() and flag in info.read_text().split()


AVX512 = target.load("host-avx512")
IN_PLAIN_C = Path(__file__).parent / "data" / "simde"
MACHINES = {
    "lanes": machine(("lanes",)),
    "avx2": machine(("avx2", "lanes"), "-mavx2"),
    "avx512_vnni": machine(AVX512.isa, *AVX512.compilers[0].flags),
    "avx512 in plain C": machine(AVX512.isa, f"-I{IN_PLAIN_C}"),
}


def need(name: str) -> Target:
    """A machine that can run here."""
    if name.endswith("in plain C"):
        if not Path("/usr/include/simde/x86/avx512.h").is_file():
            pytest.skip("SIMDe is not installed: apt install libsimde-dev")
    elif name != "lanes" and not has(name):
        pytest.skip(f"this processor has no {name}")
    return MACHINES[name]


@pytest.fixture(params=MACHINES)
def chip(request: pytest.FixtureRequest) -> Target:
    return need(request.param)


def built(graph: Graph, chip: Target) -> Build:
    made = plan(graph, "m", {}, chip)
    return Build(Settings("m"), Choices(), made.interface, graph, graph, emit(made), {}, {}, {})


def fills(size: int) -> Array:
    """(streams, 1, size): everything least, most, zero, and of both ends; then at random."""
    edges = [np.full(size, v) for v in (-FULL, FULL - 1, 0, -1)] + [np.resize([-FULL, FULL - 1], size)]
    drawn = RNG.integers(-FULL, FULL, (STREAMS, size))
    return np.concatenate([np.stack(edges), drawn])[:, None].astype(np.int16)


def agrees(b: Builder, chip: Target, *inputs: Array) -> None:
    graph = b.graph()
    made = built(graph, chip)
    expected = twin.run(graph, inputs)
    found = host.run(host.build(made, target=chip, sanitize=True), made.interface, inputs)
    assert compare.equal_steps(found, expected) == inputs[0].shape[0] * inputs[0].shape[1]


def shown(b: Builder, wide: str) -> None:
    """Every bit of a wide value in some output."""
    for shift in (0, 8, 16):
        b.output(b.requantise(wide, shift))


def spread(b: Builder, x: str) -> str:
    """Each element times 32767 or so: a wide value that reaches far."""
    n = b.size(x)
    zero, c, s = b.constant(np.zeros(n), WIDE), b.constant(FULL - 1 - np.arange(n)), b.constant(np.zeros(n))
    return b.op("diagonal", (zero, x, c, s), n, WIDE, n=n)


SIZES = (1, 4, 7, 8, 17, 40)


@pytest.mark.parametrize("bits", [16, 8])
def test_affine(chip: Target, bits: int) -> None:
    """Rows of all counts, columns even and odd; a sum of its own and one that goes on, in place."""
    b = Builder()
    x = b.input(max(SIZES))
    for rows, cols in zip(SIZES, SIZES[2:] + SIZES[:2], strict=True):
        first = b.affine(RNG, b.slice(x, 1, cols - 1) if cols > 1 else b.slice(x, 0, 1), rows, bits=bits)
        shown(b, b.affine(RNG, b.slice(x, 0, cols), rows, acc=first, bits=bits))
    agrees(b, chip, fills(b.size(x)))


def test_affine_with_the_least_and_greatest_weights(chip: Target) -> None:
    """The full L1 norm that int32 holds, with weights of both ends."""
    b = Builder()
    x = b.input(2)
    for bits in (16, 8):
        ends = np.array([-(1 << (bits - 1)), (1 << (bits - 1)) - 1])
        w = np.stack([ends[RNG.integers(0, 2, 33)], RNG.integers(-FULL // 2 >> (16 - bits), 0, 33)], axis=-1)
        constants = b.constant(w, Format(bits, 0)), b.constant(RNG.integers(0, 31, 33), Format(8, 0))
        zero = b.constant(np.zeros(33), WIDE)
        shown(b, b.op("affine", (zero, x, *constants), 33, WIDE, rows=33, cols=2))
    agrees(b, chip, fills(2))


def test_a_table_of_16_bits_on_every_input(chip: Target) -> None:
    b = Builder()
    x = b.input(9)
    for shift in (1, 3, 7, 11, 15):
        reach = 1 << min(15, shift + 5)
        b.output(table(b, x, reach, shift, RNG.integers(-FULL // 2, FULL // 2, (2 * reach >> shift) + 1)))
    every = np.minimum(np.arange(-FULL, FULL + 8)[: 2 * FULL // 9 * 9 + 9], FULL - 1)
    agrees(b, chip, every.reshape(-1, 1, 9).astype(np.int16))


def test_a_table_of_wide_inputs(chip: Target) -> None:
    b = Builder()
    x = b.input(13)
    for shift in (14, 16, 20, 24):
        for n in (3, 8, 13):
            b.output(table(b, spread(b, b.slice(x, 0, n)), 16 << shift, shift, RNG.integers(0, FULL, 33)))
    agrees(b, chip, fills(13))


def table(b: Builder, x: str, reach: int, shift: int, nodes: Array) -> str:
    held, n = b.constant(nodes, Format(16, 15), "f(x)"), b.size(x)
    return b.op("table", (x, held), n, low=-reach, top=reach - 1, shift=shift, kind="linear", n=n)


def test_elementwise_ops_in_place_too(chip: Target) -> None:
    b = Builder()
    one, other = b.input(max(SIZES)), b.input(max(SIZES))
    for n in SIZES:
        x, y = b.slice(one, 0, n), b.slice(other, 0, n)
        a, c = (b.table(RNG, z, low=-1) for z in (x, y))
        b.output(b.blend(a, y, b.table(RNG, x)))
        b.output(b.blend(x, c, b.table(RNG, y)))
        b.output(b.multiply(b.table(RNG, x, low=-1), y, 17))
        b.output(b.multiply(x, y, 10))
        b.output(b.requantise(spread(b, x), 17))
        b.output(b.door(x, -20000, 25000))
        shown(b, b.diagonal(RNG, spread(b, x), y))
    agrees(b, chip, fills(b.size(one)), fills(b.size(one))[::-1])


def test_neurons(chip: Target) -> None:
    """Destinations with and without synapses, one source or many; two sums in place; the mean in place."""
    b = Builder()
    v, z = b.input(40), b.input(max(SIZES))
    for i, n in enumerate(SIZES):
        sources = b.slice(v, 0, (1, 2, 9, 40)[i % 4])
        pair = b.synapses(RNG, b.leak(RNG, n), sources)
        pair = b.synapses(RNG, pair, sources)
        b.output(b.mean(RNG, pair, b.table(RNG, b.slice(z, 0, n), low=-1)))
    agrees(b, chip, fills(40), fills(max(SIZES)))


def test_the_mean_divides_by_every_kind_of_divisor(chip: Target) -> None:
    n = 6000
    b = Builder()
    z = b.input(n)
    weight = RNG.integers(0, 1 << RNG.integers(1, 16, n))
    leak = np.maximum(RNG.integers(0, 1 << RNG.integers(1, 16, n)), weight == 0)
    leak[:4], weight[:4] = [1, 0, 65535, 1], [0, 1, 0, 65534]
    e = RNG.choice([-FULL, FULL - 1, 0, 1, -12345], n)
    off = RNG.integers(0, leak + 1) * (np.abs(e) < FULL - 1)  # no multiple of the divisor
    pair = b.constant(np.stack([leak * e + off, leak], axis=-1), Format(32, 12))
    b.output(b.op("mean", (pair, z, b.constant(weight, Format(16, 0))), n, n=n))
    agrees(b, chip, fills(n))


def test_lanes_of_a_matrix() -> None:
    w, s = np.arange(10).reshape(5, 2) + 1, np.arange(5)
    found = layouts.pairs({"w": w[:, :1], "s": s}, {"lanes": 4})
    assert found.tables["w"].shape == (2, 1, 4, 2) and found.tables["s"].tolist() == [0, 1, 2, 3, 4, 0, 0, 0]
    assert found.tables["w"][0, 0].tolist() == [[1, 0], [3, 0], [5, 0], [7, 0]]
    assert found.tables["w"][1, 0].tolist() == [[9, 0], [0, 0], [0, 0], [0, 0]]
    assert layouts.pairs({"w": w, "s": s}, {"lanes": 4}).tables["w"][0, 0].tolist() == w[:4].tolist()


def test_destinations_of_many_synapses_come_first() -> None:
    record = np.array([[5, -1, 7, -2, 0], [6, 2, 8, 3, 2], [7, 3, 9, 4, 1]])
    found = layouts.sell({"synapse": record, "counts": np.array([1, 0, 2])}, {"lanes": 4})
    assert found is not None and found.attrs["active"] == 2
    assert found.tables["order"].tolist() == [2, 0] and found.tables["counts"].tolist() == [2]
    first, second = found.tables["synapse"]
    assert first[:, 0].tolist() == [1, 6, 2 << 16, 8 << 16 | 3]
    assert second[:, 0].tolist() == [0, 7, 3 << 16, 9 << 16 | 4]
    assert first[:, 1].tolist() == [0, 5, 65535, (7 << 16) + 65534] and not second[:, 1:].any()


@pytest.mark.parametrize("record", [np.zeros((0, 5), int), np.zeros((3, 5), int)])
def test_synapses_of_a_single_source_stay_with_the_portable_kernel(record: Array) -> None:
    assert layouts.sell({"synapse": record, "counts": np.array([len(record)])}, {"lanes": 4}) is None


@pytest.mark.parametrize("name", [name for name in GRAPHS if not name.startswith("drawn")])
def test_neon_on_an_emulated_core(name: str, tmp_path: Path) -> None:
    pytest.importorskip("unicorn", reason="needs the mcu extra")
    core, xs = target.load("aarch64-neon"), inputs(GRAPHS[name])
    made = built(GRAPHS[name], replace(HOST, isa=core.isa))
    assert any(kernel.endswith(".lanes.h") for kernel in made.sources)
    for file, text in made.sources.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    elf = firmware.build(tmp_path, made.interface, core, tmp_path / "work")
    stdin = np.concatenate([x[0] for x in xs], axis=-1).astype("<i2").tobytes()
    expected = np.concatenate([y[0] for side in twin.run(GRAPHS[name], xs) for y in side], axis=-1)
    assert emulate.run(elf, made.interface, core, stdin, count=0).output == expected.astype("<i2").tobytes()
