"""Firmware in an emulator: the bits of plain Python, counts that another tool agrees with, and failures named."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from toy_model import (
    BUILDS,
    KINDS,
    PLAIN,
    TOY,
    assembly_model,
    compiler,
    inputs,
    need_emulator,
    plain_firmware,
    plain_model,
    signal,
    toy_firmware,
    toy_reference,
)

from lnncc import target
from lnncc.errors import LnnccError
from lnncc.plan.interface import Interface
from lnncc.validate import elf, emulate, firmware, here
from lnncc.validate.emulators.job import Job, bad_status

ONE = b"\1\0"
GIVE_BACK = "y0[0] = x0[0];"


@pytest.mark.parametrize(("name", "kind"), BUILDS)
def test_the_bits_are_those_of_plain_integers(name: str, kind: str) -> None:
    need_emulator(name)
    xs = inputs(200)
    run = emulate.run(toy_firmware(name, kind), TOY, target.load(name), xs.tobytes(), count=3)
    assert run.output == toy_reference(xs)
    assert len(run.instructions) == 3
    assert run.emulator == here.emulator(target.load(name))


BOTH = [build for build in BUILDS if {"unicorn", "qemu"} <= dict(target.load(build[0]).emulated().emulators).keys()]


@pytest.mark.parametrize(("name", "kind"), BOTH)
def test_two_emulators_give_the_same_bits_and_counts(name: str, kind: str) -> None:
    need_emulator(name, "qemu")
    xs = inputs(20, seed=1).tobytes()
    ours, theirs = (
        emulate.run(toy_firmware(name, kind), TOY, target.load(name), xs, emulator=emulator)
        for emulator in ("unicorn", "qemu")
    )
    assert theirs.emulator == "qemu"
    assert (theirs.output, theirs.instructions, theirs.cycles) == (ours.output, ours.instructions, ours.cycles)


IN_QEMU = [build for build in BUILDS if "qemu" in dict(target.load(build[0]).emulated().emulators)]


@pytest.mark.parametrize(("name", "kind"), IN_QEMU)
def test_counts_are_those_of_qemu_one_instruction_at_a_time(tmp_path: Path, name: str, kind: str) -> None:
    need_emulator(name, "qemu")
    path, xs = toy_firmware(name, kind), inputs(16, seed=2)
    run = emulate.run(path, TOY, target.load(name), xs.tobytes())
    assert run.instructions == counted_by_qemu(tmp_path, path, name, xs.tobytes(), 16)
    assert run.instructions_per_step == max(run.instructions)


def counted_by_qemu(folder: Path, path: Path, name: str, xs: bytes, steps: int) -> tuple[int, ...]:
    """Instructions from the entry of the step to its return, out of QEMU's log of blocks of one instruction."""
    from lnncc.validate.emulators import qemu

    loaded = target.load(name)
    (folder / "in.bin").write_bytes(steps.to_bytes(4, "little") + xs)
    job = Job(path, loaded.emulated(), loaded.machine("qemu"), b"", "toy_step", 60.0)
    command = qemu._command(job, ("-singlestep", "-d", "exec,nochain", "-D", "log"))
    done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if "invalid option" in done.stderr:
        pytest.skip("this QEMU has no -singlestep")
    assert done.returncode == 0
    lines = (folder / "log").read_text().splitlines()
    pcs = [int(found[1], 16) for line in lines if (found := re.search(r"\[[0-9a-f]+/([0-9a-f]+)/", line))]
    image = elf.read(path)
    entry = image.symbol("toy_step").address
    outside = image.function_at(pcs[pcs.index(entry) - 1])
    assert outside is not None
    counts, running = list[int](), False
    for pc in pcs:
        running = pc == entry or (running and not outside.holds(pc))
        if pc == entry:
            counts.append(0)
        if running:
            counts[-1] += 1
    return tuple(counts)


LOOP = ("movs r3, #10", "1: subs r3, #1", "bne 1b", "bx lr")
SKIPPING = (
    "movs r2, #0",
    "movs r3, #10",
    "1: tst r3, #1",
    "itt ne",
    "addne r2, #1",
    "addne r2, #2",
    "subs r3, #1",
    "bne 1b",
    "bx lr",
)
LEAVING = ("movs r3, #3", "1: subs r3, #1", "it eq", "bxeq lr", "b 1b")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "lines", "count"),
    [
        ("cortex-m0plus", LOOP, 1 + 10 * 2 + 1),
        ("cortex-m33", LOOP, 1 + 10 * 2 + 1),
        ("cortex-m3", SKIPPING, 2 + 10 * 6 + 1),
        ("cortex-m4", SKIPPING, 2 + 10 * 6 + 1),
        ("cortex-m4", LEAVING, 1 + 2 * 4 + 3),
        ("cortex-m4", ("push {r4, lr}", "bl 1f", "pop {r4, pc}", "1: bx lr"), 4),
    ],
)
def test_counts_are_those_by_hand(tmp_path: Path, name: str, lines: tuple[str, ...], count: int, kind: str) -> None:
    path = plain_firmware(assembly_model(tmp_path, lines), name, kind)
    run = emulate.run(path, PLAIN, target.load(name), 3 * ONE)
    assert run.instructions == (count, count, count)


