"""The rows as Markdown."""

from collections.abc import Sequence

from examples.speed.measure import Row


def short(rows: Sequence[Row]) -> str:
    """Microseconds a step, and how many times as long as the fastest of lnncc."""
    who = list(dict.fromkeys(name for row in rows for name in row.microseconds))
    head = ["model", "weights", "streams", *(f"{name}, µs" for name in who)]
    lines = ["| " + " | ".join(head) + " |", "|---|--:|--:|" + "--:|" * len(who)]
    return "\n".join(lines + [_line(row, who) for row in rows])


full = short


def _line(row: Row, who: Sequence[str]) -> str:
    cells = [f"{row.microseconds[n]:.3g} ({row.ratios[n]:.1f}x)" if n in row.microseconds else "-" for n in who]
    return "| " + " | ".join([row.model, f"int{row.bits}", str(row.streams), *cells]) + " |"
