"""misuse: what the compiled C does with inputs beyond their range, and with a saved state that is none of its own."""

import zlib
from dataclasses import dataclass

import numpy as np

from lnncc.build import Build
from lnncc.ir import Array
from lnncc.plan.interface import Signal
from lnncc.validate import host
from lnncc.validate.host import Library

STEPS, SEED = 64, 0
WORD, CRC = 2, 4  # bytes of a state's element, and of what ends a saved state
HASH_AT = 2  # behind its version and number


@dataclass(frozen=True, slots=True)
class Misuse:
    """What was tried on this machine. ``clamped`` says that integers anywhere in their width gave the bits of the same
    clamped to the declared ranges, ``counted`` how many of the ``beyond`` values the state's counter saw.

    ``own`` says that a saved state came back. ``foreign``, ``damaged`` and ``impossible``: that one of another model,
    one with a wrong bit, and one with values no step can reach were refused, nothing changed; the last is None where
    every integer is possible or there is no state.
    """

    steps: int
    beyond: int
    counted: int
    clamped: bool
    own: bool
    foreign: bool
    damaged: bool
    impossible: bool | None


def misuse(build: Build, save_bytes: int) -> Misuse:
    """Everything that can be tried with the C of ``build`` as a library. Raises as ``host.build``."""
    library, io = host.build(build), build.interface
    rng = np.random.default_rng(SEED)
    wild = tuple(_anything(rng, s) for s in io.given)
    tame = tuple(_clamped(x, s) for x, s in zip(wild, io.given, strict=True))
    one, other = host.counted(library, io, wild), host.counted(library, io, tame)
    same = all(
        np.array_equal(a, b) for a, b in zip((*one.states, *one.outputs), (*other.states, *other.outputs), strict=True)
    )
    beyond = sum(int((x != y).sum()) for x, y in zip(wild, tame, strict=True))
    counted = int(one.clipped.sum()) - int(other.clipped.sum())
    return Misuse(STEPS, beyond, counted, same, *_restored(build, library, save_bytes))


def _anything(rng: np.random.Generator, signal: Signal) -> Array:
    """Integers of the whole width; a door that lets all of it through clamps nothing."""
    top = 1 << (signal.bits - 1)
    return rng.integers(-top, top, (1, STEPS, signal.size)).astype(f"int{signal.bits}")


def _clamped(x: Array, signal: Signal) -> Array:
    return np.clip(x, signal.low, signal.high).astype(x.dtype)


def _restored(build: Build, library: Library, size: int) -> tuple[bool, bool, bool, bool | None]:
    """Whether its own saved state is taken, and a foreign, a damaged and an impossible one refused."""
    name, ffi, calls = build.name, library.ffi, library.calls
    state, saved = ffi.new(f"{name}_state *"), ffi.new("uint8_t[]", size)
    reset, save, restore = (getattr(calls, f"{name}_{verb}") for verb in ("reset", "save", "restore"))
    reset(state)
    save(state, saved)
    before, whole = bytes(ffi.buffer(state)), bytes(ffi.buffer(saved, size))

    def refuses(data: bytes) -> bool:
        return bool(restore(state, ffi.new("uint8_t[]", data)) != 0 and bytes(ffi.buffer(state)) == before)

    foreign = _sealed(whole[:HASH_AT] + bytes([whole[HASH_AT] ^ 1]) + whole[HASH_AT + 1 :])
    damaged = whole[:-1] + bytes([whole[-1] ^ 1])
    wrong = _impossible(build, whole)
    return restore(state, saved) == 0, refuses(foreign), refuses(damaged), None if wrong is None else refuses(wrong)


def _sealed(saved: bytes) -> bytes:
    """With the CRC that its bytes should have."""
    return saved[:-CRC] + zlib.crc32(saved[:-CRC]).to_bytes(CRC, "little")


def _impossible(build: Build, whole: bytes) -> bytes | None:
    """A value beyond the invariant of the first state whose invariant is not all of int16."""
    at = len(whole) - CRC - WORD * sum(s.size for s in build.interface.states)
    for signal in build.interface.states:
        if signal.high < (1 << 15) - 1:
            value = int(signal.high + 1).to_bytes(WORD, "little", signed=True)
            return _sealed(whole[:at] + value + whole[at + WORD :])
        at += WORD * signal.size
    return None
