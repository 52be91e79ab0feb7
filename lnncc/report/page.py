"""page: a report as one HTML file that needs nothing else: no script, no font, no picture from anywhere."""

import math
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lnncc import build as builds
from lnncc.emit.render import page as rendered
from lnncc.errors import LnnccError
from lnncc.report import charts, drawing, words
from lnncc.report.bits import Change
from lnncc.report.charts import Chart
from lnncc.report.costs import Row
from lnncc.report.measured import Report
from lnncc.report.memory import Block
from lnncc.report.overtime import Curve, Output
from lnncc.report.settling import Settling
from lnncc.report.tensors import Tensor
from lnncc.report.treemap import Tile, tiles

TEMPLATE = "report/report.html"
ASPECT = 3.4  # of the treemap on a wide screen
LETTER = 6.6  # pixels of a label's letter, about
WIDE, NARROW = 960, 340  # pixels that the treemap has on a screen and on a telephone
LABEL = 22  # pixels that a label needs in height
TILES = 60  # at most; the smallest are one
NODES = 14  # rows that are shown before one asks for all
TENSORS = 12
WORST, BEST = 1000.0, 0.25  # of errors against now: the ends of the scale of "one more bit"
FAR = 12  # a bound this many times what was measured is told, not drawn
SETTLED = 24  # steps that are drawn at least
LONGEST = 60  # letters of a name


@dataclass(frozen=True, slots=True)
class Bar:
    """One value's ranges in percent of all that its format holds, from the left."""

    tensor: Tensor
    zero: float
    proven: tuple[float, float]
    seen: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Area:
    """``shown`` says from which width of the screen its label fits: always, wide, or never."""

    block: Block
    label: str
    tile: Tile
    shown: str


@dataclass(frozen=True, slots=True)
class Errors:
    """``bound`` is what is drawn of it: percent from the top; None where there is none, or it is far off."""

    output: Output
    chart: Chart
    bound: float | None


@dataclass(frozen=True, slots=True)
class Bits:
    """A change, how much larger its RMS error is, and a bar from ``start``, ``width`` in percent; ``bad`` if larger."""

    change: Change
    first: bool
    factor: float
    start: float
    width: float
    bad: bool


@dataclass(frozen=True, slots=True)
class Settled:
    settling: Settling
    chart: Chart
    within: float
    shown: int


@dataclass(frozen=True, slots=True)
class Trajectory:
    """``off`` is the difference, drawn on its own scale from -``most`` to ``most``."""

    label: str
    curve: Curve
    chart: Chart
    off: Chart
    most: float


def write(path: Path, report: Report) -> None:
    """The page, whole or not at all. Raises E0211."""
    try:
        builds.replace(path, html(report).encode())
    except OSError as error:
        why = error.strerror or str(error)
        raise LnnccError("E0211", f"cannot write {path}: {why}", helps=("choose another file",)) from error


def html(report: Report) -> str:
    """The same bytes for the same report."""
    most = max((row.estimate or row.operations for row in report.nodes), default=1) or 1
    found = report.wiring
    flash = _areas(report.memory.flash)
    return rendered(
        TEMPLATE,
        FILTERS,
        r=report,
        bars=[_bar(t) for t in report.tensors],
        tensors=TENSORS,
        errors=[_errors(report, o) for o in report.outputs],
        flash=flash,
        flash_kinds=list(dict.fromkeys(a.block.kind for a in flash)),
        ram=_stacked(report.memory.ram),
        nodes=sorted(report.nodes, key=lambda row: -_work(row)),
        most=most,
        total=sum(_work(row) for row in report.nodes) or 1,
        shown=NODES,
        changes=_changes(report),
        scale=_scale(1.0),
        settled=[_settled(s) for s in report.settling],
        graph=None if found is None else drawing.graph(found),
        matrix=None if found is None else drawing.matrix(found),
        trajectories=[_trajectory(o, c) for o in report.outputs for c in o.curves],
        picture=(drawing.WIDE, drawing.HIGH),
    )


def name(text: object) -> str:
    """A name as it may stand in a line: as ``line``, and not too long."""
    plain = line(text)
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"


def line(text: object) -> str:
    """Text on one line, without control characters, whatever names are in it."""
    return "".join(c if unicodedata.category(c)[0] != "C" else "?" for c in " ".join(str(text).split()))


FILTERS = {
    "n": words.count,
    "sig": words.significant,
    "percent": words.percent,
    "signed": words.signed,
    "times": words.times,
    "name": name,
    "line": line,
}


