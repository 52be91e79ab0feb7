"""The generated C on this machine: built as a shared library, opened through cffi, run over whole recordings."""

import functools
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cffi
import numpy as np

from lnncc import target as targets
from lnncc.build import Build
from lnncc.emit.render import render
from lnncc.ir import Array
from lnncc.plan.interface import Interface, Signal
from lnncc.retarget import retargeted
from lnncc.target import Target
from lnncc.validate import here, toolchain

DRIVER = "lnn_host_driver.c"
KEPT = 8  # libraries that stay open, so that a model is not compiled for every run
SANITIZE = ("-fsanitize=undefined", "-fno-sanitize-recover=all")
CHECK = ("-DLNN_CHECK",)
DECLARATIONS = """
uint32_t lnn_host_state_bytes(void);
uint32_t lnn_host_run(uint32_t, uint32_t, const int16_t *const *, const int32_t *, int16_t *const *, int16_t *const *,
    uint32_t *);
uint16_t {name}_restore({name}_state *, const uint8_t *);
void {name}_save(const {name}_state *, uint8_t *);
void {name}_reset({name}_state *);
typedef struct {{
    uint8_t (*read)(void *, uint32_t);
    void (*write)(void *, uint32_t, uint8_t);
    void *context;
}} {name}_memory;
uint16_t {name}_store(const {name}_state *, const {name}_memory *);
uint16_t {name}_recall({name}_state *, const {name}_memory *);
typedef struct {{ uint32_t crc, at; }} {name}_check;
uint16_t {name}_check_tables(void);
uint16_t {name}_check_slice({name}_check *, uint32_t);
"""
UPDATES = """
void {name}_restart({name}_state *);
uint16_t {name}_update({name}_state *, const void *, uint32_t);
const void *{name}_newest_update(const void *, const void *);
"""


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """An open library; ``calls`` has the functions of the model and of the driver, by name, as cffi gives them."""

    ffi: cffi.FFI
    calls: Any  # cffi's type, known at run time only

    def state_bytes(self) -> int:
        return int(self.calls.lnn_host_state_bytes())


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """States and outputs after each step, (streams, steps, size) int16, and values clipped in each stream."""

    states: tuple[Array, ...]
    outputs: tuple[Array, ...]
    clipped: Array


class RangeError(AssertionError):
    """A word left its range in a build that checks: our bug, and a hole in the proof."""


def build(made: Build, *, target: Target | None = None, sanitize: bool = False, check: bool = False) -> Library:
    """Compile and open the C of a build, for ``target`` (kind host) if given. With ``sanitize``, undefined behaviour
    ends the process; with ``check``, every word tests its range and ``run`` raises.

    Raises:
        LnnccError: E0804 if this machine's processor cannot run it, E0701 without a compiler, E0702 if it fails.
    """
    flags = (*(SANITIZE if sanitize else ()), *(CHECK if check else ()))
    chosen = targets.load(targets.HOST) if target is None else target
    here.check_processor(chosen)
    sources = retargeted(made, chosen).sources
    return _opened(tuple(sorted(sources.items())), made.interface, made.settings.batch, chosen, flags)


