"""The rows as Markdown."""

from collections.abc import Sequence

from examples.drift.measure import Drift, Row

HEAD = ("model", "recorded inputs", "== twin", *("state, relative RMS", "max", "last / first", "worst / first"))
SIGNS = "|---|---|--:|--:|--:|--:|--:|"
MORE = ("output, relative RMS", "max", "last / first", "worst / first")


def short(rows: Sequence[Row]) -> str:
    """Of states alone."""
    return "\n".join([_line(HEAD), SIGNS, *(_line(_head(row) + _cells(row.states)) for row in rows)])


def full(rows: Sequence[Row]) -> str:
    """Of states, then of outputs."""
    lines = [_line(_head(row) + _cells(row.states) + _cells(row.outputs)) for row in rows]
    return "\n".join([_line(HEAD + MORE), SIGNS + "--:|" * len(MORE), *lines])


def _head(row: Row) -> tuple[str, ...]:
    return row.model, "yes" if row.recorded else "no", f"{row.exact:,}/{row.joined:,}"


def _cells(drift: Drift) -> tuple[str, ...]:
    return f"{drift.relative:.3%}", f"{drift.max_abs:.1e}", f"{drift.last:.3f}", f"{drift.worst:.3f}"


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
