"""words: every word of lnn_fx.h at the corners of its range, as rows of operands for C and the integers they must give.

C forms the combinations itself: of a word with ``axes``, all of their product that ``valid`` marks, the last axis
fastest. So corners are listed once, and a combination costs a bit.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lnncc import fx
from lnncc.fx import FRACTION_BITS, MOST_SHIFT
from lnncc.ir import Array

INT32 = -(1 << 31), (1 << 31) - 1
NEAR = [
    sign * (1 << power) + off for power in (0, 1, 7, 8, 14, 15, 16, 24, 30) for sign in (-1, 1) for off in (-1, 0, 1)
]
MIXED = [0x12345678, -0x12345678, 0x55555555, -0x55555556, 0x00FF00FF, -0x00FF0100, 40503, -40503]
CORNERS = np.array(sorted({*NEAR, *MIXED, *INT32, INT32[0] + 1, INT32[1] - 1}), np.int64)
FEW = np.array([INT32[0], -(1 << 30), -65536, -1, 0, 1, 32767, 65536, 1 << 30, INT32[1]], np.int64)
SHIFTS = np.arange(MOST_SHIFT + 1, dtype=np.int64)
DIVISORS = [
    1,
    2,
    3,
    5,
    7,
    127,
    128,
    129,
    255,
    256,
    257,
    1000,
    4095,
    16383,
    16384,
    32767,
    32768,
    32769,
    49999,
    65534,
    65535,
]
QUOTIENTS = [-32768, -32767, -16384, -1, 0, 1, 2, 16383, 32766, 32767]
NODES, LOOKED_UP, INTERPOLATED = 16, (0, 3, 7, 11, 14, 15, 16, 22), (8, 10, 14)


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """``call`` is the C of one combination, of ``a`` and, with more axes, ``b`` and ``c``; ``literal`` says that C
    is to know the last axis when it is compiled, too. ``table`` is of C type ``kind``."""

    name: str
    call: str
    axes: tuple[Array, ...]
    valid: Array  # bool, of the shape of the axes
    results: Array  # of the valid combinations, in order
    literal: bool = False
    table: Array | None = None
    kind: str = ""

    def ordered(self, by_literal: bool) -> Array:
        """The results as C meets them: in order, or all of the last axis's first value, and so on."""
        if not by_literal:
            return self.results
        all_of_them = np.zeros(self.valid.shape, np.int64)
        all_of_them[self.valid] = self.results
        return np.swapaxes(all_of_them, 0, -1)[np.swapaxes(self.valid, 0, -1)]

    @property
    def mask(self) -> Array:
        """``valid`` in bytes, the first combination lowest."""
        return np.packbits(self.valid.reshape(-1), bitorder="little").astype(np.int64)


def words() -> tuple[Word, ...]:
    made = [
        _word("add", fx.add, lambda a, b: a + b, CORNERS, CORNERS),
        _word("sub", fx.sub, lambda a, b: a - b, CORNERS, CORNERS),
        _word("mul", fx.mul, lambda a, b: a * b, CORNERS, CORNERS),
        _word("mac", fx.mac, lambda acc, a, b: np.maximum(abs(a * b + 0.5), abs(acc + a * b + 0.5)), FEW, CORNERS, FEW),
        _word("abs", fx.abs, np.abs, CORNERS),
        _word("norm", fx.norm, lambda x: np.where(x > 0, 0, np.inf), CORNERS),
        _word("mantissa", fx.mantissa, lambda x: np.where(x > 0, 0, np.inf), CORNERS),
        _word(
            "scale16",
            fx.scale16,
            lambda x, m: 0 * (x + m),
            CORNERS,
            np.array([0, 1, 2, 255, 256, 32767, 32768, 40503, 65534, 65535]),
        ),
        _word("rshift", fx.rshift, lambda x, s: x + ((1 << s) >> 1), CORNERS, SHIFTS, literal=True),
        _word("shift_by", fx.shift_by, _moved, CORNERS, np.arange(-MOST_SHIFT, MOST_SHIFT + 1), literal=True),
        *(_saturated(limit) for limit in (0, 32767, 1 << 30, INT32[1])),
        *(_clipped(low, high) for low, high in ((-5, 9), (0, 0), (-32768, 32767), (-20000, 1 << 30), INT32)),
        _word("sat16", fx.sat16, np.zeros_like, CORNERS),
        _word("narrow", fx.narrow, lambda x: np.where(x == np.clip(x, -32768, 32767), 0, np.inf), CORNERS),
        _word("lower", lambda x: x.astype(np.int16).astype(np.int64), np.zeros_like, CORNERS),
        _word("upper", lambda x: x >> 16, np.zeros_like, CORNERS),
        *_quotients(),
        *(_read(shift, name) for name in ("lookup", "direct") for shift in LOOKED_UP),
        *map(_interpolated, INTERPOLATED),
        *_loads(),
    ]
    return tuple(made)


