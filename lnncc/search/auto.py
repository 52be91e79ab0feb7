"""auto: choices that keep a budget at the least cost. No budget is called kept that was not measured to be.

Each choice is measured alone, against the most exact candidate. Squares of errors are taken to add up, which makes the
cheapest choice a small integer program; its solution is measured, and the limits are tightened until it really keeps
the budget. Then single steps that the sum of squares forbade are tried.

The limits of error hold on recorded inputs. They hold wherever else inputs are within the declared ranges as well,
unless the most exact candidate itself comes near them there: then WIDE times its error is the limit.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lnncc.choices import Choices
from lnncc.errors import LnnccError
from lnncc.options import Budget
from lnncc.passes.quantise import quantise
from lnncc.search.knobs import Option, choices, knobs
from lnncc.search.pool import Meter
from lnncc.search.problem import Measured
from lnncc.search.solve import Effect, solve

ROUNDS = 12  # of tightening or loosening
STEPS = 6  # single steps tried at a time
AIM = 0.97  # of a limit, when the last attempt missed it
FRONT = (0.25, 0.5, 2.0, 4.0)  # times the budget: more points of the front
WIDE = 2.0  # times the error of the most exact candidate, what any may have where nothing was recorded
TIE = 1e-6  # of a cycle or a byte of RAM, what a byte of flash counts
Picks = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One knob in the answer: its option, the flash and cycles it saves and the error that it alone adds."""

    label: str
    option: Option
    saves: int
    cycles: float | None
    max_abs: float
    rms: float


@dataclass(frozen=True, slots=True)
class Found:
    """The answer, as measured on the calibration data. ``front`` are the candidates that none beats in both."""

    choices: Choices
    measured: Measured
    rows: tuple[Row, ...]
    front: tuple[Measured, ...]
    tried: int


def choose(meter: Meter, budget: Budget) -> Found:
    """The choices with the least ``budget.objective`` that keep its limits; without a limit of error, the least error.

    Raises:
        LnnccError: E0502 if none found does, with the best that was.
    """
    return _Search(meter, budget).run()