@functools.lru_cache(KEPT)
def _opened(
    sources: tuple[tuple[str, str], ...],
    interface: Interface,
    lanes: int | None,
    target: Target,
    flags: tuple[str, ...],
) -> Library:
    name = interface.name
    compiler = toolchain.find(target)
    texts = (*sources, (DRIVER, render("host/driver.c", name=name, interface=interface)))
    # The loaded library needs its file no longer, except on Windows, which then keeps it.
    with tempfile.TemporaryDirectory(prefix="lnncc-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        write(folder, texts)
        files = tuple(folder / text for text, _ in texts if text.endswith(".c"))
        library = toolchain.shared_library(compiler, files, folder / f"{name}.so", include=(folder,), flags=flags)
        return _open(library, interface, lanes)


def write(folder: Path, texts: Iterable[tuple[str, str]]) -> None:
    """Texts by name below ``folder``."""
    for name, text in texts:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _open(path: Path, interface: Interface, lanes: int | None) -> Library:
    ffi = cffi.FFI()
    ffi.cdef(_state(interface) + DECLARATIONS.format(name=interface.name) + _step(interface))
    if interface.update_bytes is not None:
        ffi.cdef(UPDATES.format(name=interface.name))
    if lanes is not None:
        ffi.cdef(_batch(interface, lanes))
    library = Library(ffi, ffi.dlopen(str(path)))
    expected = ffi.sizeof(f"{interface.name}_state")
    assert library.state_bytes() == expected, f"the state has {library.state_bytes()} bytes, not {expected}"
    return library


def _state(interface: Interface) -> str:
    weights = "" if interface.update_bytes is None else "const void *weights; "
    fields = weights + "".join(f"int16_t {s.id}[{s.size}]; " for s in interface.states)
    return f"typedef struct {{ {fields}uint32_t {', '.join(interface.counters)}; }} {interface.name}_state;"


def _step(interface: Interface) -> str:
    dt = ["int32_t"] * (interface.dt is not None)
    given = ["const int16_t *"] * len(interface.inputs) + dt + ["int16_t *"] * len(interface.outputs)
    return f"void {interface.name}_step({', '.join([f'{interface.name}_state *', *given])});"


def _batch(interface: Interface, lanes: int) -> str:
    name, fields = interface.name, "".join(f"int16_t {s.id}[{s.size * lanes}]; " for s in interface.states)
    counters = ", ".join(f"{counter}[{lanes}]" for counter in interface.counters)
    arrays = ["const int16_t *"] * len(interface.inputs) + ["int16_t *"] * len(interface.outputs)
    return (
        f"typedef struct {{ {fields}uint32_t {counters}; }} {name}_block;"
        f"void {name}_reset_batch({name}_block *, size_t);"
        f"void {name}_step_batch({', '.join([f'{name}_block *', *arrays, 'size_t'])});"
        f"void {name}_get_stream(const {name}_block *, size_t, {name}_state *);"
        f"void {name}_set_stream({name}_block *, size_t, const {name}_state *);"
    )


def run(
    library: Library, interface: Interface, inputs: tuple[Array, ...]
) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """All streams from reset: inputs (streams, steps, size) raw -> (states, outputs), each (streams, steps, size).

    A run-time dt is the last of the inputs.
    """
    done = counted(library, interface, inputs)
    return done.states, done.outputs


def counted(library: Library, interface: Interface, inputs: tuple[Array, ...]) -> Run:
    """As ``run``, with how many values were clipped. Raises RangeError in a build that checks."""
    streams, steps = inputs[0].shape[:2]
    xs = [_checked(x, s, (streams, steps)) for x, s in zip(inputs, interface.given, strict=True)]
    states, outputs = (
        [np.zeros((streams, steps, s.size), np.int16) for s in signals]
        for signals in (interface.states, interface.outputs)
    )
    clipped = np.zeros(streams, np.uint32)
    ffi = library.ffi
    dt = ffi.NULL if interface.dt is None else ffi.cast("int32_t *", xs[-1].ctypes.data)
    given, *results = (_pointers(ffi, arrays) for arrays in (xs[: len(interface.inputs)], states, outputs))
    count = ffi.cast("uint32_t *", clipped.ctypes.data)
    done = library.calls.lnn_host_run(streams, steps, given, dt, *results, count)
    if done != streams * steps:
        stream, step = divmod(int(done), steps)
        raise RangeError(f"a word of {interface.name} left its range in stream {stream}, step {step}")
    return Run(tuple(states), tuple(outputs), clipped)


def _checked(x: Array, signal: Signal, lead: tuple[int, int]) -> Array:
    if x.dtype != np.dtype(f"int{signal.bits}") or x.shape != (*lead, signal.size):
        raise ValueError(
            f"{signal.id} must be int{signal.bits} of shape {(*lead, signal.size)}, got {x.dtype} {x.shape}"
        )
    return np.ascontiguousarray(x)


def _pointers(ffi: cffi.FFI, arrays: list[Array]) -> Any:
    return ffi.new("int16_t *[]", [ffi.cast("int16_t *", a.ctypes.data) for a in arrays] or [ffi.NULL])
