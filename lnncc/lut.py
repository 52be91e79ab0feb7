"""Look-up tables: where the nodes of a function lie, what they hold, and how far the table is from the function."""

import functools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc import choices, enclose, expr, fx, minimax
from lnncc.expr import Expr
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format

KINDS = ("linear", "direct")
MOST = 2.0**12  # farthest argument of a function that is not flat and whose input has no known reach
FLAT = 0.5  # ULP by which a tail may differ from its end
UNTRIED = 0.25  # ULP that an input may be worse by which was not tried; where all were tried, nothing is
JUMP = 256.0  # ULP; what no table of a function that does not jump is off by
COARSE = 4  # fraction bits of an input, fewer of which make it nearly whole numbers
SMALLEST = 2.0**-3  # half width that every table has


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Nodes from raw input ``low`` on, one every 2**shift; ``top`` is the last input told apart; ``error`` in ULP,
    ``unsaturated`` that of values which the format holds. ``slope`` is the steepest of the function, in ULP by input,
    from one interval before the table to one behind it. ``tails`` bound the error of inputs beyond the left and the
    right end; infinite where the function is not flat. ``whole`` says that the function has a value all over the
    table; else all this is said of the inputs that were to be expected.

    A ``linear`` table has a node at both ends of each interval, a ``direct`` one a value for each interval.
    """

    kind: str
    nodes: Array
    low: int
    shift: int
    error: float
    unsaturated: float
    slope: float
    tails: tuple[float, float]
    whole: bool
    label: str

    @property
    def deviation(self) -> Array:
        """(error, slope, tail, tail): how far any look-up is from the function at that input, and how steep that is."""
        return np.array([self.error + UNTRIED if self.whole else np.inf, self.slope, *self.tails])

    @property
    def top(self) -> int:
        return self.low + (_intervals(self.kind, len(self.nodes)) << self.shift) - 1


def build(function: Expr, frac: int, target: Format, span: Interval | None, choice: choices.Table) -> Table:
    """A table of ``function`` for inputs with ``frac`` fraction bits, wherever it is not flat, within ``span``.

    Where the function jumps by more than a rise of 16 bits, as a sign does, it is read as it is, whatever was chosen.
    """
    reach = None if span is None else (float(span.low.min()), float(span.high.max()))
    table = _built(function, frac, target, reach, choice)
    rises = np.diff(table.nodes)
    if table.kind == "direct" or (rises.min() >= fx.INT16[0] and rises.max() <= fx.INT16[1]):
        return table
    return _built(function, frac, target, reach, choices.Table("direct", choice.intervals), beyond=1)


@functools.lru_cache(maxsize=256)  # the search for formats asks for the same tables over and over
def _built(
    function: Expr, frac: int, target: Format, reach: tuple[float, float] | None, choice: choices.Table, beyond: int = 0
) -> Table:
    """The finest table of the size; a coarser one where that is as good, as for functions made of straight lines.

    Not where the function jumps: the worst error is then that of the interval with the jump, however wide that is. As
    the last interval may be the one, and what lies behind it reads it, as many as ``beyond`` says follow on both sides.
    """
    ends, shift = _ends(domain(function, reach, target), frac, choice.intervals - 2 * beyond)
    ends = max(ends[0] - (beyond << shift), -(1 << 31)), min(ends[1] + (beyond << shift), 1 << 31)
    table = _filled(function, frac, target, ends, shift, choice.kind, reach)
    while len(table.nodes) > 3 and table.unsaturated < JUMP:
        coarser = _filled(function, frac, target, ends, table.shift + 1, choice.kind, reach)
        if coarser.unsaturated > table.unsaturated:
            break
        table = coarser
    return table


def domain(function: Expr, reach: tuple[float, float] | None, target: Format) -> tuple[float, float]:
    """Where the table must tell inputs apart: as far as they reach, and until the function is flat. It holds 0."""
    left, right = (MOST if tail is None else tail for tail in _tails(function, target))
    if reach is not None:
        left, right = min(left, -reach[0]), min(right, reach[1])
    return -max(left, SMALLEST), max(right, SMALLEST)


def _ends(reach: tuple[float, float], frac: int, intervals: int) -> tuple[tuple[int, int], int]:
    """First input and the one behind the last, of int32, and the finest shift: ±2**k, to which cores with SSAT clip in
    one instruction, unless tight ends allow a finer shift."""
    after = 1 if frac < COARSE else 0  # an input at the end itself is told apart from the one before
    low, high = math.floor(reach[0] * 2.0**frac), math.ceil(reach[1] * 2.0**frac) + after
    tight = max(low, -(1 << 31)), min(high, 1 << 31)
    even = 1 << (max(-tight[0], tight[1]) - 1).bit_length()
    fine, shift = (next(s for s in range(31) if _count(e, s) <= intervals) for e in (tight, (-even, even)))
    return (tight, fine) if fine < shift else ((-even, even), shift)


def is_flat(function: Expr, target: Format) -> bool:
    """On both sides, so that a table serves any input."""
    return None not in _tails(function, target)


def _tails(function: Expr, target: Format) -> list[float | None]:
    return [expr.tail(function, sign, FLAT * 2.0**-target.frac) for sign in (-1.0, 1.0)]


def read(attrs: Mapping[str, Attr], nodes: Array, x: Carrier) -> Carrier:
    """The word that an op with a table evaluates it by."""
    low, shift = attrs["low"], attrs["shift"]
    assert isinstance(low, int)
    assert isinstance(shift, int)
    return (fx.lookup if attrs["kind"] == "linear" else fx.direct)(nodes, x, low, shift)


def kernel(stem: str, attrs: Mapping[str, Attr]) -> str:
    """The kernel of an op with a table: ``stem``, or that with the kind of table behind it."""
    return stem if attrs["kind"] == "linear" else f"{stem}_{attrs['kind']}"


def _count(ends: tuple[int, int], shift: int) -> int:
    """Intervals of 2**shift from one node at or below the lower end to one at or above the upper."""
    return -(-ends[1] >> shift) - (ends[0] >> shift)


def _intervals(kind: str, count: int) -> int:
    return count - 1 if kind == "linear" else count


def _filled(
    function: Expr,
    frac: int,
    target: Format,
    ends: tuple[int, int],
    shift: int,
    kind: str,
    reach: tuple[float, float] | None,
) -> Table:
    count, low = _count(ends, shift), ends[0] >> shift << shift

    starts = low + (np.arange(count + 1, dtype=np.int64) << shift)
    tried = minimax.offsets(count, shift)
    at_nodes, inside, whole = _wanted(function, starts * 2.0**-frac, (starts[:-1, None] + tried) * 2.0**-frac, reach)
    at_nodes, inside = at_nodes * 2.0**target.frac, inside * 2.0**target.frac
    case = minimax.trials(np.clip(inside, *fx.INT16), tried, shift)
    nodes, errors = minimax.direct(case) if kind == "direct" else minimax.linear(case, np.clip(at_nodes, *fx.INT16))
    tails = _tail_errors(function, frac, target, nodes, (starts[0], starts[-1]))
    error = max([_saturated(case, kind, nodes, low, inside, errors), *(tail for tail, flat in tails if flat)])
    label = _label(function, target, kind, nodes, low, shift, frac, error)
    around = Interval((starts[:1] - (1 << shift)) * 2.0**-frac, (starts[-1:] + (1 << shift)) * 2.0**-frac)
    steepest = _slope(function, around) * 2.0 ** (target.frac - frac)
    beyond = tails[0][0], tails[1][0]
    return Table(kind, nodes, low, shift, error, float(errors.max()), steepest, beyond, whole, label)


def _wanted(
    function: Expr, at_nodes: Array, inside: Array, reach: tuple[float, float] | None
) -> tuple[Array, Array, bool]:
    """Values, and whether there are any everywhere. A logarithm has none at 0, which every table holds: it then goes on
    from where inputs come as if it were flat."""
    values = expr.evaluate(function, at_nodes), expr.evaluate(function, inside)
    if reach is None or all(np.isfinite(y).all() for y in values):
        return values[0], values[1], True
    near = [expr.evaluate(function, np.clip(x, *reach)) for x in (at_nodes, inside)]
    return near[0], near[1], False


def _slope(function: Expr, x: Interval) -> float:
    """Infinite where no bound is known."""
    try:
        return float(enclose.over(function, x).slope.magnitude.max())
    except enclose.Unbounded:
        return float("inf")


def _saturated(case: minimax.Trials, kind: str, nodes: Array, low: int, inside: Array, errors: Array) -> float:
    """Worst error against the function itself, whose values the format may not hold."""
    if not case.exhaustive:
        return float((errors + np.abs(inside - case.wanted).max(axis=1)).max())
    x = low + np.arange(inside.size, dtype=np.int64)
    y = read({"low": low, "shift": case.shift, "kind": kind}, nodes, x)
    assert isinstance(y, np.ndarray)
    return float(np.abs(y - inside.ravel()).max())


def _tail_errors(
    function: Expr, frac: int, target: Format, nodes: Array, ends: tuple[int, int]
) -> tuple[tuple[float, bool], tuple[float, bool]]:
    """(error, whether it is flat) of what lies beyond either end: infinite where no flat part follows."""

    def beyond(sign: float, end: int, node: int, flat: float | None) -> tuple[float, bool]:
        if flat is None:
            return float("inf"), False
        reach = abs(end) * 2.0**-frac
        y = expr.evaluate(function, sign * np.append(np.geomspace(max(reach, flat), MOST, 64), 2.0**20))
        until = () if flat <= reach else _values(function, *sorted((sign * reach, sign * flat)))
        return float(np.abs(np.append(y, until) * 2.0**target.frac - node).max()), flat <= reach

    left, right = _tails(function, target)
    return beyond(-1.0, ends[0], nodes[0], left), beyond(1.0, ends[1], nodes[-1], right)


def _values(function: Expr, low: float, high: float) -> tuple[float, float]:
    """The least and the greatest that the function can be from ``low`` to ``high``; infinite where it is not known."""
    try:
        found = enclose.over(function, Interval(np.array([low]), np.array([high]))).value
    except enclose.Unbounded:
        return -float("inf"), float("inf")
    return float(found.low[0]), float(found.high[0])


def _label(
    function: Expr, target: Format, kind: str, nodes: Array, low: int, shift: int, frac: int, error: float
) -> str:
    held = "intervals" if kind == "linear" else "values"
    span = f"{_intervals(kind, len(nodes))} {held} of {2.0 ** (shift - frac):g} from {low * 2.0**-frac:g}"
    return f"{expr.text(function)} in {target}, {span}, worst error {np.ceil(error * 100) / 100:.2f} ULP"
