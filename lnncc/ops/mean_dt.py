"""mean_dt: ``mean`` where the weight of z comes from ``inertia``, hence from the elapsed time."""

from collections.abc import Mapping

from lnncc import fx
from lnncc.fx import Carrier
from lnncc.ir import Array, Attr
from lnncc.ops import mean

WIDE_INPUTS = (0, 2)
IN_PLACE = (1,)


def reference(attrs: Mapping[str, Attr], pair: Array, z: Array, time: Array) -> Array:
    return mean.reference(attrs, pair, z, time[..., 0])


def evaluate(attrs: Mapping[str, Attr], pair: Carrier, z: Carrier, time: Carrier) -> Carrier:
    n, d, weight = fx.column(pair, 0), fx.column(pair, 1), fx.column(time, 0)
    return fx.div(fx.mac(n, z, weight), fx.add(d, weight))


work = mean.work
