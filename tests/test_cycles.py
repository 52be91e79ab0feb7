"""Cycle estimates against Arm's tables, by hand. TRM: DDI 0484 (M0+) table 3-1; 100166 (M4) and DDI 0337 (M3) 3.3."""

from pathlib import Path

import pytest
from toy_model import PLAIN, assembly_model, plain_firmware

from lnncc import target
from lnncc.validate import cycles, emulate, trace
from lnncc.validate.cycles import Cycles
from lnncc.validate.elf import Image, Section

ONE = b"\1\0"
NOP, BX_LR = 0xBF00, 0x4770


def image(halves: list[int]) -> Image:
    data = b"".join(half.to_bytes(2, "little") for half in halves)
    return Image((), (Section(".text", 0, len(data), data, False),), (), ())


def cost(model: str, *halves: int) -> Cycles:
    """Cycles of a straight run of instructions, without the nop before, and the nop and the ``bx lr`` after it."""
    body = [NOP, *halves, NOP, BX_LR, NOP, NOP]
    size = 2 * (len(body) - 2)
    whole = cycles.estimate(image(body), trace.from_blocks([(0, size)], size), model)
    bare = cycles.estimate(image([NOP, NOP, BX_LR, NOP, NOP]), trace.from_blocks([(0, 6)], 6), model)
    return Cycles(whole.minimum - bare.minimum, whole.nominal - bare.nominal, whole.maximum - bare.maximum)


def exact(number: int) -> Cycles:
    return Cycles(number, number, number)


MOVS_R0_1 = 0x2001  # movs r0, #1
LDR_R0_R1 = 0x6808  # ldr r0, [r1]
LDR_R1_R2 = 0x6811  # ldr r1, [r2]
LDR_R2_R0 = 0x6802  # ldr r2, [r0]
LDR_R2_R3_4 = 0x685A  # ldr r2, [r3, #4]
LDR_R0_R1_R2 = 0x5888  # ldr r0, [r1, r2]
LDR_R0_R1_R5 = 0x5948  # ldr r0, [r1, r5]
LDR_R0_PC = 0x4800  # ldr r0, [pc, #0]
STR_R0_R3_20 = 0x6158  # str r0, [r3, #20]
STR_R1_R3_R2 = 0x5099  # str r1, [r3, r2]
STR_R0_R1 = 0x6008  # str r0, [r1]
ADDS_R1_4 = 0x3104  # adds r1, #4
MULS_R0_R1 = 0x4348  # muls r0, r1
PUSH_R4_R5_LR = 0xB530  # push {r4, r5, lr}
POP_R4_R5 = 0xBC30  # pop {r4, r5}
LDM_R0_R1_R2 = 0xC806  # ldm r0!, {r1, r2}
IT_EQ = 0xBF08  # it eq
SDIV = (0xFB90, 0xF0F1)  # sdiv r0, r0, r1
MLA = (0xFB00, 0x3001)  # mla r0, r0, r1, r3
MLS = (0xFB00, 0x3011)  # mls r0, r0, r1, r3
SMULL = (0xFB80, 0x2301)  # smull r2, r3, r0, r1
SMLAL = (0xFBC0, 0x2301)  # smlal r2, r3, r0, r1
SMLAD = (0xFB20, 0x3001)  # smlad r0, r0, r1, r3
LDRD = (0xE9D2, 0x0102)  # ldrd r0, r1, [r2, #8]
DMB = (0xF3BF, 0x8F5F)  # dmb sy


@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        ((MOVS_R0_1,), 1),
        ((MULS_R0_R1,), 1),
        ((LDR_R0_R1,), 2),
        ((LDR_R0_R1, LDR_R1_R2), 4),
        ((STR_R0_R1,), 2),
        ((PUSH_R4_R5_LR,), 1 + 3),
        ((POP_R4_R5,), 1 + 2),
        ((LDM_R0_R1_R2,), 1 + 2),
        (DMB, 3),
    ],
)
def test_cortex_m0plus_by_the_table(halves: tuple[int, ...], expected: int) -> None:
    assert cost("cortex-m0plus", *halves) == exact(expected)


@pytest.mark.parametrize("model", ["cortex-m3", "cortex-m4"])
@pytest.mark.parametrize(
    ("halves", "expected"),
    [
        # The TRM's own four examples of pairing: "normally three cycles total", and four for the last.
        ((LDR_R0_R1, LDR_R1_R2), 3),
        ((LDR_R0_R1_R2, STR_R0_R3_20), 3),
        ((LDR_R0_R1_R2, STR_R1_R3_R2), 3),
        ((LDR_R0_R1_R5, LDR_R1_R2, LDR_R2_R3_4), 4),
        ((LDR_R0_R1, LDR_R2_R0), 4),  # the address is what the first one loads: not pipelined
        ((STR_R0_R1,), 1),  # a constant offset is always one cycle
        ((STR_R1_R3_R2,), 2),
        ((STR_R0_R1, LDR_R1_R2), 3),  # nothing is pipelined after a store
        ((ADDS_R1_4, LDR_R0_R1), 1 + 2 + 1),  # "no forwarding path": one cycle of stall
        ((ADDS_R1_4, STR_R0_R1), 1 + 1 + 1),
        ((MOVS_R0_1,), 1),
        ((MULS_R0_R1,), 1),
        ((PUSH_R4_R5_LR,), 1 + 3),
        ((POP_R4_R5,), 1 + 2),
        ((LDM_R0_R1_R2,), 1 + 2),
        (LDRD, 3),
        (SMLAD, 1),
    ],
)
def test_cortex_m3_and_m4_by_the_table(model: str, halves: tuple[int, ...], expected: int) -> None:
    assert cost(model, *halves) == exact(expected)


