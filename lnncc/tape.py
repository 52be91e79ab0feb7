"""tape: a carrier of the vocabulary that writes down the words it is asked for: the lines of the certificate.

It carries arrays or intervals, as the other carriers do. Because it sees how each value was made, it also knows where
the lemma of means (``means``) gives a tighter interval than the word alone.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lnncc import interval, means
from lnncc.interval import Interval, Unproven
from lnncc.ir import Array
from lnncc.means import Origin

QUOTIENT = (-(1 << 15), (1 << 15) - 1)  # of ``div``


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A value that words may be recorded of."""

    origin: Origin
    tape: "Tape"

    @property
    def name(self) -> str:
        return self.origin.name

    @property
    def value(self) -> Array | Interval:
        return self.origin.value

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    def named(self, name: str) -> "Recorded":
        return Recorded(replace(self.origin, name=name), self.tape)

    @property
    def bounds(self) -> Interval:
        return _lifted(self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One word: its operands are names and numbers, ``bounds`` holds its result, ``rule`` (word or mean) gave them."""

    word: str
    name: str
    operands: tuple[str | int, ...]
    bounds: Interval
    rule: str


class Tape:
    """Lines since ``begin``; results are called ``prefix``.0, ``prefix``.1 and so on."""

    def __init__(self) -> None:
        self.begin("")

    def begin(self, prefix: str) -> None:
        self.prefix, self.lines = prefix, list[Line]()

    def given(self, name: str, value: Array | Interval) -> Recorded:
        """An input, a constant, or what a loop or the state carries."""
        return Recorded(means.given(name, value), self)

    def record(self, word: Callable[..., Array | Interval], operands: tuple[object, ...]) -> Recorded:
        """Do ``word`` and write it down. Raises ``Unproven`` as the word does."""
        origins = [x.origin if isinstance(x, Recorded) else means.number(_number(x)) for x in operands]
        value = word(*(x.value if isinstance(x, Recorded) else x for x in operands))
        name, label = f"{self.prefix}.{len(self.lines)}", word.__name__
        hull = means.hull(label, origins)
        value = value if hull is None else hull
        if label == "div":
            _require_quotient(_lifted(value))
        names = tuple(x.name if isinstance(x, Recorded) else _number(x) for x in operands)
        self.lines.append(Line(label, name, names, _lifted(value), "word" if hull is None else "mean"))
        return Recorded(means.made(label, name, value, origins), self)

    def ended(self, result: Recorded) -> tuple[Line, ...]:
        """The lines since ``begin``, the last of which made ``result`` and is called ``prefix``."""
        *others, last = self.lines
        assert last.name == result.name, "an op's result is that of its last word"
        return (*others, replace(last, name=self.prefix))


def _number(x: object) -> int:
    assert isinstance(x, (int, np.integer)) or (isinstance(x, np.ndarray) and x.ndim == 0), "arrays must be recorded"
    return int(x)


def _lifted(value: Array | Interval) -> Interval:
    return value if isinstance(value, Interval) else interval.point(value)


def _require_quotient(bounds: Interval) -> None:
    if bounds.low.size and (bounds.low.min() < QUOTIENT[0] or bounds.high.max() > QUOTIENT[1]):
        raise Unproven("div whose quotient leaves int16")
