"""Integer graphs, most drawn at random, for tests of plan and emit. Every word stays in range."""

import numpy as np

from lnncc.ir import Format, Graph
from lnncc.kit.builder import FULL, NARROW, TIME, WIDE, Builder
from lnncc.lut import KINDS

__all__ = ["FULL", "NARROW", "PLANNED", "TIME", "WIDE", "Builder", "drawn", "long_bytes", "long_rows"]

PLANNED = {"fetch"}  # ops that the planner alone writes


def drawn(seed: int) -> Graph:
    """A random graph: any mix of ops, views, loops, states that exchange places, outputs that repeat."""
    return _Draw(seed).graph()


def long_rows() -> Graph:
    """Rows so long that kernels which know their length take several turns, or step back too far for one instruction;
    and sums that others read as well, so that what is added to them lies elsewhere; and one matrix behind another."""
    b, rng = Builder(), np.random.default_rng(5)
    x = b.input(560)
    for rows, cols in ((9, 37), (2, 49), (1, 556)):
        for start in (0, 1):
            first = b.affine(rng, b.slice(x, start, cols), rows, least_shift=2)
            both = b.affine(rng, b.slice(x, start + 2, cols), rows, first, least_shift=2)
            b.output(b.requantise(first, 14))
            b.output(b.requantise(both, 14))
    inner = b.requantise(b.affine(rng, b.slice(x, 0, 3), 48), 14)  # in memory, it may end where sums begin
    b.output(b.requantise(b.affine(rng, inner, 48), 14))
    return b.graph()


def long_bytes() -> Graph:
    """Rows of 8 bits of every length in sixteens up to 256 columns, some of a few columns more or less; weights and
    values at both ends; sums that others read as well."""
    b, rng = Builder(), np.random.default_rng(6)
    x, ends = b.input(258), np.array([-128, 127])
    for n, extra in enumerate((9, 0, 1, 15, 0, 8, 7, 0, 1, 0, 9, 0, 15, 0, 16)):
        cols = 16 * (n + 1) + extra
        first = b.affine(rng, b.slice(x, n % 2, cols), 5 + n % 5, bits=8)
        both = b.affine(rng, b.slice(x, 2, cols), 5 + n % 5, first, bits=8)
        b.output(b.requantise(first, 12))
        b.output(b.requantise(both, 12))
    w = np.stack([ends[k].repeat(256) for k in range(2)] + [ends[rng.integers(0, 2, 256)] for _ in range(6)])
    constants = b.constant(w, Format(8, 0)), b.constant([0, 1, 8, 15, 16, 30, 9, 2], Format(8, 0))
    start = b.constant(np.zeros(8), WIDE)
    b.output(b.requantise(b.op("affine", (start, b.slice(x, 1, 256), *constants), 8, WIDE, rows=8, cols=256), 16))
    return b.graph()