class _Search:
    def __init__(self, meter: Meter, budget: Budget) -> None:
        self.meter, self.budget = meter, budget
        case = meter.case
        fast = budget.objective == "cycles" and case.settings.optimise == "speed" and bool(budget.errors)
        exact = quantise(case.graph, case.ranges, Choices())
        self.knobs = knobs(case.graph, exact, case.target if fast else None)
        self.exact: Picks = (0,) * len(self.knobs)
        self.seen: dict[Picks, Measured] = {}
        self.over = 0  # bytes by which a sum of savings missed the limit of flash

    def run(self) -> Found:
        self.base = self.meter.one(choices(self.knobs, self.exact))
        self.limits = self._of_errors()
        self.effects = self._sensitivity()
        best = self._descent(self._best())
        if best is None:
            raise self._impossible()
        self._more_front(best)
        chosen, tried = choices(self.knobs, best), len({key for key, _ in self.meter.known})
        return Found(chosen, self._whole(best), self._rows(best), self._front(), tried)

    # One choice at a time.

    def _alone(self, knob: int, option: int) -> Picks:
        return (*self.exact[:knob], option, *self.exact[knob + 1 :])

    def _sensitivity(self) -> list[list[Effect]]:
        every = [self._alone(k, o) for k, knob in enumerate(self.knobs) for o in range(len(knob.options))]
        self._measured(every)
        return [
            [self._effect(self.seen[self._alone(k, o)]) for o in range(len(knob.options))]
            for k, knob in enumerate(self.knobs)
        ]

    def _measured(self, every: Sequence[Picks]) -> list[Measured]:
        found = self.meter.many([choices(self.knobs, picks) for picks in every])
        self.seen.update(zip(every, found, strict=True))
        return found

    def _effect(self, found: Measured) -> Effect:
        """Errors squared, as much as they are above the base."""
        names = (*ERRORS, *(name for name in self.limits if name not in ERRORS))
        amounts = {name: max(_error(found, name) ** 2 - _error(self.base, name) ** 2, 0.0) for name in names}
        amounts["flash"] = float(found.flash - self.base.flash)
        return Effect(self._objective(found) - self._objective(self.base), amounts)

    def _objective(self, found: Measured) -> float:
        """What is made small; flash breaks ties of what choices do not change."""
        if not self.budget.errors:
            return found.max_abs**2
        if self.budget.objective == "cycles":
            assert found.cycles is not None, "options.check asks for costs"
            return found.cycles + found.flash * TIE
        return found.ram + found.flash * TIE if self.budget.objective == "ram" else float(found.flash)

    # All together.

    def _of_errors(self) -> dict[str, float]:
        """By the name of an error what it may be; there is none where the float model leaves floats."""
        limits = self.budget.errors
        least = {name: (_error(self.base, f"wide_{name}"), limit) for name, limit in limits.items()}
        wide = {f"wide_{name}": max(limit, WIDE * e) for name, (e, limit) in least.items() if math.isfinite(e)}
        return limits | wide

    def _limits(self, scale: float, times: float = 1.0) -> dict[str, float]:
        """For ``solve``: of squares, what the base leaves of them; ``scale`` corrects the sum, ``times`` the budget."""
        limits = {
            name: (scale * times * limit) ** 2 - _error(self.base, name) ** 2 for name, limit in self.limits.items()
        }
        if self.budget.flash is not None:
            limits["flash"] = float(self.budget.flash - self.base.flash - self.over)
        return limits

    def _best(self) -> Picks | None:
        """The cheapest solution that keeps the budget, tightened and loosened towards it."""
        best, scale = None, 1.0
        for _ in range(ROUNDS):
            picks = solve(self.effects, self._limits(scale))
            if picks is None:
                break
            again, ratio = picks == best, self._ratio(picks)
            if ratio <= 1 and (best is None or self._cheaper(picks, best)):
                best = picks
            if again or (best is not None and (ratio > 1 or not self.budget.errors)):
                break
            if self.budget.flash is not None and self.seen[picks].flash > self.budget.flash:
                self.over += self.seen[picks].flash - self.budget.flash  # tables that are shared do not add up
            else:
                scale *= AIM / ratio if ratio > 1 else min(1 / max(ratio, 0.5), 1.5)
        return self.exact if best is None and self._ratio(self.exact) <= 1 else best

    def _whole(self, picks: Picks) -> Measured:
        return self.meter.one(choices(self.knobs, picks), whole=True)

    def _ratio(self, picks: Picks) -> float:
        """The largest quantity, as measured on short and whole data, in units of its limit."""
        self._measured([picks])
        ratio = self._share(self.seen[picks])
        return ratio if ratio > 1 else max(ratio, self._share(self._whole(picks)))

    def _share(self, found: Measured) -> float:
        ratios = [_error(found, name) / limit for name, limit in self.limits.items()]
        return max(ratios + ([] if self.budget.flash is None else [found.flash / self.budget.flash]))

    def _cheaper(self, one: Picks, other: Picks) -> bool:
        return self._objective(self.seen[one]) < self._objective(self.seen[other])

    def _descent(self, best: Picks | None) -> Picks | None:
        """Single steps that save something, as long as one is found that keeps the budget."""
        while best is not None:
            steps = self._steps(best)
            self._measured(steps)
            better = [s for s in steps if self._cheaper(s, best) and self._ratio(s) <= 1]
            if not better:
                break
            best = min(better, key=lambda s: self._objective(self.seen[s]))
        return best

    def _steps(self, best: Picks) -> list[Picks]:
        """Those that should save, the largest saving first."""
        found: list[tuple[float, Picks]] = []
        for k, effects in enumerate(self.effects):
            for o, effect in enumerate(effects):
                saving = effects[best[k]].objective - effect.objective
                if saving > 0:
                    found.append((-saving, (*best[:k], o, *best[k + 1 :])))
        likely = [picks for _, picks in sorted(found) if self._expected(picks) <= 2.0]
        return likely[:STEPS]

    def _expected(self, picks: Picks) -> float:
        """The largest error, by the sum of squares, in units of its limit."""
        sums = {
            n: _error(self.base, n) ** 2 + sum(e[o].amounts[n] for e, o in zip(self.effects, picks, strict=True))
            for n in self.limits
        }
        return max([sums[n] ** 0.5 / limit for n, limit in self.limits.items()], default=0.0)

    # The answer.

    def _more_front(self, best: Picks) -> None:
        points = [solve(self.effects, self._limits(1.0, times)) for times in FRONT if self.budget.errors]
        self._measured([best, *(picks for picks in points if picks is not None)])

    def _front(self) -> tuple[Measured, ...]:
        """Of all that were measured, those that none beats in both error and objective, cheapest first."""
        name = next(iter(self.budget.errors), "max_abs")
        cost = self._objective if self.budget.errors else lambda found: float(found.flash)
        kept: list[Measured] = []
        for found in sorted(self.seen.values(), key=lambda m: (cost(m), _error(m, name))):
            if not kept or _error(found, name) < _error(kept[-1], name):
                kept.append(found)
        return tuple(kept)

    def _rows(self, best: Picks) -> tuple[Row, ...]:
        rows = []
        for k, (knob, pick) in enumerate(zip(self.knobs, best, strict=True)):
            alone, amounts = self.seen[self._alone(k, pick)], self.effects[k][pick].amounts
            saved = None if alone.cycles is None or self.base.cycles is None else self.base.cycles - alone.cycles
            errors = amounts["max_abs"] ** 0.5, amounts["rms"] ** 0.5
            rows.append(Row(knob.label, knob.options[pick], self.base.flash - alone.flash, saved, *errors))
        return tuple(rows)

    def _impossible(self) -> LnnccError:
        """Which limit binds, and the best that was found: the nearest to all limits."""
        least = tuple(min(range(len(e)), key=lambda o, e=e: e[o].amounts["flash"]) for e in self.effects)
        self._measured([least])
        best = min(self.seen, key=lambda picks: (self._share(self.seen[picks]), picks))
        found = self.seen[best]
        smallest = min(found.flash for found in self.seen.values())
        notes = [f"nearest of {len(self.seen)} measured: {_shown(found)}"]
        errors = ((name, limit, _error(self.base, name)) for name, limit in self.budget.errors.items())
        binding = [
            f"{name} {limit:g}: the most exact has {least:.2g}" for name, limit, least in errors if least > limit
        ]
        if self.budget.flash is not None and smallest > self.budget.flash:
            binding.append(f"flash {self.budget.flash}: the smallest measured has {smallest}")
        notes.append("what binds: " + ("; ".join(binding) or "error and flash together"))
        return LnnccError(
            "E0502",
            "no choice of formats keeps the budget",
            notes=tuple(notes),
            helps=("allow a larger error, or more flash", "or make the model smaller"),
        )


ERRORS = ("max_abs", "rms")


def _error(found: Measured, name: str) -> float:
    return float(getattr(found, name))


def _shown(found: Measured) -> str:
    return f"max error {found.max_abs:.2e}, rms {found.rms:.2e}, flash {found.flash} bytes"
