"""compare: the compiled C against the twin, bit for bit, and against the float model, in the user's units."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import reference, twin
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.validate import host

Trace = tuple[tuple[Array, ...], tuple[Array, ...]]  # states, outputs: each (streams, steps, size)


@dataclass(frozen=True, slots=True)
class Error:
    """Of one output against the float model; ``relative_rms`` is relative to the deviation of the float output."""

    max_abs: float
    rms: float
    relative_rms: float


@dataclass(frozen=True, slots=True)
class Verification:
    """``steps`` compared on each target, and how many of them were equal in every bit of states and outputs."""

    steps: int
    exact: Mapping[str, int]
    errors: Mapping[str, Error]

    @property
    def bit_exact(self) -> bool:
        return all(count == self.steps for count in self.exact.values())


def raw_inputs(build: Build, data: Mapping[str, Array]) -> tuple[Array, ...]:
    """Real inputs (streams, steps, size) by label as the integers that go in."""
    return tuple(twin.quantised(data[s.label], s.frac) for s in build.interface.inputs)


def real_outputs(build: Build, outputs: tuple[Array, ...]) -> dict[str, Array]:
    return {s.label: y * 2.0**-s.frac for s, y in zip(build.interface.outputs, outputs, strict=True)}


def verify(
    build: Build,
    data: Mapping[str, Array],
    runners: Mapping[str, Callable[[tuple[Array, ...]], Trace]] | None = None,
) -> Verification:
    """Run ``data`` through the twin, the host's C and any further ``runners`` (by target), from reset."""
    raw = raw_inputs(build, data)
    expected = twin.run(build.integer, raw)
    library = host.build(build)
    traces = {"host": host.run(library, build.interface, raw)}
    traces |= {target: runner(raw) for target, runner in (runners or {}).items()}
    exact = {target: equal_steps(trace, expected) for target, trace in traces.items()}
    steps = raw[0].shape[0] * raw[0].shape[1]
    return Verification(steps, exact, errors(build, data, expected[1]))


def equal_steps(trace: Trace, expected: Trace) -> int:
    """Steps at which every state and output is the same integer; a shorter trace misses its steps."""
    pairs = list(zip(trace[0] + trace[1], expected[0] + expected[1], strict=True))
    steps = min(a.shape[1] for a, _ in pairs)
    same = [np.all(a[:, :steps] == b[:, :steps], axis=-1) for a, b in pairs]
    return int(np.all(same, axis=0).sum())


def errors(build: Build, data: Mapping[str, Array], outputs: tuple[Array, ...]) -> dict[str, Error]:
    exact = reference.run(build.model, data, build.settings.dt)[0]
    found = real_outputs(build, outputs)
    return {label: _error(found[label], exact[label]) for label in found}


def _error(found: Array, exact: Array) -> Error:
    difference = found - exact
    rms, spread = float(np.sqrt(np.mean(difference**2))), float(exact.std())
    return Error(float(np.abs(difference).max()), rms, rms / spread if spread > 0 else float("inf"))


def stream(trace: Trace) -> bytes:
    """For each step states, then outputs, in signature order, little-endian int16: what `outputs_sha256` hashes."""
    parts = np.concatenate([a[0] for a in trace[0] + trace[1]], axis=-1)
    return parts.astype("<i2").tobytes()


def digest(trace: Trace) -> str:
    return hashlib.sha256(stream(trace)).hexdigest()
