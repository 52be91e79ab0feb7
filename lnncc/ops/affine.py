"""affine: acc + W x, one segment of a matrix-vector product; chained for several segments or column blocks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from lnncc import fx, gptq, interval
from lnncc.fx import Carrier
from lnncc.interval import Interval
from lnncc.ir import Array, Attr, Format, Node, Value
from lnncc.quantiser import Quantiser
from lnncc.tube import Tube

WIDE = True
WIDE_INPUTS = (0,)
IN_PLACE = (0,)
BY_ROW = (0, 2, 3)
WEIGHT_BITS = (16, 8)
MAX_BLOCKS = 4
STEP = 8  # columns: what the kernels of larger machines read at a time
ENOUGH = 1.5e-4  # of the size of a row's sum, in RMS: what the rounding of weights may add for the sake of one sum
TYPICAL = 0.5  # of the largest magnitude: what an element is taken to have in RMS where no recording tells
LARGEST = float(fx.INT32[1])


def reference(attrs: Mapping[str, Attr], acc: Array, x: Array, w: Array) -> Array:
    return acc + x @ w.T


def span(attrs: Mapping[str, Attr], acc: Interval, x: Interval, w: Interval) -> Interval:
    return interval.add(acc, interval.matvec(w.low, x))


def tube(attrs: Mapping[str, Attr], acc: Tube, x: Tube, w: Tube) -> Tube:
    weights = w.span.low
    return Tube(span(attrs, acc.span, x.span, w.span), acc.error + np.abs(weights) @ x.error)


def quantise(node: Node, q: Quantiser) -> None:
    """All products of a chain into one sum where that is exact enough, else each link in as few blocks as pay."""
    links = q.chain(node)
    if not links:
        return
    acc, joined = links[0].inputs[0], _operand(links, q)
    if q.settled(node, "joined", _joins(links, joined, q)):
        _block(node, q, acc, joined, node.outputs[0])
        return
    for link in links:
        operand = joined if len(links) == 1 else _operand((link,), q)
        gain, bits = operand.frac - q.format(link.outputs[0]).frac, q.choice(link).weight_bits
        blocks = q.settled(link, "blocks", _column_blocks(operand.weights, operand.reach, gain, bits))
        for count, (start, stop) in enumerate(blocks):
            out = link.outputs[0] if count == len(blocks) - 1 else q.fresh(link.outputs[0])
            _block(link, q, acc, operand.part(start, stop), out)
            acc = out


@dataclass(frozen=True, slots=True, eq=False)
class _Operand:
    """Columns of matrices beside each other, and what they multiply: elements [start, stop) of values.

    ``frac`` is the finest of their formats. A column of a coarser one is taken as many times as large, so that its
    product with the raw integer is in the same unit; ``reach`` and ``moment`` are those of the raw integers.
    """

    parts: tuple[tuple[str, int, int], ...]
    weights: Array
    reach: Array
    moment: Array | None
    frac: int

    @property
    def power(self) -> Array:
        """Mean squares of the columns in real numbers."""
        if self.moment is None:
            return (TYPICAL * self.reach * 2.0**-self.frac) ** 2
        return np.diagonal(self.moment)

    def part(self, start: int, stop: int) -> "_Operand":
        """Of an operand of one value, these columns."""
        [(name, first, _)] = self.parts
        columns, moment = slice(start, stop), self.moment
        return _Operand(
            ((name, first + start, first + stop),),
            self.weights[:, columns],
            self.reach[columns],
            None if moment is None else moment[columns, columns],
            self.frac,
        )


def _operand(links: Sequence[Node], q: Quantiser) -> _Operand:
    names = [link.inputs[1] for link in links]
    fracs = [q.format(name).frac for name in names]
    finer = np.repeat(max(fracs) - np.array(fracs), [q.size(name) for name in names])
    weights = np.concatenate([q.floats(link.inputs[2]) for link in links], axis=1) * np.exp2(finer)
    moment = q.moment(tuple(names))
    return _Operand(
        tuple((name, 0, q.size(name)) for name in names),
        weights,
        np.concatenate([q.reach(name) for name in names]),
        None if moment is None else moment * np.exp2(-finer)[:, None] * np.exp2(-finer),
        max(fracs),
    )


def _joins(links: Sequence[Node], joined: _Operand, q: Quantiser) -> bool:
    """Whether one sum of all products is exact enough; narrow weights have no bits to spare for it."""
    bits, target = max(WEIGHT_BITS), q.format(links[-1].outputs[0]).frac
    if any(q.choice(link).weight_bits != bits for link in links):
        return False
    frac = _row_fractions(joined.weights, joined.reach, joined.frac - target, bits)
    if frac.min() < 0:  # weights without fractions, and of any size
        return False
    error = float(np.exp2(-2.0 * frac).sum() * joined.power.sum()) / 12
    return error <= ENOUGH**2 * float((joined.weights**2 @ joined.power).sum())


def _block(node: Node, q: Quantiser, acc: str, operand: _Operand, out: str) -> None:
    weights, reach, target = operand.weights, operand.reach, q.format(node.outputs[0])
    bits, gain = q.choice(node).weight_bits, operand.frac - target.frac
    frac = _row_fractions(weights, reach, gain, bits)
    clips = _clipped(weights, reach, frac, gain, bits)
    frac = frac + clips
    shift = frac + gain
    frac = frac - np.minimum(shift, 0)  # a row of tiny reach would need a left shift: shorter weights do instead
    frac = frac - np.maximum(shift - fx.MOST_SHIFT, 0)  # weights this tiny round to zero at the end anyhow
    shift = np.clip(shift, 0, fx.MOST_SHIFT)
    exact = weights * np.exp2(frac)[:, None]
    largest = float(np.abs(exact[~clips]).max(initial=0.0))
    wide = (b for b in (bits, *sorted(WEIGHT_BITS)) if largest < 1 << b - 1)
    bits = next(wide, max(WEIGHT_BITS))  # a coarse operand needs larger weights
    bits = q.settled(node, f"bits of columns from {operand.parts[0][1]}", bits)
    q.fits(node.outputs[0], "its weights", largest, (1 << bits - 1) - 0.5)
    ints = _rounded(weights * np.exp2(np.minimum(frac, 60))[:, None], operand, _room(shift), bits)
    first, *more = (q.part(*part) for part in operand.parts)
    label = f"weights, fraction bits {_spread(frac)}"
    w = q.constant(ints, Format(16 if bits > 8 else 8, 0), label=label, error=np.abs(ints - exact))
    s = q.constant(shift, Format(8, 0), label="right shift of each row", error=0)
    attrs: dict[str, Attr] = {"rows": ints.shape[0], "cols": ints.shape[1]}
    q.emit("affine", (q.accumulator(acc, target), first, w, s, *more), out, target, attrs)


def units(weights: Array, reach: Array, gain: int) -> Array:
    """What the last bit of each weight of 16 bits is worth; ``reach`` and ``gain`` in raw units and fraction bits."""
    found = np.empty(weights.shape)
    for start, stop in _column_blocks(weights, reach, gain, WEIGHT_BITS[0]):
        frac = _row_fractions(weights[:, start:stop], reach[start:stop], gain, WEIGHT_BITS[0])
        found[:, start:stop] = np.exp2(-frac.astype(np.float64))[:, None]
    return found


def _rounded(units: Array, operand: _Operand, room: Array, bits: int) -> Array:
    """For the recorded inputs, if any, but for rows whose L1 bound that would break; else to the nearest.

    It pays for 16 bits too: the sum of a row often leaves its weights no more than 12.
    """
    nearest = _nearest(units, bits)
    if operand.moment is None:
        return nearest
    minded = gptq.rounded(units, operand.moment, bits)
    fits = np.abs(minded) @ operand.reach <= room
    return np.where(fits[:, None], minded, nearest)


def _row_fractions(weights: Array, reach: Array, gain: int, bits: int) -> Array:
    """Most fraction bits a row's weights may have: they fit ``bits``, and the row's L1 bound fits the accumulator."""
    biggest = np.maximum(np.abs(weights).max(axis=1, initial=0.0), 2.0**-60)
    by_storage = np.floor(np.log2(((1 << (bits - 1)) - 0.5) / biggest))
    return np.minimum(by_storage, _accumulator_fractions(weights, reach, gain)).astype(np.int64)


def _clipped(weights: Array, reach: Array, frac: Array, gain: int, bits: int) -> Array:
    """Rows that are more exact with a fraction bit more than ``frac``, which clips their largest weights.

    What counts is the squared error of a row where each input is as large as it may be, recorded or not. Of 16 bits a
    bit more is worth next to nothing.
    """
    if bits == max(WEIGHT_BITS):
        return np.zeros(len(weights), bool)
    room = (frac < _accumulator_fractions(weights, reach, gain)) & (frac + gain >= 0) & (frac + gain < fx.MOST_SHIFT)
    return room & (_squared_error(weights, reach, frac + 1, bits) < _squared_error(weights, reach, frac, bits))


def _squared_error(weights: Array, reach: Array, frac: Array, bits: int) -> Array:
    unit = np.exp2(frac.astype(np.float64))[:, None]
    return (_nearest(weights * unit, bits) / unit - weights) ** 2 @ reach**2


def _nearest(units: Array, bits: int) -> Array:
    highest = (1 << bits - 1) - 1
    return np.clip(np.rint(units), -highest, highest).astype(np.int64)


def _accumulator_fractions(weights: Array, reach: Array, gain: int) -> Array:
    """``reach`` is the largest raw magnitude of each column; rounding adds at most half a unit a weight.

    To the last bit of the accumulator: each bit that is left unused doubles the error of a row that the sum limits.
    """
    l1, rounding = np.maximum(np.abs(weights) @ reach, 2.0**-60), reach.sum() / 2
    frac = np.floor(np.log2(max(LARGEST - rounding, 1.0) / l1))
    return frac - (l1 * np.exp2(np.minimum(frac, 60)) + rounding > _room(frac + gain))


def _room(shift: Array) -> Array:
    """What a sum may reach that is then shifted right: the half that rounds it still fits."""
    return LARGEST - np.exp2(np.clip(shift, 0, fx.MOST_SHIFT) - 1)


def _column_blocks(weights: Array, reach: Array, gain: int, bits: int) -> tuple[tuple[int, int], ...]:
    """As many equal blocks as let the accumulator, not the row's sum, stop limiting the weights; at most MAX_BLOCKS."""
    cols = weights.shape[1]
    best, most = [(0, cols)], int(_row_fractions(weights, reach, gain, bits).sum())
    for count in range(2, MAX_BLOCKS + 1):
        edges = [cols * i // count // STEP * STEP for i in range(count)] + [cols]
        blocks = [(a, b) for a, b in pairwise(edges) if a < b]
        fractions = [_row_fractions(weights[:, a:b], reach[a:b], gain, bits) for a, b in blocks]
        total = int(np.min(fractions, axis=0).sum())
        extra = len(blocks) - len(best)
        if total >= most + extra * len(weights) / 2:  # half a bit a row for each extra pass, else it is not worth it
            best, most = blocks, total
    return tuple(best)


def _spread(frac: Array) -> str:
    return f"{frac.min()}" if frac.min() == frac.max() else f"{frac.min()} to {frac.max()}"


def evaluate(attrs: Mapping[str, Attr], acc: Carrier, x: Carrier, w: Array, shift: Array, *more: Carrier) -> Carrier:
    """``more`` are further vectors behind x."""
    whole = fx.concat(x, *more) if more else x
    return fx.add(acc, fx.rshift(fx.dot(w, whole), shift))


def kernel(node: Node, bits: Mapping[str, int]) -> str:
    """int8 weights have a kernel of their own."""
    return "affine_w8" if bits[node.inputs[2]] == 8 else "affine"


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    weights = values[node.inputs[2]]
    assert weights.format is not None
    return {"matrix": 1, f"mac{weights.format.bits}": weights.size, "row": values[node.outputs[0]].size}
