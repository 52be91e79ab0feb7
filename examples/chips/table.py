"""The rows as Markdown."""

from collections.abc import Sequence

from examples.chips.measure import Row

HEAD = (
    "model", "weights", "for", "target", "max error", "bit-exact", "instructions", "cycles", "flash", "RAM", "stack"
)  # fmt: skip
SIGNS = "|---|---|---|---|--:|---|--:|--:|--:|--:|--:|"


def short(rows: Sequence[Row]) -> str:
    """Without what could not be measured."""
    return _table([row for row in rows if not row.missing])


def full(rows: Sequence[Row]) -> str:
    """Every row; below the table, why some have no figures."""
    why = [f"{row.model}, int{row.bits}, {row.optimise}, {row.target}: {row.missing}" for row in rows if row.missing]
    return "\n".join([_table(rows), *([""] if why else []), *why])


def _table(rows: Sequence[Row]) -> str:
    return "\n".join(["| " + " | ".join(HEAD) + " |", SIGNS, *map(_line, rows)])


def _line(row: Row) -> str:
    figures = (row.instructions, row.cycles, row.flash, row.ram, row.stack)
    exact = {None: "-", True: "yes", False: "NO"}[row.exact]
    cells = ["-" if x is None else f"{x:,}" for x in figures]
    head = [row.model, f"int{row.bits}", row.optimise, row.target, f"{row.error:.1e}", exact]
    return "| " + " | ".join(head + cells) + " |"
