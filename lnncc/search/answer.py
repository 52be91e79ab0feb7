"""The answer of a search as data: what was chosen, what it saves, what error it adds, and the front."""

from dataclasses import asdict

from lnncc.choices import Table
from lnncc.options import Budget
from lnncc.search.auto import Found
from lnncc.search.knobs import Option, Own
from lnncc.search.problem import Problem


def fields(found: Found, case: Problem, budget: Budget) -> dict[str, object]:
    """For the manifest and ``compile --json``; plain data."""
    return {
        "budget": asdict(budget),
        "measured": asdict(found.measured),
        "steps": case.whole.steps,
        "tried": found.tried,
        "rows": [{**asdict(row), "option": option(row.option)} for row in found.rows],
        "front": [asdict(point) for point in found.front],
    }


def option(chosen: Option) -> str:
    """In words: "8 bits", "linear 512", "own 64, others linear 512"."""
    match chosen:
        case int():
            return f"{chosen} bits"
        case Table():
            return f"{chosen.kind} {chosen.intervals}"
        case Own():
            return f"{option(chosen.table)}, others {option(chosen.others)}"
