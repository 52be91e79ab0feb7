"""measured: everything that a report says, as data, from a build and inputs; the page and the screen only show it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from lnncc.build import Build
from lnncc.enclose import Unbounded
from lnncc.ir import Array
from lnncc.plan.layout import digest
from lnncc.report import ahead as bounds_
from lnncc.report.ahead import Ahead
from lnncc.report.badinput import Case, badinput
from lnncc.report.bits import Bits, bits
from lnncc.report.costs import Row, costs
from lnncc.report.followed import Followed, follow
from lnncc.report.memory import Memory, memory
from lnncc.report.onchip import OnChip, onchip
from lnncc.report.overtime import Output, overtime
from lnncc.report.settling import Settling, settling
from lnncc.report.subject import Subject, subject
from lnncc.report.tensors import Tensor, tensors, title
from lnncc.report.verdict import Answer, verdict
from lnncc.report.wiring import Wiring, wiring

MOST_WIRES = 2000  # that are listed one by one


@dataclass(frozen=True, slots=True)
class Saturation:
    """Of a value that may saturate: how many of ``values`` stood at an end of their format in this run."""

    value: str
    what: str
    at_ends: int
    values: int


@dataclass(frozen=True, slots=True)
class Report:
    """``inputs`` says which inputs the measurements were made on; ``bounds`` are by output, or there is a reason."""

    name: str
    target: str
    digest: str
    bits: str
    parameters: int
    inputs: str
    recorded: bool
    steps: int
    streams: int
    verdict: tuple[Answer, ...]
    tensors: tuple[Tensor, ...]
    outputs: tuple[Output, ...]
    bounds: Mapping[str, Ahead] | None
    unbounded: str | None
    memory: Memory
    chip: OnChip
    nodes: tuple[Row, ...]
    outside: Mapping[str, int]
    saturations: tuple[Saturation, ...]
    more_bits: Bits
    settling: tuple[Settling, ...]
    wiring: Wiring | None
    bad_input: tuple[Case, ...]


def measure(build: Build, data: Mapping[str, Array] | None = None, steps: int = bounds_.STEPS) -> Report:
    """``data`` are real inputs (streams, steps, size) by label; without, they are drawn. ``steps`` are those that the
    bounds look ahead."""
    it = subject(build, data)
    followed = follow(it)
    outputs = overtime(it, followed)
    bounds, unbounded = _bounds(build, steps)
    chip = onchip(it, followed)
    held = memory(it, chip)
    settled = settling(it, outputs)
    more, bad = bits(it), badinput(it, settled)
    return Report(
        build.name,
        it.target.description,
        digest(it.build.integer).hex(),
        str(build.settings.bits),
        sum(a.size for a in it.fused.constants.values()),
        it.inputs_are,
        it.recorded,
        it.steps,
        it.streams,
        verdict(it, held, chip, outputs, bounds, unbounded, more, bad),
        tensors(it, followed),
        outputs,
        bounds,
        unbounded,
        held,
        chip,
        costs(it),
        followed.outside,
        _saturations(it, followed),
        more,
        settled,
        wiring(it),
        bad,
    )


def _bounds(build: Build, steps: int) -> tuple[Mapping[str, Ahead] | None, str | None]:
    try:
        return bounds_.ahead(build, steps), None
    except Unbounded as reason:
        return None, str(reason)


def _saturations(it: Subject, followed: Followed) -> tuple[Saturation, ...]:
    trips = _trips(it)
    return tuple(
        Saturation(
            name,
            title(it.graph, name),
            followed.at_ends.get(name, 0),
            it.graph.values[name].size * it.steps * it.streams * trips.get(name, 1),
        )
        for name in it.proof.saturating
    )


def _trips(it: Subject) -> dict[str, int]:
    """Of values inside loops, how often a step makes them."""
    found: dict[str, int] = {}
    for node in it.graph.nodes:
        if node.body is not None:
            found |= {n.outputs[0]: node.trips for n in node.body.nodes}
    return found


def fields(report: Report) -> dict[str, object]:
    """As JSON holds it. What is drawn but not needed to judge, such as single wires of a dense network, is left out."""
    found = asdict(report)
    if report.wiring is not None and len(report.wiring.wires) > MOST_WIRES:
        found["wiring"] = {**found["wiring"], "wires": [], "readout": [], "wires_count": len(report.wiring.wires)}
    return found
