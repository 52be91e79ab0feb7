"""compare: the compiled C against the twin, bit for bit, and against the float model, in the user's units."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import twin
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.twin import Trace
from lnncc.validate import deviation, host
from lnncc.validate.deviation import Error


@dataclass(frozen=True, slots=True)
class Verification:
    """``steps`` compared on each target, and how many of them were equal in every bit of states and outputs.

    ``errors`` of the outputs and ``state_errors`` are against the float model, over ``error_steps`` steps.
    """

    steps: int
    exact: Mapping[str, int]
    error_steps: int
    errors: Mapping[str, Error]
    state_errors: Mapping[str, Error]

    @property
    def bit_exact(self) -> bool:
        return all(count == self.steps for count in self.exact.values())

    def __str__(self) -> str:
        lines = [f"{target}: {count} of {self.steps} steps bit-exact" for target, count in self.exact.items()]
        return "\n".join(lines + [f"{label}: {error}" for label, error in self.errors.items()])


def raw_inputs(build: Build, data: Mapping[str, Array]) -> tuple[Array, ...]:
    """Real inputs (streams, steps, size) by label as the integers that go in."""
    return tuple(twin.quantised(data[s.label], s.frac, s.bits) for s in build.interface.given)


def real_outputs(build: Build, outputs: tuple[Array, ...]) -> dict[str, Array]:
    return {s.label: y * 2.0**-s.frac for s, y in zip(build.interface.outputs, outputs, strict=True)}


def verify(
    build: Build,
    data: Mapping[str, Array],
    runners: Mapping[str, Callable[[tuple[Array, ...]], Trace]] | None = None,
    *,
    twin_steps: int | None = None,
) -> Verification:
    """Run ``data`` through the twin, the host's C and any further ``runners`` (by target), from reset.

    ``twin_steps`` limits all but the host's C, which is fast, to the first steps of each stream.
    """
    raw = raw_inputs(build, data)
    compared = tuple(x[:, :twin_steps] for x in raw)
    expected = twin.run(build.integer, compared)
    done = host.run(host.build(build), build.interface, raw)
    traces = {"host": _first(done, compared[0].shape[1])}
    traces |= {target: runner(compared) for target, runner in (runners or {}).items()}
    exact = {target: equal_steps(trace, expected) for target, trace in traces.items()}
    streams, steps = compared[0].shape[:2]
    errors, state_errors = deviation.errors(build, data, *done)
    return Verification(streams * steps, exact, streams * raw[0].shape[1], errors, state_errors)


def _first(trace: Trace, steps: int) -> Trace:
    states, outputs = (tuple(a[:, :steps] for a in side) for side in trace)
    return states, outputs


def equal_steps(trace: Trace, expected: Trace) -> int:
    """Steps at which every state and output is the same integer; a shorter trace misses its steps."""
    pairs = list(zip(trace[0] + trace[1], expected[0] + expected[1], strict=True))
    steps = min(a.shape[1] for a, _ in pairs)
    same = [np.all(a[:, :steps] == b[:, :steps], axis=-1) for a, b in pairs]
    return int(np.all(same, axis=0).sum())
