"""AVR: cycles are those of the manual, the stack is bounded, faults are found, constants stay in flash."""

import re
from pathlib import Path

import numpy as np
import pytest
from integer_graphs import Builder
from test_machine_kernels import GRAPHS, inputs, planned
from toy_model import ONE, PLAIN, need_target, plain_firmware, plain_model

from lnncc import share, target, twin
from lnncc.errors import LnnccError
from lnncc.plan import plan
from lnncc.plan.program import Call
from lnncc.validate import avr, elf, emulate, firmware, footprint, stack, toolchain
from lnncc.validate.emulators.job import Job

NAMES = ("avr-atmega328p", "avr-atmega2560")
LOOP = ("ldi r24, 10", "1: dec r24", "brne 1b", "ret")
CALL = ("rcall 1f", "lds r24, 0x100", "ret", "1: ret")

WHOLE = (  # a frame of whole 256 bytes, whose lower half is not subtracted
    *("push r28", "push r29", "in r28, 0x3d", "in r29, 0x3e", "subi r29, 2"),
    *("in r0, 0x3f", "cli", "out 0x3e, r29", "out 0x3f, r0", "out 0x3d, r28", "subi r29, 0xFE"),
    *("in r0, 0x3f", "cli", "out 0x3e, r29", "out 0x3f, r0", "out 0x3d, r28", "pop r29", "pop r28", "ret"),
)
ONE_PAGE = tuple({"subi r29, 2": "dec r29", "subi r29, 0xFE": "inc r29"}.get(line, line) for line in WHOLE)  # of 256


def assembly(folder: Path, name: str, lines: tuple[str, ...]) -> Path:
    """Firmware whose step is these lines, and not an instruction more."""
    need_target(name)
    text = "".join(f'"{line}\\n"\n' for line in lines)
    head = '".text\\n.global plain_step\\n.type plain_step, @function\\nplain_step:\\n"\n'
    end = '".size plain_step, . - plain_step\\n"\n'
    source = f"@void plain_step(plain_state *, const int16_t *, int16_t *);\n__asm(\n{head}{text}{end});\n"
    return plain_firmware(plain_model(folder, source), name, "gcc")


@pytest.mark.parametrize(
    ("name", "lines", "instructions", "cycles"),
    [
        ("avr-atmega328p", LOOP, 1 + 10 * 2 + 1, 1 + 10 * 3 - 1 + 4),
        ("avr-atmega2560", LOOP, 1 + 10 * 2 + 1, 1 + 10 * 3 - 1 + 5),
        ("avr-atmega328p", CALL, 4, 3 + 4 + 2 + 4),
        ("avr-atmega2560", CALL, 4, 4 + 5 + 2 + 5),
    ],
)
def test_cycles_are_those_of_the_manual(
    tmp_path: Path, name: str, lines: tuple[str, ...], instructions: int, cycles: int
) -> None:
    path = assembly(tmp_path, name, lines)
    run = emulate.run(path, PLAIN, target.load(name), 2 * ONE)
    assert run.instructions == (instructions, instructions)
    assert run.cycles_per_step == {"min": cycles, "nominal": cycles, "max": cycles}


@pytest.mark.parametrize(
    ("name", "lines", "depth"),
    [
        ("avr-atmega328p", LOOP, 2),
        ("avr-atmega2560", LOOP, 3),
        ("avr-atmega328p", ("push r28", "rcall .", "pop r0", "pop r0", "pop r28", "ret"), 2 + 1 + 2),
        ("avr-atmega328p", WHOLE, 2 + 2 + 512),
        ("avr-atmega328p", ONE_PAGE, 2 + 2 + 256),
        ("avr-atmega328p", ("sbrc r24, 0", "rjmp 1f", "ret", "1: push r1", "pop r1", "ret"), 2 + 1),
    ],
)
def test_depth_by_hand(tmp_path: Path, name: str, lines: tuple[str, ...], depth: int) -> None:
    assert stack.bound(elf.read(assembly(tmp_path, name, lines)), "plain_step").size == depth


@pytest.mark.parametrize("line", ["ijmp", "icall"])
def test_a_jump_through_a_pointer_is_refused(tmp_path: Path, line: str) -> None:
    with pytest.raises(LnnccError, match="E0805"):
        stack.bound(elf.read(assembly(tmp_path, NAMES[0], (line, "ret"))), "plain_step")


