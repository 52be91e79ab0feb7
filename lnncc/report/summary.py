"""The report in plain text: what goes in and out, in which formats, and what may saturate."""

from collections.abc import Mapping

from lnncc.build import Build
from lnncc.plan.interface import Signal
from lnncc.report import formats


def text(build: Build) -> str:
    """One line a signal, then sizes and saturations."""
    settings, interface = build.settings, build.interface
    lines = [f"{build.name}: {settings.bits}-bit weights, compiled for {settings.target}"]
    for role in ("inputs", "states", "outputs"):
        lines += [_signal(role[:-1], signal) for signal in getattr(interface, role)]
    lines += [f"  {key:<12} {value}" for key, value in build.facts.items() if isinstance(value, int)]
    saturations = build.facts["saturations"]
    lines.append(f"  saturations  {', '.join(map(str, saturations)) if saturations else 'none: proven impossible'}")  # type: ignore[call-overload]
    return "\n".join([*lines, *search(build)])


def search(build: Build) -> list[str]:
    """What a search for formats chose and why; nothing where there was none."""
    found = build.facts.get("search")
    return [formats.text(found)] if isinstance(found, Mapping) else []


def _signal(role: str, signal: Signal) -> str:
    unit = 2.0**-signal.frac
    bounds = f"[{signal.low * unit:.5g}, {signal.high * unit:.5g}]"
    return f"  {role:<7} {signal.id} {signal.label!r}: {signal.size} x Q{15 - signal.frac}.{signal.frac} in {bounds}"
