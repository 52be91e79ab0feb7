"""verify on a chip: recordings through the board behind a port, and its bits against the twin's."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import twin
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.flash import device
from lnncc.flash.frames import BAUD
from lnncc.ir import Array
from lnncc.twin import Trace
from lnncc.validate import compare


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the board behind ``port`` made of ``raw``; ``retries`` frames had to be sent again on the way."""

    port: str
    board: str
    raw: tuple[Array, ...]
    trace: Trace
    retries: int

    @property
    def target(self) -> str:
        return f"{self.board} at {self.port}"

    @property
    def steps(self) -> int:
        return self.raw[0].shape[0] * self.raw[0].shape[1]

    def run(self, raw: tuple[Array, ...]) -> Trace:
        """As a runner of ``compare.verify``, which asks for what was measured already."""
        assert all(np.array_equal(a, b) for a, b in zip(raw, self.raw, strict=True)), "measured on other inputs"
        return self.trace

    def fields(self) -> dict[str, object]:
        return {
            "port": self.port,
            "board": self.board,
            "steps": self.steps,
            "outputs_sha256": digest(self.trace),
            "retries": self.retries,
        }


def measure(
    build: Build, data: Mapping[str, Array], port: str, *, baud: int = BAUD, steps: int | None = None
) -> Measured:
    """The first ``steps`` of each stream of ``data``, each from reset. Raises as ``device.connected``."""
    raw = tuple(x[:, :steps] for x in compare.raw_inputs(build, data))
    with device.connected(port, build, baud) as board:
        trace = board.run(raw)
        return Measured(port, board.identity.board, raw, trace, board.link.retries)


def digest(trace: Trace) -> str:
    """That of ``twin.digest``, over all streams one after the other."""
    streams = range(len((trace[0] + trace[1])[0]))
    sides = ((tuple(a[k : k + 1] for a in side) for side in trace) for k in streams)
    return hashlib.sha256(b"".join(twin.stream((states, outputs)) for states, outputs in sides)).hexdigest()


def failure(build: Build, measured: Measured) -> LnnccError | None:
    """E0601 with the first value that differs from the twin's; None if none does."""
    where = first_difference(build, measured.trace, twin.run(build.integer, measured.raw))
    if where is None:
        return None
    return LnnccError(
        "E0601",
        f"{measured.target} does not compute what the twin computes",
        notes=(where,),
        helps=(
            "flash the firmware again, and see that supply and clock are in range",
            "lnncc verify without --on-device says whether the C itself is right",
            "if it stays so, it is a bug of lnncc or of a compiler: please report it with the folder",
        ),
    )


def first_difference(build: Build, trace: Trace, expected: Trace) -> str | None:
    """The first step, and in it the first signal and element, where two traces differ; None if they are equal."""
    io = build.interface
    named = [("state", s) for s in io.states] + [("output", s) for s in io.outputs]
    pairs = list(zip(trace[0] + trace[1], expected[0] + expected[1], strict=True))
    odd = [np.argwhere(np.any(a != b, axis=-1)) for a, b in pairs]
    places = [(*map(int, found[0]), k) for k, found in enumerate(odd) if len(found)]
    if not places:
        return None
    stream, step, k = min(places)
    (role, signal), (a, b) = named[k], pairs[k]
    element = int(np.argmax(a[stream, step] != b[stream, step]))
    got, wanted = (int(x[stream, step, element]) for x in (a, b))
    value = f"{role} `{signal.label}`[{element}]"
    return f"first in stream {stream} at step {step}: {value} is {got}, the twin has {wanted} (raw)"