def _word(
    name: str,
    meaning: Callable[..., object],
    reach: Callable[..., Array],
    *axes: Array,
    literal: bool = False,
    call: str | None = None,
) -> Word:
    """``reach`` is what must fit int32 for the combination to be valid."""
    grid = np.meshgrid(*axes, indexing="ij")
    far = np.asarray(reach(*grid), np.float64)
    valid = (far >= INT32[0]) & (far <= INT32[1])
    results = np.asarray(meaning(*(x[valid] for x in grid)), np.int64)
    operands = ", ".join("abc"[: len(axes)])
    return Word(name, call or f"ln_{name}({operands})", axes, valid, results, literal)


def _moved(x: Array, left: Array) -> Array:
    """What must fit: the product, or what is rounded."""
    up, down = np.maximum(left, 0), np.maximum(-left, 0)
    return np.where(left > 0, x * 2.0**up, x + ((1 << down) >> 1))


def _saturated(limit: int) -> Word:
    def reach(x: Array, left: Array) -> Array:
        return x + ((1 << np.maximum(-left, 0)) >> 1)

    lefts = np.arange(-MOST_SHIFT, MOST_SHIFT + 1, 3)
    return _word(
        "sat_shift", lambda x, k: fx.sat_shift(x, k, limit), reach, CORNERS, lefts, call=f"ln_sat_shift(a, b, {limit})"
    )


def _clipped(low: int, high: int) -> Word:
    text = f"ln_clip(a, {_literal(low)}, {_literal(high)})"
    return _word("clip", lambda x: fx.clip(x, low, high), np.zeros_like, CORNERS, call=text)


def _literal(value: int) -> str:
    return "(-2147483647 - 1)" if value == INT32[0] else str(value)


def _quotients() -> list[Word]:
    """For each divisor dividends where the quotient changes, and next to it."""
    made = []
    for d in DIVISORS:
        turns = [((2 * q - 1) * d + 1) // 2 + off for q in QUOTIENTS for off in (-1, 0, 1)]
        n = np.array(
            sorted({x for x in turns if INT32[0] <= x <= INT32[1] and -32768 <= (2 * x + d) // (2 * d) <= 32767})
        )
        made.append(_word("div", lambda n, d: fx.div(n, d), lambda n, d: n, n, np.array([d]), literal=True))
    return made


def _read(shift: int, name: str) -> Word:
    """Inputs at the ends, and next to every second node; a curve of both signs with a rise that needs all bits."""
    low, top = -(NODES // 2 << shift), (NODES // 2 << shift) - 1
    nodes = np.array(
        [-300, 9, 32767, -32768, 0, -1, 1, -16384, 16383, 12, 500, 499, -499, 77, 30000, -2768, -2768], np.int64
    )
    if name == "direct":
        table, kind = nodes[:NODES], "int16_t"
    else:
        nodes = nodes // 2  # rises of 16 bits
        table, kind = np.stack([nodes[:-1], np.diff(nodes)], axis=-1), "ln_node"
    places = {low + (k << shift) + off for k in range(0, NODES + 1, 2) for off in (-1, 0, 1)}
    middles = {low + (k << shift) + (1 << shift) * part // 5 for k in (1, 2, 3, 8, 15) for part in (1, 2, 4)}
    x = np.array(sorted({*places, *middles, *FEW.tolist()}), np.int64)
    meaning = fx.lookup if name == "lookup" else fx.direct
    results = np.asarray(meaning(nodes if name == "lookup" else table, x, low, shift), np.int64)
    call = f"ln_{name}(TABLE, a, {low}, {top}, {shift})"
    return Word(f"{name}", call, (x,), np.ones(len(x), bool), results, table=table, kind=kind)


def _interpolated(shift: int) -> Word:
    nodes = (np.arange((65536 >> shift) + 1, dtype=np.int64) * 40503 % 65536) - 32768
    x = np.unique(
        np.clip(np.concatenate([np.arange(-32768, 32768, 1999), np.array([-32768, -1, 0, 1, 32767])]), -32768, 32767)
    )
    results = np.asarray(fx.interpolate(np.broadcast_to(nodes, (len(x), len(nodes))), x, shift), np.int64)
    return Word(
        "interpolate",
        f"ln_interpolate(TABLE, a, {shift})",
        (x,),
        np.ones(len(x), bool),
        results,
        table=nodes,
        kind="int16_t",
    )


def _loads() -> list[Word]:
    """Constants of every type that kernels read."""
    made = []
    for name, kind, values in (
        ("ld8", "int8_t", [-128, -127, -1, 0, 1, 127]),
        ("ldu8", "uint8_t", [0, 1, 127, 128, 255]),
        ("ld16", "int16_t", [-32768, -32767, -256, -1, 0, 255, 256, 32767]),
        ("ldu16", "uint16_t", [0, 255, 256, 32767, 32768, 65535]),
        ("ld32", "int32_t", CORNERS.tolist()),
    ):
        table, at = np.array(values, np.int64), np.arange(len(values))
        made.append(Word(name, f"ln_{name}(TABLE + a)", (at,), np.ones(len(at), bool), table, table=table, kind=kind))
    return made


def by_name(all_of_them: Sequence[Word]) -> Mapping[str, tuple[Word, ...]]:
    """The words of a name are one check."""
    names = dict.fromkeys(word.name for word in all_of_them)
    return {name: tuple(word for word in all_of_them if word.name == name) for name in names}


assert FRACTION_BITS == 15, "LOOKED_UP has shifts on both sides of it"
