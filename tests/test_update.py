"""Updates: other weights for the same code, on the host that makes them and on the device that takes them."""

import functools
import json
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device import BITS, Device, ranged, signed
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_model import need_target, seldom

import lnncc
from lnncc import share, twin
from lnncc import target as targets
from lnncc.archive import Model
from lnncc.build import Build, planned
from lnncc.cli import main
from lnncc.errors import LnnccError
from lnncc.ir import Graph
from lnncc.plan import prototypes
from lnncc.plan.image import CRC, FUNCTIONS, HEADER, INDICES, WEIGHTS, Guard, Kind, guard, kept, listed
from lnncc.program import Program
from lnncc.validate import emulate, firmware, host, toolchain
from tests import models

TAKEN, RESTARTED = 0, 1024
NUMBER = slice(6, 8)


def moved(graph: Graph, by: float, seed: int = 0, only: str = "") -> Graph:
    """With every weight, or those whose names begin so, elsewhere by a part of itself: no 0 and no 1 stays one."""
    rng = np.random.default_rng(seed)

    def near(x: np.ndarray) -> np.ndarray:
        return x * (1 + by * rng.uniform(-1, 1, x.shape)) + 1e-3 * by * rng.uniform(-1, 1, x.shape)

    weights = {n: near(a) for n, a in graph.constants.items() if graph.labels.get(n, "").startswith(only or "")}
    return graph.edited(constants={**graph.constants, **{n: a for n, a in weights.items() if n in graph.labels}})


@functools.cache
def base(name: str) -> Graph:
    return moved(getattr(models, name)(), 0.1)


@functools.cache
def compiled(name: str, target: str = "host", **more: Any) -> Build:
    return ranged(base(name), target=target, updatable=True, **more)


@functools.cache
def updated(name: str, seed: int = 1, target: str = "host", by: float = 0.05, **more: Any) -> Build:
    return Program(compiled(name, target, **more)).update(Model(moved(base(name), by, seed))).build


