"""compile: the way of a model from its float graph to C, one line a stage."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc import ir, options, primitives
from lnncc import target as targets
from lnncc.archive import Model
from lnncc.assemble import Made, assembled
from lnncc.build import Build, origin
from lnncc.calibration import prepared
from lnncc.choices import Choices, uniform
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph
from lnncc.ops import NAMES
from lnncc.options import Budget, Settings
from lnncc.passes.choose import choose
from lnncc.passes.formats import formats
from lnncc.passes.fuse import fuse
from lnncc.passes.name import name as name_
from lnncc.passes.prove import Proof, prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Declared, Ranges, cautious, ranges
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify
from lnncc.passes.solve import solve
from lnncc.passes.tails import tails
from lnncc.passes.widths import widths
from lnncc.program import Program
from lnncc.search import Measured, Option, Problem, cheapest, fitting, measure, offered, pose
from lnncc.settled import Kept
from lnncc.solver import AUTO, Substitution
from lnncc.target import Target

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

FUSED = NAMES | {"loop"}
PyTree = object
NO_BUDGET = Budget()


def compile(  # the verb of the interface
    step: Callable[..., object] | Model,
    params: PyTree = None,
    *,
    state: PyTree = None,
    inputs: PyTree = None,
    dt: float | tuple[float, float] | None = None,
    calibration: "ArrayLike | Mapping[str, ArrayLike] | None" = None,
    ranges: Declared | None = None,
    target: str = "host",
    bits: int | str = 16,
    max_abs: float | None = None,
    rms: float | None = None,
    flash: int | None = None,
    objective: str = "flash",
    executor: Executor | None = None,
    optimise: str = "balanced",
    solver: str | None = None,
    choices: Choices | None = None,
    batch: int | None = None,
    taps: Sequence[str] = (),
    updatable: bool = False,
    name: str = "model",
    dump: Path | None = None,
) -> Program:
    """Compile one step of a model to integer-only C.

    ``step(params, state, x, dt) -> (state, y)`` is a JAX function, or a ``Model`` that was loaded or imported;
    ``state`` is the initial state and ``inputs`` the inputs of one step, as arrays or ``ShapeDtypeStruct``.
    ``dt`` is in the units of training; as (shortest, longest) every step is told its own, and recorded inputs have an
    array ``dt``. ``calibration`` is recorded input, (steps, ...) or (streams, steps, ...);
    ``ranges`` declares (low, high) by input. ``bits`` = 8 means int8 weights with int16 activations and states.
    ``bits`` = "auto" searches for widths and tables that keep ``max_abs`` and ``rms``, of any output in its units over
    the calibration data, and ``flash`` bytes, and makes ``objective`` (flash, cycles or ram) small; candidates are
    measured on ``executor``, by default on processes of this machine.
    ``optimise`` is for speed, size or balanced: where there is larger and faster, or shorter and slower C.
    ``solver`` puts fewer or cheaper steps in place of those that an LTC was trained with, which changes what it
    computes: "unfolds=3", "frozen=2", "refit=3" (see ``lnncc.solver``), or "auto" for the cheapest under the limits of
    error. Errors are against the model as it was trained.
    ``choices`` are those of an earlier build, ``prog.build.choices``, which give the same formats again.
    ``taps`` are values of the integer graph, as ``dump`` names them after ``prove``, that the C also copies out.
    ``updatable`` makes C that takes other weights while it runs: see ``Program.update``.
    ``batch`` adds the C that steps many streams, that many at a time (8 suits AVX2, 16 AVX-512, 4 NEON).
    ``dump`` is a folder that gets the graph after each stage.

    Raises:
        LnnccError: E02xx options, E03xx model, E04xx data, E0502 a budget that cannot be kept.
    """
    model = step if isinstance(step, Model) else _traced(step, params, state, inputs)
    dt = tuple(dt) if isinstance(dt, list | tuple) else dt  # type: ignore[assignment]  # two numbers, which check() sees
    settings = Settings(name, target, bits, dt, optimise, batch, solver, tuple(taps), updatable)
    return compile_model(
        model,
        settings,
        calibration=calibration,
        ranges=ranges or {},
        choices=choices,
        budget=Budget(max_abs, rms, flash, objective),
        executor=executor,
        dump=dump,
    )


def compile_model(
    model: Model,
    settings: Settings,
    *,
    calibration: "ArrayLike | Mapping[str, ArrayLike] | None",
    ranges: Declared,
    choices: Choices | None = None,
    budget: Budget = NO_BUDGET,
    executor: Executor | None = None,
    tell: Callable[[str], None] | None = None,
    dump: Path | None = None,
) -> Program:
    """The pipeline; ``compile`` is its friendly front. ``tell`` hears how far a search is."""
    chip, settings = targets.load(settings.target), replace(settings, target=targets.remembered(settings.target))
    options.check(settings, ranges, model.graph)
    options.check_budget(settings, budget, chip, calibrated=calibration is not None)
    settings, ranges, budget = options.floats(settings, ranges, budget)
    data = None if calibration is None else prepared(calibration, model.graph, timed=settings.dt_range is not None)
    seen = _Dump(dump)
    fused = _fused(model.graph, settings, seen)
    if choices is None and isinstance(settings.bits, int):
        choices = choose(fused, uniform(settings.bits), settings.optimise, chip)
    line = _Pipeline(model.graph, fused, settings, chip, ranges, data, choices, budget)
    solvers = offered(fused, settings.solver, data)
    if settings.solver != AUTO:
        return Program(line.built(solvers[0], seen, executor, tell))
    return Program(cheapest(solvers, line.measured, lambda option: line.built(option, seen, executor, tell), budget))


def _fused(graph: Graph, settings: Settings, seen: "_Dump") -> Graph:
    """The stages that no choice has a say in."""
    graph = seen("trace", graph, primitives.NAMES)
    simple = seen("simplify", simplify(graph, dt=settings.fixed_dt), primitives.NAMES)
    rerolled = seen("reroll", reroll(simple), primitives.NAMES)
    fused = seen("fuse", name_(fuse(rerolled), graph), FUSED)
    return seen("tails", tails(fused), FUSED)


@dataclass(frozen=True, slots=True, eq=False)
class _Pipeline:
    """The stages behind ``fused``, for each choice of solver steps and of formats that is tried; ``choices`` are None
    where they are searched for."""

    model: Graph
    fused: Graph
    settings: Settings
    chip: Target
    ranges: Declared
    data: Mapping[str, Array] | None
    choices: Choices | None
    budget: Budget

    def built(
        self, option: Option, seen: "_Dump", executor: Executor | None, tell: Callable[[str], None] | None
    ) -> Build:
        low, more = self._lowered(option.done, seen), option.facts(self.settings.solver)
        if self.choices is not None:
            return self._finished(low, self.choices, more, seen)

        def candidate(chosen: Choices, found: Mapping[str, object]) -> Build:
            return self._finished(low, chosen, {**more, **found}, _Dump(None))

        return fitting(self._posed(low), self.budget, candidate, executor, tell)

    def measured(self, option: Option) -> Measured:
        """What solver steps come to, measured with the most exact formats."""
        exact = Choices() if self.choices is None else self.choices
        return measure(self._posed(self._lowered(option.done, _Dump(None))), exact, whole=True)

    def _lowered(self, done: tuple[Substitution, ...], seen: "_Dump") -> "_Lowered":
        fused = seen("widths", widths(seen("solve", solve(self.fused, done), FUSED)), FUSED)
        spans = ranges(fused, declared=self.ranges, calibration=self.data, dt=self.settings.dt_range)
        return _Lowered(fused, spans, seen("formats", formats(fused, spans), FUSED))

    def _posed(self, low: "_Lowered") -> Problem:
        assert self.data is not None, "options.check_budget asks for calibration"
        return pose(self.model, self.settings, low.formatted, low.spans, self.chip, self.data)

    def _finished(self, low: "_Lowered", chosen: Choices, more: Mapping[str, object], seen: "_Dump") -> Build:
        kept = Kept() if self.settings.updatable else None
        integer = seen("quantise", quantise(low.formatted, low.spans, chosen, kept), FUSED)
        integer, proof = _proven(integer, low, chosen, kept)
        integer = seen("prove", integer, FUSED)
        settled = {} if kept is None else {"settled": kept.found}
        made = Made(self.model, low.fused, low.spans, integer, proof)
        made_from = origin(self.ranges, self.data, self.budget)
        return assembled(made, self.settings, chosen, self.chip, {**more, **settled}, made_from)[0]


@dataclass(frozen=True, slots=True, eq=False)
class _Lowered:
    """A fused graph, its intervals, and the same with formats."""

    fused: Graph
    spans: Ranges
    formatted: Graph


def _proven(integer: Graph, low: _Lowered, choices: Choices, kept: Kept | None) -> tuple[Graph, Proof]:
    """Where the proof sees further than the estimates did, once more with all that their formats hold."""
    try:
        return prove(integer)
    except LnnccError:
        return prove(quantise(low.formatted, cautious(low.formatted, low.spans), choices, kept))


class _Dump:
    """Verifies each stage's graph, and writes it to ``folder`` under the stage's name."""

    def __init__(self, folder: Path | None) -> None:
        self.folder, self.count = folder, 0
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, stage: str, graph: Graph, ops: frozenset[str]) -> Graph:
        ir.verify(graph, ops)
        if self.folder is not None:
            (self.folder / f"{self.count}-{stage}.txt").write_text(ir.text(graph), encoding="utf-8")
        self.count += 1
        return graph


def _traced(step: Callable[..., object], params: PyTree, state: PyTree, inputs: PyTree) -> Model:
    from lnncc.frontend.jaxpr import trace  # JAX takes seconds to import, and only this road needs it

    return Model(trace(step, params, state=state, inputs=inputs))
