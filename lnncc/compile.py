"""compile: the way of a model from its float graph to C, one line a stage."""

from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc import ir, options, primitives
from lnncc import target as targets
from lnncc.archive import Model
from lnncc.bounds import rounding
from lnncc.build import Build
from lnncc.calibration import prepared
from lnncc.certificate import certificate, facts
from lnncc.choices import Choices, uniform
from lnncc.emit import emit
from lnncc.ir import Graph
from lnncc.ops import NAMES
from lnncc.options import Budget, Settings
from lnncc.passes.choose import choose
from lnncc.passes.formats import formats
from lnncc.passes.fuse import fuse
from lnncc.passes.name import name as name_
from lnncc.passes.prove import prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Declared, ranges
from lnncc.passes.reroll import reroll
from lnncc.passes.simplify import simplify
from lnncc.passes.tails import tails
from lnncc.passes.widths import widths
from lnncc.plan import plan
from lnncc.program import Program
from lnncc.search import fitting, pose

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
    choices: Choices | None = None,
    batch: int | None = None,
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
    ``choices`` are those of an earlier build, ``prog.build.choices``, which give the same formats again.
    ``batch`` adds the C that steps many streams, that many at a time (8 suits AVX2, 16 AVX-512, 4 NEON).
    ``dump`` is a folder that gets the graph after each stage.

    Raises:
        LnnccError: E02xx options, E03xx model, E04xx data, E0502 a budget that cannot be kept.
    """
    model = step if isinstance(step, Model) else _traced(step, params, state, inputs)
    dt = tuple(dt) if isinstance(dt, list | tuple) else dt  # type: ignore[assignment]  # two numbers, which check() sees
    settings = Settings(name, target, bits, dt, optimise, batch)
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
    chip = targets.load(settings.target)
    options.check(settings, ranges, model.graph)
    options.check_budget(settings, budget, chip, calibrated=calibration is not None)
    data = None if calibration is None else prepared(calibration, model.graph, timed=settings.dt_range is not None)
    seen = _Dump(dump)

    graph = seen("trace", model.graph, primitives.NAMES)
    graph = seen("simplify", simplify(graph, dt=settings.fixed_dt), primitives.NAMES)
    graph = seen("reroll", reroll(graph), primitives.NAMES)
    graph = seen("fuse", name_(fuse(graph), model.graph), FUSED)
    graph = seen("tails", tails(graph), FUSED)
    if choices is None and isinstance(settings.bits, int):
        choices = choose(graph, uniform(settings.bits), settings.optimise, chip)
    graph = fused = seen("widths", widths(graph), FUSED)
    spans = _ranges(graph, declared=ranges, calibration=data, dt=settings.dt_range)
    graph = seen("formats", formats(graph, spans), FUSED)

    def finished(chosen: Choices, more: Mapping[str, object], seen: _Dump) -> Build:
        integer = seen("quantise", quantise(graph, spans, chosen), FUSED)
        integer, proof = prove(integer)
        integer = seen("prove", integer, FUSED)
        layout = plan(integer, settings.name, proof.bounds, chip, settings.optimise, lanes=settings.batch)
        proven = certificate(integer, proof, settings.name)
        known = {**facts(layout, spans, proof), "rounding": rounding.facts(fused, integer, proof), **more}
        return Build(settings, chosen, layout.interface, model.graph, integer, emit(layout), proven, known)

    if choices is not None:
        return Program(finished(choices, {}, seen))
    assert data is not None, "options.check_budget asks for calibration"
    case = pose(model.graph, settings, graph, spans, chip, data)
    return Program(fitting(case, budget, lambda chosen, more: finished(chosen, more, _Dump(None)), executor, tell))


_ranges = ranges  # the pass; compile() has an argument of that name


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
