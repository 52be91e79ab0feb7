"""leak: the pair (g · e, g) that a neuron's leak starts its sums with, in the unit that the elapsed time asks for.

The integer form of a constant pair, where ``inertia`` shifts conductances; the same g enters both sums.
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.ir import Array, Attr

WIDE = True
WIDE_INPUTS = (0,)


def reference(attrs: Mapping[str, Attr], time: Array, weight: Array, rest: Array) -> Array:
    g = weight * 2.0 ** -time[..., 1]
    return np.stack([g * rest, g], axis=-1)


def evaluate(attrs: Mapping[str, Attr], time: Carrier, weight: Array, rest: Array) -> Carrier:
    g = fx.rshift(weight, fx.column(time, 1))
    return fx.stack(fx.mul(rest, g), g)
