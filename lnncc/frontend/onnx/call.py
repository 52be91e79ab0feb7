"""One use of an operator: its attributes, and how to refuse it at the user's own node."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lnncc.errors import LnnccError, Source
from lnncc.frontend.builder import Builder
from lnncc.frontend.operand import Const, Operand


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """``op`` in version ``opset`` of the standard, with ``attrs`` as Python values and ``outputs`` results."""

    op: str
    attrs: Mapping[str, object]
    opset: int
    outputs: int
    source: Source

    def integer(self, key: str, default: int) -> int:
        value = self.attrs.get(key, default)
        assert isinstance(value, int)
        return value

    def real(self, key: str, default: float) -> float:
        value = self.attrs.get(key, default)
        assert isinstance(value, int | float)
        return float(value)

    def text(self, key: str, default: str) -> str:
        value = self.attrs.get(key, default)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def listed(self, key: str) -> tuple[int, ...] | None:
        """A list of integers, None if it is not given."""
        value = self.attrs.get(key)
        return None if value is None else tuple(int(v) for v in _sequence(value))

    def ints(self, x: Operand | None, what: str) -> tuple[int, ...]:
        """The integers that an operand holds; refused if they are known on the device only."""
        if not isinstance(x, Const):
            raise self.refused(f"its {what} is not constant", f"export with a constant {what}")
        return tuple(int(v) for v in x.array.reshape(-1))

    def axis(self, rank: int, default: int) -> int:
        return self.placed(self.integer("axis", default), rank)

    def placed(self, axis: int, rank: int) -> int:
        """``axis`` counted from the front. Refused if there is no such axis."""
        if not -rank <= axis < rank:
            raise self.refused(f"it has no axis {axis}: its operand has {rank}")
        return axis % rank

    def refused(self, why: str, *helps: str) -> LnnccError:
        return LnnccError("E0331", f"operator {self.op} cannot be compiled: {why}", source=self.source, helps=helps)


Rule = Callable[[Builder, Call, Sequence[Operand | None]], Operand | list[Operand]]


def present(call: Call, xs: Sequence[Operand | None], count: int = 1) -> list[Operand]:
    """The operands that must be there: at least ``count``, none left out."""
    found = [x for x in xs if x is not None]
    if len(found) < max(count, len(xs)):
        raise call.refused("an operand is missing")
    return found


def optional(xs: Sequence[Operand | None], index: int) -> Operand | None:
    return xs[index] if index < len(xs) else None


def _sequence(value: object) -> Sequence[int]:
    return value if isinstance(value, Sequence) else [value]  # type: ignore[list-item]  # protobuf is untyped here
