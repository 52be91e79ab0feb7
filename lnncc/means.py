"""The lemma of means: what is divided by the sum of the weights it was multiplied with stays between its terms.

Intervals forget that numerator and denominator were made of the same weights, so a recurrence of weighted means grows
without end in them. Here each value keeps how it was made, as far as the lemma asks:

    low · weight <= value <= high · weight,     weight a sum of values that are not negative

holds for a product x · w of a weight w, and is kept by sums. So floor((2N + D) / (2D)) stays in [low, high] where D is
the weight of N, and (N + 2**(s-1)) >> s where that weight is 2**s. ``tests/test_lemmas.py`` proves each step.

In ``mul`` and ``mac`` the weight is the last factor.

Where a weight was shifted to the right by s and rounded up to D, D · 2**s is what it was and a rest that is not
negative: a weight towards 0. So in a pair with D the value is between low · 2**s and high · 2**s times D, or 0.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lnncc.interval import Interval
from lnncc.ir import Array

Form = Mapping[str, int]  # a linear form: coefficients of values by name, that of "" being a number
NOTHING = 1 << 40  # beyond every word: the hull [NOTHING, -NOTHING] of a sum of no terms


@dataclass(frozen=True, slots=True, eq=False)
class Mean:
    """low · weight <= value <= high · weight, elementwise, and weight >= 0."""

    weight: Form
    low: Array
    high: Array


@dataclass(frozen=True, slots=True, eq=False)
class Origin:
    """How a value was made: its linear form, its mean if it is a weighted sum, its columns if it is a pair.

    ``shifted`` = (form, s) says that 2**s times the value is not below what has that form.
    """

    name: str
    value: Array | Interval
    form: Form
    mean: Mean | None = None
    pair: tuple["Origin", ...] = ()
    shifted: tuple[Form, int] | None = None

    @property
    def low(self) -> Array:
        return self.value.low if isinstance(self.value, Interval) else self.value

    @property
    def high(self) -> Array:
        return self.value.high if isinstance(self.value, Interval) else self.value


Made = tuple[Form, Mean | None, tuple[Origin, ...], tuple[Form, int] | None]


def given(name: str, value: Array | Interval) -> Origin:
    """A value of which nothing is known but its interval."""
    return Origin(name, value, {name: 1})


def number(value: int) -> Origin:
    return Origin("", np.array(value), {"": value})


def made(word: str, name: str, value: Array | Interval, operands: Sequence[Origin]) -> Origin:
    """The result ``value`` of a word, with what can be said of how it was made."""
    return Origin(name, value, *RULES.get(word, _atom)(name, *operands))


def hull(word: str, operands: Sequence[Origin]) -> Interval | None:
    """The interval of a quotient that the lemma gives, or None where it says nothing."""
    if word not in ("div", "rshift"):
        return None
    n, d = operands
    weight = d.form if word == "div" else {"": 1 << d.form[""]} if d.name == "" else None
    if n.mean is None or n.mean.weight != weight:
        return None
    return Interval(n.mean.low, n.mean.high)


def lost(shift: int) -> int:
    """By how much 2**shift · floor((x + half) / 2**shift), half = 2**(shift - 1), is below x at most: half less one."""
    return max((1 << shift >> 1) - 1, 0)


def _atom(name: str, *operands: Origin) -> Made:
    return {name: 1}, None, (), None


def _add(name: str, a: Origin, b: Origin) -> Made:
    return _sum(a.form, b.form, 1), _joined(a.mean, b.mean), (), None


def _sub(name: str, a: Origin, b: Origin) -> Made:
    return _sum(a.form, b.form, -1), None, (), None


def _mul(name: str, x: Origin, weight: Origin) -> Made:
    return {name: 1}, _term(x, weight), (), None


def _mac(name: str, acc: Origin, x: Origin, weight: Origin) -> Made:
    return {name: 1}, _joined(acc.mean, _term(x, weight)), (), None


def _segment_sum(name: str, start: Origin, terms: Origin, counts: Origin) -> Made:
    form = _sum(start.form, _total(terms.form, counts), 1)
    if start.mean is None or terms.mean is None:
        return form, None, (), None
    low, high = start.mean.low.copy(), start.mean.high.copy()
    owner = np.repeat(np.arange(len(counts.low)), counts.low)
    np.minimum.at(low, owner, terms.mean.low)
    np.maximum.at(high, owner, terms.mean.high)
    return form, Mean(_sum(start.mean.weight, _total(terms.mean.weight, counts), 1), low, high), (), None


def _column(name: str, x: Origin, k: Origin) -> Made:
    at = k.form.get("", 0)
    if x.pair:
        return x.pair[at].form, x.pair[at].mean, (), None
    form = {f"{x.name} {at}": 1}
    constant = isinstance(x.value, np.ndarray) and x.value.shape[-1] == 2
    mean = _ratio(x.value, f"{x.name} 1") if constant and at == 0 else None  # type: ignore[arg-type]
    return form, mean, (), None


def _stack(name: str, a: Origin, b: Origin) -> Made:
    return {name: 1}, None, (replace(a, mean=_above(a.mean, b)), b), None


def _rshift(name: str, x: Origin, by: Origin) -> Made:
    if by.name or set(by.form) - {""}:
        return _atom(name)
    s = by.form.get("", 0)
    return {name: 1}, None, (), (_sum(x.form, {"": lost(s)}, -1), s)


def _above(mean: Mean | None, d: Origin) -> Mean | None:
    """That of the same value with the weight ``d``, if that was shifted from its own."""
    if mean is None or d.shifted is None or d.shifted[0] != mean.weight:
        return mean
    times = 1 << d.shifted[1]
    return Mean(d.form, np.minimum(mean.low, 0) * times, np.maximum(mean.high, 0) * times)


RULES: Mapping[str, Callable[..., Made]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "mac": _mac,
    "segment_sum": _segment_sum,
    "column": _column,
    "stack": _stack,
    "rshift": _rshift,
}


def _sum(a: Form, b: Form, sign: int) -> Form:
    total = {name: a.get(name, 0) + sign * b.get(name, 0) for name in (*a, *b)}
    return {name: count for name, count in total.items() if count}


def _total(form: Form, counts: Origin) -> Form:
    """The form of the sums over segments of something of ``form``."""
    return {f"sum {name} over {counts.name}": count for name, count in form.items()}


def _term(x: Origin, weight: Origin) -> Mean | None:
    if weight.low.min(initial=0) < 0:
        return None
    shape = np.broadcast_shapes(x.low.shape, weight.low.shape)
    nothing = np.broadcast_to(weight.high == 0, shape)
    return Mean(weight.form, np.where(nothing, NOTHING, x.low), np.where(nothing, -NOTHING, x.high))


def _joined(a: Mean | None, b: Mean | None) -> Mean | None:
    if a is None or b is None:
        return None
    return Mean(_sum(a.weight, b.weight, 1), np.minimum(a.low, b.low), np.maximum(a.high, b.high))


def _ratio(pair: Array, weight: str) -> Mean | None:
    """Of constants (r·e, r) with r >= 0; r = 0 adds nothing."""
    n, d = pair[:, 0], pair[:, 1]
    if np.any(d < 0) or np.any((d == 0) & (n != 0)):
        return None
    divisor = np.where(d == 0, 1, d)
    low, high = np.where(d == 0, NOTHING, n // divisor), np.where(d == 0, -NOTHING, -(-n // divisor))
    return Mean({weight: 1}, low, high)
