"""timing: whether a step takes the same time whatever it computes: seen in an emulator, and known from manuals.

What an emulator counts shows that two steps differ, and where; that no step differs it can only make likely. So a
kernel is called constant where no count of any step did differ, and where nothing that it executes depends on operands
by the manual of the core.
"""

import re
import tempfile
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lnncc import share
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.plan.interface import Signal
from lnncc.retarget import retargeted
from lnncc.target import Target
from lnncc.validate import emulate, firmware, host, toolchain

if TYPE_CHECKING:  # they need the extra
    from lnncc.validate.trace import Block, Trace

FACTS = "timing.toml"
STEPS, SEED = 96, 7
ENDS = 4  # steps with all inputs least, most, 0 and by turns


@dataclass(frozen=True, slots=True)
class Core:
    """What manuals say: mnemonics whose time depends on operands, with their least and most cycles if told."""

    slow: Mapping[str, tuple[int, ...]]
    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Timing:
    """``steps`` emulated steps. ``varies`` are words and kernels of which some step ran more than another, with the
    kernels of this model that use them; None where the emulator does not tell. ``slow`` is how often a step runs such
    mnemonics at most, ``users`` what they belong to. ``kernels`` are all that the step calls."""

    steps: int
    emulator: str
    instructions: tuple[int, int]
    cycles: tuple[int, int] | None
    counted: bool
    varies: Mapping[str, tuple[str, ...]] | None
    slow: Mapping[str, int]
    users: tuple[str, ...]
    kernels: tuple[str, ...]

    @property
    def constant(self) -> tuple[str, ...]:
        """Kernels of which nothing was seen to differ and which run nothing slow."""
        if self.varies is None:
            return self.kernels if self.instructions[0] == self.instructions[1] and not self.slow else ()
        moving = {kernel for kernels in self.varies.values() for kernel in kernels} | set(self.users)
        return tuple(kernel for kernel in self.kernels if kernel not in moving)


def core(target: Target) -> Core:
    """What is known of the core of ``target``."""
    table = tomllib.loads((share.folder("runtime") / FACTS).read_text(encoding="utf-8"))["core"]
    facts = table.get(target.cpu, table.get(target.kind))
    return Core({name: tuple(ends) for name, ends in facts["slow"].items()}, facts["text"], facts["source"])


def drawn(build: Build, steps: int = STEPS) -> tuple[Array, ...]:
    """(steps, size) of each input, raw: the ends of its range, then anything in it, each fourth step anything."""
    rng = np.random.default_rng(SEED)
    return tuple(_signal(rng, signal, steps) for signal in build.interface.given)


def _signal(rng: np.random.Generator, signal: Signal, steps: int) -> Array:
    low, high = signal.low, signal.high
    if signal.bits == 32:
        octaves = rng.uniform(0.0, np.log2(high / max(low, 1)), (steps, 1))
        return np.clip(np.rint(max(low, 1) * 2.0**octaves), low, high).astype(np.int32)
    x = rng.integers(low, high + 1, (steps, signal.size))
    x[::4] = rng.integers(-32768, 32768, x[::4].shape)
    x[:ENDS] = np.array([low, high, 0, -1])[:, None]
    x[ENDS - 1] = np.resize([low, high], signal.size)
    return x.astype(np.int16)


def measure(build: Build, target: Target) -> Timing:
    """Emulate a build for ``target``. Raises as ``firmware.build`` and ``emulate.run``."""
    made = retargeted(build, target)
    with tempfile.TemporaryDirectory(prefix="lnncc-timing-") as place:
        folder = Path(place)
        host.write(folder, made.sources.items())
        elf = _linked(folder, made, target)
        given = drawn(made)
        stdin = np.concatenate([_halves(x) for x in given], axis=-1).tobytes()
        run = emulate.run(elf, made.interface, target, stdin, steps=STEPS, count=STEPS)
        traces = emulate.traces(elf, made.interface, target, stdin, steps=STEPS)
        varies, slow = (None, {}) if traces is None else _looked_into(elf, traces, made, core(target))
    kernels = _kernels(made)
    cycles = [(c.minimum, c.maximum) for c in run.cycles]
    return Timing(
        STEPS,
        run.emulator,
        (min(run.instructions), max(run.instructions)),
        (min(low for low, _ in cycles), max(high for _, high in cycles)) if cycles else None,
        traces is None,
        varies,
        slow,
        _users(made, "ln_div") if slow else (),
        kernels,
    )


def _halves(x: Array) -> Array:
    return x.astype("<i2") if x.dtype.itemsize == 2 else np.ascontiguousarray(x, "<i4").view("<i2")


def _linked(folder: Path, build: Build, target: Target) -> Path:
    def debuggable(compiler: toolchain.Compiler) -> Path:
        named = replace(compiler, flags=(*compiler.flags, "-g"))
        return firmware.build(folder, build.interface, target, folder / "work", named)

    return toolchain.first_to(debuggable, target)[0]


def _looked_into(
    elf: Path, traces: "Sequence[Trace]", build: Build, known: Core
) -> tuple[Mapping[str, tuple[str, ...]], Mapping[str, int]]:
    """Words whose code ran more often in one step than in another, with their users; and mnemonics that are slow."""
    from lnncc.validate import lines, mnemonics
    from lnncc.validate.elf import read

    table, image = lines.read(elf), read(elf)
    counts = [trace.blocks() for trace in traces]
    pieces = [_pieces(count) for count in counts]
    moving = {at for piece in pieces for at in piece if any(other[at] != piece[at] for other in pieces)}
    places = {place for at in moving for place in table.within(at, 1)}
    names = sorted({name for file, line in places for name in _named(build, file, line)})
    often = Counter[str]()
    for count in counts:
        step = Counter[str]()
        for block, times in count.items():
            for name in mnemonics.names(image.machine, image.read(block.address, block.size)):
                step[name] += times if name in known.slow else 0
        often = often | step
    return {name: _users(build, name) for name in names}, {name: n for name, n in sorted(often.items()) if n}


def _pieces(count: "Counter[Block]") -> Counter[int]:
    """How often each halfword of code ran: blocks that were cut in different places can be compared."""
    pieces = Counter[int]()
    for block, times in count.items():
        for at in range(block.address, block.address + block.size, 2):
            pieces[at] += times
    return pieces


def _named(build: Build, file: str, line: int) -> list[str]:
    """The function of the runtime at a line, if it is one of the runtime."""
    from lnncc.validate import lines

    texts = [text for path, text in build.sources.items() if Path(path).name == file]
    return [name for text in texts for name, (span, _) in lines.functions(text).items() if line in span]


def _kernels(build: Build) -> tuple[str, ...]:
    """What the step calls, by name."""
    return tuple(sorted(set(re.findall(r"^\s+(?:s->clipped \+= )?(ln_\w+)\(", build.sources[f"{build.name}.c"], re.M))))


def _users(build: Build, word: str) -> tuple[str, ...]:
    """The kernels of the step that are, or come to, ``word``."""
    from lnncc.validate import lines

    bodies: dict[str, str] = {}
    for text in build.sources.values():
        bodies |= {name: bodies.get(name, "") + body for name, (_, body) in lines.functions(text).items()}
    return tuple(kernel for kernel in _kernels(build) if word in _reached(kernel, bodies))


def _reached(kernel: str, bodies: Mapping[str, str]) -> set[str]:
    reached, waiting = set[str](), {kernel}
    while waiting:
        found = waiting.pop()
        reached.add(found)
        waiting |= set(re.findall(r"ln_\w+", bodies.get(found, ""))) - reached
    return reached
