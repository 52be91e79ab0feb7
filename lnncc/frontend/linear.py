"""Primitives that are linear in one operand and whose others are known: a convolution, a running sum. Each is a matrix.

As with movement, the primitive itself is asked: JAX runs it on every unit vector at once.
"""

from collections.abc import Mapping

import numpy as np

from lnncc.frontend import _jax_compat as compat
from lnncc.frontend.builder import LARGEST, Builder
from lnncc.frontend.operand import Const, Operand, constant
from lnncc.ir import Attr

LINEAR = frozenset({"conv_general_dilated", "cumsum", "reduce_window_sum"})


def applied(b: Builder, equation: compat.Equation, xs: list[Operand]) -> Operand | None:
    """The first operand times the matrix of the primitive; None unless that is the only one not known."""
    x, *others = xs
    if not all(isinstance(other, Const) for other in others):
        return None
    shape = equation.outvars[0].aval.shape
    size, result = int(np.prod(x.shape, dtype=np.int64)), int(np.prod(shape, dtype=np.int64))
    if size * result > LARGEST:
        return None
    known = [np.asarray(other.array) for other in others if isinstance(other, Const)]
    matrix = compat.on_units(equation, x.shape, known).reshape(size, result)
    attrs: Mapping[str, Attr] = {"x_contract": (0,), "y_contract": (0,), "x_batch": (), "y_batch": ()}
    flat = b.reshape(x, (size,))
    return b.reshape(b.emit("dot", [flat, constant(matrix)], (result,), x.kind, attrs), shape)
