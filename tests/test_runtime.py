"""The fixed-point words: C and Python have the same ones, and they give the same integers."""

import functools
import inspect
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest

from lnncc import fx, share, target
from lnncc.validate import toolchain

OF_ARRAYS = {
    "repeat",
    "dot",
    "segment_sum",
    "take",
    "part",
    "concat",
    "column",
    "stack",
}  # in C these are the loops of the kernels
OF_C = {"checked", "lower", "upper"}  # about storage; Python's integers have no width
EDGES = np.array([-(1 << 31), -(1 << 30), -65536, -32769, -32768, -2, -1, 0, 1, 2, 32767, 32768, 65535, (1 << 31) - 1])
RNG = np.random.default_rng(0)


@functools.cache
def words(*flags: str) -> tuple[cffi.FFI, Any]:
    """tests/data/words.c as a library."""
    ffi = cffi.FFI()
    source = Path(__file__).parent / "data" / "words.c"
    names = re.findall(r"^EACH\((\w+)", source.read_text(), re.MULTILINE)
    pointers = "int32_t *, const int32_t *, const int32_t *, const int32_t *, size_t"
    ffi.cdef("".join(f"void each_{n}({pointers}); " for n in names) + "extern uint32_t failures;")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        compiler = toolchain.find(target.load(target.HOST))
        path = Path(folder) / "words.so"
        include = (share.folder("runtime"),)
        return ffi, ffi.dlopen(str(toolchain.shared_library(compiler, [source], path, include=include, flags=flags)))


def in_c(word: str, *operands: np.ndarray, flags: tuple[str, ...] = ()) -> np.ndarray:
    ffi, library = words(*flags)
    arrays = [np.ascontiguousarray(x, np.int32) for x in operands]
    arrays += [np.zeros(1, np.int32)] * (3 - len(arrays))
    y = np.empty(len(arrays[0]), np.int32)
    getattr(library, f"each_{word}")(*(ffi.cast("int32_t *", x.ctypes.data) for x in (y, *arrays)), len(y))
    return y.astype(np.int64)


def failures(word: str, *operands: int) -> int:
    """How often a build that checks calls lnn_failed()."""
    _, library = words("-DLNN_CHECK")
    before = library.failures
    in_c(word, *(np.array([x]) for x in operands), flags=("-DLNN_CHECK",))
    return library.failures - before


def operands(count: int) -> list[np.ndarray]:
    """Every combination of edges, and numbers of all magnitudes."""
    grid = np.stack(np.meshgrid(*[EDGES] * count), axis=-1).reshape(-1, count)
    size = 1 << RNG.integers(0, 32, (20000, count))
    drawn = RNG.integers(-size, size)
    return list(np.concatenate([grid, drawn]).T)


def test_both_languages_have_the_same_words() -> None:
    header = (share.folder("runtime") / "lnn_fx.h").read_text()
    in_header = set(re.findall(r"^LN_FN \w+ ln_(\w+)\(", header, re.MULTILINE))
    in_python = {
        name
        for name, value in inspect.getmembers(fx, inspect.isfunction)
        if value.__module__ == fx.__name__ and not name.startswith("_")
    }
    assert in_header - OF_C == in_python - OF_ARRAYS
    assert in_header >= OF_C and in_python >= OF_ARRAYS
    tested = set(re.findall(r"^EACH\((\w+)", (Path(__file__).parent / "data" / "words.c").read_text(), re.MULTILINE))
    assert tested == in_header - {"checked"}


@pytest.mark.parametrize(
    ("word", "exact"),
    [("add", lambda a, b: a + b), ("sub", lambda a, b: a - b), ("mul", lambda a, b: a * b)],
)
def test_arithmetic_wherever_it_fits(word: str, exact: Callable[..., np.ndarray]) -> None:
    a, b = operands(2)
    fits = np.abs(exact(a, b) + 0.5) < 2.0**31
    a, b = a[fits], b[fits]
    assert len(a) > 1000
    assert np.array_equal(in_c(word, a, b), getattr(fx, word)(a, b))


