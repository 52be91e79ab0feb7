"""The report in plain text: what goes in and out, in which formats, and what may saturate."""

from collections.abc import Mapping
from dataclasses import asdict

from lnncc.build import Build
from lnncc.enclose import Unbounded
from lnncc.plan.interface import Signal
from lnncc.report import ahead, formats
from lnncc.solver import carried_out

SIZES = {
    "constant_bytes": "constants",
    "state_bytes": "state",
    "flash_estimate": "flash, by an estimate before anything was linked:",
}


def text(build: Build, period: float | None = None) -> str:
    """One line a signal, then sizes, saturations and what error to expect; ``period`` is that of the steps, in s."""
    settings, interface = build.settings, build.interface
    lines = [f"{build.name}: {settings.bits}-bit weights, compiled for {settings.target}"]
    for role in ("inputs", "states", "outputs"):
        lines += [_signal(role[:-1], signal) for signal in getattr(interface, role)]
    sizes = {words: build.facts.get(key) for key, words in SIZES.items()}
    lines += [f"  {words:<12} {size:,} bytes" for words, size in sizes.items() if isinstance(size, int)]
    saturations = build.facts["saturations"]
    lines.append(f"  saturations  {', '.join(map(str, saturations)) if saturations else 'none: proven impossible'}")  # type: ignore[call-overload]
    lines += [f"  assumed      {why}" for why in assumptions(build)]
    return "\n".join([*lines, *solver(build), *_error(build, period), *search(build)])


def assumptions(build: Build) -> list[str]:
    """Of each state that only calibration bounds: which it is, why, and what happens beyond."""
    labels = build.facts["assumed_states"]
    assert isinstance(labels, list)
    return [
        f"state {label!r} has no bound that holds for all inputs and all time: each step may take it further; "
        "it saturates, counted, at twice what calibration saw or more"
        for label in labels
    ]


def fields(build: Build, period: float | None = None) -> dict[str, object]:
    """The same for scripts."""
    settings = build.settings
    known = {key: value for key, value in build.facts.items() if key != "rounding"}
    return {
        "name": build.name,
        "target": settings.target,
        "bits": settings.bits,
        **known,
        "error_bounds": _bounds(build, period),
    }


def solver(build: Build) -> list[str]:
    """What takes the place of the trained solver; nothing where it is that."""
    done = carried_out(build.facts)
    return [
        f"  solver        {one.evaluations} evaluations of the synapses, {one.sub_steps} steps each, "
        f"for {one.trained} trained steps{'' if one.inertia is None else '; inertia refitted'}"
        for one in done
    ]


def steps(period: float | None) -> int:
    """How many steps the bounds look ahead: a day of them."""
    return ahead.STEPS if period is None else max(round(ahead.DAY / period), 1)


def _error(build: Build, period: float | None) -> list[str]:
    try:
        return ahead.text(ahead.ahead(build, steps(period)), period)
    except Unbounded as reason:
        return [f"  error         no bound: {reason}; lnncc verify measures it"]


def _bounds(build: Build, period: float | None) -> dict[str, object] | None:
    """None where there are none."""
    try:
        return {label: asdict(a) for label, a in ahead.ahead(build, steps(period)).items()}
    except Unbounded:
        return None


def search(build: Build) -> list[str]:
    """What a search for formats chose and why; nothing where there was none."""
    found = build.facts.get("search")
    return [formats.text(found)] if isinstance(found, Mapping) else []


def _signal(role: str, signal: Signal) -> str:
    unit = 2.0**-signal.frac
    bounds = f"[{signal.low * unit:.5g}, {signal.high * unit:.5g}]"
    return f"  {role:<7} {signal.id} {signal.label!r}: {signal.size} x Q{15 - signal.frac}.{signal.frac} in {bounds}"
