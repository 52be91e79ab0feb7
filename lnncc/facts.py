"""What a build says of itself beside its graph: in a manifest of unknown origin it is looked at before use."""

import math
from collections.abc import Iterable, Mapping

KINDS: Mapping[str, type] = {
    "state_bytes": int,
    "table_bytes": int,
    "constant_bytes": int,
    "ranges": dict,
    "saturations": list,
    "assumed_states": list,
    "rounding": dict,
}


def checked(item: object, inputs: Iterable[str]) -> dict[str, object]:
    """The facts that every build has, of the types that they have there; ``inputs`` are the labels of its inputs.

    Raises:
        TypeError: if they are not.
    """
    if not isinstance(item, dict):
        raise TypeError("facts are no table")
    for key, kind in KINDS.items():
        if not isinstance(item.get(key), kind):
            raise TypeError(f"there is no {key} among the facts, or it is no {kind.__name__}")
    _require_ranges(item["ranges"], inputs)
    _require_rounding(item["rounding"])
    for key in ("saturations", "assumed_states"):
        if not all(isinstance(name, str) for name in item[key]):
            raise TypeError(f"{key} are no names")
    return item


def _require_ranges(ranges: Mapping[str, object], inputs: Iterable[str]) -> None:
    if set(ranges) != set(inputs):
        raise TypeError("there are ranges of other inputs")
    for label, one in ranges.items():
        if not isinstance(one, dict) or set(one) != {"low", "high", "assumed"} or not isinstance(one["assumed"], bool):
            raise TypeError(f"that of {label} is no range")
        low, high = one["low"], one["high"]
        if not (_is_number(low) and _is_number(high) and low <= high):
            raise TypeError(f"{low!r} to {high!r} is no range")


def _require_rounding(rounding: Mapping[str, object]) -> None:
    values, why = rounding.get("values"), rounding.get("unbounded")
    if not isinstance(values, dict) or not (why is None or isinstance(why, str)):
        raise TypeError("rounding is not that of values")
    for name, off in values.items():
        if not isinstance(off, list) or not all(_is_number(x) and x >= 0 for x in off):
            raise TypeError(f"the rounding of {name} is none")


def _is_number(x: object) -> bool:
    return isinstance(x, int | float) and not isinstance(x, bool) and math.isfinite(x)
