"""settled: what weights decide of the code, so that other weights can be made to fit the same code.

Most of what follows from weights is integers in tables. Some is not: into how many blocks of columns a matrix is split,
how far a table reaches. The first compilation of a build whose weights may change notes it; later ones take it.
"""

from collections.abc import Mapping
from typing import TypeVar

Value = TypeVar("Value", int, bool, tuple[tuple[int, int], ...])


class Kept:
    """``given`` is whether it knows what was settled before; ``found`` is what was settled, by value and meaning."""

    def __init__(self, known: Mapping[str, object] | None = None) -> None:
        self.given = known is not None
        self.known = dict(known or {})
        self.found: dict[str, object] = {}

    def settled(self, key: str, value: Value) -> Value:
        """What was settled of that key, else ``value``. Raises TypeError if it was of another type."""
        before = _tuples(self.known.get(key, value))
        if type(before) is not type(value) or (isinstance(value, tuple) and not _pairs(before)):
            raise TypeError(f"what was settled of {key!r:.80} has another type")
        self.found[key] = before
        return before  # type: ignore[return-value]  # of the type of ``value``

    def reach(self, key: str, low: float, high: float) -> tuple[float, float]:
        before = self.known.get(key, [low, high])
        if not isinstance(before, list) or [type(x) for x in before] != [float, float]:
            raise TypeError(f"what was settled of {key!r:.80} is no interval")
        self.found[key] = before
        return before[0], before[1]


def _tuples(item: object) -> object:
    """JSON has lists where there were tuples."""
    return tuple(map(_tuples, item)) if isinstance(item, list) else item


def _pairs(item: object) -> bool:
    return isinstance(item, tuple) and all(
        isinstance(pair, tuple) and len(pair) == 2 and all(type(n) is int for n in pair) for pair in item
    )
