"""coarsen: (N, D / 2**shift) of a pair (N, D) whose conductances were summed in a unit finer by that.

D is rounded once, where each of its terms would have been, and never below D / 2**shift: what is added is a conductance
towards 0, so that N / D stays in the hull of the e and 0. ``down``, what is added to D, is the least that does it
(``lnncc.means.lost``).
"""

from collections.abc import Mapping

import numpy as np

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.ir import Array, Attr, Node, Value

WIDE = True
WIDE_INPUTS = (0,)
IN_PLACE = (0,)


def reference(attrs: Mapping[str, Attr], pair: Array) -> Array:
    return pair * np.array([1.0, 2.0 ** -_number(attrs, "shift")])


def evaluate(attrs: Mapping[str, Attr], pair: Carrier) -> Carrier:
    n, d = fx.column(pair, 0), fx.column(pair, 1)
    return fx.stack(n, fx.rshift(fx.add(d, _number(attrs, "down")), _number(attrs, "shift")))


def work(node: Node, values: Mapping[str, Value]) -> Mapping[str, int]:
    return {"element": values[node.outputs[0]].size // 2}


def _number(attrs: Mapping[str, Attr], name: str) -> int:
    value = attrs[name]
    assert isinstance(value, int)
    return value
