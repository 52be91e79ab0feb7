"""Look-up tables: where the nodes of a function lie, what they hold, and how far the table is from the function."""

import math
from dataclasses import dataclass

import numpy as np

from lnncc import expr, fx
from lnncc.expr import Expr
from lnncc.interval import Interval
from lnncc.ir import Array, Format

TRIALS = 1 << 21  # inputs tried at most when the worst error is measured; all of them if there are no more


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Nodes from raw input ``low`` on, one every 2**shift; ``top`` is the last input told apart; ``error`` in ULP."""

    nodes: Array
    low: int
    shift: int
    error: float
    label: str

    @property
    def top(self) -> int:
        return self.low + ((len(self.nodes) - 1) << self.shift) - 1


def build(function: Expr, frac: int, target: Format, span: Interval | None, intervals: int) -> Table:
    """A table of ``function`` for inputs with ``frac`` fraction bits, wherever it is not flat, within ``span``.

    It has at most ``intervals`` between its nodes.
    """
    reach = domain(function, span, target)
    step_bits = int(math.log2(2 * reach / intervals))
    shift = max(frac + step_bits, 0)
    low = -int(reach * 2.0**frac)
    count = min(intervals, (-2 * low) >> shift)
    x = (low + (np.arange(-1, count + 2) << shift)) * 2.0**-frac
    y = expr.evaluate(function, x) * 2.0**target.frac
    plain = _round(y[1:-1])
    # A chord of a curve errs on one side by h²f''/8; nodes moved half that way err equally on both.
    balanced = y[1:-1] - np.diff(y, 2) / 16
    choices = plain, _round(balanced), _round(balanced + 0.25)  # interpolation rounds down, by a half at most
    tables = [_measured(function, nodes, low, shift, frac, target) for nodes in choices]
    return min(tables, key=lambda table: table.error)


def domain(function: Expr, span: Interval | None, target: Format) -> float:
    """Half width of the table: where both tails are flat within half an ULP, or else what the input can reach."""
    tails = [expr.tail(function, sign, 2.0 ** -(target.frac + 1)) for sign in (-1.0, 1.0)]
    flat = [t for t in tails if t is not None]
    needed = 2.0 if span is None else float(span.magnitude.max())
    static = 2.0 ** math.ceil(math.log2(max(needed, 2.0**-3)))
    if len(flat) == 2:
        return min(max(flat), static) if span is not None else max(flat)
    return static


def _round(y: Array) -> Array:
    return np.clip(np.rint(y), *fx.INT16).astype(np.int64)


def _measured(function: Expr, nodes: Array, low: int, shift: int, frac: int, target: Format) -> Table:
    """The table with its worst error, over every input, or TRIALS evenly spaced ones."""
    top = low + ((len(nodes) - 1) << shift)
    stride = max((top - low) // TRIALS, 1)
    x = np.arange(low, top, stride, dtype=np.int64)
    y = fx.lookup(nodes, x, low, shift)
    assert isinstance(y, np.ndarray)
    error = float(np.abs(y - expr.evaluate(function, x * 2.0**-frac) * 2.0**target.frac).max())
    step = 2.0 ** (shift - frac)
    span = f"{len(nodes)} nodes from {low * 2.0**-frac:g} every {step:g}"
    label = f"{expr.text(function)} in {target}, {span}, worst error {np.ceil(error * 10) / 10:.1f} ULP"
    return Table(nodes, low, shift, error, label)
