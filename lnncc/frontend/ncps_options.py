"""What an ncps checkpoint does not say, and the questions that are asked for it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, get_args

from lnncc.cells.cfc import Activation, Mode, Squash
from lnncc.cells.ltc import Map
from lnncc.cells.memory import Route
from lnncc.errors import LnnccError
from lnncc.frontend import ncps_dialects
from lnncc.frontend.ncps_dialects import DIALECTS, Dialect

Kind = Literal["LTC", "CfC", "WiredCfC"]
Masks = str | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Told:
    """What the user said; None is not said. ``proj`` is False if arrays outside the cell are to be left out."""

    dialect: ncps_dialects.Name | None = None
    mode: Mode | None = None
    unfolds: int | None = None
    implicit: bool | None = None
    activation: Activation | None = None
    outputs: int | None = None
    epsilon: float | None = None
    time_sign: Literal[1, -1] | None = None
    squash: Squash | None = None
    memory: Route | None = None
    forget_bias: float | None = None
    dt_offset: float | None = None
    elapsed: float | None = None
    masks: Masks | None = None
    input_map: Map | None = None
    output_map: Map | None = None
    proj: str | Literal[False] | None = None

    @property
    def flavour(self) -> Dialect:
        return DIALECTS[self.dialect or "torch"]


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask: which values it takes, what it is called in ncps, an example in Python."""

    values: str
    meaning: str
    example: str


def _quoted(names: Sequence[object]) -> str:
    return ", ".join(f'"{name}"' if isinstance(name, str) else str(name) for name in names)


CHOICES: Mapping[str, tuple[object, ...]] = {
    "dialect": ncps_dialects.NAMES,
    "mode": get_args(Mode),
    "activation": get_args(Activation),
    "time_sign": (1, -1),
    "squash": get_args(Squash),
    "memory": get_args(Route),
    "input_map": get_args(Map),
    "output_map": get_args(Map),
}
COUNTS = ("unfolds", "outputs")
NUMBERS = {"epsilon": 0.0, "forget_bias": -math.inf, "dt_offset": 0.0, "elapsed": 0.0}  # and the least one
OF_LTC = ("unfolds", "implicit", "outputs", "epsilon", "input_map", "output_map")
OF_CFC = ("mode", "activation", "time_sign", "squash")
FOREIGN: Mapping[Kind, Mapping[str, tuple[str, ...]]] = {  # the options of others, by their owner
    "LTC": {"CfC": OF_CFC},
    "CfC": {"LTC": OF_LTC},
    "WiredCfC": {"LTC": tuple(name for name in OF_LTC if name != "outputs"), "CfC with a backbone": ("activation",)},
}
QUESTIONS: Mapping[str, Question] = {
    "mode": Question('"default" or "no_gate"', '`mode` of the CfC, "default" by default', '"default"'),
    "activation": Question(
        _quoted(CHOICES["activation"]), '`activation` of the CfC, "lecun_tanh" by default', '"lecun_tanh"'
    ),
    "unfolds": Question("a whole number from 1", "`ode_unfolds` of the LTC, 6 by default", "6"),
    "implicit": Question(
        "True or False", "`implicit_param_constraints`, by default True for LTC, False for LTCCell", "True"
    ),
    "outputs": Question(
        "a whole number from 1", "`output_dim` of the wiring: the checkpoint has no output_w that shows it", "1"
    ),
    "forget_bias": Question("a number", "`forget_bias` of the mixed memory", "1.0"),
    "input_map": Question(_quoted(CHOICES["input_map"]), '`input_mapping` of the LTC, "affine" by default', '"affine"'),
    "output_map": Question(_quoted(CHOICES["input_map"]), "`output_mapping` likewise", '"affine"'),
    "masks": Question(
        '"erev", "full", or the masks by name',
        'an LTC of "erev" has no synapse where erev is 0; of "full", all; wired CfCs need theirs',
        '"erev"',
    ),
}


def ask(kind: Kind, told: Told, names: Sequence[str]) -> None:
    """Require that the user said ``names``. Raises E0320 naming each one that is missing, with its values."""
    missing = [name for name in names if getattr(told, name) is None]
    if not missing:
        return
    questions = {name: QUESTIONS[name] for name in missing}
    example = ", ".join(f"{name}={q.example}" for name, q in questions.items())
    words = " ".join(f"--ncps {name}={q.example}" for name, q in questions.items()).replace('"', "")
    raise LnnccError(
        "E0320",
        f"the checkpoint does not say {' and '.join(f'`{name}`' for name in missing)} of its {kind}",
        notes=tuple(f"{name} is {q.values}: {q.meaning}" for name, q in questions.items()),
        helps=(
            f"look it up where the model was trained, and say it: from_ncps(..., {example})",
            f"on the command line: {words}",
        ),
    )


def check(told: Told) -> None:
    """Refuse values that no model has. Raises E0324."""
    for name, known in CHOICES.items():
        value = getattr(told, name)
        if value is not None and not any(value is k or (type(value) is type(k) and value == k) for k in known):
            raise conflict(f"{name} is one of {_quoted(known)}, got {value!r}")
    for name in COUNTS:
        value = getattr(told, name)
        if value is not None and (type(value) is not int or value < 1):
            raise conflict(f"{name} is a whole number from 1, got {value!r}")
    for name, least in NUMBERS.items():
        value = getattr(told, name)
        if value is not None and not (type(value) in (int, float) and math.isfinite(value) and value >= least):
            raise conflict(f"{name} is a finite number{' and not negative' if least == 0 else ''}, got {value!r}")
    if told.implicit not in (None, True, False):
        raise conflict(f"implicit is True or False, got {told.implicit!r}")
    if told.proj is not None and told.proj is not False and not (isinstance(told.proj, str) and told.proj):
        raise conflict(f"proj is the name of a linear layer, or False, got {told.proj!r}")


def check_kind(kind: Kind, told: Told) -> None:
    """Refuse an option of the other kind of cell. Raises E0324."""
    for owner, names in FOREIGN[kind].items():
        for name in names:
            if getattr(told, name) is not None:
                raise conflict(f"`{name}` belongs to {owner}, but the checkpoint is of {kind}", f"leave {name} out")


def settled(kind: Kind, told: Told) -> Told:
    """``told`` with what its dialect says for the rest."""
    flavour = told.flavour
    elapsed = told.unfolds if flavour.elapsed == "unfolds" else flavour.elapsed
    offset = flavour.offset if kind == "LTC" else 0.0
    known = {
        "implicit": flavour.implicit,
        "epsilon": flavour.epsilon,
        "time_sign": flavour.time_sign,
        "squash": flavour.squash,
        "memory": flavour.memory,
        "forget_bias": flavour.forget_bias,
        "dt_offset": offset,
        "elapsed": elapsed,
    }
    return replace(told, **{name: value for name, value in known.items() if getattr(told, name) is None})


def conflict(title: str, *helps: str) -> LnnccError:
    return LnnccError("E0324", title, helps=helps)
