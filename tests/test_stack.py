"""Worst-case stack from machine code: never below what was measured, equal to what gcc says, or refused."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from toy_model import (
    BUILDS,
    FOLDER,
    KINDS,
    PLAIN,
    TOY,
    assembly_model,
    compiler,
    inputs,
    plain_firmware,
    plain_model,
    toy_firmware,
)

from lnncc import target
from lnncc.errors import LnnccError
from lnncc.validate import elf, stack, toolchain
from lnncc.validate.emulators.job import Job

ONE = b"\1\0"


def measured(path: Path, name: str, function: str, request: bytes) -> int:
    """Bytes below SP at the entry of ``function`` that SP reached before it came back, by a hook an instruction."""
    import unicorn

    from lnncc.validate.emulators import unicorn as emulator

    loaded = target.load(name)
    job = Job(path, loaded.emulated(), loaded.machine("unicorn"), request, function, 60.0)
    machine = emulator.start(job)
    entry = machine.image.symbol(function).address
    seen: dict[str, int] = {"deepest": 0, "end": 0}

    def watch(core: unicorn.Uc, address: int, size: int, _data: object) -> None:
        sp = core.reg_read(machine.core.register(machine.core.sp))
        if address == entry:
            seen.update(sp=sp, back=seen["end"])
        if address == seen.get("back"):
            del seen["sp"], seen["back"]
        if "sp" in seen:
            seen["deepest"] = max(seen["deepest"], seen["sp"] - sp)
        seen["end"] = address + size

    machine.uc.hook_add(unicorn.UC_HOOK_CODE, watch)
    emulator.finish(machine, job)
    return seen["deepest"]


def request(steps: int) -> bytes:
    return steps.to_bytes(4, "little") + inputs(steps).tobytes()


IN_UNICORN = [build for build in BUILDS if "unicorn" in dict(target.load(build[0]).emulated().emulators)]


@pytest.mark.parametrize(("name", "kind"), IN_UNICORN)
def test_the_toy_stays_within_its_bound(name: str, kind: str) -> None:
    path = toy_firmware(name, kind)
    bound = stack.bound(elf.read(path), "toy_step")
    deepest = measured(path, name, "toy_step", request(5))
    assert 0 < deepest <= bound.size
    # Only a branch that divides by zero goes deeper than this input did.
    assert bound.size <= deepest + 16
    assert bound.path[0] == "toy_step"


@pytest.mark.parametrize("name", dict(BUILDS))
def test_a_frame_is_what_gcc_says(tmp_path: Path, name: str) -> None:
    gcc = compiler(name, "gcc")
    toolchain.compile_object(gcc, FOLDER / "toy.c", tmp_path / "toy.o", include=[FOLDER], flags=["-fstack-usage"])
    usage = re.search(r":toy_step\t(\d+)\tstatic", (tmp_path / "toy.su").read_text())
    assert usage is not None
    image = elf.read(toy_firmware(name, "gcc"))
    depth = stack.bound(image, "toy_step")
    inner = [stack.bound(image, callee).size for callee in depth.path[1:2]]
    assert depth.size - sum(inner) == int(usage[1])


NOINLINE = "__attribute__((noinline))"
SHAPES = {
    "leaf": ("y0[0] = x0[0];", ""),
    "large frame": ("volatile int16_t a[2600]; a[x0[0]] = 3; y0[0] = a[x0[0]];", ""),
    "huge frame": ("volatile int32_t a[1100]; a[x0[0]] = 3; y0[0] = (int16_t)a[x0[0]];", ""),
    "two callees": (
        "y0[0] = (int16_t)(small(x0[0]) + large(x0[0]));",
        f"{NOINLINE} int small(int n); {NOINLINE} int small(int n) {{ volatile int a[4]; a[n] = n; return a[1]; }}\n"
        f"{NOINLINE} int large(int n); {NOINLINE} int large(int n) {{ volatile int a[40]; a[n] = n; return a[1]; }}",
    ),
    "tail call": (
        "y0[0] = (int16_t)outer(x0[0]);",
        f"{NOINLINE} int last(int n); {NOINLINE} int last(int n) {{ volatile int a[9]; a[n] = n; return a[1]; }}\n"
        f"{NOINLINE} int outer(int n); {NOINLINE} int outer(int n) {{ return last(n + 1); }}",
    ),
    "five arguments": (
        "y0[0] = (int16_t)many(x0[0], 2, 3, 4, 5, 6);",
        f"{NOINLINE} int many(int a, int b, int c, int d, int e, int f);\n"
        f"{NOINLINE} int many(int a, int b, int c, int d, int e, int f)\n"
        "{ volatile int z[3] = {a, b, c}; return z[d - 4] + e * f; }",
    ),
    "switch": (
        "switch (x0[0]) { case 0: *y0 = 3; break; case 1: *y0 = pick(9); break; case 2: *y0 = 99; break;\n"
        "case 3: *y0 = pick(5); break; case 4: *y0 = 70; break; case 5: *y0 = pick(31); break; default: *y0 = 8; }",
        f"{NOINLINE} int16_t pick(int n);\n"
        f"{NOINLINE} int16_t pick(int n) {{ volatile int a[50]; a[n] = n; return (int16_t)a[n]; }}",
    ),
    "division": ("y0[0] = (int16_t)(((int64_t)x0[0] << 20) / (x0[0] + 9));", ""),
}
# Where a bound may lie above what ran, by how much: library code has branches that this input does not take.
SLACK = {"division": 64, "switch": 16}


SHAPED = [("cortex-m0plus", shape) for shape in SHAPES] + [("cortex-m4", shape) for shape in SHAPES]
SHAPED += [(name, shape) for name in ("rv32imc", "aarch64-neon") for shape in SHAPES if shape != "switch"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("name", "shape"), SHAPED)
def test_every_shape_of_function(tmp_path: Path, name: str, shape: str, kind: str) -> None:
    path = plain_firmware(plain_model(tmp_path, *SHAPES[shape]), name, kind)
    bound = stack.bound(elf.read(path), "plain_step")
    deepest = measured(path, name, "plain_step", (1).to_bytes(4, "little") + ONE)
    assert deepest <= bound.size <= deepest + SLACK.get(shape, 0)


BY_HAND = {
    "push and locals": (("push {r4, lr}", "sub sp, #24", "add sp, #24", "pop {r4, pc}"), 32),
    "frame pointer": (("push {r7, lr}", "add r7, sp, #0", "sub sp, #8", "mov sp, r7", "pop {r7, pc}"), 16),
    "return by another register": (("push {r4, lr}", "pop {r4}", "pop {r3}", "bx r3"), 8),
    "literal": (
        (
            "ldr r3, 1f",
            "add sp, r3",
            "ldr r3, 2f",
            "add sp, r3",
            "bx lr",
            ".balign 4",
            "1: .word -1024",
            "2: .word 1024",
        ),
        1024,
    ),
    "far jump": (("push {r4, lr}", "bl 1f", "push {r0-r3}", "1: pop {r4, pc}"), 8),
    "deep after a return": (("cmp r0, #0", "beq 1f", "bx lr", "1: push {r0-r3}", "add sp, #16", "bx lr"), 16),
}


@pytest.mark.parametrize("case", BY_HAND)
def test_depth_by_hand(tmp_path: Path, case: str) -> None:
    lines, depth = BY_HAND[case]
    path = plain_firmware(assembly_model(tmp_path, lines), "cortex-m0plus")
    assert stack.bound(elf.read(path), "plain_step") == stack.Stack(depth, ("plain_step",))


ON_M4 = {
    "write-back": (("str lr, [sp, #-8]!", "ldr pc, [sp], #8"), 8),
    "wide list": (("push {r4-r11, lr}", "subw sp, sp, #1020", "addw sp, sp, #1020", "pop {r4-r11, pc}"), 36 + 1020),
    "movw and movt": (("movw r3, #16", "movt r3, #1", "sub sp, r3", "add sp, r3", "bx lr"), 65552),
    "return inside IT": (
        ("push {r4, lr}", "cmp r0, #0", "it eq", "popeq {r4, pc}", "push {r0}", "pop {r0}", "pop {r4, pc}"),
        12,
    ),
    "table": (("tbb [pc, r0]", ".byte 1, 2", "push {r0, r1}", "pop {r0, r1}", "bx lr"), 8),
}


@pytest.mark.parametrize("case", ON_M4)
def test_depth_by_hand_on_m4(tmp_path: Path, case: str) -> None:
    lines, depth = ON_M4[case]
    path = plain_firmware(assembly_model(tmp_path, lines), "cortex-m4")
    assert stack.bound(elf.read(path), "plain_step").size == depth


ON_M55 = {
    "stores and loads that write back": (("push {r4, lr}", "vstrh.32 q4, [r5], #8", "vld20.32 {q0, q1}, [sp]"), 8),
    "vectors kept": (("push {r4, lr}", "vpush {d8, d9}", "vmlava.s16 r4, q0, q1", "vpop {d8, d9}"), 24),
    "predicated": (("push {r4, lr}", "vctp.32 r0", "vpst", "vstrwt.32 q0, [r1]", "csel r0, r1, r2, eq"), 8),
    "loops": (("push {r4, lr}", "dlstp.16 lr, r0", "1: vldrh.u16 q0, [r1], #16", "letp lr, 1b"), 8),
    "a loop of no turns": (("push {r4, lr}", "wls lr, r0, 2f", "1: push {r3}", "pop {r3}", "le lr, 1b", "2:"), 12),
}


@pytest.mark.parametrize("case", ON_M55)
def test_depth_by_hand_on_m55(tmp_path: Path, case: str) -> None:
    lines, depth = ON_M55[case]
    path = plain_firmware(assembly_model(tmp_path, (*lines, "pop {r4, pc}")), "cortex-m55")
    assert stack.bound(elf.read(path), "plain_step").size == depth


def test_what_a_vector_leaves_in_a_register_is_no_constant(tmp_path: Path) -> None:
    lines = "movs r3, #16", "vmlav.s16 r2, q0, q1", "sub sp, r3", "add sp, r3", "bx lr"
    with pytest.raises(LnnccError, match="E0805"):
        stack.bound(elf.read(plain_firmware(assembly_model(tmp_path, lines), "cortex-m55")), "plain_step")


REFUSED = {
    "recursion": (("push {lr}", "bl plain_step", "pop {pc}"), "recursion: plain_step -> plain_step"),
    "indirect call": (("push {lr}", "blx r0", "pop {pc}"), "an indirect call"),
    "indirect tail call": (("bx r0",), "an indirect call"),
    "frame of any size": (("sub sp, r0", "add sp, r0", "bx lr"), "moves SP by no constant"),
    "SP out of memory": (("ldr r3, [r0]", "mov sp, r3", "bx lr"), "moves SP by no constant"),
    "a constant that is not one": (("mov r3, r0", "lsl r3, r3, #2", "add sp, r3", "bx lr"), "moves SP by no constant"),
    "shifted": (("movs r2, #4", "sub sp, sp, r2, lsl #3", "bx lr"), "moves SP by no constant"),
    "sum of what is unknown": (("add r3, r0, #4", "mov sp, r3", "bx lr"), "moves SP by no constant"),
    "half of a constant": (("movt r3, #1", "add sp, r3", "bx lr"), "moves SP by no constant"),
    "depth that grows": (("1: push {r0}", "cmp r0, #0", "bne 1b", "bx lr"), "depends on the path"),
    "SP forgotten on one path": (("cmp r0, #0", "beq 1f", "mov r7, sp", "1: mov sp, r7", "bx lr"), "no constant"),
    "no instruction": ((".inst.w 0xe8010000", "bx lr"), "an unknown instruction"),
    "out of the program": (("push {lr}", "bl plain_step + 0x2000", "pop {pc}"), "where no function is"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_bound_is_refused(tmp_path: Path, case: str) -> None:
    lines, why = REFUSED[case]
    path = plain_firmware(assembly_model(tmp_path, lines), "cortex-m4")
    with pytest.raises(LnnccError) as caught:
        stack.bound(elf.read(path), "plain_step")
    assert caught.value.code == "E0805"
    assert why in str(caught.value)


VECTORS = {
    "a power of two": ("csrr t0, vlenb", "slli t0, t0, 3", "sub sp, sp, t0", "add sp, sp, t0"),
    "any number": ("csrr a0, vlenb", "li a1, 10", "mul a0, a0, a1", "sub sp, sp, a0", "add sp, sp, a0"),
}


@pytest.mark.parametrize("case", VECTORS)
@pytest.mark.parametrize("size", [16, 64, None])
def test_frames_of_vectors(tmp_path: Path, case: str, size: int | None) -> None:
    """As long as the core's vectors are; no bound where that is not known."""
    asm = "".join(f'__asm volatile("{line}" ::: "t0", "a0", "a1", "memory");' for line in VECTORS[case])
    path = plain_firmware(plain_model(tmp_path, asm), "rv32-rvv")
    image = replace(elf.read(path), vector_bytes=size)
    if size is None:
        with pytest.raises(LnnccError, match="moves SP by no constant"):
            stack.bound(image, "plain_step")
        return
    assert stack.bound(image, "plain_step").size == size * (8 if case == "a power of two" else 10)


