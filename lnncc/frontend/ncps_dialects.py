"""The flavours in which LTC and CfC are computed: the same parameters give other numbers in each."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from lnncc.cells.cfc import Squash
from lnncc.cells.memory import Route

Name = Literal["torch", "keras", "tf", "paddle", "cfc_torch", "cfc_tf", "ltc_tf1"]


@dataclass(frozen=True, slots=True)
class Dialect:
    """What a library computes where its user chose nothing; None is what he has to say.

    ``offset`` is added to the elapsed time of an LTC, in place of which ``elapsed`` stands where it is given
    ("unfolds": the parameter cm is the capacitance by time of one solver step). ``masks`` are those of a checkpoint
    that has none; with ``signed``, the masks of a wired CfC also turn the sign of a weight. ``outputs`` is "all" where
    the whole state of an LTC is its output.
    """

    implicit: bool | None = False
    epsilon: float = 1e-8
    time_sign: Literal[1, -1] = 1
    squash: Squash = "tanh"
    memory: Route = "state"
    forget_bias: float | None = 1.0
    offset: float = 0.0
    elapsed: float | Literal["unfolds"] | None = None
    masks: Literal["full"] | None = None
    signed: bool = False
    outputs: Literal["all"] | None = None


DIALECTS: Mapping[Name, Dialect] = {
    "torch": Dialect(implicit=None),  # ncps 1.0.1, as the next three
    "keras": Dialect(time_sign=-1, squash="none", memory="input", signed=True),
    "tf": Dialect(time_sign=-1, squash="none", memory="input", signed=True),
    "paddle": Dialect(elapsed=1.0),
    "cfc_torch": Dialect(offset=1.0, masks="full", outputs="all"),  # the code of the CfC paper, for torch
    "cfc_tf": Dialect(  # and for TensorFlow
        time_sign=-1, squash="lecun_tanh", memory="input", forget_bias=None, offset=1e-3, masks="full", outputs="all"
    ),
    "ltc_tf1": Dialect(epsilon=0.0, elapsed="unfolds", masks="full", outputs="all"),  # the code of the LTC paper
}
NAMES: tuple[str, ...] = get_args(Name)
