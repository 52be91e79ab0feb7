"""``lnncc monitor``: the model on a board, step by step, in the user's names and units."""

import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, repeat
from pathlib import Path

import numpy as np

from lnncc import build as builds
from lnncc.build import Build
from lnncc.cli import inputs
from lnncc.cli.answer import Answer, note
from lnncc.errors import LnnccError
from lnncc.flash import device
from lnncc.flash.device import Device, Reading
from lnncc.flash.identity import Identity
from lnncc.ir import Array
from lnncc.plan.interface import Interface, Signal
from lnncc.validate import compare

SCHEMA = "lnncc.monitor/1"
SHOWN = 4  # elements of a state or an input; of an output all


def run(args: Namespace) -> Answer:
    """An answer that is live: a part a step, and the last one sums up. It ends with the data, --steps, or Ctrl-C.

    Raises:
        LnnccError: E0225 for --data without a folder, E0420 for data of several streams, E04xx for other data; and,
            while it is live, as ``device.connected``.
    """
    build = None if args.folder is None else builds.read(Path(args.folder))
    stream = None if args.data is None else _stream(build, args)
    return Answer({}, "", live=_live(args, build, stream))


def _stream(build: Build | None, args: Namespace) -> tuple[Array, ...]:
    """Raw inputs, (steps, size) each."""
    if build is None:
        raise LnnccError(
            "E0225",
            "--data needs a model, whose inputs it names",
            helps=(f"give the folder that lnncc compile wrote: lnncc monitor {args.port} DIR --data {args.data}",),
        )
    raw = compare.raw_inputs(build, inputs.read(build, args.data))
    if len(raw[0]) != 1:
        raise LnnccError(
            "E0420", f"monitor takes one stream, {args.data} holds {len(raw[0])}", helps=("cut one out of the file",)
        )
    return tuple(x[0] for x in raw)


def _live(args: Namespace, build: Build | None, stream: tuple[Array, ...] | None) -> Iterator[Answer]:
    with device.connected(args.port, build, args.baud) as board:
        io = board.identity.interface if build is None else build.interface
        note(f"{args.port}: {_described(board.identity)}; it starts from its reset; Ctrl-C ends")
        board.reset()
        steps, counters = 0, dict.fromkeys(io.counters, 0)
        try:
            for step, xs in zip(_numbers(args.steps), _given(io, stream), strict=False):
                begun = time.monotonic()
                reading = board.step(xs)
                steps, counters = step + 1, dict(reading.counters)
                yield _part(io, step, xs, reading)
                time.sleep(max(args.period - (time.monotonic() - begun), 0.0))
        except KeyboardInterrupt:
            pass
        yield _sum(board, steps, counters)


def _numbers(steps: int | None) -> Iterator[int]:
    return iter(count() if steps is None else range(steps))


def _given(io: Interface, stream: tuple[Array, ...] | None) -> Iterator[tuple[Array, ...]]:
    """The raw inputs of each step; zeros without end, and the shortest dt, where nothing is given."""
    if stream is None:
        zeros = [np.zeros(s.size, np.int16) for s in io.inputs]
        return repeat((*zeros, *([] if io.dt is None else [np.array([io.dt.low], np.int32)])))
    return zip(*stream, strict=True)


def _part(io: Interface, step: int, xs: Sequence[Array], reading: Reading) -> Answer:
    sides = {
        "inputs": _real(io.given, xs),
        "states": _real(io.states, reading.states),
        "outputs": _real(io.outputs, reading.outputs),
    }
    fields = {"schema": SCHEMA, "step": step, **sides, **reading.counters}
    words = [_shown(sides["inputs"], SHOWN), _shown(sides["outputs"], None), _shown(sides["states"], SHOWN)]
    return Answer(fields, f"{step:>6}  " + "  |  ".join(filter(None, [*words, _counted(reading.counters)])))


def _real(signals: Sequence[Signal], arrays: Sequence[Array]) -> dict[str, list[float]]:
    return {s.label: (x * 2.0**-s.frac).tolist() for s, x in zip(signals, arrays, strict=True)}


def _shown(values: dict[str, list[float]], most: int | None) -> str:
    texts = [
        f"{label} " + " ".join(f"{v:.5g}" for v in row[:most]) + (" …" if len(row) > len(row[:most]) else "")
        for label, row in values.items()
    ]
    return "  ".join(texts)


def _counted(counters: Mapping[str, int]) -> str:
    return "  ".join(f"{name} {number}" for name, number in counters.items())


def _sum(board: Device, steps: int, counters: Mapping[str, int]) -> Answer:
    identity, retries = board.identity, board.link.retries
    fields = {
        "schema": SCHEMA,
        "steps": steps,
        **counters,
        "retries": retries,
        "model": identity.interface.name,
        "model_sha256": identity.sha256.hex(),
        "board": identity.board,
    }
    return Answer(fields, f"{steps} steps, {_counted(counters)}, {retries} frames sent again")


def _described(identity: Identity) -> str:
    return f"{identity.interface.name}, model hash {identity.sha256.hex()}, built for {identity.board}"