def test_only_the_first_steps_are_counted_and_all_are_run() -> None:
    xs, path = inputs(40).tobytes(), toy_firmware("cortex-m4", "zig")
    full = emulate.run(path, TOY, target.load("cortex-m4"), xs)
    none = emulate.run(path, TOY, target.load("cortex-m4"), xs, count=0)
    assert len(full.instructions) == len(full.cycles) == 16
    assert (none.instructions, none.cycles) == ((), ())
    assert (none.instructions_per_step, none.cycles_per_step) == (None, None)
    assert none.output == full.output


def test_no_step_at_all() -> None:
    run = emulate.run(toy_firmware("cortex-m4", "zig"), TOY, target.load("cortex-m4"), b"")
    assert (run.output, run.instructions) == (b"", ())


def test_cycles_are_estimated_where_there_is_a_model() -> None:
    run = emulate.run(toy_firmware("cortex-m4", "zig"), TOY, target.load("cortex-m4"), inputs(4).tobytes())
    assert run.cycles_per_step is not None
    low, nominal, high = run.cycles_per_step.values()
    assert run.instructions_per_step is not None
    assert run.instructions_per_step < low < nominal < high
    assert list(run.cycles_per_step) == ["min", "nominal", "max"]
    other = emulate.run(toy_firmware("cortex-m33", "zig"), TOY, target.load("cortex-m33"), inputs(4).tobytes())
    assert other.cycles_per_step is None
    assert len(other.instructions) == 4


def test_a_model_without_inputs_is_told_how_many_steps(tmp_path: Path) -> None:
    interface = Interface("plain", (), (signal("s0", 2),), (signal("y0", 1),))
    (tmp_path / "plain.h").write_text(
        "#include <stdint.h>\n#define PLAIN_S0_LEN 2\n#define PLAIN_Y0_LEN 1\n"
        "typedef struct { int16_t s0[2]; } plain_state;\n"
        "void plain_reset(plain_state *state);\nvoid plain_step(plain_state *state, int16_t *y0);\n"
    )
    (tmp_path / "plain.c").write_text(
        '#include "plain.h"\nvoid plain_reset(plain_state *state) { state->s0[0] = 5; state->s0[1] = 0; }\n'
        "void plain_step(plain_state *state, int16_t *y0) { state->s0[1]--; y0[0] = ++state->s0[0]; }\n"
    )
    loaded = target.load("cortex-m4")
    path = firmware.build(tmp_path, interface, loaded, tmp_path, compiler("cortex-m4", "zig"))
    run = emulate.run(path, interface, loaded, b"", steps=2)
    assert np.frombuffer(run.output, "<i2").tolist() == [6, -1, 6, 7, -2, 7]


CRASHES = [
    ("*y0 = *(volatile int16_t *)0x70000000;", "Invalid memory read", "plain_step"),
    ("*(volatile int16_t *)(uintptr_t)plain_step = 3;", "write-protected", "plain_step"),
    ('__asm volatile("udf #1");', "Invalid instruction", "plain_step"),
    ('__asm volatile("bkpt 1");', "breakpoint", "plain_step"),
    ('__asm volatile("svc 1");', "supervisor call", "plain_step"),
    ("static uint32_t data[4]; ((void (*)(void))((uintptr_t)data | 1))();", "non-executable", "outside of every"),
    ("volatile uint8_t a[9000000]; a[x0[0]] = 1; *y0 = a[x0[0] + 1];", "Invalid memory write", "plain_step"),
]


@pytest.mark.parametrize("name", ["cortex-m0plus", "cortex-m4"])
@pytest.mark.parametrize(("body", "what", "where"), CRASHES)
def test_a_crash_names_cause_and_function(tmp_path: Path, body: str, what: str, where: str, name: str) -> None:
    path = plain_firmware(plain_model(tmp_path, body), name)
    with pytest.raises(LnnccError) as caught:
        emulate.run(path, PLAIN, target.load(name), ONE)
    assert caught.value.code == "E0801"
    assert what in caught.value.title
    assert where in caught.value.title


def test_the_stack_overflows_into_nothing(tmp_path: Path) -> None:
    head = "int down(volatile int n)"
    deep = f"{head};\n{head} {{ volatile int a[64]; a[0] = n; return down(n + 1) + a[0]; }}"
    path = plain_firmware(plain_model(tmp_path, "y0[0] = (int16_t)down(1);", deep), "cortex-m0plus")
    with pytest.raises(LnnccError, match=r"E0801.*Invalid memory write.*down"):
        emulate.run(path, PLAIN, target.load("cortex-m0plus"), ONE)


