"""Integer graphs for kernels that take several synapses, or columns, at a time."""

import numpy as np
from integer_graphs import FULL, Builder

from lnncc.ir import Graph


def many_synapses() -> Graph:
    """Destinations with every number of synapses up to seventeen, of one table for all and of tables of their own."""
    b, rng = Builder(), np.random.default_rng(7)
    x, v = b.input(20), b.state(rng.integers(-FULL, FULL, 18))
    b.output(b.mean(rng, b.synapses(rng, b.leak(rng, 18), x, counts=np.arange(18)), v))
    b.becomes(v, b.mean(rng, b.synapse_tables(rng, b.leak(rng, 18), x, np.arange(18), shift=11), v))
    return b.graph()


def many_nodes() -> Graph:
    """Synapses with so many nodes of their own that 16 bits do not count them."""
    b, rng = Builder(), np.random.default_rng(8)
    x, v = b.input(20), b.state(rng.integers(-FULL, FULL, 6))
    b.becomes(v, b.mean(rng, b.synapse_tables(rng, b.leak(rng, 6), x, [2, 0, 9, 0, 1, 7], shift=4), v))
    return b.graph()


def one_vector() -> Graph:
    """Matrices of 8 bits that multiply one vector after each other, or its neighbour, in a loop and out of it."""
    b, rng = Builder(), np.random.default_rng(9)
    x, v = b.input(41), b.state(rng.integers(-FULL, FULL, 33))
    near, same = b.slice(x, 1, 40), b.slice(x, 0, 40)
    for one in (same, same, near, same):
        b.output(b.requantise(b.affine(rng, one, 33, bits=8), 12))
    [u] = b.loop((v,))
    wide = b.affine(rng, u, 33, b.affine(rng, same, 33, bits=8), bits=8)
    inner = b.requantise(b.affine(rng, u, 33, wide, bits=8), 12)
    [after] = b.end((v,), (u,), (inner,), trips=3)
    b.output(b.requantise(b.affine(rng, same, 33, bits=8), 12))
    b.becomes(v, after)
    return b.graph()
