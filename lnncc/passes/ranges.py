"""ranges: the real interval of every value, from weights, declared inputs and calibration. Estimates only.

Interval rules alone diverge on a recurrence; a state whose interval keeps growing takes twice its calibrated range, and
is listed as *assumed*. What the formats promise is proven later, in integers, by ``prove``.
"""

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from lnncc import interval, ir
from lnncc.errors import LnnccError
from lnncc.interval import Interval
from lnncc.ir import DT, Array, Graph, Node
from lnncc.ops import OPS

ROUNDS = 8  # of joining before a state's interval is tried with powers of two
LARGEST = 2.0**12  # bound that is taken where nothing was seen
ASSUMED = 2.0  # calibrated range times this, where no rule bounds a state
BOUNDLESS = 2.0**100  # what counts as infinite
HEADROOM = 4.0  # times what calibration saw of a value whose interval says little
LEAST = 2.0**-12  # what an input must reach
MARGIN = 1.25  # calibrated range of an input times this, where the user declares none

Declared = Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Ranges:
    """``spans`` by value; ``inputs`` by label with whether the range was assumed from calibration."""

    spans: Mapping[str, Interval]
    inputs: Mapping[str, tuple[float, float, bool]]
    assumed: tuple[str, ...]
    seen: Mapping[str, Interval] = field(default_factory=dict)  # of every value, over the calibration data
    moments: Mapping[str, Array] = field(default_factory=dict)  # E[x xᵀ] of what goes into matrices, likewise
    dt: tuple[float, float] | None = None

    def moment(self, names: Sequence[str]) -> Array | None:
        """E[x xᵀ] of values one behind the other, that of two values being taken to be 0; None if one is not known."""
        if any(name not in self.moments for name in names):
            return None
        known = [self.moments[name] for name in names]
        whole = np.zeros((sum(map(len, known)),) * 2)
        for part, end in zip(known, itertools.accumulate(map(len, known)), strict=True):
            whole[end - len(part) : end, end - len(part) : end] = part
        return whole


def ranges(
    graph: Graph,
    *,
    declared: Declared,
    calibration: Mapping[str, Array] | None,
    dt: tuple[float, float] | None = None,
) -> Ranges:
    """Intervals of all values of a fused graph.

    ``declared`` is (low, high) by input label; ``calibration`` arrays by label, (streams, steps, size); ``dt`` the
    range of the elapsed time, if the graph reads one.

    Raises:
        LnnccError: E0307 for a divisor that can be zero or a function without bound, E0353 for an input that is all
            but 0, E0400 for an input with neither.
    """
    inputs = {p.label: _input_range(p.label, declared, calibration) for p in graph.inputs}
    seen, moments = ({}, {}) if calibration is None else observed(graph, calibration)
    env = {name: interval.point(array) for name, array in graph.constants.items()}
    for port in graph.inputs:
        low, high, _ = inputs[port.label]
        size = graph.values[port.value].size
        env[port.value] = Interval(np.full(size, low), np.full(size, high))
    if graph.dt is not None:
        assert dt is not None, "compile() asks for dt before"
        env[graph.dt] = Interval(np.array(dt[:1]), np.array(dt[1:]))
    states = [s.before for s in graph.states]
    first = [interval.point(np.asarray(s.initial, np.float64)) for s in graph.states]
    results = [s.after for s in graph.states]
    assumed = _settle(graph.nodes, states, first, results, env, seen)
    for node in graph.walk():
        if node.body is None:
            _require_bounded(node, env[node.outputs[0]])
    labels = tuple(s.label for s in graph.states if {s.before, s.after, *_narrowed_from(graph, s.after)} & assumed)
    return Ranges(env, inputs, labels, seen, moments, None if graph.dt is None else dt)


def cautious(graph: Graph, ranges: Ranges) -> Ranges:
    """The same, but that what matrices read may be anything its format holds; ``graph`` has formats."""
    spans = dict(ranges.spans)
    for node in graph.walk():
        form = graph.values[node.inputs[1]].format if node.op == "affine" else None
        if form is not None:
            reach = np.full(graph.values[node.inputs[1]].shape, 2.0 ** (form.bits - 1 - form.frac))
            spans[node.inputs[1]] = Interval(-reach, reach)
    return replace(ranges, spans=spans)