@pytest.mark.parametrize(
    "lines",
    [("li t0, 3", "mul t0, t0, a0", "sub sp, sp, t0"), ("csrr t0, mscratch", "slli t0, t0, 3", "sub sp, sp, t0")],
)
def test_what_only_looks_like_a_frame_of_vectors(tmp_path: Path, lines: tuple[str, ...]) -> None:
    asm = "".join(f'__asm volatile("{line}" ::: "t0", "memory");' for line in lines)
    image = replace(elf.read(plain_firmware(plain_model(tmp_path, asm), "rv32-rvv")), vector_bytes=16)
    with pytest.raises(LnnccError, match="moves SP by no constant"):
        stack.bound(image, "plain_step")


@pytest.mark.parametrize(
    ("name", "line"),
    [("rv32imc", "jr a1"), ("rv32imc", "jalr a1"), ("aarch64-neon", "br x1"), ("aarch64-neon", "blr x1")],
)
def test_a_jump_that_may_be_a_call_is_refused(tmp_path: Path, name: str, line: str) -> None:
    path = plain_firmware(plain_model(tmp_path, f'__asm volatile("{line}");'), name)
    with pytest.raises(LnnccError, match="E0805") as caught:
        stack.bound(elf.read(path), "plain_step")
    assert "an indirect call" in str(caught.value)


def test_data_is_no_function() -> None:
    table = elf.Symbol("table", 0, 4, True)
    image = elf.Image((), (elf.Section(".text", 0, 4, bytes(4), False),), (table,), ((0, False),))
    with pytest.raises(LnnccError, match="E0805") as caught:
        stack.bound(image, "table")
    assert "does not start with code" in str(caught.value)


def test_a_variable_length_array_is_refused(tmp_path: Path) -> None:
    path = plain_firmware(plain_model(tmp_path, "volatile int16_t a[x0[0]]; a[0] = 1; y0[0] = a[0];"), "cortex-m4")
    with pytest.raises(LnnccError, match="E0805"):
        stack.bound(elf.read(path), "plain_step")


def test_the_path_names_every_function(tmp_path: Path) -> None:
    path = plain_firmware(plain_model(tmp_path, *SHAPES["two callees"]), "cortex-m4")
    assert stack.bound(elf.read(path), "plain_step").path == ("plain_step", "large")
    assert (PLAIN.name, TOY.name) == ("plain", "toy")