class Updated(Device):
    """A device, and updates in its memory."""

    def __init__(self, made: Build) -> None:
        super().__init__(made)
        self.size = made.interface.update_bytes
        self.places: list[Any] = []  # what a state points to must stay

    def place(self, data: bytes) -> Any:
        words = self.ffi.new("uint32_t[]", len(data) // 4 + 1)
        self.ffi.memmove(words, data, len(data))
        self.places.append(words)
        return words

    def update(self, state: Any, data: bytes, count: int | None = None) -> int:
        return self.calls.m_update(state, self.place(data), len(data) if count is None else count)

    def run(self, state: Any, made: Build, raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """States and outputs after each step."""
        dt = "" if made.interface.dt is None else ", int32_t"
        self.ffi.cdef(f"void m_step(m_state *, const int16_t *{dt}, int16_t *);", override=True)
        y, outputs, states = np.zeros(made.interface.outputs[0].size, np.int16), [], []
        for x in raw:
            self.calls.m_step(state, self.ffi.from_buffer("int16_t[]", x), self.ffi.from_buffer("int16_t[]", y))
            outputs.append(y.copy())
            states.append(np.array(list(state.s0), np.int16))
        return np.stack(states), np.stack(outputs)


def inputs(made: Build, steps: int = 200, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(-32768, 32767, (steps, made.interface.inputs[0].size)).astype(np.int16)


def agree(found: tuple[np.ndarray, np.ndarray], made: Build, raw: np.ndarray) -> None:
    states, outputs = twin.run(made.integer, (raw[None],))
    assert np.array_equal(found[0], states[0][0])
    assert np.array_equal(found[1], outputs[0][0])


MODELS = ("ltc", "cfc", "wired", "mixed")


@pytest.mark.parametrize("name", seldom(MODELS, "ltc", "cfc"))
def test_the_old_code_with_the_new_weights_is_the_twin_of_the_new_model(name: str) -> None:
    old, new = compiled(name), updated(name)
    assert old.interface == new.interface
    device, raw = Updated(old), inputs(old)
    state = device.fresh()
    assert new.update is not None and device.update(state, new.update) in (TAKEN, RESTARTED)
    state = device.fresh()
    agree(device.run(state, old, raw), old, raw)  # a reset takes the generated weights again
    state = device.fresh()
    assert device.update(state, new.update) in (TAKEN, RESTARTED)
    device.calls.m_restart(state)
    agree(device.run(state, old, raw), new, raw)
    assert planned(old.integer, old.settings, targets.load("host")).image is not None


@pytest.mark.parametrize("name", seldom(MODELS, "ltc"))
def test_a_build_whose_weights_may_change_is_proven_like_any_other(name: str) -> None:
    made = compiled(name)
    raw = (inputs(made)[None],)
    known = twin.run(made.integer, raw)
    for library in (host.build(made, sanitize=True), host.build(made, check=True)):
        states, outputs = host.run(library, made.interface, raw)
        assert np.array_equal(states[0], known[0][0]) and np.array_equal(outputs[0], known[1][0])


@pytest.mark.parametrize("name", ["ltc", "cfc"])
def test_only_numbers_differ_in_the_c(name: str) -> None:
    old, new = compiled(name), updated(name)
    assert set(old.sources) == set(new.sources)
    assert {k for k in old.sources if old.sources[k] != new.sources[k]} == {"m.c"}
    pairs = zip(old.sources["m.c"].splitlines(), new.sources["m.c"].splitlines(), strict=True)
    assert all(
        not any(map(str.isalpha, a + b)) or a.startswith(("    {", "        {", "    0x")) for a, b in pairs if a != b
    )


@pytest.fixture(scope="module")
def small() -> tuple[Updated, bytes]:
    update = updated("ltc").update
    assert update is not None
    return Updated(compiled("ltc")), update


def test_no_changed_bit_of_an_update_is_taken(small: tuple[Updated, bytes]) -> None:
    device, update = small
    state = device.fresh()
    before = device.memory(state)
    whole = bytearray(update)
    place = device.place(update)
    for bit in range(8 * len(update)):
        whole[bit // 8] ^= 1 << bit % 8
        device.ffi.memmove(place, whole, len(whole))
        header = bit // 8 < 20 and bit // 8 not in range(8)[NUMBER]
        assert device.calls.m_update(state, place, len(whole)) == BITS["OTHER_MODEL" if header else "CORRUPT"], bit
        whole[bit // 8] ^= 1 << bit % 8
    for at in range(len(update)):
        whole[at] ^= 0xFF
        device.ffi.memmove(place, whole, len(whole))
        assert device.calls.m_update(state, place, len(whole)) in (BITS["OTHER_MODEL"], BITS["CORRUPT"]), at
        whole[at] ^= 0xFF
    assert device.memory(state) == before


def test_an_update_of_any_other_length_is_refused(small: tuple[Updated, bytes]) -> None:
    device, update = small
    state = device.fresh()
    for count in range(len(update)):
        assert device.update(state, update[:count]) == BITS["CORRUPT"]
    assert device.update(state, update + b"\0") == BITS["CORRUPT"]
    assert device.calls.m_update(state, device.ffi.NULL, len(update)) == BITS["NOTHING_STORED"]


def test_an_update_at_an_odd_address_is_refused(small: tuple[Updated, bytes]) -> None:
    device, update = small
    for shift in (1, 2, 3):
        place = device.ffi.cast("char *", device.place(b"\0" * shift + update)) + shift
        assert device.calls.m_update(device.fresh(), place, len(update)) == BITS["IMPOSSIBLE"]


def test_an_update_of_other_code_is_refused(small: tuple[Updated, bytes]) -> None:
    """Of another model, of one that is longer, and of the same model for another core."""
    device, update = small
    for other in (updated("cfc").update, ranged_update(dt=0.5), updated("ltc", target="cortex-m4").update):
        assert other is not None
        assert device.update(device.fresh(), other[: len(update)].ljust(len(update), b"\0")) == BITS["OTHER_MODEL"]


def ranged_update(**more: Any) -> bytes | None:
    """With an input of another format."""
    made = lnncc.compile(Model(base("ltc")), ranges={"x": (-9.0, 9.0)}, name="m", updatable=True, **more)
    return made.update(Model(moved(base("ltc"), 0.01))).build.update


def test_where_synapses_come_from_is_not_for_an_update_to_say(small: tuple[Updated, bytes]) -> None:
    """Every half of a word that says so, changed in a file whose CRC is right; and all others, which are taken."""
    device, update = small
    made = compiled("ltc")
    layout = planned(made.integer, made.settings, targets.load("host"))
    assert layout.image is not None
    fixed = {
        member.at + 2 * i
        for member in layout.image.members
        if member.rule.kind is Kind.HALVES
        for i in range(member.bytes // 2)
        if member.rule.mask >> i % member.rule.period & 1
    }
    sources = sum(len(m.values) for m in layout.image.members if m.type == "ln_synapse")
    assert len(fixed) == sources > 10
    shifts = {at for m in layout.image.members if m.rule.kind is Kind.SHIFTS for at in range(m.at, m.at + m.bytes)}
    for at in (at for at in range(HEADER, len(update) - CRC, 2) if at not in shifts):
        body = bytearray(update[:-CRC])
        body[at] ^= 0x40
        expected = (BITS["IMPOSSIBLE"],) if at in fixed else (TAKEN, RESTARTED)
        assert device.update(device.fresh(), signed(bytes(body))) in expected, at


def test_a_shift_that_is_none_is_refused() -> None:
    device, update = Updated(compiled("cfc")), updated("cfc").update
    made = compiled("cfc")
    image = planned(made.integer, made.settings, targets.load("host")).image
    assert image is not None and update is not None
    shifts = [m for m in image.members if m.rule.kind is Kind.SHIFTS]
    assert len(shifts) > 3
    for member in shifts:
        for at in range(member.at, member.at + member.bytes):
            for value, expected in (
                (30, (TAKEN, RESTARTED)),
                (31, (BITS["IMPOSSIBLE"],)),
                (255, (BITS["IMPOSSIBLE"],)),
            ):
                body = bytearray(update[:-CRC])
                body[at] = value
                assert device.update(device.fresh(), signed(bytes(body))) in expected


def test_the_later_of_two_updates_is_found(small: tuple[Updated, bytes]) -> None:
    """Numbers go around; what is no update loses to what is one."""
    device, update = small

    def numbered(number: int) -> bytes:
        return signed(update[:6] + (number % 65536).to_bytes(2, "little") + update[8:-CRC])

    for first, second in ((1, 2), (65535, 0), (40000, 65536 + 1), (0, 32767)):
        a, b = device.place(numbered(first)), device.place(numbered(second))
        assert device.calls.m_newest_update(a, b) == b and device.calls.m_newest_update(b, a) == b
    a, torn = device.place(numbered(1)), device.place(numbered(2)[:-1] + b"\xff")
    null = device.ffi.NULL
    assert device.calls.m_newest_update(a, torn) == a and device.calls.m_newest_update(torn, a) == a
    assert device.calls.m_newest_update(a, null) == a and device.calls.m_newest_update(torn, null) == null


@pytest.mark.parametrize("cut", [0, 1, 100, -4, -3, -2, -1])
def test_a_cut_of_the_power_leaves_the_update_before(small: tuple[Updated, bytes], cut: int) -> None:
    """Written in ascending order into an erased slot, wherever it ends."""
    device, update = small
    slot = device.place(update[:cut] + b"\xff" * len(update[cut:]) if cut else b"\xff" * len(update))
    old = device.place(update)
    assert device.calls.m_newest_update(slot, old) == old


def test_states_outside_the_new_bounds_start_again() -> None:
    made, device = compiled("ltc"), Updated(compiled("ltc"))
    layout = planned(made.integer, made.settings, targets.load("host"))
    assert layout.image is not None
    low = next(m for m in layout.image.members if m.name == "s0_low")
    update = updated("ltc").update
    assert update is not None
    values = np.frombuffer(update, "<i2", low.bytes // 2, low.at)
    for below, expected in ((0, TAKEN), (1, RESTARTED)):
        state = device.fresh()
        for i, least in enumerate(values):
            state.s0[i] = least
        state.s0[3] = int(values[3]) - below
        state.clipped = 5
        assert device.update(state, update) == expected
        assert (state.s0[3] == values[3], state.clipped) == ((True, 5) if expected == TAKEN else (False, 0))


def test_a_state_belongs_to_the_weights_it_was_saved_with() -> None:
    device, update = Updated(compiled("ltc")), updated("ltc").update
    assert update is not None
    state = device.fresh()
    old = device.saved(state)
    assert device.update(state, update) in (TAKEN, RESTARTED)
    new = device.saved(state)
    assert device.restore(state, old) == BITS["OTHER_MODEL"] and device.restore(state, new) == 0
    assert device.restore(device.fresh(), new) == BITS["OTHER_MODEL"]
    assert new[2:6] == update[20:24] != old[2:6]


# On a device.

WRAPPED = """#define m_reset m_reset_generated
#include "generated.c"
#undef m_reset

static const uint32_t update[] = {{{words}}};

void m_reset(m_state *s)
{{
    m_reset_generated(s);
    if ((m_update(s, update, sizeof update) & ~(uint16_t)M_RESTARTED) != 0) {{
        for (;;) {{
        }}
    }}
    m_restart(s);
}}
"""


def flashed(made: Build, update: bytes, folder: Path) -> Path:
    """The C of ``made``, whose reset is followed by an update."""
    host.write(folder, made.sources.items())
    (folder / "m.c").rename(folder / "generated.c")
    words = ", ".join(f"{word}u" for word in np.frombuffer(update, "<u4"))
    (folder / "m.c").write_text(WRAPPED.format(words=words))
    return folder


@pytest.mark.parametrize("target", ["cortex-m4", *seldom(["cortex-m0plus", "cortex-m55", "rv32imc", "rv32-rvv"])])
@pytest.mark.parametrize("name", ["ltc", "cfc"])
def test_a_device_with_an_update_computes_what_new_firmware_computes(name: str, target: str, tmp_path: Path) -> None:
    need_target(target)
    old, new = compiled(name, target), updated(name, target=target)
    assert new.update is not None
    raw = inputs(old, 60)
    states, outputs = twin.run(new.integer, (raw[None],))
    expected = np.concatenate([states[0][0], outputs[0][0]], axis=1).astype("<i2").tobytes()
    chip = targets.load(target)
    for folder, made in ((flashed(old, new.update, tmp_path / "old"), old), (tmp_path / "new", new)):
        if made is new:
            host.write(folder, new.sources.items())
        image = firmware.build(folder, made.interface, chip, folder)
        done = emulate.run(image, made.interface, chip, raw.astype("<i2").tobytes(), count=0)
        assert done.output == expected


HOSTILE = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "m.c"

static const uint32_t update[] = {words};

int main(void)
{
    static uint32_t image[sizeof update / 4];
    uint32_t seed = 1;
    uint32_t taken = 0;
    for (int round = 0; round < ROUNDS; round++) {
        uint8_t *const bytes = (uint8_t *)image;
        memcpy(image, update, sizeof update);
        for (uint32_t i = 28; i + 4 < sizeof update; i++) {
            seed = seed * 1664525u + 1013904223u;
            const int kept = round % 3 == 0 ? 0 : FIXED(i);
            const uint8_t any = round % 2 == 0 ? (uint8_t)(seed >> 24) : (seed >> 31) != 0 ? 0x7F : 0x80;
            bytes[i] = kept ? bytes[i] : any;
        }
        ln_put32(bytes + sizeof update - 4, ln_crc(bytes, sizeof update - 4));
        m_state s;
        m_reset(&s);
        const uint16_t status = m_update(&s, image, sizeof update);
        taken += (status & ~(uint16_t)M_RESTARTED) == 0;
        for (int k = 0; k < 40; k++) {
            int16_t x[M_X0_LEN];
            int16_t y[M_Y0_LEN];
            for (int i = 0; i < M_X0_LEN; i++) {
                seed = seed * 1664525u + 1013904223u;
                x[i] = (int16_t)(seed >> 16);
            }
            m_step(&s, x, y);
        }
    }
    printf("%u\\n", (unsigned)taken);
    return 0;
}
"""


HOSTILE_TARGETS = ["host", "cortex-m0plus", *seldom(["cortex-m4", "cortex-m55", "host-avx2", "rv32-rvv"])]


@pytest.mark.parametrize("target", HOSTILE_TARGETS)
@pytest.mark.parametrize("name", ["ltc", "cfc"])
def test_hostile_bytes_under_a_right_crc_break_nothing(name: str, target: str, tmp_path: Path) -> None:
    _hostile_bytes_break_nothing(compiled(name, target), updated(name, target=target), target, tmp_path)


@pytest.mark.parametrize("target", seldom(["cortex-m4", "cortex-m0plus"]))
def test_hostile_tables_of_single_synapses_break_nothing(target: str, tmp_path: Path) -> None:
    old, new = compiled("ltc", target, optimise="speed"), updated("ltc", target=target, optimise="speed")
    assert "synapse_tables" in {node.op for node in old.integer.walk()}
    _hostile_bytes_break_nothing(old, new, target, tmp_path)


def _hostile_bytes_break_nothing(old: Build, new: Build, target: str, tmp_path: Path) -> None:
    """Two rounds of three leave alone what an update may not say: they are taken, and no step is undefined."""
    image = planned(old.integer, old.settings, targets.load(target)).image
    assert image is not None and new.update is not None
    ranges = [(m.at, m.at + m.bytes) for m in image.members if m.rule.kind is Kind.SHIFTS]
    tests = [f"(i >= {a}u && i < {b}u)" for a, b in ranges]
    lists = [m for m in image.members if m.rule.kind is Kind.LISTS]
    tests += [f"((i - {m.at}u) / 2u == {half}u)" for m in lists for half in listed(np.frombuffer(m.data, "<i4"))]
    for m in (m for m in image.members if m.rule.kind is Kind.HALVES):
        place = f"(i - {m.at}u) / 2u % {m.rule.period}u"
        tests.append(f"(i >= {m.at}u && i < {m.at + m.bytes}u && {place} < 32u && ({m.rule.mask}u >> ({place}) & 1u))")
    host.write(tmp_path, old.sources.items())
    words = "{" + ", ".join(f"{word}u" for word in np.frombuffer(new.update, "<u4")) + "}"
    text = HOSTILE.replace("{words}", words).replace("FIXED(i)", " || ".join(tests) or "0").replace("ROUNDS", "300")
    (tmp_path / "hostile.c").write_text(text)
    flags = ("-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-sanitize=shift-base")
    flags += ("-mavx2",) if target == "host-avx2" else ()
    compiler = toolchain.find(targets.load("host"))
    said = toolchain.program(compiler, [tmp_path / "hostile.c"], tmp_path / "hostile", include=[tmp_path], flags=flags)
    assert said.strip().isdecimal() and int(said) >= 200, said


# On the host.


def refused(code: str, made: Build, model: Graph, **more: Any) -> LnnccError:
    with pytest.raises(LnnccError) as caught:
        Program(made).update(Model(model), **more)
    assert caught.value.code == code
    return caught.value


def scaled(graph: Graph, label: str, by: float) -> Graph:
    name = next(n for n, known in graph.labels.items() if known == label)
    return graph.edited(constants={**graph.constants, name: graph.constants[name] * by})


def test_weights_that_overflow_are_refused_with_the_value() -> None:
    graph = base("ltc")
    error = refused("E0415", compiled("ltc"), scaled(graph, "sigma", 50.0))
    assert "value `n" in error.title and "times what there is room for" in error.notes[0]
    assert refused("E0415", compiled("ltc"), scaled(graph, "erev", 1e4)).notes
    assert refused("E0415", compiled("ltc"), scaled(graph, "output_w", 1e7)).notes


def test_a_value_that_could_not_saturate_may_do_so_if_that_is_said() -> None:
    graph = scaled(base("ltc"), "output_w", 40.0)
    error = refused("E0415", compiled("ltc"), graph)
    assert "up to" in error.title and "--saturating" in error.helps[0]
    made = Program(compiled("ltc")).update(Model(graph), saturating=True).build
    assert made.facts["saturations"] != compiled("ltc").facts["saturations"]
    device, raw = Updated(compiled("ltc")), inputs(made)
    state = device.fresh()
    assert made.update is not None and device.update(state, made.update) in (TAKEN, RESTARTED)
    device.calls.m_restart(state)
    agree(device.run(state, made, raw), made, raw)
    assert state.saturated > 0


def test_a_model_of_another_structure_is_refused() -> None:
    made = compiled("ltc")
    assert "inputs" not in refused("E0414", made, models.ltc(12)).title
    assert "states" in refused("E0414", made, models.ltc(12)).notes[0]
    assert refused("E0414", made, models.cfc(10)).notes
    assert "exactly 0" in refused("E0414", made, models.ltc()).helps[0]  # its output map is still the identity


def test_a_connection_elsewhere_is_other_code() -> None:
    graph = base("ltc")
    name = next(n for n, a in graph.constants.items() if n not in graph.labels and a.ndim == 2 and a.shape[0] == 10)
    mask = graph.constants[name]
    row = next(r for r in range(10) if 0 < np.count_nonzero(mask[:, r]) < 10)
    column = mask[:, row].copy()
    place, free = np.flatnonzero(column)[0], np.flatnonzero(column == 0)[0]
    column[[place, free]] = column[[free, place]]
    other = mask.copy()
    other[:, row] = column
    error = refused("E0416", compiled("ltc"), graph.edited(constants={**graph.constants, name: other}))
    assert "part of the code" in error.notes[0]


def test_a_build_whose_weights_are_code_is_refused() -> None:
    refused("E0236", ranged(base("ltc")), base("ltc"))


@pytest.mark.parametrize(
    "facts", [{"ranges": 3}, {"settled": None}, {"settled": {"n12: fraction bits of arguments": "x"}}]
)
def test_facts_of_no_build_of_ours_are_refused(facts: dict[str, object]) -> None:
    made = compiled("ltc")
    refused("E0405", replace(made, facts={**made.facts, **facts}), base("ltc"))


@pytest.mark.parametrize("origin", [{"number": 0, "base": "00000000"}, {"number": 1, "base": "00"}, 3])
def test_lineages_that_cannot_be_are_refused(origin: object) -> None:
    made = compiled("ltc")
    refused("E0405", replace(made, origin={**made.origin, "update": origin}), base("ltc"))


@pytest.mark.parametrize(
    "options",
    [{"batch": 8}, {"target": "avr-atmega328p"}],
    ids=["batch", "avr"],
)
def test_what_cannot_be_updated_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(LnnccError) as caught:
        ranged(base("ltc"), updatable=True, **options)
    assert caught.value.code == "E0230"


@pytest.mark.parametrize("kind", ["rust", "micropython"])
def test_libraries_with_states_of_another_language_are_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(LnnccError) as caught:
        Program(compiled("ltc")).save(tmp_path, [kind])
    assert caught.value.code == "E0230" and not list(tmp_path.iterdir())


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 1 << 20), st.floats(1e-4, 0.4), st.sampled_from(["ltc", "cfc"]))
def test_any_weights_are_taken_bit_for_bit_or_refused(seed: int, by: float, name: str) -> None:
    old = compiled(name)
    try:
        new = Program(old).update(Model(moved(base(name), by, seed)), saturating=True).build
    except LnnccError as error:
        assert error.code in ("E0415", "E0416") and error.helps
        return
    device, raw = _device(name), inputs(old, 50, seed)
    state = device.fresh()
    assert new.update is not None and device.update(state, new.update) in (TAKEN, RESTARTED)
    device.calls.m_restart(state)
    agree(device.run(state, old, raw), new, raw)


@functools.cache
def _device(name: str) -> Updated:
    return Updated(compiled(name))


def test_an_update_is_a_build_that_is_saved_read_checked_and_updated_again(tmp_path: Path) -> None:
    Program(compiled("ltc")).save(tmp_path / "old")
    made = Program.load(tmp_path / "old").update(Model(moved(base("ltc"), 0.05, 1)))
    assert made.build.update == updated("ltc").update
    made.save(tmp_path / "new")
    again = Program.load(tmp_path / "new")
    assert (tmp_path / "new" / "m.lnu").read_bytes() == again.build.update == made.build.update
    third = again.update(Model(moved(base("ltc"), 0.05, 2))).build.update
    first = made.build.update
    assert first is not None and third is not None
    assert (first[NUMBER], third[NUMBER]) == (b"\1\0", b"\2\0") and third[24:28] == first[20:24]
    assert main(["check", str(tmp_path / "new")]) == 0
    (tmp_path / "new" / "m.lnu").write_bytes(signed(first[:100] + b"\1" + first[101:-CRC]))
    with pytest.raises(LnnccError) as caught:
        Program.load(tmp_path / "new")
    assert caught.value.code == "E0405"


def test_the_verb_writes_an_update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lnncc.save(Model(base("ltc")), tmp_path / "a.lnn")
    lnncc.save(Model(moved(base("ltc"), 0.05, 1)), tmp_path / "b.lnn")
    options = ["--range", "x=-2:1.5", "--dt", "1", "--name", "m", "--updatable", "--target", "host"]
    assert main(["compile", str(tmp_path / "a.lnn"), "-o", str(tmp_path / "old"), *options]) == 0
    capsys.readouterr()
    assert main(["update", str(tmp_path / "old"), str(tmp_path / "b.lnn"), "-o", str(tmp_path / "new"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["bytes"], said["number"], said["saturating"]) == (len(updated("ltc").update or b""), 1, [])
    assert (tmp_path / "new" / "m.lnu").read_bytes() == updated("ltc").update
    assert main(["verify", str(tmp_path / "new")]) == 0


# What an update may not change, layout by layout.


@pytest.mark.parametrize("target", ["host", "cortex-m4", "cortex-m0plus", "cortex-m55", "host-avx2", "rv32-rvv"])
def test_guards_know_each_source_and_nothing_else(target: str) -> None:
    """Weights that move move no bit that is kept; a source that moves does."""
    old, new = (
        planned(made.integer, made.settings, targets.load(target)) for made in (compiled("ltc"), updated("ltc"))
    )
    assert old.image is not None and new.image is not None
    assert old.image.structure == new.image.structure
    for a, b in zip(old.tables, new.tables, strict=True):
        assert kept(a.rule, a.data) == kept(b.rule, b.data), a.label
    assert any(a.data != b.data for a, b in zip(old.tables, new.tables, strict=True))
    assert all(len(m.data) == m.bytes and m.possible for m in new.image.members)
    assert len(new.image.file(1, b"base")) == new.image.bytes


@pytest.mark.parametrize("optimise", ["balanced", "speed"])
@pytest.mark.parametrize("target", ["host", "cortex-m4", "cortex-m0plus", "cortex-m55", "host-avx2", "rv32-rvv"])
def test_a_source_that_moves_is_seen(target: str, optimise: str) -> None:
    """In each table of synapses that has sources, whichever half of a word holds one."""
    made = compiled("ltc") if optimise == "balanced" else compiled("ltc", "cortex-m0plus", optimise=optimise)
    layout = planned(made.integer, made.settings, targets.load(target))
    mixed = [t for t in layout.tables if t.rule.kind in (Kind.HALVES, Kind.LISTS)]
    apart = [t for t in layout.tables if t.rule.kind is Kind.FIXED]
    assert mixed or apart
    for table in mixed:
        lengths, at, words = set[int](), 0, np.frombuffer(table.data, "<i4")
        while table.rule.kind is Kind.LISTS and at < len(words):
            lengths |= {2 * at, 2 * at + 1}
            at += 1 + int(words[at]) // 4
        seen = 0
        for half in sorted({*range(len(table.data) // 2)} - lengths):
            changed = bytearray(table.data)
            changed[2 * half] ^= 1
            seen += kept(table.rule, bytes(changed)) != kept(table.rule, table.data)
        assert 0 < seen < len(table.data) // 2
    for table in apart:
        assert kept(table.rule, table.data) == table.data


def test_every_parameter_of_a_kernel_is_known() -> None:
    """What a kernel of tomorrow reads is nothing that an update may change, before somebody has said so."""
    files = sorted(path.stem for path in (share.folder("runtime") / "kernels").glob("*.h"))
    reads = {p.name for file in files for k in prototypes.kernels(file).values() for p in k.parameters if p.reads}
    assert reads - {"synapse", "s"} <= INDICES | FUNCTIONS | WEIGHTS
    with pytest.raises(AssertionError):
        guard("new", "int16_t", None, 1)
    with pytest.raises(AssertionError):
        guard("synapse", "int32_t", "new", 1)


def test_a_number_tells_the_later_of_two_updates() -> None:
    """Made from the same build, without one, both have the same."""
    device, old = Updated(compiled("ltc")), Program(compiled("ltc"))
    first, second, seventh = (
        old.update(Model(moved(base("ltc"), 0.05, seed)), number=number).build.update
        for seed, number in ((1, None), (2, None), (3, 7))
    )
    assert first is not None and second is not None and seventh is not None
    assert first[NUMBER] == second[NUMBER] == b"\1\0" and seventh[NUMBER] == b"\7\0"
    a, b = device.place(first), device.place(seventh)
    assert device.calls.m_newest_update(a, b) == b and device.calls.m_newest_update(b, a) == b
    for number in (0, -1):
        with pytest.raises(LnnccError, match="E0237"):
            old.update(Model(base("ltc")), number=number)


def test_every_table_of_an_image_is_of_a_known_kind() -> None:
    assert guard("src", "uint16_t", None, 1).kind is guard("nodes", "ln_node", None, 1).kind is Kind.FIXED
    assert guard("synapse", "int32_t", "synapse_rows", 1).kind is Kind.FREE  # the code knows their sources
    assert guard("nodes", "int16_t", None, 1).kind is guard("w", "int16_t", None, 1).kind is Kind.FREE
    assert zlib.crc32(kept(Guard(Kind.HALVES, 3, 0b100), bytes(range(12)))) == zlib.crc32(bytes([4, 5, 10, 11]))
