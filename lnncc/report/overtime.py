"""overtime: float and fixed point beside each other, step by step, and how far apart they are as time goes on."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import reference
from lnncc.build import Build
from lnncc.ir import Array
from lnncc.report.followed import Followed
from lnncc.report.subject import Subject

WINDOWS = 40  # that a run is cut into
SHOWN = 4  # elements that are drawn, of all outputs together, and at least two of each
LONGEST = 200  # steps that are drawn


@dataclass(frozen=True, slots=True)
class Window:
    """The error over all elements and streams, from step ``start`` on, before the next window."""

    start: int
    max_abs: float
    rms: float


@dataclass(frozen=True, slots=True)
class Curve:
    """One element of an output in the first stream: the float model and the chip, step by step."""

    element: int
    exact: tuple[float, ...]
    chip: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Output:
    """One output against the float model; ``span`` is how far its float values went, from least to greatest.

    ``worst`` is (stream, step, element); ``drift`` the RMS of the last quarter over that of the first.
    """

    label: str
    size: int
    max_abs: float
    rms: float
    span: float
    step: float
    worst: tuple[int, int, int]
    drift: float | None
    windows: tuple[Window, ...]
    curves: tuple[Curve, ...]


def overtime(subject: Subject, followed: Followed) -> tuple[Output, ...]:
    """Of every output, over the whole run, the float model keeping a state of its own."""
    exact = reference.run(subject.build.model, subject.data, subject.build.settings.fixed_dt)[0]
    chip = _real(subject.build, followed.outputs)
    steps = {s.label: 2.0**-s.frac for s in subject.build.interface.outputs}
    shown = max(SHOWN // len(chip), 2)
    return tuple(_output(label, exact[label], chip[label], steps[label], shown) for label in chip)


def _real(build: Build, raw: tuple[Array, ...]) -> Mapping[str, Array]:
    return {s.label: y * 2.0**-s.frac for s, y in zip(build.interface.outputs, raw, strict=True)}


def _output(label: str, exact: Array, chip: Array, step: float, shown: int) -> Output:
    off = np.abs(chip - exact)
    stream, at, element = (int(i) for i in np.unravel_index(np.argmax(off), off.shape))
    quarter = -(-off.shape[1] // 4)
    first, last = _rms(off[:, :quarter]), _rms(off[:, -quarter:])
    return Output(
        label,
        exact.shape[-1],
        float(off.max()),
        _rms(off),
        float(exact.max() - exact.min()),
        step,
        (stream, at, element),
        last / first if first > 0 else None,
        _windows(off),
        _curves(exact[0], chip[0], element if stream == 0 else None, shown),
    )


def _rms(x: Array) -> float:
    return float(np.sqrt(np.mean(x**2)))


def _windows(off: Array) -> tuple[Window, ...]:
    edges = np.unique(np.linspace(0, off.shape[1], min(WINDOWS, off.shape[1]) + 1).astype(int))
    pairs = zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    return tuple(Window(a, float(off[:, a:b].max()), _rms(off[:, a:b])) for a, b in pairs)


def _curves(exact: Array, chip: Array, worst: int | None, shown: int) -> tuple[Curve, ...]:
    """The element that was furthest off, then those that move most."""
    busy = np.argsort(-exact.std(axis=0), kind="stable").tolist()
    chosen = list(dict.fromkeys(([] if worst is None else [worst]) + busy))[:shown]
    return tuple(Curve(k, tuple(exact[:LONGEST, k].tolist()), tuple(chip[:LONGEST, k].tolist())) for k in chosen)
