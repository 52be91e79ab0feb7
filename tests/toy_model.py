"""Small models in C for the tests of targets: one written out in tests/data/toy, others made of a few lines."""

import functools
import importlib
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from lnncc import target
from lnncc.errors import LnnccError
from lnncc.plan.interface import Interface, Signal
from lnncc.validate import firmware, here, toolchain
from lnncc.validate.toolchain import Compiler

FOLDER = Path(__file__).parent / "data" / "toy"
EMULATED = tuple(name for name in target.names() if target.load(name).board is not None)
CORTEX = tuple(name for name in EMULATED if target.load(name).kind == "cortex-m")
KINDS = ("zig", "gcc")
# Every emulated target by its first two kinds of compiler. On AVR the toy divides by functions of libgcc that call into
# themselves; tests/test_avr.py has what generated code does there.
BUILDS = tuple(
    (name, kind)
    for name in EMULATED
    if target.load(name).kind != "avr"
    for kind in list(dict.fromkeys(entry.kind for entry in target.load(name).compilers))[:2]
)

_folder = tempfile.TemporaryDirectory(prefix="lnncc-tests-")


def signal(name: str, size: int) -> Signal:
    return Signal(id=name, label=name, size=size, frac=12, low=-32768, high=32767)


TOY = Interface("toy", (signal("x0", 6), signal("x1", 1)), (signal("s0", 8),), (signal("y0", 3),))
T = TypeVar("T")
ONE = b"\1\0"
PLAIN = Interface("plain", (signal("x0", 1),), (), (signal("y0", 1),))
PLAIN_HEADER = """#include <stdint.h>
#define PLAIN_X0_LEN 1
#define PLAIN_Y0_LEN 1
typedef struct { uint32_t clipped; } plain_state;
void plain_reset(plain_state *state);
void plain_step(plain_state *state, const int16_t *x0, int16_t *y0);
"""


def compiler(name: str, kind: str) -> Compiler:
    """Zig comes with the test requirements, so it must be there; others are skipped where they are not."""
    try:
        return toolchain.find(target.load(name), kind)
    except LnnccError:
        if kind == "zig":
            raise
        pytest.skip(f"no {kind} for {name} on this machine")


@functools.cache
def toy_firmware(name: str, kind: str) -> Path:
    """The toy model as firmware for target ``name``, built once a session."""
    workdir = Path(_folder.name) / f"{name}-{kind}"
    return firmware.build(FOLDER, TOY, target.load(name), workdir, compiler(name, kind))


def plain_model(folder: Path, step: str, before: str = "") -> Path:
    """A model of one input and one output; ``step`` is the body of its step, or all of it if it starts with @."""
    head = "void plain_step(plain_state *state, const int16_t *x0, int16_t *y0)"
    body = step[1:] if step.startswith("@") else f"{head}\n{{\n(void)state; (void)x0; (void)y0;\n{step}\n}}\n"
    reset = "void plain_reset(plain_state *state) { state->clipped = 0; }\n"
    (folder / "plain.h").write_text(PLAIN_HEADER)
    (folder / "plain.c").write_text(f'#include "plain.h"\n{reset}{before}\n{body}')
    return folder


def assembly_model(folder: Path, lines: Sequence[str]) -> Path:
    """A model whose step is these lines of assembly, and not an instruction more."""
    text = "".join(f'"{line}\\n"\n' for line in lines)
    naked = f"void plain_step(plain_state *, const int16_t *, int16_t *);\n__asm(\n{_ASSEMBLY}{text}{_END});\n"
    return plain_model(folder, "@" + naked)


_ASSEMBLY = """".syntax unified\\n.text\\n.thumb\\n.global plain_step\\n.type plain_step, %function\\n"
".section .text.plain_step, \\"ax\\", %progbits\\n.balign 4\\n.thumb_func\\nplain_step:\\n"
"""
_END = '".size plain_step, . - plain_step\\n"\n'


def plain_firmware(folder: Path, name: str, kind: str = "zig") -> Path:
    return firmware.build(folder, PLAIN, target.load(name), folder, compiler(name, kind))


def inputs(steps: int, seed: int = 0) -> np.ndarray:
    """Inputs of the toy, [steps, 7]; the last one is small, so that quotients fill their range, and also clip."""
    drawn = np.random.default_rng(seed).integers(-32768, 32768, (steps, 7))
    drawn[:, 6] //= 256
    return drawn.astype("<i2")


def toy_reference(xs: np.ndarray) -> bytes:
    """What the toy writes for inputs [steps, 7], in plain Python integers: states, then outputs, of each step."""
    text = (FOLDER / "toy.c").read_text()
    rows = re.findall(r"^    \{([-\d, ]+)\},", text, re.MULTILINE)
    weights = [[int(word) for word in row.split(",")] for row in rows]
    state, record = [100 * i for i in range(8)], list[int]()
    for step in xs.tolist():
        joined = [*step[:6], *state]
        sums = [sum(w * v for w, v in zip(row, joined, strict=True)) >> 6 for row in weights]
        divisor = 64 + abs(step[6])
        state = [_clip((2 * s + divisor) // (2 * divisor)) for s in sums]
        record += [*state, *(_clip(state[i] + state[i + 5]) for i in range(3))]
    return np.array(record, dtype="<i2").tobytes()


def _clip(value: int) -> int:
    return min(max(value, -32768), 32767)


def seldom(cases: Iterable[T], *often: T) -> list[object]:
    """Cases of a test, of which only ``often`` are run by make test; the others by make test-all."""
    return [case if case in often else pytest.param(case, marks=pytest.mark.matrix) for case in cases]


def need_emulator(name: str, emulator: str | None = None) -> None:
    """Skip where no emulator of the target, or not this one, is installed."""
    loaded = target.load(name)
    try:
        chosen = here.emulator(loaded) if emulator is None else emulator
        importlib.import_module(f"lnncc.validate.emulators.{chosen}").check(loaded.machine(chosen))
    except LnnccError as error:
        pytest.skip(error.title)


def need_target(name: str) -> None:
    """Skip, saying what is missing, where the target cannot be built and run."""
    error = here.why_not(target.load(name))
    if error is not None:
        pytest.skip(error.title)
