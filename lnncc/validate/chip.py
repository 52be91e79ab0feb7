"""chip: a build on an emulated core: what it takes there, and whether it gives the same bits."""

import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lnncc.build import Build
from lnncc.ir import Array
from lnncc.retarget import retargeted
from lnncc.target import Target, check_constants
from lnncc.validate import compare, emulate, firmware, host, toolchain
from lnncc.validate.toolchain import Compiler

if TYPE_CHECKING:
    from lnncc.validate.footprint import Footprint


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """One stream on one target; ``trace`` is (states, outputs), each (1, steps, size)."""

    target: str
    sizes: "Footprint"
    run: emulate.Run
    trace: compare.Trace


def measure(build: Build, target: Target, compiler: Compiler | None = None) -> "Footprint":
    """Build the firmware and read its sizes off the ELF. Raises as ``firmware.build``."""
    with tempfile.TemporaryDirectory() as folder:
        return _linked(build, target, Path(folder), compiler)[1]


def execute(
    build: Build,
    target: Target,
    raw: tuple[Array, ...],
    *,
    emulator: str | None = None,
    compiler: Compiler | None = None,
    count: int = emulate.COUNTED,
) -> Result:
    """Run one stream of raw inputs, (steps, size) each, from reset. Raises as ``firmware`` and ``emulate``."""
    steps = len(raw[0])
    stdin = np.concatenate([_halves(x) for x in raw], axis=-1).tobytes()
    with tempfile.TemporaryDirectory() as folder:
        elf, sizes = _linked(build, target, Path(folder), compiler)
        run = emulate.run(elf, build.interface, target, stdin, steps=steps, emulator=emulator, count=count)
    return Result(target.name, sizes, run, _unpacked(run.output, build))


def _halves(x: Array) -> Array:
    """As little-endian int16; one int32 becomes two."""
    return x.astype("<i2") if x.dtype.itemsize == 2 else np.ascontiguousarray(x, "<i4").view("<i2")


def _linked(build: Build, target: Target, folder: Path, compiler: Compiler | None) -> "tuple[Path, Footprint]":
    """With ``compiler``, else with the target's first that does not fail."""
    from lnncc.validate import footprint  # it needs the extra, which the host alone does not

    sources, made = folder / "model", retargeted(build, target)
    check_constants(target, made.facts.get("constant_bytes"))
    host.write(sources, made.sources.items())

    def both(chosen: Compiler) -> tuple[Path, Path]:
        full = firmware.build(sources, build.interface, target, folder, chosen)
        return full, firmware.build_empty(sources, build.interface, target, folder, chosen)

    target.emulated()
    (full, empty), notes = (both(compiler), ()) if compiler is not None else toolchain.first_to(both, target)
    return full, replace(footprint.measure(full, empty, build.name, target.vector_bytes), notes=notes)


def _unpacked(output: bytes, build: Build) -> compare.Trace:
    """The stream of records as one array a signal."""
    signals = build.interface.states + build.interface.outputs
    width = sum(s.size for s in signals)
    records = np.frombuffer(output, "<i2").reshape(-1, width)
    parts = np.split(records, np.cumsum([s.size for s in signals])[:-1].tolist(), axis=-1)
    arrays = tuple(part[None].astype(np.int16) for part in parts)
    states = len(build.interface.states)
    return arrays[:states], arrays[states:]
