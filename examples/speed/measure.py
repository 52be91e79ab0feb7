"""The measuring: all who take part in turn, round after round, so that a busy machine slows everybody alike."""

import os
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import lnncc
from examples.speed import runners
from examples.speed.models import RANGE, TASKS, Bench, present
from lnncc.archive import Model

__all__ = ["TASKS", "Row", "rows"]

ROUNDS = 31
STREAMS = 10_000
LANES = 8
WIDTHS = (16, 8)


@dataclass(frozen=True, slots=True)
class Row:
    """Microseconds a step of one stream, by who ran it: the median of the rounds; ``streams`` 1 or many at once."""

    model: str
    bits: int
    streams: int
    microseconds: Mapping[str, float]
    ratios: Mapping[str, float]  # to the fastest of lnncc, the median over rounds

    def fields(self) -> dict[str, object]:
        return asdict(self)


def rows(folder: Path, names: Sequence[str]) -> Iterator[Row]:
    """Of the models ``names`` that ``folder`` holds, all if none is named; on one core, where that can be asked for."""
    with _one_core():
        for bench in present(folder, names):
            yield from _model(bench, folder)


@contextmanager
def _one_core() -> Iterator[None]:
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _model(bench: Bench, folder: Path) -> Iterator[Row]:
    found = bench.network(folder)
    model = bench.model(folder)
    for bits in WIDTHS:
        build = _compiled(model, bench, bits)
        ours = {f"lnncc {chip.name}": runners.one_stream(build, chip) for chip in runners.machines()}
        yield timed(bench.name, bits, 1, ours, runners.peers(bench, folder, found, bits))
    build = _compiled(model, bench, 16)
    ours = {f"lnncc {chip.name}": runners.many_streams(build, chip, STREAMS) for chip in runners.machines()}
    yield timed(bench.name, 16, STREAMS, ours, runners.peers_of_many(bench, folder, found, STREAMS))


def _compiled(model: Model, bench: Bench, bits: int) -> lnncc.build.Build:
    return lnncc.compile(model, dt=1.0, ranges={"x": RANGE}, bits=bits, name=bench.name, batch=LANES).build


def timed(
    name: str, bits: int, streams: int, ours: Mapping[str, runners.Work], peers: Mapping[str, runners.Work]
) -> Row:
    """The row of those who work on one thing; ratios come from the times of one round, not from medians."""
    everyone = {**ours, **peers}
    for work in everyone.values():
        work()  # compiles, and warms up
    rounds = [{who: _seconds(work) for who, work in everyone.items()} for _ in range(ROUNDS)]
    medians = {who: statistics.median(r[who] for r in rounds) for who in everyone}
    best = min(ours, key=lambda who: medians[who])
    ratios = {who: statistics.median(r[who] / r[best] for r in rounds) for who in everyone}
    return Row(name, bits, streams, {who: 1e6 * t for who, t in medians.items()}, ratios)


def _seconds(work: runners.Work) -> float:
    start = time.perf_counter()
    steps = work()
    return (time.perf_counter() - start) / steps