class _Draw:
    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.b = Builder()
        sizes = self.rng.integers(1, 9, 2)
        self.narrow = [self.b.input(int(n)) for n in sizes[: self.pick(1, 3)]]
        for _ in range(self.pick(0, 4)):
            self.narrow.append(self.b.state(self.rng.integers(-FULL, FULL, self.pick(1, 6))))

    def pick(self, low: int, high: int) -> int:
        return int(self.rng.integers(low, high))

    def kind(self) -> str:
        return KINDS[self.pick(0, len(KINDS))]

    def any(self) -> str:
        return self.narrow[self.pick(0, len(self.narrow))]

    def sized(self, n: int) -> str:
        """A value of n elements: one there is, or one made by gathering."""
        same = [x for x in self.narrow if self.b.size(x) == n]
        if same and self.rng.random() < 0.8:
            return same[self.pick(0, len(same))]
        x = self.any()
        return self.b.gather(x, self.rng.integers(0, self.b.size(x), n))

    def graph(self) -> Graph:
        b = self.b
        if self.pick(0, 2):
            b.time()
        self.ops(self.pick(3, 14), depth=0)
        for state in list(b.states):
            b.becomes(state.before, self.sized(b.size(state.before)))
        for _ in range(self.pick(1, 4)):
            b.output(self.any())
        return b.graph()

    def ops(self, count: int, depth: int) -> None:
        choices = [
            "dense",
            "table",
            "ramp",
            "blend",
            "multiply",
            "gather",
            "slice",
            "concat",
            "door",
            "neurons",
            "constant",
            "head",
            "quotient",
        ]
        choices += ["moved", "timed"] if self.b.dt is not None else []
        for _ in range(count):
            kind = "loop" if depth < 2 and self.rng.random() < 0.15 else choices[self.pick(0, len(choices))]
            made = getattr(self, kind)(depth) if kind == "loop" else getattr(self, kind)()
            self.narrow += made if isinstance(made, list) else [made]

    def dense(self) -> str:
        b, rows = self.b, self.pick(1, 7)
        wide = b.affine(self.rng, self.any(), rows, bits=(8, 16)[self.pick(0, 2)])
        if self.rng.random() < 0.5:
            wide = b.diagonal(self.rng, wide, self.sized(rows))
        if self.rng.random() < 0.3:
            b.requantise(wide, 10)  # nobody reads it
        if self.rng.random() < 0.3 and rows > 1:
            wide = b.slice(wide, 1, rows - 1)
        if self.rng.random() < 0.4:
            return b.table(self.rng, wide, kind=self.kind())
        if self.rng.random() < 0.3:
            return b.ramp(self.sized(b.size(wide)), wide, self.pick(0, 16), self.pick(-FULL, 1), self.pick(0, 1 << 29))
        return b.requantise(wide, (8, 17)[self.pick(0, 2)])

    def table(self) -> str:
        return self.b.table(self.rng, self.any(), low=-1, kind=self.kind())

    def blend(self) -> str:
        a = self.any()
        n = self.b.size(a)
        return self.b.blend(a, self.sized(n), self.b.table(self.rng, self.sized(n)))

    def ramp(self) -> str:
        d = self.any()
        return self.b.ramp(d, self.sized(self.b.size(d)), self.pick(0, 3), -FULL, self.pick(0, FULL))

    def multiply(self) -> str:
        a = self.any()
        return self.b.multiply(a, self.sized(self.b.size(a)), (10, 17)[self.pick(0, 2)])

    def gather(self) -> str:
        return self.sized(self.pick(1, 7))

    def slice(self) -> str:
        x = self.any()
        start = self.pick(0, self.b.size(x))
        return self.b.slice(x, start, self.pick(1, self.b.size(x) - start + 1))

    def concat(self) -> str:
        parts = [self.any() for _ in range(self.pick(1, 4))]
        return self.b.concat(*parts) if sum(map(self.b.size, parts)) < 40 else parts[0]

    def door(self) -> str:
        return self.b.door(self.any(), -20000, 25000)

    def head(self) -> str:
        count, groups = self.pick(1, 6), self.pick(1, 4)
        x = self.sized(count * groups)
        x = self.b.affine(self.rng, x, count * groups) if self.rng.random() < 0.5 and count < 3 else x
        return (self.b.argmax if self.pick(0, 2) else self.b.softmax)(x, count)

    def quotient(self) -> str:
        d = self.b.affine(self.rng, self.any(), self.pick(1, 4))
        return self.b.divide(self.any(), d, self.pick(1, 3), self.pick(1, 9), self.pick(0, 9))

    def constant(self) -> str:
        return self.b.constant(self.rng.integers(-FULL, FULL, self.pick(1, 6)))

    def moved(self) -> str:
        """A product with dt, saturated or not, or a decay."""
        b = self.b
        wide = b.affine(self.rng, self.any(), self.pick(1, 7))
        kind = self.pick(0, 3)
        wide = b.decay(self.rng, wide) if kind == 2 else b.elapse(self.rng, wide, flat=kind == 1)
        return b.table(self.rng, wide) if self.rng.random() < 0.4 else b.requantise(wide, (8, 17)[self.pick(0, 2)])

    def timed(self) -> str:
        return self.b.neurons(self.rng, self.any(), self.any())

    def neurons(self) -> str:
        z = self.any()
        n = self.b.size(z)
        pair = self.b.synapses(self.rng, self.b.leak(self.rng, n), self.any(), kind=self.kind())
        if self.rng.random() < 0.5:
            pair = self.b.synapses(self.rng, pair, self.any())
        return self.b.mean(self.rng, pair, z)

    def loop(self, depth: int) -> list[str]:
        first = tuple(self.any() for _ in range(self.pick(1, 4)))
        params, outside = self.b.loop(first), list(self.narrow)
        self.narrow += params
        self.ops(self.pick(1, 6), depth + 1)
        results = tuple(self.sized(self.b.size(p)) for p in params)
        self.narrow = outside
        return list(self.b.end(first, params, results, self.pick(1, 4)))
