"""solvers: what may take the place of an LTC's solver, and the cheapest of it that keeps a budget of error."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass

from lnncc import solver
from lnncc.build import Build
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph
from lnncc.options import Budget
from lnncc.passes.refit import refit
from lnncc.passes.solve import possible, steps, substitutions
from lnncc.search.problem import Measured
from lnncc.solver import Solver, Substitution


@dataclass(frozen=True, slots=True)
class Option:
    """A solver, None being the trained one, and what it means for each loop of the model."""

    solver: Solver | None
    done: tuple[Substitution, ...]

    def facts(self, asked: str | None) -> dict[str, object]:
        """For the manifest; nothing where nothing was asked for."""
        if asked is None:
            return {}
        loops = [asdict(one) for one in self.done]
        return {"solver": {"asked": asked, "chosen": str(self.solver or "trained"), "loops": loops}}


def offered(graph: Graph, asked: str | None, data: Mapping[str, Array] | None) -> list[Option]:
    """What ``asked`` leaves to choose from, the cheapest first; ``graph`` is fused, ``data`` what was recorded.

    Raises:
        LnnccError: E0217 if it means nothing for this model, or needs recorded inputs that there are none of.
    """
    if asked is None:
        return [Option(None, ())]
    given = solver.parse(asked)
    return _all(graph, data) if given is None else [_option(graph, given, data)]


def _all(graph: Graph, data: Mapping[str, Array] | None) -> list[Option]:
    """Evaluations of synapses cost most, then steps; a refitted step is tried before one that is not."""
    substitutions(graph, Solver("unfolds", 1))
    trained = [one.loop.trips for one in steps(graph)]
    limits = {"refit": math.gcd(*trained), "frozen": math.gcd(*trained), "unfolds": min(trained)}
    solvers = [Solver(kind, n) for kind, most in limits.items() for n in possible(kind, most)]
    options = [_option(graph, one, data) for one in solvers]
    fewer = [option for option in options if any(one.evaluations < one.trained for one in option.done)]
    return [*sorted(fewer, key=_cost), Option(None, ())]


def _cost(option: Option) -> tuple[int, int]:
    evaluations = sum(one.evaluations for one in option.done)
    return evaluations, sum(one.evaluations * one.sub_steps for one in option.done)


def _option(graph: Graph, given: Solver, data: Mapping[str, Array] | None) -> Option:
    done = substitutions(graph, given)
    if given.kind != "refit":
        return Option(given, done)
    if data is None:
        raise LnnccError(
            "E0217",
            f"{given} is fitted to recorded inputs, and none are given",
            helps=("give --calib file.npz", f"or --solver unfolds={given.count}, which needs none"),
        )
    return Option(given, refit(graph, done, data))


def cheapest(
    options: Sequence[Option], measured: Callable[[Option], Measured], built: Callable[[Option], Build], budget: Budget
) -> Build:
    """The build of the first that keeps the limits of error, with the most exact formats and then with those found.

    Raises:
        LnnccError: E0502 if none does, not even the solver as trained.
    """
    nearest: list[str] = []
    for option in options:
        found = measured(option)
        errors = {"max_abs": found.max_abs, "rms": found.rms}
        nearest.append(f"{option.solver or 'as trained'}: max error {found.max_abs:.2e}, rms {found.rms:.2e}")
        if any(errors[name] > limit for name, limit in budget.errors.items()):
            continue
        try:
            return built(option)
        except LnnccError as error:
            if error.code != "E0502":
                raise
    raise LnnccError(
        "E0502",
        "no choice of solver keeps the budget",
        notes=tuple(nearest[-4:]),
        helps=("allow a larger error",),
    )