def _work(row: Row) -> float:
    return row.operations if row.estimate is None else row.estimate


def _bar(t: Tensor) -> Bar:
    whole = t.high - t.low

    def part(ends: tuple[float, float]) -> tuple[float, float]:
        start, end = (min(max((e - t.low) / whole, 0.0), 1.0) for e in ends)
        return round(100 * start, 2), round(max(100 * (end - start), 0.3), 2)

    return Bar(t, round(100 * -t.low / whole, 2), part(t.proven), part(t.seen))


def _areas(blocks: Sequence[Block]) -> list[Area]:
    kept = [b for b in blocks if b.bytes]
    small = kept[TILES:]
    if small:
        kept = [*kept[:TILES], Block("others", f"{len(small)} smaller ones", sum(b.bytes for b in small), "other")]
        kept.sort(key=lambda b: -b.bytes)
    found = tiles([b.bytes for b in kept], ASPECT)
    return [Area(b, _label(b), t, _visible(_label(b), t)) for b, t in zip(kept, found, strict=True)]


def _label(block: Block) -> str:
    """A table by its function: what the others hold is their colour."""
    return f"{block.name} {block.label.partition(' in Q')[0]}" if block.kind == "table" else block.name


def _visible(label: str, tile: Tile) -> str:
    needs = 100 * (LETTER * len(label) + 12)
    if tile.height * WIDE / ASPECT < 100 * LABEL or tile.width * WIDE < needs:
        return "never"
    return "always" if tile.width * NARROW >= needs else "wide"


def _stacked(blocks: Sequence[Block]) -> list[tuple[Block, float, float]]:
    """(block, start, width) in percent."""
    total, at = sum(b.bytes for b in blocks) or 1, 0.0
    found: list[tuple[Block, float, float]] = []
    for block in (b for b in blocks if b.bytes):
        width = 100 * block.bytes / total
        found.append((block, round(at, 2), round(width, 2)))
        at += width
    return found


def _errors(report: Report, output: Output) -> Errors:
    bound = None if report.bounds is None else report.bounds[output.label].forever
    near = bound is not None and bound <= FAR * output.max_abs
    top = 1.1 * max(output.max_abs, bound if near and bound is not None else 0.0) or 1.0
    curves = [(kind, [(w.start, getattr(w, kind)) for w in output.windows]) for kind in ("max_abs", "rms")]
    chart = charts.linear(curves, 0.0, top, report.steps, stairs=True)
    return Errors(output, chart, round(100 * (1 - bound / top), 2) if near and bound is not None else None)


def _changes(report: Report) -> list[Bits]:
    now, before, found = report.more_bits.now.rms or 1e-300, "", list[Bits]()
    for change in report.more_bits.changes:
        factor = 1.0 if change.rms is None else max(change.rms / now, 1e-9)
        one, at = _scale(1.0), _scale(factor)
        found.append(Bits(change, change.what != before, factor, min(one, at), round(abs(at - one), 2), factor > 1))
        before = change.what
    return found


def _scale(factor: float) -> float:
    """Percent along a line of decades."""
    place = math.log(min(max(factor, BEST), WORST) / BEST) / math.log(WORST / BEST)
    return round(100 * place, 2)


def _settled(one: Settling) -> Settled:
    """On decades, and not much longer than it takes."""
    shown = len(one.apart) if one.steps is None else min(len(one.apart), max(2 * one.steps, SETTLED))
    apart = one.apart[:shown]
    top = max(*apart, 2 * one.within)
    low = min(one.within / 10, min((d for d in apart if d > 0), default=one.within))
    low = max(low, top * 1e-6)
    chart = charts.logarithmic([("apart", list(enumerate(apart, 1)))], low, top, shown)
    line = charts.logarithmic([("within", [(0, one.within)])], low, top, 1).paths[0][1]
    return Settled(one, chart, float(line.rpartition(" ")[2]), shown)


def _trajectory(output: Output, curve: Curve) -> Trajectory:
    both, off = (*curve.exact, *curve.chip), [c - e for e, c in zip(curve.exact, curve.chip, strict=True)]
    low, high, steps = min(both), max(both), max(len(curve.exact) - 1, 1)
    room = 0.06 * (high - low) or 1.0
    chart = charts.linear(
        [("float", list(enumerate(curve.exact))), ("chip", list(enumerate(curve.chip)))], low - room, high + room, steps
    )
    most = max(max(map(abs, off)), output.step)
    return Trajectory(
        output.label, curve, chart, charts.linear([("off", list(enumerate(off)))], -most, most, steps), most
    )
