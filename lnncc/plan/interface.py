"""What the outside sees of a compiled model: its inputs, states and outputs with their formats."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Signal:
    """One array of int16 at the edge: value = raw · 2**-frac, and low <= raw <= high is proven or clamped."""

    id: str
    label: str
    size: int
    frac: int
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Interface:
    """The signature of NAME_step: arguments in this order, raw integers."""

    name: str
    inputs: tuple[Signal, ...]
    states: tuple[Signal, ...]
    outputs: tuple[Signal, ...]
