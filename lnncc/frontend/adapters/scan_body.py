"""The body of a ``jax.lax.scan``: ``body(carry, x) -> (carry, y)``."""

from collections.abc import Callable

from lnncc.frontend import jaxpr
from lnncc.ir import Graph

PyTree = object


def graph(body: Callable[[PyTree, PyTree], object], *, state: PyTree, inputs: PyTree) -> Graph:
    """The float graph of one run of ``body``. Raises as ``jaxpr.trace``."""

    def step(_: PyTree, before: PyTree, x: PyTree) -> object:
        return body(before, x)

    return jaxpr.trace(step, state=state, inputs=inputs)