def _input_range(label: str, declared: Declared, calibration: Mapping[str, Array] | None) -> tuple[float, float, bool]:
    if label in declared:
        return *_told_apart(label, *declared[label]), False
    if calibration is None:
        raise LnnccError(
            "E0400",
            f"no calibration data and no range for input `{label}`",
            helps=(f"declare it: --range {label}=-4:4", "or give recorded inputs: --calib file.npz"),
            notes=("lnncc does not guess input ranges: the overflow proof rests on them",),
        )
    low, high = _told_apart(label, float(calibration[label].min()), float(calibration[label].max()))
    middle, half = (low + high) / 2, max((high - low) / 2 * MARGIN, 2.0**-10)
    return middle - half, middle + half, True


def _told_apart(label: str, low: float, high: float) -> tuple[float, float]:
    """The range, if an input of 16 bits, of which at most 15 are a fraction, tells enough of its values apart."""
    reach = max(abs(low), abs(high))
    if reach == 0.0 or reach >= LEAST:
        return low, high
    unit = 10.0 ** math.floor(math.log10(reach))
    raise LnnccError(
        "E0353",
        f"input `{label}` is never larger than {reach:g}, and is held in steps of 2**-15",
        notes=("nearly all of it would be rounded to 0",),
        helps=(
            f"give it in units of {unit:g}, and let the step begin with {label} = {unit:g} * {label}",
            f"then declare --range {label}={low / unit:g}:{high / unit:g}",
        ),
    )


def _settle(
    nodes: tuple[Node, ...],
    params: list[str],
    first: list[Interval],
    results: list[str],
    env: dict[str, Interval],
    seen: Mapping[str, Interval],
) -> set[str]:
    """Join carried values over rounds until none grows.

    One that keeps growing is tried with wider and wider intervals: one that a step maps into itself is a bound. If that
    would cost too many bits, what was seen takes its place.
    """
    env.update(zip(params, first, strict=True))
    assumed: set[str] = set()
    for count in itertools.count():  # ends: from some round on, each doubles one or takes it for assumed
        _spans(nodes, env, seen, assumed)
        grown = _grown(params, results, env, assumed)
        if not grown:
            break
        for param, (result, joined) in grown.items():
            env[param] = joined if count < ROUNDS else _doubled(joined)
            recorded = _recorded(param, result, seen)
            if count >= ROUNDS and float(env[param].magnitude.max()) > _tolerable(recorded):
                assumed.add(param)
                env[param] = _calibrated(recorded)
    return assumed


def _grown(
    params: list[str], results: list[str], env: Mapping[str, Interval], assumed: set[str]
) -> dict[str, tuple[str, Interval]]:
    """Carried values that one round took out of their interval: the result that did, and both joined."""
    pairs = ((p, r, interval.join(env[p], env[r])) for p, r in zip(params, results, strict=True) if p not in assumed)
    return {p: (r, joined) for p, r, joined in pairs if not interval.contains(_loosened(env[p]), joined)}


def _doubled(x: Interval) -> Interval:
    """The next power of two that leaves room to grow, for all elements: they have one format. No sign is given up."""
    reach = 2.0 ** math.ceil(math.log2(float(x.magnitude.max())))
    both = _around(x, reach)
    return Interval(np.minimum(both.low * (x.low.min() < 0), x.low), np.maximum(both.high * (x.high.max() > 0), x.high))


def _around(x: Interval, reach: float) -> Interval:
    return Interval(np.full(x.low.shape, -reach), np.full(x.low.shape, reach))


def _recorded(param: str, result: str, seen: Mapping[str, Interval]) -> Interval | None:
    """What was seen of a carried value, its start included, which no step need come back to."""
    return interval.join(seen[param], seen[result]) if result in seen else None


def _tolerable(recorded: Interval | None) -> float:
    """A bound that holds for all time is worth two bits more than what calibration would take."""
    return LARGEST if recorded is None else 4 * ASSUMED * max(float(recorded.magnitude.max()), 2.0**-10)


def _loosened(x: Interval) -> Interval:
    slack = 1e-9 * (1 + x.magnitude)
    return Interval(x.low - slack, x.high + slack)


def _calibrated(recorded: Interval | None) -> Interval:
    """It saturates where its format ends, so what reads it must be dimensioned for all of that."""
    if recorded is None:
        raise LnnccError(
            "E0404",
            "a state of this model has no bound that holds for all inputs, so it must be calibrated",
            helps=("give recorded inputs: --calib file.npz",),
            notes=("the state saturates at twice its calibrated range, counted at run time",),
        )
    biggest = ASSUMED * max(float(recorded.magnitude.max()), 2.0**-10)
    return _around(recorded, 2.0 ** math.ceil(math.log2(biggest)))


