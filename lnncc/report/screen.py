"""screen: the report in one screen of a terminal, in colours where rich is installed and the terminal shows them."""

import sys
from collections.abc import Iterator

from lnncc.report import words
from lnncc.report.bits import Change
from lnncc.report.measured import Report
from lnncc.report.overtime import Output
from lnncc.report.page import name
from lnncc.report.tensors import Tensor

WIDTH = 100  # columns
BAR = 28
SHOWN = 3  # lines of a kind
MARKS = {"yes": "✓", "care": "!", "no": "✗", "unknown": "?"}
STYLES = {"yes": "bold green", "care": "bold yellow", "no": "bold red", "unknown": "bold cyan"}
LEVELS = "▁▂▃▄▅▆▇█"
Line = tuple[tuple[str, str], ...]  # (style, text)


def text(report: Report, facts: str) -> str:
    """``facts`` are the formats and bounds as ``summary`` tells them; what was measured follows."""
    lines = [*_verdict(report), *(((("", line)),) for line in facts.splitlines()), *_measured(report)]
    plain = "\n".join("".join(part for _, part in line).rstrip() for line in lines)
    return _coloured(lines) or plain


def _coloured(lines: list[Line]) -> str | None:
    """None where nobody would see colours, or rich is not installed; it knows of NO_COLOR and the like."""
    if not sys.__stdout__ or not sys.__stdout__.isatty():
        return None
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return None
    console = Console(file=sys.__stdout__)
    with console.capture() as kept:
        for line in lines:
            console.print(Text.assemble(*((part, style) for style, part in line)), soft_wrap=True)
    return kept.get().rstrip("\n")


def _verdict(report: Report) -> Iterator[Line]:
    for answer in report.verdict:
        yield (STYLES[answer.mark], f"{MARKS[answer.mark]} "), ("bold", f"{answer.question:<30}"), ("", answer.short)


def _measured(report: Report) -> Iterator[Line]:
    yield (("", f"measured on {report.inputs}"),)
    yield from _titled("ranges", [_range(t) for t in report.tensors if t.role != "inside"][:6])
    yield from _titled("error", [_error(o) for o in report.outputs[:SHOWN]])
    yield from _titled("flash", [_memory(report)])
    yield from _titled("work", [_work(report)])
    yield from _titled("one bit", [_change(report, c) for c in _telling(report)])
    yield from _titled("stops", [_stops(report)])
    yield from _titled("settling", [_settling(report)])
    yield from _titled("wiring", [_wiring(report)])
    yield from _titled("bad input", ["clamped and counted; NaN is 0 in the helpers; a foreign saved state is refused"])


def _titled(title: str, rows: list[str]) -> Iterator[Line]:
    for k, row in enumerate(rows):
        yield ("bold", f"  {title if k == 0 else '':<12}"), ("", row)


def _range(t: Tensor) -> str:
    """The format's whole range: . unused, - proven, = seen."""
    whole = t.high - t.low
    cells = ["."] * BAR
    for (low, high), mark in ((t.proven, "-"), (t.seen, "=")):
        first, last = (int((end - t.low) / whole * (BAR - 1) + 0.5) for end in (low, high))
        cells[first : last + 1] = mark * (last + 1 - first)
    return f"{name(t.name)[:16]:<17}{t.format:<7}[{''.join(cells)}] {t.role}, step {words.significant(t.step)}"


def _error(o: Output) -> str:
    top = max(w.max_abs for w in o.windows) or 1.0
    line = "".join(LEVELS[min(int(w.max_abs / top * 7.99), 7)] for w in o.windows)
    return (
        f"{name(o.label)[:16]:<17}max {words.significant(o.max_abs)}, RMS {words.significant(o.rms)}  {line} over time"
    )


def _memory(report: Report) -> str:
    largest = ", ".join(f"{name(b.name)} {b.bytes:,}" for b in report.memory.flash[:4])
    how = "linked" if report.memory.linked else "planned, without code"
    return f"{report.memory.flash_bytes:,} bytes, {how}: {largest}"


def _work(report: Report) -> str:
    rows = sorted(report.nodes, key=lambda r: -(r.operations if r.estimate is None else r.estimate))
    total = sum(r.operations if r.estimate is None else r.estimate for r in rows) or 1
    shares = (
        f"{name(r.what)} {r.value} {words.percent((r.operations if r.estimate is None else r.estimate) / total)}"
        for r in rows[:4]
    )
    how = "of operations" if rows and rows[0].estimate is None else "of the estimate"
    return f"{', '.join(shares)} {how}"


def _telling(report: Report) -> list[Change]:
    """What helps most."""
    had = [c for c in report.more_bits.changes if c.rms is not None]
    return sorted(had, key=lambda c: c.rms or 0.0)[:SHOWN]


def _change(report: Report, c: Change) -> str:
    now = report.more_bits.now
    if c.rms is None or now.rms is None or c.flash is None or now.flash is None:
        return f"{name(c.what)}: {c.how}: cannot be had"
    factor = words.times(c.rms / now.rms) if now.rms else "?"
    return f"{name(c.what)}, {c.how}: RMS error {factor}, flash {words.signed(c.flash - now.flash)}"


def _stops(report: Report) -> str:
    inside = f"{len(report.saturations)} values may saturate" if report.saturations else "nothing inside can saturate"
    counted = "" if report.chip.clipped is None else f"; the counter stood at {report.chip.clipped:,}"
    return f"{inside}; {sum(report.outside.values()):,} inputs beyond their range{counted}"


def _settling(report: Report) -> str:
    if not report.settling:
        return "no state"
    return "; ".join(
        f"{name(s.label)}: any start within {words.significant(s.within)} "
        + (f"after {s.steps} steps" if s.steps is not None else f"not in {len(s.apart)} steps")
        for s in report.settling[:SHOWN]
    )


def _wiring(report: Report) -> str:
    w = report.wiring
    if w is None:
        return "not asked"
    layers = " → ".join(f"{title} {len(ids)}" for title, ids in w.layers)
    return f"inputs {w.inputs} → {layers} → outputs {w.outputs}; {len(w.wires):,} of {w.possible:,} wires"