UNALIGNED = "volatile uint8_t b[8]; y0[0] = (int16_t)*(volatile uint16_t *)((uintptr_t)b | 1);"


def test_an_unaligned_access_is_found_where_it_faults(tmp_path: Path) -> None:
    for name in ("cortex-m0plus", "cortex-m4"):
        (tmp_path / name).mkdir()
        path = plain_firmware(plain_model(tmp_path / name, UNALIGNED), name)
        if name == "cortex-m4":
            assert emulate.run(path, PLAIN, target.load(name), ONE).instructions
            continue
        with pytest.raises(LnnccError, match=r"E0801.*unaligned access.*plain_step"):
            emulate.run(path, PLAIN, target.load(name), ONE)


@pytest.mark.parametrize("emulator", ["unicorn", "qemu"])
def test_a_hang_is_ended(tmp_path: Path, emulator: str) -> None:
    if emulator == "qemu":
        need_emulator("cortex-m4", "qemu")
    path = plain_firmware(plain_model(tmp_path, 'for (;;) { __asm volatile(""); }'), "cortex-m4")
    with pytest.raises(LnnccError) as caught:
        emulate.run(path, PLAIN, target.load("cortex-m4"), ONE, emulator=emulator, seconds=0.3)
    assert caught.value.code == "E0803"
    assert "plain_step" in str(caught.value) or emulator == "qemu"


@pytest.mark.parametrize("emulator", ["unicorn", "qemu"])
def test_a_short_input_is_an_error_of_the_firmware(emulator: str) -> None:
    if emulator == "qemu":
        need_emulator("cortex-m4", "qemu")
    loaded = target.load("cortex-m4")
    module = importlib.import_module(f"lnncc.validate.emulators.{emulator}")
    request = (3).to_bytes(4, "little") + inputs(2).tobytes()
    path = toy_firmware("cortex-m4", "zig")
    job = Job(path, loaded.emulated(), loaded.machine(emulator), request, "toy_step", 10.0)
    with pytest.raises(LnnccError) as caught:
        module.execute(job)
    assert caught.value.code == "E0802"
    assert "could not read" in str(caught.value)


def test_a_fault_in_qemu_is_an_error(tmp_path: Path) -> None:
    need_emulator("cortex-m4", "qemu")
    path = plain_firmware(plain_model(tmp_path, CRASHES[0][0]), "cortex-m4")
    with pytest.raises(LnnccError) as caught:
        emulate.run(path, PLAIN, target.load("cortex-m4"), ONE, emulator="qemu")
    assert caught.value.code == "E0802"
    assert "a fault" in str(caught.value)


def test_an_emulator_killed_by_a_signal_is_said_to_be() -> None:
    assert "signal 6" in str(bad_status(-6))


def test_qemu_that_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = toy_firmware("cortex-m4", "zig")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LnnccError) as caught:
        emulate.run(path, TOY, target.load("cortex-m4"), inputs(1).tobytes(), emulator="qemu")
    assert caught.value.code == "E0704"
    assert "unicorn" in caught.value.helps[0]


@pytest.mark.parametrize(
    ("package", "module"),
    [
        ("unicorn", "lnncc.validate.emulators.unicorn"),
        ("elftools", "lnncc.validate.elf"),
        ("capstone", "lnncc.validate.thumb"),
    ],
)
def test_a_package_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, package: str, module: str) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    with pytest.raises(LnnccError) as caught:
        importlib.import_module(module)
    assert caught.value.code == "E0703"
    assert caught.value.helps == ("pip install 'lnncc[mcu]'",)


def test_qemu_counts_without_unicorn(monkeypatch: pytest.MonkeyPatch) -> None:
    need_emulator("cortex-m4", "qemu")
    path, xs = toy_firmware("cortex-m4", "zig"), inputs(2)
    for name in [name for name in sys.modules if name.split(".")[0] == "unicorn"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "unicorn", None)
    monkeypatch.delitem(sys.modules, "lnncc.validate.emulators.unicorn", raising=False)
    run = emulate.run(path, TOY, target.load("cortex-m4"), xs.tobytes(), emulator="qemu")
    assert (run.output, len(run.instructions)) == (toy_reference(xs), 2)


@pytest.mark.parametrize(("name", "emulator", "code"), [("host", None, "E0222"), ("cortex-m4", "simavr", "E0223")])
def test_an_emulator_that_does_not_apply(name: str, emulator: str | None, code: str) -> None:
    with pytest.raises(LnnccError, match=code):
        emulate.run(Path("none.elf"), TOY, target.load(name), b"", emulator=emulator)
