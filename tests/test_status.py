"""The word of status: what was clipped by its kind, and whether constants are those that were generated."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest
from device import BITS, Device, built, cfc, ltc, planned
from integer_graphs import Builder
from toy_model import need_emulator, need_target

from examples import service_cost
from lnncc import target
from lnncc.build import Build
from lnncc.emit import emit
from lnncc.emit.render import render
from lnncc.ir import Graph
from lnncc.passes.prove import prove
from lnncc.plan import Plan, plan, records
from lnncc.validate import emulate, firmware, here, host, toolchain
from lnncc.validate.emulators.job import Job


@pytest.fixture(scope="module", params=[ltc, cfc], ids=["ltc", "cfc"])
def made(request: pytest.FixtureRequest) -> Build:
    return request.param()


def test_the_bits_of_the_status_are_those_of_the_header(made: Build) -> None:
    found = re.findall(r"^#define M_([A-Z_]+) (\d+)(?: /\*.*)?$", made.sources["m.h"], re.MULTILINE)
    assert {name: int(bit) for name, bit in found if name in BITS} == BITS


def test_tables_are_right_at_once_and_in_slices_of_any_size(made: Build) -> None:
    device, total = Device(made), planned(made).constant_bytes
    assert device.calls.m_check_tables() == 0
    for size in (1, 7, 64, total - 1, total, total + 1, 1 << 20):
        check = device.ffi.new("m_check *")
        for _round in range(2):
            calls = 0
            while check.at or not calls:
                assert device.calls.m_check_slice(check, size) == 0
                calls += 1
            assert calls == -(-total // size) and check.crc == 0


FLIPS = """
#include <stdint.h>
#include <stddef.h>
#define const
#include "m.c"

