"""The rows of the benchmark as Markdown."""

from collections.abc import Mapping, Sequence

from examples.accuracy.measure import WIDTHS, Row
from examples.accuracy.sets import TASKS

LIQUID, RIVAL = "LTC", "LSTM"  # of the papers, side by side with ours


def short(rows: Sequence[Row]) -> str:
    """One line a set: the first metric of the cell that did best on the validation part; below it the baselines."""
    firsts = [r for r in rows if r.chosen and r.metric == TASKS[r.task].metrics[0].name]
    beside = [f"{r.task}: {_listed(r.baselines)}." for r in firsts if r.baselines]
    return "\n\n".join((_table(firsts), *beside))


def full(rows: Sequence[Row]) -> str:
    """Every cell and metric, and below it what each set is and where its protocol differs."""
    return "\n\n".join((_table(rows), _notes(list(dict.fromkeys(r.task for r in rows)), rows)))


def _table(rows: Sequence[Row]) -> str:
    head = ["data set", "metric", "cell", "float", *WIDTHS, f"published {LIQUID}", RIVAL]
    lines = ["| " + " | ".join(head) + " |", "|---|---|---|" + "--:|" * (len(head) - 3)]
    return "\n".join(lines + [_line(row) for row in rows])


def _line(row: Row) -> str:
    widths = [_found(row, width) for width in WIDTHS]
    published = [_number(row.published[name]) if name in row.published else "-" for name in (LIQUID, RIVAL)]
    return "| " + " | ".join([row.task, row.metric, row.cell, _number(row.exact), *widths, *published]) + " |"


def _found(row: Row, width: str) -> str:
    """The value, how much worse it is in points or percent, and a mark where that misses the goal."""
    if width not in row.found:
        return "-"
    unit = "" if "%" in row.metric else " %"
    missed = " !" if row.met[width] is False else ""
    return f"{_number(row.found[width])} ({row.worse[width]:+.2f}{unit}){missed}"


def _listed(baselines: Mapping[str, float]) -> str:
    return "; ".join(f"{label}: {_number(value)}" for label, value in baselines.items())


def _number(value: float) -> str:
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.4g}"


def _notes(names: Sequence[str], rows: Sequence[Row]) -> str:
    return "\n".join(_note(name, next(r.baselines for r in rows if r.task == name)) for name in names)


def _note(name: str, baselines: Mapping[str, float]) -> str:
    task = TASKS[name]
    parts = [task.source and f"published: {task.source}", task.differs]
    parts += [f"the {bits}-bit weights of the {cell} were trained through the rounding" for cell, bits in task.tuned]
    parts += [_listed(baselines)]
    return f"- {name}: " + "; ".join(p for p in parts if p) + "."