def test_mac_wherever_it_fits() -> None:
    acc, a, b = operands(3)
    fits = (np.abs(a * b + 0.5) < 2.0**31) & (np.abs(acc + a * b + 0.5) < 2.0**31)
    assert fits.sum() > 1000
    assert np.array_equal(in_c("mac", acc[fits], a[fits], b[fits]), fx.mac(acc[fits], a[fits], b[fits]))


def test_rshift_by_every_shift() -> None:
    x = operands(1)[0]
    for shift in range(31):
        fitting = x[x + ((1 << shift) >> 1) < 1 << 31]
        assert np.array_equal(in_c("rshift", fitting, np.full_like(fitting, shift)), fx.rshift(fitting, shift))


def test_sat16_and_halves_on_all_16_bits_and_beyond() -> None:
    x = np.concatenate([np.arange(-70000, 70000), operands(1)[0]])
    assert np.array_equal(in_c("sat16", x), fx.sat16(x))
    assert np.array_equal(in_c("lower", x), x.astype(np.int16).astype(np.int64))
    assert np.array_equal(in_c("upper", x), x >> 16)
    narrow = np.arange(-32768, 32768)
    assert np.array_equal(in_c("narrow", narrow), fx.narrow(narrow))


def test_clip() -> None:
    x = operands(1)[0]
    for low, high in [(-5, 9), (0, 0), (-32768, 32767), (-(1 << 31), (1 << 31) - 1)]:
        assert np.array_equal(in_c("clip", x, np.full_like(x, low), np.full_like(x, high)), fx.clip(x, low, high))


def test_norm_and_mantissa_of_every_magnitude() -> None:
    x = operands(1)[0]
    x = np.concatenate([x[x > 0], np.arange(1, 70000), (1 << np.arange(31)) - 1 + (np.arange(31) == 0)])
    shift = 30 - np.floor(np.log2(x)).astype(np.int64)
    shift += (x << shift) < 1 << 30  # where the logarithm was rounded
    assert np.array_equal(fx.norm(x), shift) and np.array_equal(in_c("norm", x), shift)
    leading = np.minimum(((x << shift) + (1 << 14)) >> 15, 65535)
    assert np.array_equal(fx.mantissa(x), leading) and np.array_equal(in_c("mantissa", x), leading)


def test_scale16_and_abs_without_64_bits() -> None:
    x, m = operands(2)
    m = np.concatenate([m & 65535, np.full(len(EDGES), 65535)])
    x = np.concatenate([x, EDGES])
    scaled = (x * m + 32768) >> 16
    assert np.array_equal(in_c("scale16", x, m), scaled) and np.array_equal(fx.scale16(x, m), scaled)
    x = x[x > -(1 << 31)]
    assert np.array_equal(in_c("abs", x), np.abs(x)) and np.array_equal(fx.abs(x), np.abs(x))


@pytest.mark.parametrize("limit", [0, 5, 40000, 1 << 30, (1 << 31) - 1])
def test_sat_shift_in_both_directions(limit: int) -> None:
    x = operands(1)[0]
    for left in range(-30, 31):
        fits = x[x + ((1 << max(-left, 0)) >> 1) < 1 << 31]
        exact = [min(max((int(v) << 30 + left) + (1 << 29) >> 30, -limit), limit) for v in fits[:500]]
        found = fx.sat_shift(fits, np.array(left), limit)
        assert np.array_equal(in_c("sat_shift", fits, np.full_like(fits, left), np.full_like(fits, limit)), found)
        assert found[:500].tolist() == exact
        kept = fits[np.abs(found) < limit]
        assert np.array_equal(in_c("shift_by", kept, np.full_like(kept, left)), fx.shift_by(kept, np.array(left)))


@pytest.mark.parametrize("machine", ["scalar", "thumb1"])
def test_div_by_every_divisor(machine: str) -> None:
    """Dividends at, and next to, every place where the quotient changes, for every divisor of 16 bits."""
    d = np.repeat(np.arange(1, 65536), 12)
    q = RNG.integers(-32768, 32768, len(d))
    q[::12], q[1::12] = -32768, 32767
    n = ((2 * q - 1) * d + 1) // 2 + RNG.integers(-1, 2, len(d))  # q begins where 2n + d = 2dq
    quotient = (2 * n + d) // (2 * d)
    fits = (np.abs(n) < 1 << 31) & (quotient >= -32768) & (quotient <= 32767)
    n, d, quotient = n[fits], d[fits], quotient[fits]
    assert len(n) > 600000
    assert np.array_equal(in_c("div", n, d, flags=(f'-DLNN_SIMD="simd/{machine}.h"',)), quotient)
    assert np.array_equal(fx.div(n, d), quotient)


