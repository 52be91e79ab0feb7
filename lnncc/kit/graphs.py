"""graphs: integer graphs that between them make the emitter write every call it can; each fits a small board."""

from collections.abc import Callable, Mapping

import numpy as np

from lnncc.ir import Format, Graph
from lnncc.kit.builder import FULL, WIDE, Builder, below
from lnncc.lut import KINDS

SHAPES = ((1, 1), (3, 2), (4, 8), (4, 9), (5, 17), (8, 24), (13, 31))  # of matrices: every remainder, even and odd


Made = Callable[[], Graph]


def affine16() -> Graph:
    """Matrices of every remainder of rows and columns, of values at odd and even addresses."""
    return affine(16)


def affine8() -> Graph:
    """The same with weights of 8 bits."""
    return affine(8)


def affine(bits: int) -> Graph:
    """Matrices of every remainder of rows and columns, of values at odd and even addresses."""
    b, rng = Builder(), np.random.default_rng(bits)
    x, h = b.input(40), b.state(rng.integers(-FULL, FULL, 40))
    for rows, cols in SHAPES:
        for start in (0, 1):
            wide = b.affine(rng, b.slice(x, start, cols), rows, bits=bits, least_shift=2)
            wide = b.affine(rng, b.slice(h, start + 2, cols), rows, wide, bits=bits, least_shift=2)
            b.output(b.requantise(wide, 14))
    b.becomes(h, b.slice(x, 0, 40))
    return b.graph()


