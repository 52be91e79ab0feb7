"""solver: what may take the place of the solver steps that an LTC was trained with, as an option and as carried out.

Each is a weighted mean with weights that are not negative, as the trained step is: potentials stay in their hull.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lnncc.errors import LnnccError

KINDS = ("unfolds", "frozen", "refit")
AUTO = "auto"


@dataclass(frozen=True, slots=True)
class Solver:
    """``unfolds`` n: n longer steps. ``frozen`` m: all steps, but conductances are found anew every m-th step only.

    ``refit`` n: n longer steps, with each neuron's inertia as it serves best on recorded inputs.
    """

    kind: str
    count: int

    def __str__(self) -> str:
        return f"{self.kind}={self.count}"


@dataclass(frozen=True, slots=True)
class Substitution:
    """What was done to the loop that makes the value ``loop``, which had ``trained`` steps.

    It has ``evaluations`` of the synapses now, each followed by ``sub_steps``. ``inertia`` is what was refitted, the
    weight of the old potential in one step (with a run-time dt: times dt); None leaves it to the length of a step.
    """

    loop: str
    trained: int
    evaluations: int
    sub_steps: int
    inertia: tuple[float, ...] | None = None


def parse(text: str) -> Solver | None:
    """``unfolds=3``, ``frozen=2``, ``refit=3``; None for ``auto``. Raises E0217 for anything else."""
    if text == AUTO:
        return None
    kind, equals, count = text.partition("=")
    if kind not in KINDS or not equals or not count.isdecimal() or int(count) < 1:
        raise LnnccError(
            "E0217",
            f"{text!r} is no solver",
            helps=("write unfolds=N, frozen=N or refit=N, for example unfolds=3", "or auto, under a limit of error"),
        )
    return Solver(kind, int(count))


def carried_out(facts: Mapping[str, object]) -> tuple[Substitution, ...]:
    """From the facts of a build: none if its solver is the trained one."""
    known = facts.get("solver")
    if not isinstance(known, Mapping):
        return ()
    return tuple(
        Substitution(**{**loop, "inertia": None if loop["inertia"] is None else tuple(loop["inertia"])})
        for loop in known["loops"]
    )
