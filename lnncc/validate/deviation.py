"""deviation: how far the compiled C is from the float model, over time, in the user's units.

The float model is the traced graph in float64. It keeps its own state, so what is measured is the whole error, not that
of a step: if the roundings of the states added up, later windows would be worse than the first.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from lnncc import reference
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.plan.interface import Signal
from lnncc.reference import Trajectory

WINDOWS = 10
SHORT = 1000  # steps up to which NumPy is done before JAX has compiled


@dataclass(frozen=True, slots=True)
class Worst:
    """Where a value was furthest off: which element of it, at which step of which stream, and both values there."""

    stream: int
    step: int
    element: int
    chip: float
    model: float

    def __str__(self) -> str:
        place = f"step {self.step}" if self.stream == 0 else f"stream {self.stream}, step {self.step}"
        return f"{place}, element {self.element}: chip {self.chip:.6g}, float {self.model:.6g}"


@dataclass(frozen=True, slots=True)
class Window:
    """The error over ``steps`` steps from ``start`` on; ``relative_rms`` as in ``Error``."""

    start: int
    steps: int
    max_abs: float
    rms: float
    relative_rms: float


@dataclass(frozen=True, slots=True)
class Error:
    """Of one output or state; ``relative_rms`` is relative to the deviation of the float value over the whole run."""

    max_abs: float
    rms: float
    relative_rms: float
    worst: Worst
    windows: tuple[Window, ...]

    @property
    def drift(self) -> float:
        """RMS of the last window over that of the first: about 1 where errors do not add up over time."""
        first, last = self.windows[0].rms, self.windows[-1].rms
        return last / first if first > 0 else float("inf") if last > 0 else 1.0

    def __str__(self) -> str:
        figures = f"max error {self.max_abs:.3g}, rms {self.rms:.3g} ({self.relative_rms:.3%} of its deviation)"
        at = self.worst
        return f"{figures}, worst at {at}"


class _Part(NamedTuple):
    """One window of one value: sums from which the figures of the whole run follow."""

    start: int
    steps: int
    values: int
    squares: float
    mean: float
    spread: float  # Σ (float value - its mean)² over the window
    worst: Worst

    @property
    def max_abs(self) -> float:
        return abs(self.worst.chip - self.worst.model)


def errors(
    build: Build, data: Mapping[str, Array], states: Iterable[Array], outputs: Iterable[Array]
) -> tuple[dict[str, Error], dict[str, Error]]:
    """Errors of outputs and of states by label, for raw (streams, steps, size) that the inputs ``data`` gave."""
    found = [*zip(build.interface.outputs, outputs, strict=True)], [*zip(build.interface.states, states, strict=True)]
    parts: tuple[dict[str, list[_Part]], ...] = tuple({s.label: [] for s, _ in side} for side in found)
    start = 0
    for exact in _float_windows(build, data):
        for side, kept, values in zip(found, parts, exact, strict=True):
            for signal, raw in side:
                kept[signal.label].append(_part(signal, raw, values[signal.label], start))
        start += next(iter((exact[0] | exact[1]).values())).shape[1]
    return _whole(parts[0]), _whole(parts[1])


def _float_windows(build: Build, data: Mapping[str, Array]) -> Iterator[tuple[Trajectory, Trajectory]]:
    steps = next(iter(data.values())).shape[1]
    length = -(-steps // WINDOWS)
    if steps > SHORT:
        from lnncc.frontend import scan  # JAX takes seconds to import, and only long runs need it

        yield from scan.windows(build.model, data, build.settings.fixed_dt, length)
        return
    outputs, states = reference.run(build.model, data, build.settings.fixed_dt)
    for start in range(0, steps, length):
        cut = slice(start, start + length)
        yield {k: y[:, cut] for k, y in outputs.items()}, {k: s[:, cut] for k, s in states.items()}


def _part(signal: Signal, raw: Array, exact: Array, start: int) -> _Part:
    steps = exact.shape[1]
    chip = raw[:, start : start + steps] * 2.0**-signal.frac
    difference = np.abs(chip - exact)
    stream, step, element = (int(i) for i in np.unravel_index(np.argmax(difference), exact.shape))
    worst = Worst(
        stream, start + step, element, float(chip[stream, step, element]), float(exact[stream, step, element])
    )
    mean = float(exact.mean())
    spread = float(((exact - mean) ** 2).sum())
    return _Part(start, steps, exact.size, float((difference**2).sum()), mean, spread, worst)


def _whole(parts: Mapping[str, list[_Part]]) -> dict[str, Error]:
    return {label: _error(windows) for label, windows in parts.items()}


def _error(parts: list[_Part]) -> Error:
    count = sum(p.values for p in parts)
    mean = sum(p.mean * p.values for p in parts) / count
    deviation = float(np.sqrt(sum(p.spread + p.values * (p.mean - mean) ** 2 for p in parts) / count))

    def relative(rms: float) -> float:
        return rms / deviation if deviation > 0 else float("inf")

    rms = float(np.sqrt(sum(p.squares for p in parts) / count))
    each = [(p, float(np.sqrt(p.squares / p.values))) for p in parts]
    windows = tuple(Window(p.start, p.steps, p.max_abs, r, relative(r)) for p, r in each)
    top = max(parts, key=lambda p: p.max_abs)
    return Error(top.max_abs, rms, relative(rms), top.worst, windows)