@pytest.mark.parametrize("name", ["affine", "affine_w8", "synapses", "drawn 0", "drawn 3"])
def test_the_stack_is_bounded_and_not_by_much(tmp_path: Path, name: str) -> None:
    """Cycles are counted and SP is watched on the ATmega2560, which has room for these graphs."""
    from lnncc.validate.emulators import simavr

    need_target("avr-atmega2560")
    chosen, xs = target.load("avr-atmega2560"), inputs(GRAPHS[name])
    build = planned(name, chosen)
    for file, text in build.sources.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text)
    path = firmware.build(tmp_path, build.interface, chosen, tmp_path / "work")
    stdin = np.concatenate([x[0] for x in xs], axis=-1).astype("<i2").tobytes()
    run = emulate.run(path, build.interface, chosen, stdin, count=3)
    expected = twin.run(GRAPHS[name], xs)
    assert run.output == np.concatenate([y[0] for side in expected for y in side], axis=-1).astype("<i2").tobytes()
    request = (3).to_bytes(4, "little") + stdin[: 3 * len(stdin) // xs[0].shape[1]]
    job = Job(path, chosen.emulated(), chosen.machine("simavr"), request, "m_step", 60.0)
    deepest = max(used for _, _, used in simavr.watched(job, 3))
    bound = stack.bound(elf.read(path), "m_step").size
    assert deepest <= bound <= deepest + 8


def test_constants_stay_in_flash_and_values_in_memory() -> None:
    """A constant that a kernel reads as a value is fetched, in place where the kernel may work so."""
    b, rng = Builder(), np.random.default_rng(0)
    x = b.input(4)
    b.output(b.requantise(b.affine(rng, x, 4), 10))
    b.output(b.blend(x, b.constant([1, 2, 3, 4]), b.table(rng, x)))
    b.output(b.constant([5, 6]))
    made = plan(b.graph(), "m", {}, target.load(NAMES[0]))
    calls = [(c.function, c.arguments[0]) for c in made.statements if isinstance(c, Call)]
    [at] = [i for i, (function, _) in enumerate(calls) if function == "ln_fetch"]
    assert calls[at + 1] == ("ln_affine", calls[at][1])
    assert [function for function, _ in calls].count("ln_fetch_s16") == 2
    elsewhere = plan(b.graph(), "m", {}, target.load("cortex-m4")).statements
    assert "ln_fetch" not in {c.function for c in elsewhere if isinstance(c, Call)}


FUNCTION = re.compile(
    r"^LN_(?:FN|INLINE|SHARED) \w+ (?P<name>\w+)\((?P<parameters>[^()]*)\)\n\{\n(?P<body>.*?)^\}", re.M | re.S
)
LOADS = re.compile(r"ln_(?:ldu?(?:8|16|32)|lookup\w*|direct|read|interpolate|dot\w*)\(&?(\w+)|\(void\)(\w+);")


def test_what_a_kernel_loads_as_a_constant_it_declares_so() -> None:
    """Else the planner would hand it a copy in memory, which those loads do not reach. A function of the same file may
    load on behalf of a kernel."""
    kernels = share.folder("runtime") / "kernels"
    for path in [*kernels.glob("*.narrow.h"), *(p for p in kernels.glob("*.h") if p.name.count(".") == 1)]:
        loaded: dict[str, list[bool]] = {}  # by function, in the order of its parameters
        for function in FUNCTION.finditer(path.read_text()):
            names = {name for found in LOADS.findall(function["body"]) for name in found}
            for called, flags in loaded.items():
                for call in re.findall(rf"\b{called}\(([^()]*(?:\([^()]*\)[^()]*)*)\)", function["body"]):
                    passed = re.split(r", (?![^(]*\))", call)
                    names |= {name for name, flag in zip(passed, flags, strict=True) if flag}
            parameters = function["parameters"].split(", ")
            loaded[function["name"]] = [parameter.split("*")[-1].split()[-1] in names for parameter in parameters]
            for parameter, flag in zip(parameters, loaded[function["name"]], strict=True):
                if " *" in parameter and "const" in parameter:
                    assert ("LN_ROM" in parameter) == flag, f"{path.name}: {parameter}"


def test_the_memory_that_is_used_is_counted(tmp_path: Path) -> None:
    need_target(NAMES[0])
    model, gcc = plain_model(tmp_path, "y0[0] = x0[0];"), toolchain.find(target.load(NAMES[0]))
    builds = (firmware.build, firmware.build_empty)
    full, empty = (build(model, PLAIN, target.load(NAMES[0]), tmp_path, gcc) for build in builds)
    found = footprint.measure(full, empty, "plain")
    assert found.ram == 4 and 0 < found.flash < 64 and found.stack == 2


def test_a_stack_that_meets_the_data_is_found(tmp_path: Path) -> None:
    need_target(NAMES[0])
    deep = "int down(volatile int n);\nint down(volatile int n) { return down(n + 1) + n; }"
    path = plain_firmware(plain_model(tmp_path, "y0[0] = (int16_t)down(1);", deep), NAMES[0], "gcc")
    with pytest.raises(LnnccError, match=r"E0801.*down"):
        emulate.run(path, PLAIN, target.load(NAMES[0]), ONE)


def test_failures_of_the_firmware_and_of_time(tmp_path: Path) -> None:
    from lnncc.validate.emulators import simavr

    need_target(NAMES[0])
    chosen = target.load(NAMES[0])
    path = plain_firmware(plain_model(tmp_path, "y0[0] = x0[0];"), NAMES[0], "gcc")
    short = Job(path, chosen.emulated(), chosen.machine("simavr"), (3).to_bytes(4, "little") + ONE, "plain_step", 60.0)
    with pytest.raises(LnnccError, match=r"E0802.*status 4"):
        simavr.execute(short)
    (tmp_path / "hang").mkdir()
    path = plain_firmware(plain_model(tmp_path / "hang", 'for (;;) { __asm volatile(""); }'), NAMES[0], "gcc")
    with pytest.raises(LnnccError, match="E0803"):
        emulate.run(path, PLAIN, chosen, ONE, seconds=0.5)


def test_simavr_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from lnncc.validate.emulators import simavr

    def fails(*_: object) -> None:
        raise LnnccError("E0702", "gcc failed", notes=("cannot find -lsimavr",))

    simavr.program.cache_clear()
    monkeypatch.setattr(toolchain, "run", fails)
    with pytest.raises(LnnccError) as caught:
        simavr.check("atmega328p")
    simavr.program.cache_clear()
    assert caught.value.code == "E0704" and "libsimavr-dev" in caught.value.helps[0]


def test_every_form_of_instruction_has_its_length() -> None:
    assert {avr.length(word) for word in (0x9000, 0x9200, 0x940C, 0x940E, 0x95FF, 0x91F0)} == {4}
    assert {avr.length(word) for word in (0x0000, 0x9508, 0x9001, 0xC000, 0xD000, 0x9409, 0xE0C0)} == {2}
