"""fitting: a search whose answer is built and weighed, so that a limit of flash holds for the linked program."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import replace

from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.errors import LnnccError
from lnncc.options import Budget
from lnncc.search.answer import fields
from lnncc.search.auto import Found, choose
from lnncc.search.pool import Meter
from lnncc.search.problem import Problem
from lnncc.target import HOST, Target
from lnncc.validate import chip

UNMEASURED = frozenset({"E0701", "E0703", "E0805"})  # no compiler or no extra: flash is then that of tables
ATTEMPTS = 4
Builder = Callable[[Choices, Mapping[str, object]], Build]


def fitting(
    case: Problem, budget: Budget, build: Builder, executor: Executor | None, tell: Callable[[str], None] | None
) -> Build:
    """The build of the choices found, with the search among its facts.

    Raises:
        LnnccError: E0502 if no choices found keep the budget.
    """
    code = None if budget.flash is None else _code(build(Choices(), {}), case.target)
    case = replace(case, code_bytes=code or 0)
    meter = Meter(case, executor, tell)
    inner, over = budget, 0
    for _ in range(ATTEMPTS):
        found = choose(meter, inner)
        made = build(found.choices, {"search": _facts(found, case, budget, linked=code is not None)})
        over = 0 if code is None or budget.flash is None else _flash(made, case.target) - budget.flash
        if over <= 0:
            return made
        assert inner.flash is not None
        inner = replace(inner, flash=inner.flash - over)  # code differs a little with what is called
    raise LnnccError(
        "E0502",
        "no choice of formats keeps the budget",
        notes=(f"the nearest takes {over} bytes of flash more than {budget.flash}",),
        helps=("allow more flash, or a larger error",),
    )


def _facts(found: Found, case: Problem, budget: Budget, *, linked: bool) -> dict[str, object]:
    return {**fields(found, case, budget), "flash_is": "linked program" if linked else "tables"}


def _flash(build: Build, target: Target) -> int:
    return chip.measure(build, target).flash


def _code(build: Build, target: Target) -> int | None:
    """Flash beside the tables; None for the host and where the means to link are missing."""
    if target.kind == HOST:
        return None
    try:
        flash = _flash(build, target)
    except LnnccError as error:
        if error.code in UNMEASURED:
            return None
        raise
    tables = build.facts["table_bytes"]
    assert isinstance(tables, int)
    return flash - tables
