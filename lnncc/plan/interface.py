"""What the outside sees of a compiled model: its inputs, states and outputs with their formats."""

from dataclasses import dataclass

CLIPPED = "clipped"  # the counter of all that was clipped; the others are of kinds that a model may have beside inputs
DT_CLIPPED, SATURATED = "dt_clipped", "saturated"
HASH_BYTES = 4  # of the model, in a saved state
SAVED_BESIDE = 2 + HASH_BYTES + 4  # version, number, hash and CRC of a saved state
COUNTERS = (CLIPPED, DT_CLIPPED, SATURATED)


@dataclass(frozen=True, slots=True)
class Signal:
    """One array at the edge: value = raw · 2**-frac, and low <= raw <= high is proven or clamped.

    All are of int16 but the elapsed time, which is one int32.
    """

    id: str
    label: str
    size: int
    frac: int
    low: int
    high: int
    bits: int = 16

    @property
    def bytes(self) -> int:
        return self.size * self.bits // 8


@dataclass(frozen=True, slots=True)
class Interface:
    """The signature of NAME_step: inputs, dt if it is a run-time value, outputs, all raw integers.

    ``counters`` are what the state counts, some of COUNTERS, in that order. ``taps`` are values that the step copies
    out, labelled by their names in the integer graph; one inside a loop has all trips, one after the other.
    ``update_bytes`` is the size of an update, where weights may change.
    """

    name: str
    inputs: tuple[Signal, ...]
    states: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
    dt: Signal | None = None
    counters: tuple[str, ...] = (CLIPPED,)
    taps: tuple[Signal, ...] = ()
    update_bytes: int | None = None

    @property
    def save_bytes(self) -> int:
        """Of a saved state."""
        return SAVED_BESIDE + sum(s.bytes for s in self.states)

    @property
    def given(self) -> tuple[Signal, ...]:
        """What a step is given: the inputs, and behind them the elapsed time."""
        return self.inputs if self.dt is None else (*self.inputs, self.dt)