@pytest.mark.parametrize("shift", [0, 3, 7, 11, 15, 16, 22])
def test_lookup_on_every_input(shift: int) -> None:
    nodes = RNG.integers(0, 32768, 33) - RNG.integers(0, 2) * 16384
    low, top = -(16 << shift), (16 << shift) - 1
    x = np.arange(-40000, 40000) if shift < 12 else RNG.integers(2 * low, 2 * top, 200000)
    packed = (nodes[:-1] << 16) | (np.diff(nodes) & 65535)
    found = in_c("lookup", x, _int32(packed), np.array([low, top, shift]))
    assert np.array_equal(found, fx.lookup(nodes, x, low, shift))


@pytest.mark.parametrize("shift", [0, 3, 7, 11, 16, 22])
def test_direct_on_every_input(shift: int) -> None:
    values = RNG.integers(-32768, 32768, 32)
    low, top = -(16 << shift), (16 << shift) - 1
    x = np.arange(-40000, 40000) if shift < 12 else RNG.integers(2 * low, 2 * top, 200000)
    pairs = np.ascontiguousarray(values, "<i2").view("<i4")
    assert np.array_equal(in_c("direct", x, pairs, np.array([low, top, shift])), fx.direct(values, x, low, shift))


@pytest.mark.parametrize("shift", [8, 10, 14])
def test_interpolate_on_every_input(shift: int) -> None:
    nodes = RNG.integers(-32768, 32768, (65536 >> shift) + 1)
    x = np.arange(-32768, 32768)
    packed = np.resize(nodes, len(nodes) + len(nodes) % 2).astype("<i2").view("<i4")
    expected = fx.interpolate(np.broadcast_to(nodes, (len(x), len(nodes))), x, shift)
    assert np.array_equal(in_c("interpolate", x, packed, np.array([shift])), expected)


def _int32(x: np.ndarray) -> np.ndarray:
    return ((x + (1 << 31)) % (1 << 32)) - (1 << 31)


BIG, SMALL = (1 << 31) - 1, -(1 << 31)


@pytest.mark.parametrize(
    ("word", "inside", "outside"),
    [
        ("add", (BIG, 0), (BIG, 1)),
        ("sub", (SMALL, 0), (SMALL, 1)),
        ("mul", (46340, 46340), (46341, 46341)),
        ("mac", (BIG, 0, 5), (BIG, 1, 1)),
        ("rshift", (BIG - 1, 1), (BIG, 1)),
        ("rshift", (5, 30), (5, 31)),
        ("narrow", (-32768,), (-32769,)),
        ("narrow", (32767,), (32768,)),
        ("div", (1, 65535), (1, 65536)),
        ("div", (32767, 1), (32768, 1)),
        ("div", (-32768, 1), (-32769, 1)),
        ("div", (5, 1), (5, -1)),
        ("abs", (SMALL + 1,), (SMALL,)),
        ("norm", (1,), (0,)),
        ("mantissa", (1,), (-1,)),
        ("scale16", (SMALL, 65535), (1, 65536)),
        ("scale16", (BIG, 0), (1, -1)),
        ("shift_by", (1, 30), (1, 31)),
        ("shift_by", (-2, 30), (2, 30)),
        ("shift_by", (7, -30), (7, -31)),
        ("sat_shift", (BIG, 30, 7), (1, 31, 7)),
        ("sat_shift", (0, -30, 7), (0, -31, 7)),
        ("sat_shift", (0, 0, 0), (0, 0, -1)),
    ],
)
def test_a_checking_build_reports_what_leaves_its_range(
    word: str, inside: tuple[int, ...], outside: tuple[int, ...]
) -> None:
    assert failures(word, *inside) == 0
    assert failures(word, *outside) > 0
