"""Rows of a matrix: as many fraction bits as the accumulator and the storage hold, and not one more."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lnncc import fx
from lnncc.ops import affine


@given(
    seed=st.integers(0, 1 << 30),
    cols=st.integers(1, 200),
    size=st.floats(1e-6, 900.0),
    reach=st.integers(1, 32768),
    gain=st.integers(-12, 22),
    bits=st.sampled_from((8, 16)),
)
def test_a_row_has_the_most_fraction_bits_that_its_sum_allows(
    seed: int, cols: int, size: float, reach: int, gain: int, bits: int
) -> None:
    """With one bit more it would not fit, by what rounding may add to the weights and to the shift."""
    rng = np.random.default_rng(seed)
    weights, reaches = rng.normal(0, size, (5, cols)), rng.integers(1, reach + 1, cols).astype(float)
    frac = affine._row_fractions(weights, reaches, gain, bits)

    def fits(frac: np.ndarray) -> np.ndarray:
        scaled = np.abs(weights) * 2.0 ** frac[:, None]
        half = 2.0 ** (np.clip(frac + gain, 0, fx.MOST_SHIFT) - 1)
        summed = scaled @ reaches + reaches.sum() / 2 + half <= fx.INT32[1]
        return summed & (scaled.max(axis=1) <= (1 << bits - 1) - 0.5)

    assert np.all(fits(frac)) and not np.any(fits(frac + 1))


@pytest.mark.parametrize("gain", [-1, 4, 15, 22])
def test_the_proof_accepts_the_largest_sum_that_the_bound_allows(gain: int) -> None:
    """The words of ``evaluate`` raise if a sum, or the half that rounds it, leaves int32."""
    rng, reach = np.random.default_rng(gain + 9), np.full(64, 32768.0)
    weights = rng.normal(0, 1, (200, 64)) * 2.0 ** rng.uniform(-9, 3, (200, 1))
    frac = affine._row_fractions(weights, reach, gain, 16)
    ints, shift = np.rint(weights * 2.0 ** frac[:, None]).astype(np.int64), np.clip(frac + gain, 0, fx.MOST_SHIFT)
    worst = np.where(ints < 0, -32768, 32767)
    for row, x, s in zip(ints, worst, shift, strict=True):
        fx.rshift(fx.dot(row[None], x), np.array([s]))
    assert np.abs(ints).sum(axis=1).max() * 32768 > 1 << 30, "no row uses the last bit"


@given(
    seed=st.integers(0, 1 << 30),
    cols=st.integers(1, 200),
    reach=st.integers(1, 32768),
    gain=st.integers(-12, 22),
    bits=st.sampled_from((2, 4, 6, 8)),
)
def test_a_row_clips_its_largest_weights_where_one_bit_more_for_all_is_worth_it(
    seed: int, cols: int, reach: int, gain: int, bits: int
) -> None:
    """Of the two roundings the better one, for inputs as large as they may be; and its sum still fits."""
    rng = np.random.default_rng(seed)
    weights, reaches = rng.normal(0, 1, (5, cols)), rng.integers(1, reach + 1, cols).astype(float)
    frac = affine._row_fractions(weights, reaches, gain, bits)
    clips = affine._clipped(weights, reaches, frac, gain, bits)

    def error(frac: np.ndarray) -> np.ndarray:
        unit, most = 2.0 ** frac[:, None], 2 ** (bits - 1)
        return np.sum(((np.clip(np.rint(weights * unit), 1 - most, most - 1) / unit - weights) * reaches) ** 2, axis=1)

    finer = affine._row_fractions(weights, reaches, gain, 16) > frac  # the sum leaves room
    shifts = (frac + gain >= 0) & (frac + gain < fx.MOST_SHIFT)
    assert np.array_equal(clips, (error(frac + 1) < error(frac)) & finer & shifts)


@pytest.mark.parametrize("bits", [4, 8])
def test_normal_weights_of_few_bits_are_clipped_and_those_of_sixteen_never(bits: int) -> None:
    weights, reach = np.random.default_rng(0).normal(0, 0.2, (200, 64)), np.full(64, 32767.0)
    for width, some in ((bits, True), (16, False)):
        frac = affine._row_fractions(weights, reach, 0, width)
        clips = affine._clipped(weights, reach, frac, 0, width)
        assert clips.any() == some and not clips.all()
