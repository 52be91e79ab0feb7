"""What an ncps checkpoint does not say, and the questions that are asked for it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from lnncc.cells.cfc import Activation, Mode
from lnncc.errors import LnnccError

Kind = Literal["LTC", "CfC"]


@dataclass(frozen=True, slots=True)
class Told:
    """What the user said; None is not said. ``proj`` is False if arrays outside the cell are to be left out."""

    mode: Mode | None = None
    unfolds: int | None = None
    implicit: bool | None = None
    activation: Activation | None = None
    outputs: int | None = None
    epsilon: float = 1e-8
    proj: str | Literal[False] | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: which values it takes, what it is called in ncps, an example in Python."""

    values: str
    meaning: str
    example: str


def _quoted(names: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in names)


MODES: tuple[str, ...] = get_args(Mode)
ACTIVATIONS: tuple[str, ...] = get_args(Activation)
OPTIONS: Mapping[Kind, tuple[str, ...]] = {
    "LTC": ("unfolds", "implicit", "outputs"),
    "CfC": ("mode", "activation"),
}
QUESTIONS: Mapping[str, Question] = {
    "mode": Question('"default" or "no_gate"', '`mode` of the CfC, "default" by default', '"default"'),
    "activation": Question(_quoted(ACTIVATIONS), '`activation` of the CfC, "lecun_tanh" by default', '"lecun_tanh"'),
    "unfolds": Question("a whole number from 1", "`ode_unfolds` of the LTC, 6 by default", "6"),
    "implicit": Question(
        "True or False", "`implicit_param_constraints`, by default True for LTC, False for LTCCell", "True"
    ),
    "outputs": Question(
        "a whole number from 1", "`output_dim` of the wiring: the checkpoint has no output_w that shows it", "1"
    ),
}


def ask(kind: Kind, told: Told, names: tuple[str, ...]) -> None:
    """Require that the user said ``names``. Raises E0320 naming each one that is missing, with its values."""
    missing = [name for name in names if getattr(told, name) is None]
    if not missing:
        return
    questions = {name: QUESTIONS[name] for name in missing}
    example = ", ".join(f"{name}={q.example}" for name, q in questions.items())
    raise LnnccError(
        "E0320",
        f"the checkpoint does not say {' and '.join(f'`{name}`' for name in missing)} of its {kind}",
        notes=tuple(f"{name} is {q.values}: {q.meaning}" for name, q in questions.items()),
        helps=(f"look it up where the model was trained, and say it: from_ncps(..., {example})",),
    )


def check(told: Told) -> None:
    """Refuse values that no model has. Raises E0324."""
    for name in ("mode", "activation"):
        known, value = MODES if name == "mode" else ACTIVATIONS, getattr(told, name)
        if value is not None and value not in known:
            raise conflict(f"{name} is one of {_quoted(known)}, got {value!r}")
    for name in ("unfolds", "outputs"):
        value = getattr(told, name)
        if value is not None and (type(value) is not int or value < 1):
            raise conflict(f"{name} is a whole number from 1, got {value!r}")
    if told.implicit not in (None, True, False):
        raise conflict(f"implicit is True or False, got {told.implicit!r}")
    if told.proj is not None and told.proj is not False and not (isinstance(told.proj, str) and told.proj):
        raise conflict(f"proj is the name of a linear layer, or False, got {told.proj!r}")
    if not (math.isfinite(told.epsilon) and told.epsilon >= 0):
        raise conflict(f"epsilon is finite and not negative, got {told.epsilon!r}")


def check_kind(kind: Kind, told: Told) -> None:
    """Refuse an option of the other kind of cell. Raises E0324."""
    other: Kind = "CfC" if kind == "LTC" else "LTC"
    for name in OPTIONS[other]:
        if getattr(told, name) is not None:
            raise conflict(f"`{name}` belongs to {other}, but the checkpoint is of {kind}", f"leave {name} out")


def conflict(title: str, *helps: str) -> LnnccError:
    return LnnccError("E0324", title, helps=helps)
