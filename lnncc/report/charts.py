"""charts: curves as paths in a box that the page stretches, and round numbers beside them; text is the page's own."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

WIDE, HIGH = 1000, 100  # of the box: its text stands outside, so that it may be stretched
GRID = 4  # lines, about
STEPS = (1, 2, 2.5, 5, 10)  # a grid's distance times a power of ten


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across the box: how far from the top (or the left), in percent, and its value."""

    at: float
    value: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Paths by name, in order; ``ticks`` up the side, ``marks`` are steps along the bottom."""

    paths: tuple[tuple[str, str], ...]
    ticks: tuple[Tick, ...]
    marks: tuple[Tick, ...]


Curve = Sequence[tuple[float, float]]  # (step, value)


def linear(curves: Sequence[tuple[str, Curve]], low: float, high: float, steps: int, *, stairs: bool = False) -> Chart:
    """Curves over ``steps`` steps between values ``low`` and ``high``."""
    span = high - low or 1.0

    def up(value: float) -> float:
        return (high - value) / span

    ticks = tuple(Tick(round(100 * up(v), 2), v) for v in round_numbers(low, high))
    return Chart(tuple((name, _path(c, up, steps, stairs)) for name, c in curves), ticks, _marks(steps))


def logarithmic(curves: Sequence[tuple[str, Curve]], low: float, high: float, steps: int) -> Chart:
    """As ``linear``, on decades; what is below ``low`` stands on the bottom."""
    bottom, top = math.log10(low), math.log10(high)
    span = top - bottom or 1.0

    def up(value: float) -> float:
        return (top - math.log10(max(value, low))) / span

    powers = range(math.ceil(bottom - 1e-9), math.floor(top + 1e-9) + 1)
    every = -(-len(powers) // (GRID + 1)) or 1
    ticks = tuple(Tick(round(100 * up(10.0**p), 2), 10.0**p) for p in powers if p % every == 0)
    return Chart(tuple((name, _path(c, up, steps, False)) for name, c in curves), ticks, _marks(steps))


def _path(curve: Curve, up: Callable[[float], float], steps: int, stairs: bool) -> str:
    wide = WIDE / max(steps, 1)
    points = [(_short(x * wide), _short(min(max(up(y), 0.0), 1.0) * HIGH)) for x, y in curve]
    if not points:
        return ""
    if not stairs:
        return "M" + "L".join(f"{x} {y}" for x, y in points)
    first, *rest = points
    return f"M{first[0]} {first[1]}" + "".join(f"H{x}V{y}" for x, y in rest) + f"H{WIDE}"


def _short(x: float) -> str:
    return f"{x:.1f}".removesuffix(".0")


def round_numbers(low: float, high: float) -> list[float]:
    """Multiples of 1, 2, 2.5 or 5 times a power of ten, from ``low`` to ``high``."""
    rough = (high - low) / GRID
    if not rough > 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(s * power for s in STEPS if s * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def _marks(steps: int) -> tuple[Tick, ...]:
    return tuple(Tick(round(100 * v / steps, 2), v) for v in round_numbers(0, steps) if 0 < v < steps)
