"""Flash, RAM and stack of a model alone, whatever firmware is around it."""

from pathlib import Path

import pytest
from toy_model import BUILDS, FOLDER, KINDS, PLAIN, TOY, compiler, inputs, plain_model, signal

from lnncc import target
from lnncc.errors import LnnccError
from lnncc.plan.interface import Interface
from lnncc.validate import elf, emulate, firmware, footprint, toolchain

CONSTANTS = 8 * 14 * 2  # the toy's weights


def toy(folder: Path, name: str, kind: str, define: str = "") -> footprint.Footprint:
    """The toy's footprint with one of its options switched on."""
    source = folder / "source"
    (source / "lnn").mkdir(parents=True, exist_ok=True)
    for path in ("toy.h", "toy.c", "lnn/lnn.h"):
        text = (FOLDER / path).read_text()
        (source / path).write_text(f"#define {define}\n{text}" if define and path == "toy.c" else text)
    return measure(source, TOY, name, folder, kind)


def measure(source: Path, interface: Interface, name: str, folder: Path, kind: str = "zig") -> footprint.Footprint:
    builds = (firmware.build, firmware.build_empty)
    full, empty = (build(source, interface, target.load(name), folder, compiler(name, kind)) for build in builds)
    return footprint.measure(full, empty, interface.name)


@pytest.mark.parametrize(("name", "kind"), BUILDS)
def test_flash_is_what_the_model_adds(tmp_path: Path, name: str, kind: str) -> None:
    found = toy(tmp_path, name, kind)
    obj = tmp_path / "firmware" / "toy.o"
    own = sum(s.size for s in elf.read(obj).sections if not s.name.startswith(".ARM."))  # no unwind tables
    assert found.flash > CONSTANTS
    assert found.ram == 8 * 2 + 4
    if name == "cortex-m0plus":
        assert found.flash > own + 100  # division comes from the compiler's library
        assert len(found.stack_path) > 1
    else:
        assert abs(found.flash - own) <= 16  # alignment
        assert found.stack_path == ("toy_step",)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["cortex-m0plus", "cortex-m4"])
def test_wide_division_links_and_is_paid_for(tmp_path: Path, name: str, kind: str) -> None:
    plain, wide = toy(tmp_path / "plain", name, kind), toy(tmp_path / "wide", name, kind, "TOY_WIDE")
    assert wide.flash > plain.flash + 100
    run = emulate.run(tmp_path / "wide" / "firmware.elf", TOY, target.load(name), inputs(2).tobytes())
    assert len(run.output) == 2 * 2 * (8 + 3)


@pytest.mark.parametrize("kind", KINDS)
def test_static_data_is_seen(tmp_path: Path, kind: str) -> None:
    plain, static = toy(tmp_path / "a", "cortex-m4", kind), toy(tmp_path / "b", "cortex-m4", kind, "TOY_STATIC")
    assert static.ram == plain.ram + 4
    assert static.flash >= plain.flash + 4  # its initial value


def test_an_empty_model_costs_nothing_but_its_functions(tmp_path: Path) -> None:
    found = measure(plain_model(tmp_path, ""), PLAIN, "cortex-m4", tmp_path)
    assert found.flash <= 16
    assert (found.ram, found.stack) == (4, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_functions_that_compilers_call_unasked_are_there_and_counted(tmp_path: Path, kind: str) -> None:
    body = "static big a[2]; a[1].v[5] = x0[0]; a[0] = a[x0[0] & 1]; y0[0] = a[0].v[5];"
    model = plain_model(tmp_path, body, "typedef struct { int16_t v[250]; } big;")
    found = measure(model, PLAIN, "cortex-m4", tmp_path, kind)
    assert found.ram == 4 + 1000  # in whole words
    run = emulate.run(tmp_path / "firmware.elf", PLAIN, target.load("cortex-m4"), b"\7\0")
    assert run.output == b"\7\0"
    assert "memcpy" in " ".join(symbol.name for symbol in elf.read(tmp_path / "firmware.elf").functions)


def test_the_firmware_does_not_depend_on_where_it_is_built(tmp_path: Path) -> None:
    made = []
    for folder in ("one", "another"):
        path = firmware.build(FOLDER, TOY, target.load("cortex-m4"), tmp_path / folder, compiler("cortex-m4", "zig"))
        made.append(elf.read(path).segments)
    assert made[0] == made[1]


def test_a_header_that_disagrees_is_refused(tmp_path: Path) -> None:
    other = Interface("toy", (signal("x0", 7), signal("x1", 1)), TOY.states, TOY.outputs)
    with pytest.raises(LnnccError) as caught:
        firmware.build(FOLDER, other, target.load("cortex-m4"), tmp_path, compiler("cortex-m4", "zig"))
    assert caught.value.code == "E0702"
    assert "disagree about x0" in str(caught.value)


def test_the_host_has_no_firmware(tmp_path: Path) -> None:
    with pytest.raises(LnnccError, match="E0222"):
        firmware.build(FOLDER, TOY, target.load("host"), tmp_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_too_large_for_the_board(tmp_path: Path, kind: str) -> None:
    table = "static const volatile int16_t table[140000] = {1, 2, 3};"
    model = plain_model(tmp_path, "y0[0] = table[x0[0]];", table)
    with pytest.raises(LnnccError) as caught:
        firmware.build(model, PLAIN, target.load("cortex-m0plus"), tmp_path, compiler("cortex-m0plus", kind))
    assert caught.value.code == "E0501"
    assert "overflowed" in str(caught.value)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["cortex-m0plus", "cortex-m4"])
def test_our_own_c_has_no_warning(tmp_path: Path, name: str, kind: str) -> None:
    loaded, found = target.load(name), compiler(name, kind)
    firmware.build_empty(FOLDER, TOY, loaded, tmp_path, found)
    firmware.build(FOLDER, TOY, loaded, tmp_path, found)
    rendered = [tmp_path / "firmware" / "main.c", tmp_path / "empty" / "empty.c"]
    strict = ("-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wstrict-prototypes", "-Wmissing-prototypes", "-Werror")
    for source in (*rendered, *firmware.own_sources(loaded)):
        include = (FOLDER, *firmware.text_folders(loaded))
        toolchain.compile_object(found, source, tmp_path / "strict.o", include=include, flags=strict)
