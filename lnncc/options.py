"""What a compilation may be told, checked before anything is done."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from lnncc import solver
from lnncc.errors import LnnccError, meant
from lnncc.ir import DT, Graph
from lnncc.target import Target

NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
WORDS_OF_C = """
auto break case char const continue default do double else enum extern float for goto if inline int long register
restrict return short signed sizeof static struct switch typedef union unsigned void volatile while asm bool catch
class delete explicit export false friend mutable namespace new operator private protected public template this throw
true try typename using virtual main lnn
"""
KEYWORDS = frozenset(re.findall(r"\w+", WORDS_OF_C))
BITS = (8, 16)
OPTIMISE = ("balanced", "speed", "size")
LANES = (4, 8, 16, 32)
WIDEST_DT = 1 << 18  # longest over shortest; the longest has 30 bits, the shortest then 12 of them at least
AUTO = "auto"
OBJECTIVES = ("flash", "cycles", "ram")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that, with model and data, determines the generated files.

    ``batch`` is how many streams a block holds in the C for many streams; None leaves that out. ``solver`` is what
    takes the place of an LTC's solver, as ``solver.parse`` reads it; None leaves it as it was trained.
    """

    name: str = "model"
    target: str = "host"
    bits: int | str = 16  # of weights: 8, 16, or "auto" for a search under a budget
    dt: float | tuple[float, float] | None = None
    optimise: str = "balanced"
    batch: int | None = None
    solver: str | None = None
    taps: tuple[str, ...] = ()  # values of the integer graph that the C copies out
    updatable: bool = False  # whether the C takes other weights while it runs

    @property
    def fixed_dt(self) -> float | None:
        return None if isinstance(self.dt, tuple) else self.dt

    @property
    def dt_range(self) -> tuple[float, float] | None:
        """(shortest, longest) time between two steps, where each step is told its own."""
        return self.dt if isinstance(self.dt, tuple) else None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a search must keep: the largest and the RMS error of any output, in its units; bytes of flash.

    Under these ``objective`` is made small: flash, cycles or ram; without a limit of error, the error is.
    """

    max_abs: float | None = None
    rms: float | None = None
    flash: int | None = None
    objective: str = "flash"

    @property
    def errors(self) -> dict[str, float]:
        """The limits of error that there are, by name."""
        limits = {"max_abs": self.max_abs, "rms": self.rms}
        return {name: limit for name, limit in limits.items() if limit is not None}


def floats(
    settings: Settings, ranges: Mapping[str, tuple[float, float]], budget: Budget
) -> tuple[Settings, Mapping[str, tuple[float, float]], Budget]:
    """The same, and 1 is 1.0: however a number was written, a manifest holds the same bytes."""
    span, fixed = settings.dt_range, settings.fixed_dt
    dt = (float(span[0]), float(span[1])) if span is not None else None if fixed is None else float(fixed)
    told = {label: (float(low), float(high)) for label, (low, high) in ranges.items()}
    errors = {name: float(limit) for name, limit in budget.errors.items()}
    return replace(settings, dt=dt), told, replace(budget, **errors)  # type: ignore[arg-type]  # two floats by name


def check_budget(settings: Settings, budget: Budget, target: Target, *, calibrated: bool) -> None:
    """Raises E0207 for a budget without a search, a search without budget, data or costs, or one that means nothing."""
    limits = {**budget.errors, **({} if budget.flash is None else {"flash": budget.flash})}
    odd = next((name for name, limit in limits.items() if not limit > 0), None)
    formats, solvers = settings.bits == AUTO, settings.solver == solver.AUTO
    if not formats and (budget.flash is not None or budget.objective != "flash" or (limits and not solvers)):
        raise _budget("a budget is for a search of formats", "give bits auto with it")
    if solvers and not budget.errors:
        raise _budget("solver auto needs a limit of error", "for example --max-abs 1e-3")
    if formats and not limits:
        raise _budget("bits auto needs a budget", "for example --max-abs 1e-3, or --flash 8k, or both")
    if odd is not None:
        raise _budget(f"{odd} {limits[odd]} is no budget", "give a number above zero")
    if (formats or solvers) and not calibrated:
        raise _budget("a search measures errors on recorded inputs, and none are given", "give --calib file.npz")
    if budget.objective not in OBJECTIVES:
        raise _budget(
            f"{budget.objective} is no objective",
            *meant(budget.objective, OBJECTIVES),
            f"choose one of: {', '.join(OBJECTIVES)}",
        )
    if budget.objective == "cycles" and target.cost is None:
        raise _budget(
            f"target {target.name} states no costs, so cycles cannot be estimated", "make flash small instead"
        )


def _budget(title: str, *helps: str) -> LnnccError:
    return LnnccError("E0207", title, helps=helps)


def check(settings: Settings, ranges: Mapping[str, tuple[float, float]], graph: Graph) -> None:
    """Refuse what cannot be meant.

    Raises:
        LnnccError: E0202 dt, E0203 name, E0204 bits or optimise, E0205 ranges, E0215 lanes of a batch, E0217 solver,
            E0230 weights that cannot be updated so, E0311 a step that hears nothing.
    """
    if not graph.inputs:
        raise LnnccError(
            "E0311",
            "this step has no input, so that there is nothing to compare it on",
            helps=("give it one, such as what drives it, or how strongly",),
        )
    _name(settings.name)
    _dt(settings.dt, graph)
    if settings.bits not in (*BITS, AUTO):
        title = f"{settings.bits} bits is no width lnncc compiles to"
        raise LnnccError("E0204", title, helps=("use bits 8, 16 or auto",))
    if settings.optimise not in OPTIMISE:
        raise LnnccError(
            "E0204",
            f"cannot optimise for {settings.optimise!r}",
            helps=(*meant(settings.optimise, OPTIMISE), "optimise for " + ", ".join(OPTIMISE)),
        )
    if settings.batch not in (None, *LANES):
        raise LnnccError(
            "E0215",
            f"streams cannot be stepped {settings.batch} at a time",
            helps=(f"use one of {', '.join(map(str, LANES))}; 8 suits AVX2, 16 AVX-512, 4 NEON",),
        )
    if settings.batch is not None and settings.dt_range is not None:
        raise LnnccError(
            "E0215",
            "streams that are stepped together have one time step, and dt has a range",
            helps=("compile for one dt, or without --batch: every stream then has a step of its own",),
        )
    if settings.batch is not None and settings.taps:
        raise LnnccError(
            "E0215",
            "streams that are stepped together have no taps",
            helps=("compile without --batch to look inside: every stream has the same bits alone",),
        )
    if settings.updatable and settings.batch is not None:
        raise not_updatable("many streams that are stepped together read their own tables", "compile without --batch")
    if settings.solver is not None:
        solver.parse(settings.solver)
    labels = [p.label for p in graph.inputs]
    for label, (low, high) in ranges.items():
        _range(label, low, high, labels)


def not_updatable(why: str, *helps: str) -> LnnccError:
    return LnnccError(
        "E0230", "weights cannot be updated in such a build", notes=(why,), helps=(*helps, "or leave out --updatable")
    )


def _name(name: str) -> None:
    if NAME.fullmatch(name) is None or name in KEYWORDS:
        raise LnnccError(
            "E0203",
            f"{name!r} cannot be the name of the generated code",
            notes=("a name is 1 to 31 of a-z, 0-9 and _, begins with a letter, and is no keyword of C or C++",),
            helps=("choose another one with --name, for example --name gyro",),
        )


def _dt(dt: float | tuple[float, float] | None, graph: Graph) -> None:
    if dt is None:
        if graph.dt is not None:
            raise LnnccError(
                "E0202",
                "this model reads dt, and none is given",
                helps=("give the time between two steps, in the units of training: --dt 0.01",),
            )
        return
    if isinstance(dt, tuple) and len(dt) != 2:
        raise LnnccError(
            "E0202",
            f"dt is one time or a range of two, got {dt}",
            helps=("give the shortest and the longest time between two steps: dt=(0.005, 0.02)",),
        )
    if isinstance(dt, tuple):
        _dt_range(*dt, graph)
    elif not math.isfinite(dt) or dt <= 0:
        raise LnnccError(
            "E0202",
            f"time step must be finite and > 0, got dt = {dt}",
            helps=("give the time between two steps, in the units of training: --dt 0.01",),
        )


def _dt_range(low: float, high: float, graph: Graph) -> None:
    if not (math.isfinite(low) and math.isfinite(high) and 0 < low < high):
        raise LnnccError(
            "E0202",
            f"a range of time steps must be finite, above 0 and ascending, got dt = {low}:{high}",
            helps=("give the shortest and the longest time between two steps: --dt 0.005:0.02",),
        )
    if high / low > WIDEST_DT:
        raise LnnccError(
            "E0202",
            f"the range of time steps {low}:{high} is too wide",
            notes=(
                f"the longest may be {WIDEST_DT:,} times the shortest: dt is one int32, of 12 bits at its lower end",
            ),
            helps=("raise the lower end: a shorter time is clamped to it, and counted",),
        )
    if any(p.label == DT for p in graph.inputs):
        raise LnnccError(
            "E0202",
            "an input of this model is called `dt` too, so that a data file could not tell them apart",
            helps=("rename the input, or give one time step: --dt 0.01",),
        )


def _range(label: str, low: float, high: float, labels: list[str]) -> None:
    if label not in labels:
        raise LnnccError(
            "E0205",
            f"the model has no input `{label}`",
            helps=(*meant(label, labels), f"its inputs: {', '.join(labels)}"),
        )
    if not (math.isfinite(high - low) and low < high):
        raise LnnccError(
            "E0205",
            f"the range of `{label}` must be finite and ascending, got {low}:{high}",
            helps=(f"for example --range {label}=-4:4",),
        )
