"""Errors over time, as text for people and as fields for scripts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from lnncc.validate.compare import Verification
from lnncc.validate.deviation import Error
from lnncc.validate.nodes import Contribution


def text(found: Verification) -> str:
    """What was compared, then for each output its error by window, then the states in a line each."""
    lines = [str(found)]
    for label, error in found.errors.items():
        if len(error.windows) > 1:
            lines += _table(label, error)
    lines += [f"state {label}: {error}, drift {error.drift:.2f}" for label, error in found.state_errors.items()]
    return "\n".join(lines)


def _table(label: str, error: Error) -> list[str]:
    head = f"  {'steps of ' + label:<24}{'max error':>12}{'rms':>12}{'relative':>12}"
    rows = [
        f"  {f'{w.start} to {w.start + w.steps - 1}':<24}{w.max_abs:>12.3g}{w.rms:>12.3g}{w.relative_rms:>12.3%}"
        for w in error.windows
    ]
    return [head, *rows, f"  drift: rms of the last window is {error.drift:.2f} of the first"]


def blame(found: Sequence[Contribution]) -> str:
    """One line a node and output."""
    head = f"  {'error by node':<24}{'op':<18}{'output':<10}{'max error':>10}{'rms':>10}{'share':>8}"
    rows = [f"  {c.node:<24}{c.op:<18}{c.output:<10}{c.max_abs:>10.3g}{c.rms:>10.3g}{c.share:>8.1%}" for c in found]
    return "\n".join([head, *rows])


def fields(errors: Mapping[str, Error]) -> dict[str, object]:
    """By label. A constant float value has no deviation to be relative to: null, as is a drift from nothing."""
    return {label: _finite(asdict(error) | {"drift": error.drift}) for label, error in errors.items()}


def _finite(value: object) -> object:
    match value:
        case dict():
            return {key: _finite(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_finite(inner) for inner in value]
        case float() if not math.isfinite(value):
            return None
    return value
