"""Guards against NaN and infinity that are decided at compile time, because their operand can be neither.

``softplus``, ``softmax``, ``nan_to_num`` and the like are full of them. Inputs, states and parameters are finite
numbers; a result that may not be (of ``div``, ``log``, ``exp``, ...) keeps its guards.
"""

from collections.abc import Sequence

import numpy as np

from lnncc import primitives
from lnncc.frontend.operand import Const, Operand, Ref, is_finite

_ESCAPING = "exp exp2 expm1 log log1p sqrt rsqrt tan asin acos sinh cosh acosh atanh div pow rem"
_OVERFLOWING = frozenset(_ESCAPING.split())  # finite operands may give infinity or NaN
_COMPARISONS = {"eq", "ne", "lt", "le", "gt", "ge"}


def stays_finite(op: str) -> bool:
    """Whether finite operands give a finite result, as long as no sum or product leaves the range of float64."""
    return op in primitives.NAMES - _OVERFLOWING


def known(op: str, xs: Sequence[Operand]) -> Operand | bool | None:
    """The operand or the truth value that ``op`` of ``xs`` always is, None if it depends."""
    if op == "is_finite":
        return True if isinstance(xs[0], Ref) and xs[0].finite else None
    if op in _COMPARISONS:
        return _comparison(op, *xs)
    if op in ("max", "min"):
        neutral = -np.inf if op == "max" else np.inf
        return _beside(xs[0], xs[1], neutral) or _beside(xs[1], xs[0], neutral)
    return None


def _comparison(op: str, x: Operand, y: Operand) -> bool | None:
    """Of a finite number with itself, or with infinity or NaN, to which all finite numbers compare alike."""
    if isinstance(x, Ref) and isinstance(y, Ref):
        return op in ("eq", "le", "ge") if x.name == y.name and is_finite(x) else None
    left, right = _alike(x), _alike(y)
    if left is None or right is None or isinstance(x, Ref) == isinstance(y, Ref):
        return None
    return bool(primitives.apply(op, {}, left, right))


def _alike(x: Operand) -> np.ndarray | None:
    """A number that stands for all elements of ``x`` in a comparison of a finite operand with one that is not."""
    if isinstance(x, Ref):
        return np.zeros(()) if x.finite else None
    first = x.array.reshape(-1)[0]
    same = np.isnan(x.array).all() or (np.isinf(first) and (x.array == first).all())
    return np.asarray(first) if same else None


def _beside(x: Operand, other: Operand, neutral: float) -> Operand | None:
    """``x`` if ``other`` is the neutral element everywhere."""
    if isinstance(x, Const) or isinstance(other, Ref):
        return None
    return x if bool((other.array == neutral).all()) else None