@pytest.mark.parametrize(
    ("model", "halves", "expected"),
    [
        ("cortex-m4", SDIV, Cycles(2, 7, 12)),
        ("cortex-m3", SDIV, Cycles(2, 7, 12)),
        ("cortex-m4", MLA, exact(1)),
        ("cortex-m3", MLA, exact(2)),
        ("cortex-m3", MLS, exact(2)),
        ("cortex-m4", SMULL, exact(1)),
        ("cortex-m3", SMULL, Cycles(3, 4, 5)),
        ("cortex-m4", SMLAL, exact(1)),
        ("cortex-m3", SMLAL, Cycles(4, 5, 7)),
        ("cortex-m4", DMB, Cycles(1, 1, 4)),
        ("cortex-m4", (LDR_R0_PC,), Cycles(2, 2, 3)),
        ("cortex-m4", (IT_EQ, MOVS_R0_1), Cycles(1, 2, 2)),  # an IT may fold
        ("cortex-m4", (IT_EQ, LDR_R0_R1), Cycles(1, 3, 3)),  # and what it guards may be skipped
    ],
)
def test_what_the_tables_leave_open(model: str, halves: tuple[int, ...], expected: Cycles) -> None:
    assert cost(model, *halves) == expected


LOOP = ("movs r3, #10", "1: subs r3, #1", "bne 1b", "bx lr")
CALL = ("push {r4, lr}", "bl 1f", "pop {r4, pc}", ".balign 4", "1: bx lr")


@pytest.mark.parametrize(
    ("name", "lines", "expected"),
    [
        # One movs, ten subs, nine branches taken and one not, and the return.
        ("cortex-m0plus", LOOP, exact(1 + 10 + 9 * 2 + 1 + 2)),
        ("cortex-m4", LOOP, Cycles(1 + 10 + 9 * 2 + 1 + 2, 1 + 10 + 9 * 2 + 1 + 3, 1 + 10 + 9 * 4 + 1 + 4)),
        # push 1 + N; bl; bx; pop with PC.
        ("cortex-m0plus", CALL, exact(3 + 3 + 2 + 5)),
        ("cortex-m3", CALL, Cycles(3 + 2 + 2 + 4, 3 + 2 + 3 + 5, 3 + 4 + 4 + 6)),
    ],
)
def test_branches_by_hand(tmp_path: Path, name: str, lines: tuple[str, ...], expected: Cycles) -> None:
    path = plain_firmware(assembly_model(tmp_path, lines), name)
    run = emulate.run(path, PLAIN, target.load(name), ONE)
    straddles = run.cycles[0].nominal - expected.nominal  # where the caller goes on with a wide instruction
    assert straddles in (0, 1)
    assert (run.cycles[0].minimum, run.cycles[0].maximum) == (expected.minimum, expected.maximum)


def branch_to(target_halves: list[int], at: int) -> Cycles:
    """An endless ``b`` from 0 to ``at`` and on, on a Cortex-M4, without the ``bx lr`` after it."""
    body = [0xE000 | (at - 4) // 2, NOP, NOP, *target_halves, BX_LR, NOP]
    start, end = at, 2 * (len(body) - 1)
    sequence = [(0, 2), (start, end - start)]
    return cycles.estimate(image(body), trace.from_blocks(sequence, end), "cortex-m4")


def test_a_wide_target_across_two_words_costs_one_more() -> None:
    wide, narrow = branch_to(list(SMLAD), 6), branch_to([MOVS_R0_1, NOP], 6)
    assert (wide.minimum, wide.maximum) == (narrow.minimum - 1, narrow.maximum - 1)
    assert wide.nominal == narrow.nominal - 1 + 1


@pytest.mark.parametrize(
    ("halves", "nominal"),
    [((0xE8D0, 0xF001), 5), ((0x4687,), 3), ((0xF8D0, 0xF000), 5), ((0x4780,), 3)],
    ids=["tbb", "mov pc", "ldr pc", "blx"],
)
def test_jumps_of_every_kind_on_m4(halves: tuple[int, ...], nominal: int) -> None:
    body = [NOP, *halves, NOP, NOP, NOP, BX_LR, NOP]
    jump_end = 2 + 2 * len(halves)
    sequence = [(0, jump_end), (jump_end + 4, 4)]
    code = image(body)
    whole = cycles.estimate(code, trace.from_blocks(sequence, 2 * (len(body) - 1)), "cortex-m4")
    assert whole.nominal == 1 + nominal + 1 + 3
    assert whole.minimum <= whole.nominal <= whole.maximum


def test_a_return_that_an_it_skips_costs_one() -> None:
    code = image([IT_EQ, BX_LR, NOP, BX_LR, NOP])
    went_on = trace.from_blocks([(0, 4), (4, 4)], 8)
    assert cycles.estimate(code, went_on, "cortex-m4").nominal == 1 + 1 + 1 + 3
