"""subject: a build opened for a report: its stages once more, its proof, its plan, the inputs that it is shown on."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from lnncc import solver
from lnncc import target as targets
from lnncc.build import Build
from lnncc.ir import Array, Format, Graph
from lnncc.passes.formats import formats
from lnncc.passes.lower import lower
from lnncc.passes.prove import Proof, prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges, ranges
from lnncc.plan import plan
from lnncc.plan.layout import digest
from lnncc.plan.program import Plan
from lnncc.target import Target
from lnncc.validate import compare, stimulus

STEPS = 400  # of the inputs that are drawn where no recording is given
MOST_STEPS, MOST_STREAMS = 1000, 16  # of a recording that the report looks at: its beginning


@dataclass(frozen=True, slots=True)
class Declared:
    """The range of an input, in the user's units; ``assumed`` from calibration, where it was not declared."""

    low: float
    high: float
    assumed: bool


@dataclass(frozen=True)
class Subject:
    """``data`` are real inputs (streams, steps, size) by label; ``recorded`` says that the user gave them."""

    build: Build
    data: Mapping[str, Array]
    recorded: bool

    @cached_property
    def target(self) -> Target:
        return targets.load(self.build.settings.target)

    @cached_property
    def declared(self) -> Mapping[str, Declared]:
        """The ranges of the inputs by label."""
        ranges = self.build.facts["ranges"]
        assert isinstance(ranges, Mapping)
        return {label: Declared(**one) for label, one in ranges.items()}

    @cached_property
    def assumed_states(self) -> tuple[str, ...]:
        """Labels of the states that only calibration bounds."""
        found = self.build.facts["assumed_states"]
        assert isinstance(found, list)
        return tuple(found)

    @cached_property
    def proven(self) -> tuple[Graph, Proof]:
        """The integer graph with the raw interval of every value, for all inputs and all time."""
        return prove(self.build.integer)

    @property
    def proof(self) -> Proof:
        return self.proven[1]

    @property
    def graph(self) -> Graph:
        return self.proven[0]

    @cached_property
    def plan(self) -> Plan:
        settings = self.build.settings
        return plan(
            self.graph,
            settings.name,
            self.proof.bounds,
            self.target,
            settings.optimise,
            lanes=settings.batch,
            updatable=settings.updatable,
        )

    @cached_property
    def fused(self) -> Graph:
        build = self.build
        return lower(build.model, dt=build.settings.fixed_dt, done=solver.carried_out(build.facts))

    @cached_property
    def ranges(self) -> Ranges:
        """Estimated once more: from the declared ranges, or with the recording, if that gives the build's integers."""
        last = found = self._estimated(None)
        if self.recorded and not self.reproduced_by(last):
            last = self._estimated(self.data)
        return last if self.reproduced_by(last) else found

    def _estimated(self, calibration: Mapping[str, Array] | None) -> Ranges:
        declared = {label: (one.low, one.high) for label, one in self.declared.items()}
        return ranges(self.fused, declared=declared, calibration=calibration, dt=self.build.settings.dt_range)

    def reproduced_by(self, spans: Ranges) -> bool:
        """Whether the stages after ``ranges`` give the integers of the build: what was seen at compile time, and may
        have decided of formats and roundings, is not in it."""
        made = prove(quantise(formats(self.fused, spans), spans, self.build.choices))[0]
        return digest(made) == digest(self.build.integer)

    @cached_property
    def raw(self) -> tuple[Array, ...]:
        """The inputs as the integers that go in."""
        return compare.raw_inputs(self.build, self.data)

    @property
    def steps(self) -> int:
        return self.raw[0].shape[1]

    @property
    def streams(self) -> int:
        return self.raw[0].shape[0]

    @property
    def inputs_are(self) -> str:
        """Which inputs these are, in words that end a sentence."""
        streams = "" if self.streams == 1 else f" of {self.streams} streams"
        if self.recorded:
            return f"the first {self.steps:,} steps{streams} of your recording"
        return f"{self.steps:,} steps of inputs drawn from a fixed seed, which wander through the declared ranges"

    def format(self, name: str) -> Format:
        form = self.graph.values[name].format
        assert form is not None, name
        return form


def subject(build: Build, data: Mapping[str, Array] | None) -> Subject:
    """``build`` with the beginning of ``data``, or with inputs that wander through the declared ranges."""
    if data is None:
        return Subject(build, stimulus.wandering(build.interface, STEPS), recorded=False)
    return Subject(build, {k: x[:MOST_STREAMS, :MOST_STEPS] for k, x in data.items()}, recorded=True)