/* How many bits there are, less those whose change is not noticed, all at once and in slices. */
static long flips(void *table, size_t size)
{
    volatile uint8_t *bytes = table;
    long noticed = 0;
    for (size_t i = 0; i < 8 * size; i++) {
        m_check check = {0, 0};
        uint16_t found = 0;
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
        do {
            found |= m_check_slice(&check, 1000);
        } while (check.at != 0);
        noticed += found == M_TABLES_WRONG && (i % 64 != 0 || m_check_tables() == M_TABLES_WRONG);
        bytes[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    return noticed;
}

long all_flips(void);
long all_flips(void)
{
    return m_check_tables() == 0 ? {sum} : -1;
}
"""


def everything() -> Graph:
    """A constant of every type of C that tables have on this machine, and a state with bounds and a start."""
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(5), b.state(np.arange(3))
    pair = b.synapses(rng, b.leak(rng, 3), b.door(x, -900, 900), counts=[2, 0, 3])
    mean = b.mean(rng, pair, h)
    b.becomes(h, b.blend(mean, h, b.table(rng, b.affine(rng, x, 3))))
    b.output(b.table(rng, b.affine(rng, x, 5, bits=8), kind="direct"))
    b.output(b.gather(x, [3, 1]))
    return b.graph()


@pytest.mark.parametrize("updatable", [False, True])
def test_every_changed_bit_of_every_constant_is_noticed(tmp_path: Path, updatable: bool) -> None:
    """In a build whose constants can be written; of weights that an update may replace those that were compiled in."""
    graph, proof = prove(everything())
    layout = plan(graph, "m", proof.bounds, target.load("host"), updatable=updatable)
    assert (layout.image is not None) == updatable
    for name, text in emit(layout).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tables = [t.name for t in layout.constants] + ["&built_in"] * updatable
    calls = " + ".join(f"flips({each}, sizeof {each.removeprefix('&')})" for each in tables)
    (tmp_path / "flips.c").write_text(FLIPS.replace("{sum}", calls))
    compiler = toolchain.find(target.load("host"))
    library = toolchain.shared_library(compiler, [tmp_path / "flips.c"], tmp_path / "flips.so", include=[tmp_path])
    ffi: Any = cffi.FFI()
    ffi.cdef("long all_flips(void);")
    assert ffi.dlopen(str(library)).all_flips() == 8 * layout.constant_bytes


def counting() -> Graph:
    """An input behind a door, a time, and the square of another input, which saturates from 182 on."""
    b, rng = Builder(), np.random.default_rng(0)
    x, u = b.door(b.input(2), -200, 200), b.door(b.input(2), -200, 200)
    h = b.state(np.zeros(2))
    b.becomes(h, b.requantise(b.elapse(rng, b.affine(rng, x, 2), flat=True), 17))
    b.output(b.multiply(u, u, 0))
    return b.graph()


CAUSES = {"INPUT_CLIPPED": 1, "DT_CLIPPED": 2, "SATURATED": 4}


@pytest.mark.parametrize("causes", range(8))
def test_the_status_says_which_kinds_were_clipped_and_how_often(causes: int) -> None:
    made = built(counting())
    device = Device(made)
    assert made.interface.counters == ("clipped", "dt_clipped", "saturated")
    ffi = device.ffi
    ffi.cdef("void m_step(m_state *, const int16_t *, const int16_t *, int32_t, int16_t *);", override=True)
    x, u = (
        ffi.new("int16_t[]", [7, 201 if causes & 1 else 200]),
        ffi.new("int16_t[]", [181, 182 if causes & 4 else -181]),
    )
    for _ in range(3):
        device.calls.m_step(device.state, x, u, 5 if causes & 2 else 1 << 20, ffi.new("int16_t[]", 2))
    each = {"clipped": causes.bit_count(), "dt_clipped": causes >> 1 & 1, "saturated": causes >> 2}
    assert {name: getattr(device.state, name) for name in each} == {name: 3 * n for name, n in each.items()}
    assert _status(made, each) == sum(bit for bit in CAUSES.values() if causes & bit)


def _status(made: Build, counters: dict[str, int]) -> int:
    """What the inline function of the header says of a state with these counters."""
    ffi: Any = cffi.FFI()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        host.write(Path(folder), made.sources.items())
        sets = "".join(f" s.{name} = {count};" for name, count in counters.items())
        text = f'#include "m.h"\nint said(void);\nint said(void) {{ m_state s;{sets} return m_status(&s); }}\n'
        (Path(folder) / "said.c").write_text(text)
        compiler = toolchain.find(target.load("host"))
        path = toolchain.shared_library(
            compiler, [Path(folder) / "said.c"], Path(folder) / "said.so", include=[Path(folder)]
        )
        ffi.cdef("int said(void);")
        return ffi.dlopen(str(path)).said()


def test_a_model_that_can_only_clip_inputs_pays_for_one_counter(made: Build) -> None:
    assert made.interface.counters == ("clipped",)
    assert _status(made, {"clipped": 0}) == 0 and _status(made, {"clipped": 7}) == BITS["INPUT_CLIPPED"]


def test_streams_count_each_for_itself_and_by_kind() -> None:
    """Two streams of one block, one of which saturates."""
    b = Builder()
    b.output(b.multiply(b.door(b.input(1), -200, 200), b.door(b.input(1), -200, 200), 0))
    made = built(b.graph(), lanes=8)
    device = Device(made)
    ffi, calls = device.ffi, device.calls
    ffi.cdef("void m_step_batch(m_block *, const int16_t *, const int16_t *, int16_t *, size_t);", override=True)
    blocks, state = ffi.new("m_block[1]"), ffi.new("m_state *")
    calls.m_reset_batch(blocks, 3)
    for _ in range(4):
        xs = ffi.new("int16_t[]", [199, 7, 500])
        calls.m_step_batch(blocks, xs, xs, ffi.new("int16_t[]", 3), 3)
    found = []
    for stream in range(3):
        calls.m_get_stream(blocks, stream, state)
        found.append((state.clipped, state.saturated))
    assert found == [(4, 4), (0, 0), (12, 4)]
    state.clipped, state.saturated = 11, 5
    calls.m_set_stream(blocks, 1, state)
    assert (blocks[0].clipped[1], blocks[0].saturated[1]) == (11, 5)


def test_what_is_called_is_paid_for() -> None:
    need_target("cortex-m0plus")
    *each, everything = service_cost.measured(ltc(), target.load("cortex-m0plus"))
    assert 0 < each[0] < each[1] < each[2] < everything < sum(each)
    assert 0 < each[4] <= each[3] < everything < 4096


CORES = ("cortex-m4", "cortex-m55", "rv32imc", "aarch64-neon", "avr-atmega328p")


def _answers(name: str, layout: Plan, folder: Path, flips: Iterator[int | None]) -> Iterator[tuple[int, ...]]:
    """What tests/data/service_main.c finds on the emulated target; with a bit of the constants changed in the image."""
    chosen = target.load(name)
    compiler, texts = toolchain.find(chosen), firmware.text_folders(chosen)
    host.write(folder, emit(layout).items())
    main = Path(__file__).parent / "data" / "service_main.c"
    names = ('-DMODEL="m.h"', "-DN(x)=m_##x", "-DM(x)=M_##x", *firmware.AS_WRITTEN[compiler.kind])
    script = folder / "link.ld"
    script.write_text(render("link.ld", texts, name="m", target=chosen, board=chosen.emulated()))
    sources = [(folder / "m.c", ()), (main, names), *((own, names) for own in firmware.own_sources(chosen))]
    objects = [
        toolchain.compile_object(
            compiler, path, folder / f"{path.stem}.o", include=(folder, texts[0], texts[1]), flags=flags
        )
        for path, flags in sources
    ]
    elf = toolchain.link(compiler, objects, folder / "main.elf", script)
    emulator = here.emulator(chosen)
    whole = elf.read_bytes()
    for flip in flips:
        data = bytearray(whole)
        if flip is not None:
            table = max(layout.tables, key=lambda t: t.bytes)
            image = records.image(table.type, table.values)
            assert whole.count(image) == 1
            at = whole.index(image) * 8 + flip % (8 * len(image))
            data[at // 8] ^= 1 << at % 8
        elf.write_bytes(data)
        request = (5).to_bytes(4, "little")
        job = Job(elf, chosen.emulated(), chosen.machine(emulator), request, "m_step", 60.0)
        output = emulate._module(emulator).execute(job)
        yield tuple(np.frombuffer(output, "<u2").tolist())


@pytest.mark.parametrize("name", CORES)
def test_an_emulated_core_stores_recalls_and_checks(name: str, tmp_path: Path) -> None:
    need_target(name)
    need_emulator(name)
    graph, proof = prove(ltc().integer)
    layout = plan(graph, "m", proof.bounds, target.load(name))
    flips = iter((None, 0, 7777, 12345))
    right, *wrong = _answers(name, layout, tmp_path, flips)
    nothing, clipped, corrupt = BITS["NOTHING_STORED"], BITS["INPUT_CLIPPED"], BITS["CORRUPT"]
    assert right == (0, 0, nothing, 0, 0, 0, clipped, corrupt)
    assert {answers[:2] for answers in wrong} == {(BITS["TABLES_WRONG"],) * 2}