def _spans(nodes: tuple[Node, ...], env: dict[str, Interval], seen: Mapping[str, Interval], assumed: set[str]) -> None:
    for node in nodes:
        xs = [env[name] for name in node.inputs]
        if node.body is None:
            span = _finite(OPS[node.op].span(node.attrs, *xs))
            unbounded = getattr(OPS[node.op], "UNBOUNDED", False)
            env[node.outputs[0]] = _seen(node.outputs[0], span, seen) if unbounded else span
            continue
        inner = _settle(node.body.nodes, list(node.body.params), xs, list(node.body.results), env, seen)
        env.update((out, env[p]) for out, p in zip(node.outputs, node.body.params, strict=True))
        assumed |= inner | {out for out, p in zip(node.outputs, node.body.params, strict=True) if p in inner}


def _narrowed_from(graph: Graph, name: str) -> tuple[str, ...]:
    """What a value is a rounding of, if it is one."""
    return next((n.inputs for n in graph.nodes if n.outputs == (name,) and n.op == "requantise"), ())


def _finite(x: Interval) -> Interval:
    """While carried values still grow, a function may seem to have no bound that has one in the end."""
    low, high = (np.nan_to_num(np.clip(end, -BOUNDLESS, BOUNDLESS), nan=BOUNDLESS) for end in (x.low, x.high))
    return x if np.isfinite(x.magnitude).all() else Interval(low, high)


def _require_bounded(node: Node, span: Interval) -> None:
    if node.op not in ("divide", "table") or float(span.magnitude.max(initial=0.0)) < BOUNDLESS:
        return
    what = "this divisor can be zero" if node.op == "divide" else "this function has no bound where its argument can be"
    raise LnnccError(
        "E0307",
        what,
        source=node.source,
        notes=("over the declared ranges of the inputs its interval reaches such a point",),
        helps=(
            "keep divisors and roots above zero: add a constant, or sum squares, exponentials or sigmoids",
            "declare narrower ranges",
        ),
    )


def _seen(name: str, span: Interval, seen: Mapping[str, Interval]) -> Interval:
    """What calibration saw of a value, with room; it saturates there, counted."""
    if name not in seen or float(span.magnitude.max()) >= BOUNDLESS:
        return span
    room = 2.0 ** math.ceil(math.log2(HEADROOM * max(float(seen[name].magnitude.max()), 2.0**-10)))
    return Interval(np.clip(span.low, -room, room), np.clip(span.high, -room, room))


def observed(graph: Graph, calibration: Mapping[str, Array]) -> tuple[dict[str, Interval], dict[str, Array]]:
    """Over the calibration data, in float64: extremes of every element, and E[x xᵀ] of what goes into matrices.

    Of a value inside a loop, in its last trip.
    """
    seen: dict[str, Interval] = {}
    moments: dict[str, Array] = {}
    factors = {node.inputs[1] for node in graph.walk() if node.op == "affine"}
    xs = [calibration[p.label] for p in graph.inputs]
    states = [np.broadcast_to(s.initial, (len(xs[0]), len(s.initial))) for s in graph.states]
    for k in range(xs[0].shape[1]):
        env: dict[str, Array] = dict(graph.constants)
        env.update((p.value, x[:, k]) for p, x in zip(graph.inputs, xs, strict=True))
        env.update((s.before, x) for s, x in zip(graph.states, states, strict=True))
        if graph.dt is not None:
            env[graph.dt] = calibration[DT][:, k]
        reference_nodes(graph.nodes, env)
        for name, array in env.items():
            if name not in graph.constants:
                whole = np.broadcast_to(array, (len(xs[0]), *graph.values[name].shape))
                _note(seen, name, whole)
                if name in factors:
                    moments[name] = moments.get(name, 0.0) + whole.T @ whole / (len(xs[0]) * xs[0].shape[1])
        states = [env[s.after] for s in graph.states]
    return seen, moments


def _note(seen: dict[str, Interval], name: str, array: Array) -> None:
    here = Interval(array.min(axis=0), array.max(axis=0))
    seen[name] = here if name not in seen else interval.join(seen[name], here)


def reference_nodes(nodes: tuple[Node, ...], env: dict[str, Array]) -> None:
    """Run fused nodes in float64, on arrays with any leading axes."""
    ir.execute(nodes, env, lambda node, xs: OPS[node.op].reference(node.attrs, *xs))
