"""What an op may ask and do while it turns itself into integers; ``passes.quantise`` implements it."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

from lnncc.choices import Choice
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node

Settled = TypeVar("Settled", int, bool, tuple[tuple[int, int], ...])


class Quantiser(Protocol):
    """Every rounding of a float to an integer constant happens behind this interface, while quantising."""

    def choice(self, node: Node) -> Choice:
        """What was chosen for a node."""
        ...

    def chain(self, node: Node) -> Sequence[Node]:
        """The nodes of its op, each adding to what the one before alone hands on, that end with ``node``; none if it
        is not the last of them."""
        ...

    def format(self, name: str) -> Format:
        """The format chosen for a value."""
        ...

    def span(self, name: str) -> Interval:
        """The estimated real interval of a value."""
        ...

    def reach(self, name: str) -> Array:
        """Largest raw magnitude of each element that the format or the declared range allows."""
        ...

    def moment(self, names: Sequence[str]) -> Array | None:
        """E[x xᵀ] over the calibration data, x being values that go into matrices one behind the other; None without
        such data. Of two values it is taken to be 0."""
        ...

    def floats(self, name: str) -> Array:
        """A float constant."""
        ...

    def size(self, name: str) -> int: ...

    def door(self, name: str) -> tuple[int, int]:
        """Raw bounds of an input's declared range."""
        ...

    def settled(self, node: Node, what: str, value: Settled) -> Settled:
        """``value``, which follows from weights and becomes code; where weights alone change, the old one."""
        ...

    def within(self, node: Node, what: str, reach: Interval) -> Interval:
        """As ``settled``, of what the code reaches. Raises E0415 where new weights would reach farther."""
        ...

    def fits(self, name: str, what: str, reach: float, limit: float) -> None:
        """Raises E0415 where weights alone change, and what they make of value ``name`` is beyond ``limit``."""
        ...

    def spare(self) -> int:
        """Bits to leave free, so that weights may grow that may change."""
        ...

    def stored(self, name: str, what: str, exact: Array, form: Format) -> Array:
        """``exact`` rounded to integers of a format, which clips what it cannot hold; raises as ``fits``."""
        ...

    def flat(self, span: Interval) -> Interval | None:
        """How far a table of a function reaches that is flat at both ends: None, all over, where weights may change."""
        ...

    def scale(self, node: Node) -> Array:
        """Conductance units of each destination: integer g = real g · scale."""
        ...

    def turn(self, node: Node) -> Array:
        """Norm of dt from which on the conductances of each destination are shifted."""
        ...

    def time(self, node: Node) -> str | None:
        """The value of ``inertia`` that a mean, or synapses on the way to one, depends on, if any."""
        ...

    def finer(self, node: Node) -> int:
        """How many bits finer the unit of the pairs' conductances is than that of the mean which divides them."""
        ...

    def pair_format(self, node: Node) -> Format:
        """The format of the e of a pair: it lacks the bits that its conductances have more."""
        ...

    def fresh(self, like: str) -> str:
        """A new value name, of the shape of ``like``."""
        ...

    def constant(self, ints: Array, form: Format, *, label: str, error: Array | float, function: bool = False) -> str:
        """A new integer constant; equal ones are shared, but where weights may change only those of a ``function``.

        ``error`` bounds, in units of the integers, how far each is from the number it stands for; 0 for what is an
        integer by nature. Of the nodes of a table it is (error, slope, tail, tail): of any look-up, of the function
        itself, and of look-ups beyond the two ends; of a table an element (error, low, high, worst): for inputs from
        low to high, and for any. Infinite where it is not known.
        """
        ...

    def accumulator(self, name: str, target: Format) -> str:
        """An accumulator input: a bias rounded to ``target``, or a wide value as it is."""
        ...

    def fine(self, name: str) -> str:
        """A factor of the elapsed time: a wide value as it is, a constant in a fine format of its own."""
        ...

    def pair(self, name: str, node: Node) -> str:
        """A pair input: a constant base rounded to (r · e, r), or a value as it is."""
        ...

    def part(self, name: str, start: int, stop: int) -> str:
        """Elements [start, stop) of a value."""
        ...

    def aligned(self, name: str, target: Format) -> str:
        """The value in format ``target``: as it is, or through a shift, or a constant rounded to it."""
        ...

    def emit(
        self,
        op: str,
        inputs: tuple[str, ...],
        output: str,
        form: Format,
        attrs: Mapping[str, Attr],
        shape: tuple[int, ...] | None = None,
    ) -> None:
        """Write a node; its value has the ``shape`` that it has in the float graph unless another is given."""
        ...