def unshifted() -> Graph:
    """Rows and tables that some layouts do not take: shifts below 2, weights at both ends, a node for each input."""
    b, rng = Builder(), np.random.default_rng(1)
    x = b.input(2)
    for bits in (16, 8):
        ends = np.array([-(1 << (bits - 1)), (1 << (bits - 1)) - 1])
        w = np.stack([ends[rng.integers(0, 2, 6)], rng.integers(-FULL // 2 >> (16 - bits), 0, 6)], axis=-1)
        constants = b.constant(w, Format(bits, 0)), b.constant([0, 1, 2, 15, 30, 1], Format(8, 0))
        wide = b.op("affine", (b.constant(np.zeros(6), WIDE), x, *constants), 6, WIDE, rows=6, cols=2)
        for shift in (0, 8, 16):
            b.output(b.requantise(wide, shift))
        b.output(b.nodes(x if bits == 16 else wide, rng.integers(0, FULL, 17), -8, 0))
    return b.graph()


def table(n: int = 11) -> Graph:
    """Of narrow and wide values; flat and steep at the ends; off the middle; one rise that needs all bits."""
    b, rng = Builder(), np.random.default_rng(0)
    x = b.input(n)
    wide = b.affine(rng, x, n, least_shift=2)
    for value, shift in ((x, 11), (wide, 16), (wide, 22)):
        for size, first in ((16, 8), (12, 6), (64, 40), (20, 1)):
            for nodes in (rng.integers(0, FULL, size + 1), np.repeat(rng.integers(-300, 300, size // 2 + 1), 2)[1:]):
                b.output(b.nodes(value, nodes[: size + 1], -(first << shift), shift))
    b.output(b.nodes(wide, rng.integers(0, 3000, 17), -(8 << 28), 28))  # all of 32 bits
    return b.graph()


def direct() -> Graph:
    """Tables whose values are read as they are, and single matrices that feed them."""
    b, rng = Builder(), np.random.default_rng(2)
    x = b.input(9)
    for low in (0, -1):
        b.output(b.table(rng, x, low=low, kind="direct"))
        b.output(b.table(rng, b.affine(rng, x, 9), low=low, kind="direct"))
    return b.graph()


def neurons() -> Graph:
    """Destinations without synapses at the start, in the middle, at the end, or nowhere; some with the same sources."""
    b, rng = Builder(), np.random.default_rng(0)
    x, v = b.input(5), b.state(rng.integers(-FULL, FULL, 9))
    same = b.synapses(rng, b.leak(rng, 9), x, counts=[0, 0, 4, 4, 4, 0, 0, 0, 0], first=1)
    base = b.synapses(rng, same, x, counts=[0, 0, 3, 1, 0, 4, 2, 0, 0])
    [u] = b.loop((v,))
    inner = b.synapses(rng, base, u, counts=[1, 2, 0, 0, 1, 1, 7, 1, 5])
    [after] = b.end((v,), (u,), (b.mean(rng, inner, u),), trips=3)
    b.becomes(v, after)
    b.output(b.slice(after, 1, 4))
    fine = b.synapses(rng, b.leak(rng, 9, FULL >> 3), x, counts=[3, 0, 1, 2, 1, 0, 5, 1, 0], most=FULL >> 3)
    b.output(b.mean(rng, b.coarsen(fine, 3), after))
    return b.graph()


def plain_neurons() -> Graph:
    """Synapses that no machine's own layout takes: none at all, or a table off the middle; values not interpolated."""
    b, rng = Builder(), np.random.default_rng(3)
    x, v = b.input(5), b.state(rng.integers(-FULL, FULL, 6))
    none = b.synapses(rng, b.leak(rng, 6), x, counts=[0] * 6)
    pair = b.synapses(rng, none, x, counts=[0, 2, 3, 0, 1, 1], kind="direct")
    nodes = b.constant(np.sort(rng.integers(0, FULL, 13)), Format(16, 15), "off the middle")
    record = np.stack(
        [rng.integers(-FULL * 64, FULL * 64, 7), *rng.integers(-99, 99, (3, 7)), np.arange(7) % 6], axis=-1
    )
    counts = [1, 0, 2, 3, 0, 1]
    record[:, 2] = below(rng, 3000, 6, counts)
    constants = b.constant(record, Format(32, 0)), b.constant(counts, Format(16, 0)), nodes
    place = {"low": -(1 << 22), "top": (11 << 22) - 1, "shift": 22, "kind": "linear", "n": 6}
    pair = b.op("synapses", (pair, v, *constants), (6, 2), Format(32, 12), **place)
    nodes = b.constant(
        np.repeat(np.sort(rng.integers(0, FULL, 15)), [2, *[1] * 13, 2]), Format(16, 15), "flat at both ends"
    )
    near = np.stack([rng.integers(-9, 9, 7), rng.integers(-1, 2, 7), *record.T[2:4], np.arange(7) % 6], axis=-1)
    constants = b.constant(near, Format(32, 0)), b.constant(counts, Format(16, 0)), nodes
    pair = b.op("synapses", (pair, v, *constants), (6, 2), Format(32, 12), **{**place, "low": -8, "top": 7, "shift": 0})
    b.becomes(v, b.mean(rng, pair, v))
    b.output(b.slice(v, 0, 6))
    return b.graph()


def tables() -> Graph:
    """Synapses with tables of their own, of no destination or of some, a base that is a constant or none."""
    b, rng = Builder(), np.random.default_rng(0)
    x, v = b.input(5), b.state(rng.integers(-FULL, FULL, 6))
    none = b.synapse_tables(rng, b.leak(rng, 6), x, [0] * 6, shift=12)
    base = b.synapse_tables(rng, none, x, [0, 0, 3, 1, 0, 4], shift=12)
    [u] = b.loop((v,))
    inner = b.synapse_tables(rng, base, u, [1, 2, 0, 0, 7, 1], shift=10)
    [after] = b.end((v,), (u,), (b.mean(rng, inner, u),), trips=3)
    b.becomes(v, after)
    b.output(b.slice(after, 1, 4))
    first = b.mean(rng, b.synapses(rng, b.leak(rng, 6), x), after)
    b.output(b.mean(rng, b.synapse_tables(rng, b.leak(rng, 6), first, [2] * 6, shift=12), after))
    return b.graph()


def elements() -> Graph:
    """Blends of every size up to nine, their results in a place of their own and in that of an input."""
    b, rng = Builder(), np.random.default_rng(0)
    x, y = b.input(9), b.state(rng.integers(-FULL, FULL, 9))
    for n in range(1, 10):
        a, c = b.slice(x, 0, n), b.table(rng, b.slice(y, 0, n), low=-1)
        b.output(b.blend(a, c, b.table(rng, a)))
        b.output(b.blend(c, a, b.table(rng, c)))
    b.becomes(y, b.blend(y, x, b.table(rng, y)))
    return b.graph()


def edges() -> Graph:
    """What clamps, saturates and counts, and the same where nothing can: doors, products, ramps, roundings."""
    b, rng = Builder(), np.random.default_rng(4)
    x = b.input(9)
    inside = b.door(x, -20000, 25000)
    wide = b.diagonal(rng, b.affine(rng, inside, 9), x)
    b.output(b.requantise(wide, 4))
    b.output(b.requantise(wide, 17))
    for shift in (10, 17):
        b.output(b.multiply(x, inside, shift))
    for value, shift in ((wide, 9), (x, 1)):
        b.output(b.ramp(inside, value, shift, -FULL, 1 << 24 if value == wide else FULL))
        small = b.table(rng, x)  # not negative: nothing can saturate that is below zero by more
        b.output(b.op("ramp", (small, value), 9, low=-FULL, high=0, shift=shift, saturates=False, n=9))
    return b.graph()


def moves() -> Graph:
    """Copies: parts, gathers, joins, states that change places, loops in loops, outputs twice, a constant put out."""
    b, rng = Builder(), np.random.default_rng(5)
    x, first, second = b.input(7), b.state(rng.integers(-FULL, FULL, 7)), b.state(np.zeros(7, np.int64))
    joined = b.concat(b.slice(x, 2, 3), first, b.gather(x, [6, 0, 0, 3]))
    [u, w] = b.loop((first, second))
    [inner] = b.loop((u,))
    [turned] = b.end((u,), (inner,), (b.gather(inner, [1, 2, 3, 4, 5, 6, 0]),), trips=2)
    [u, w] = b.end((first, second), (u, w), (w, b.multiply(turned, w, 15)), trips=3)
    b.becomes(first, b.blend(x, w, b.table(rng, x)))
    b.becomes(second, first)
    for value in (joined, joined, u, b.constant(rng.integers(-FULL, FULL, 5))):
        b.output(value)
    return b.graph()


def heads() -> Graph:
    """Classes, probabilities and quotients, of narrow and of wide values."""
    b, rng = Builder(), np.random.default_rng(6)
    x = b.input(6)
    weights, shifts, start = rng.integers(-99, 99, (3, 6)), rng.integers(1, 9, 3), rng.integers(-FULL, FULL, 3)
    twice = b.constant(np.tile(weights, (2, 1))), b.constant(np.tile(shifts, 2), Format(8, 0))
    wide = b.op("affine", (b.constant(np.tile(start, 2), WIDE), x, *twice), 6, WIDE, rows=6, cols=6)
    for value in (x, wide):  # both have equal elements
        for count in (3, 6, 1):
            b.output(b.argmax(value, count))
            b.output(b.softmax(value, count))
    divisor = b.affine(rng, x, 2)
    for octaves in (1, 2, 3):
        b.output(b.divide(x, divisor, octaves, 8 // octaves, 2))
    b.output(b.divide(x, divisor, 2, 4, 12, saturates=False))
    return b.graph()


def clocks() -> Graph:
    """What is told the time: products with it, saturated or not, decays, neurons whose weights depend on it."""
    b, rng = Builder(), np.random.default_rng(7)
    b.time()
    x, v = b.input(5), b.state(rng.integers(-FULL, FULL, 6))
    wide = b.affine(rng, x, 5)
    for flat in (False, True):
        b.output(b.requantise(b.elapse(rng, wide, flat=flat), 10))
    after = v
    for kind in KINDS:
        b.output(b.requantise(b.decay(rng, wide, kind), 10))
        after = b.neurons(rng, x, after, kind)
    b.becomes(v, after)
    return b.graph()


def gated(rows: int = 33, bits: int = 8) -> Graph:
    """A CfC: a backbone, two heads and a gate of ``rows`` rows, from two parts of what goes in: enough for strips."""
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(9), b.state(rng.integers(-FULL, FULL, rows))

    def dense(*parts: str) -> str:
        wide = None
        for part in parts:
            wide = b.affine(rng, part, rows, wide, bits=bits, least_shift=2)
        assert wide is not None
        return wide

    z = b.table(rng, dense(x, b.slice(h, 0, rows // 2), b.slice(h, rows // 2, rows - rows // 2)), low=-1)
    first, second, gate = (b.table(rng, dense(b.slice(z, 0, 8), b.slice(z, 8, rows - 8))) for _ in range(3))
    after = b.blend(first, second, gate)
    b.becomes(h, after)
    b.output(b.requantise(b.affine(rng, after, 2), 10))
    return b.graph()


def streamed() -> Graph:
    """What there are kernels for many streams of."""
    b, rng = Builder(), np.random.default_rng(0)
    x, h = b.input(37), b.state(rng.integers(-FULL, FULL, 11))
    inside = b.door(x, -20000, 25000)
    for bits, rows, cols in ((16, 4, 37), (8, 7, 36), (8, 1, 5), (16, 8, 9)):
        wide = b.affine(rng, b.slice(inside, 0, cols), rows, bits=bits)
        b.output(b.requantise(b.affine(rng, h, rows, acc=wide, bits=bits), 0))
        b.output(b.requantise(wide, 17))
    b.output(b.ramp(b.slice(x, 1, 8), wide, 9, -FULL, 1 << 20))
    b.output(b.ramp(x, inside, 1, -FULL, 99))
    b.output(b.table(rng, wide, kind="direct"))
    b.output(b.table(rng, x, kind="direct"))
    [u] = b.loop((h,))
    pair = b.synapses(rng, b.synapses(rng, b.leak(rng, 11), b.slice(x, 1, 30), kind="direct"), u)
    [after] = b.end((h,), (u,), (b.mean(rng, pair, u),), trips=3)
    t = b.table(rng, b.diagonal(rng, b.constant(rng.integers(-9, 9, 11), WIDE), after))
    b.becomes(h, b.blend(after, b.constant(rng.integers(-FULL, FULL, 11)), t))
    b.output(b.multiply(b.gather(x, [3, 3, 0, 36]), b.slice(after, 2, 4), 10))
    b.output(b.multiply(b.slice(x, 0, 8), b.slice(inside, 3, 8), 17))
    small = b.table(rng, b.slice(x, 0, 8))
    for value in (wide, b.slice(x, 3, 8)):  # two kernels
        b.output(b.op("ramp", (small, value), 8, low=-FULL, high=0, shift=9, saturates=False, n=8))
    b.output(small)
    for value in (b.slice(x, 5, 6), b.slice(wide, 0, 6)):
        b.output(b.argmax(value, 3))
        b.output(b.softmax(value, 3))
    divisor = b.affine(rng, x, 2)
    b.output(b.divide(b.slice(x, 0, 5), divisor, 2, 4, 2))
    b.output(b.divide(b.slice(x, 0, 5), divisor, 2, 4, 12, saturates=False))
    fine = b.synapses(rng, b.leak(rng, 8, FULL >> 1), x, most=FULL >> 1)
    b.output(b.mean(rng, b.coarsen(fine, 1), b.slice(x, 2, 8)))
    return b.graph()


GRAPHS: Mapping[str, Made] = {
    "affine16": affine16,
    "affine8": affine8,
    "unshifted": unshifted,
    "table": table,
    "direct": direct,
    "synapses": neurons,
    "synapses_plain": plain_neurons,
    "synapses_own": tables,
    "elements": elements,
    "edges": edges,
    "moves": moves,
    "heads": heads,
    "clocks": clocks,
}
