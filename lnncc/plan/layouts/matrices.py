"""Layouts of matrices: rows four at a time, in words, in bytes, from the last to the first."""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.ir import Array, Attr
from lnncc.plan.layouts.packed import Packed, filled, halves, integer, words

LITERAL_COLUMNS = 2048  # that an offset in one instruction reaches back over
FEWEST_HALVED, MOST_HALVED = 24, 256  # columns: of fewer, bytes are widened faster; no offset reaches more


def row_quads(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Four rows at a time: two columns of each, the next two columns, ..., then 2**(32 - shift) of each row.

    A product with that number, of which the upper word is kept, shifts a sum and rounds it. It is a positive int32 if
    the shift is at least 2.
    """
    return _quads(constants, attrs, _words(filled(filled(constants["w"], 0, 4), 1, 2), 4))


def literal_rows(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Up to four rows at a time: two columns of each, the next two, ..., then 2**(32 - shift) of each row; an odd last
    column comes first. For calls whose sizes are literal."""
    return _literal(constants, attrs, ())


def literal_rows_from(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same, with what each row begins from behind its factor, or behind those of two rows where there are four."""
    return _literal(constants, attrs, (halves(constants["acc"]),))


def _literal(constants: Mapping[str, Array], attrs: Mapping[str, Attr], more: tuple[Array, ...]) -> Packed | None:
    factors = _factors(constants["s"])
    if attrs["shared"] or factors is None or integer(attrs, "cols") > LITERAL_COLUMNS:
        return None
    pairs, ends = _last_first(constants["w"]), np.stack([factors, *more], axis=1)
    groups = [
        (pairs[r : r + 4].swapaxes(0, 1), _by_twos(ends[r : r + 4]) if r + 4 <= len(pairs) else ends[r:])
        for r in range(0, len(pairs), 4)
    ]
    return Packed({"w": np.concatenate([part.reshape(-1, 2) for group in groups for part in group])}, attrs)


def literal_words(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Up to four rows at a time, one after the other, filled up to a word; then a word with the shift of each row, in
    bytes, which is at least 1. For calls whose sizes are literal."""
    return _literal_words(constants, attrs, None)


def literal_words_from(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same, then what each row begins from."""
    return _literal_words(constants, attrs, constants["acc"])


def _literal_words(constants: Mapping[str, Array], attrs: Mapping[str, Attr], acc: Array | None) -> Packed | None:
    shift = np.minimum(constants["s"], fx.MOST_SHIFT)
    if attrs["shared"] or shift.min() < 1 or integer(attrs, "cols") > LITERAL_COLUMNS:
        return None
    words: list[Array] = []
    for r in range(0, len(shift), 4):
        rows = filled(constants["w"][r : r + 4].reshape(-1), 0, 2).reshape(-1, 2)
        words += [rows, halves((shift[r : r + 4] << 8 * np.arange(len(shift[r : r + 4]))).sum(keepdims=True))]
        words += [] if acc is None else [halves(acc[r : r + 4])]
    return Packed({"w": np.concatenate(words)}, attrs)


def _last_first(w: Array) -> Array:
    """(rows, pairs of columns, 2); an odd last column is the first pair's lower half."""
    if w.shape[1] % 2:
        w = np.concatenate([w[:, -1:], np.zeros_like(w[:, :1]), w[:, :-1]], axis=1)
    return w.reshape(len(w), -1, 2)


def _by_twos(ends: Array) -> Array:
    """Of two rows each the first numbers, then the second ones."""
    return ends.reshape(2, 2, *ends.shape[1:]).swapaxes(1, 2)


def row_quads8(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """The same with weights of 8 bits, two rows in a halfword: 256 times the second, plus the first, plus 128. What
    fills up an odd number of columns is 0."""
    w = filled(constants["w"], 0, 4)
    both = filled(256 * w[1::2] + w[::2] + 128, 1, 2)
    return _quads(constants, attrs, _words(both, 2))


def byte_pairs(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Weights of 8 bits in halfwords: two rows, the second above the first, column by column, then the next two."""
    w = filled(constants["w"], 0, 4)
    return Packed({"w": (w[1::2] * 256 + w[::2] % 256).reshape(-1)}, attrs)


def _words(rows: Array, each: int) -> Array:
    """(groups, words, 2): ``each`` rows at a time, two columns of each, the next two, ..."""
    return rows.reshape(len(rows) // each, each, -1, 2).swapaxes(1, 2).reshape(len(rows) // each, -1, 2)


def _quads(constants: Mapping[str, Array], attrs: Mapping[str, Attr], fours: Array) -> Packed | None:
    """The words of four rows at a time, and behind them their factors."""
    factors = _factors(constants["s"])
    if factors is None:
        return None
    table = np.concatenate([fours, filled(factors, 0, 4).reshape(-1, 4, 2)], axis=1)
    return Packed({"w": table.reshape(-1, 2)}, attrs)


def _factors(shifts: Array) -> Array | None:
    """2**(32 - shift) of each row, in halves, if that is a positive int32."""
    shift = np.minimum(shifts, fx.MOST_SHIFT)
    return None if shift.min() < 2 else halves(1 << (32 - shift))


def row_octets(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Four rows at a time: eight columns of each, the next eight columns, ..., then the shift of each row, negative."""
    w, shift = constants["w"], np.minimum(constants["s"], fx.MOST_SHIFT)
    padded, shifts = filled(filled(w, 0, 4), 1, 8), filled(-shift, 0, 4)
    octets = padded.reshape(len(padded) // 4, 4, -1, 8).transpose(0, 2, 1, 3)
    table = np.concatenate([octets.reshape(len(octets), -1), shifts.reshape(-1, 4)], axis=1)
    return Packed({"w": table.reshape(-1)}, attrs)


def row_sixteens(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """Four rows at a time: four columns of each, the next four, up to a multiple of sixteen; and of each row ``more``,
    128 times its sum."""
    w = filled(filled(constants["w"], 0, 4), 1, 16)
    fours = w.reshape(len(w) // 4, 4, -1, 4).transpose(0, 2, 1, 3)
    shift = filled(np.minimum(constants["s"], fx.MOST_SHIFT), 0, 4)
    return Packed({"w": fours.reshape(-1), "s": shift, "more": 128 * w.sum(axis=1)}, attrs)


def row_halves(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed | None:
    """Four rows at a time, in words: 128 times the sum of each, sixteen columns of each in bytes, the next, ...,
    the shift of each, negative. For calls whose sizes are literal, of so many columns that x is worth halving."""
    w, shift = constants["w"], np.minimum(constants["s"], fx.MOST_SHIFT)
    if attrs["shared"] or len(w) <= 4 or not FEWEST_HALVED < w.shape[1] <= MOST_HALVED:
        return None
    padded = filled(filled(w, 0, 4), 1, 16)
    fours, columns = len(padded) // 4, padded.shape[1]
    sixteens = padded.reshape(fours, 4, -1, 16).swapaxes(1, 2).reshape(fours, -1)
    sums, shifts = 128 * padded.sum(axis=1).reshape(fours, 4), filled(-shift, 0, 4).reshape(fours, 4)
    return Packed(
        {"w": np.concatenate([sums, words(sixteens), words(shifts)], axis=1).reshape(-1)}, attrs, scratch=columns // 2
    )


def columns(constants: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """A matrix column by column: what machines read that sum a row in each lane, however many lanes they have."""
    return Packed({"w": constants["w"].T.reshape(-1)}, attrs)


def pairs(values: Mapping[str, Array], attrs: Mapping[str, Attr]) -> Packed:
    """A matrix for machines that sum a row in each lane, two columns at a time: (block, pair of columns, lane, 2)."""
    lanes = integer(attrs, "lanes")
    w = filled(values["w"], 0, lanes)
    w = filled(w, 1, 2)
    blocks = w.reshape(-1, lanes, w.shape[1] // 2, 2).transpose(0, 2, 1, 3)
    return Packed({"w": blocks, "s": filled(values["s"], 0, lanes)}, attrs)
