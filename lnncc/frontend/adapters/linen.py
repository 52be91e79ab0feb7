"""A flax.linen cell and its variables: ``cell.apply(variables, carry, x) -> (carry, y)``."""

from collections.abc import Callable, Mapping
from functools import partial

import jax
from flax import linen

from lnncc.frontend import jaxpr
from lnncc.frontend.adapters import starts
from lnncc.ir import Graph

PyTree = object
Call = Callable[[Callable[..., object], PyTree, PyTree, jax.Array], object]


def graph(
    cell: linen.Module, variables: Mapping[str, PyTree], *, inputs: PyTree, state: PyTree, call: Call | None
) -> Graph:
    """The float graph of one step. Raises as ``lnncc.from_linen``."""
    if isinstance(cell, linen.RNN | linen.Bidirectional):
        raise starts.sequence(cell, "from_linen")
    use = call or _call

    def step(params: dict[str, PyTree], before: PyTree, x: PyTree, dt: jax.Array) -> object:
        return use(partial(cell.apply, params), before, x, dt)  # type: ignore[arg-type]  # a tree of arrays

    before = _initial(cell, inputs) if state is None else state
    return jaxpr.trace(step, dict(variables), state=before, inputs=inputs)


def _call(apply: Callable[..., object], carry: PyTree, x: PyTree, _: jax.Array) -> object:
    return apply(carry, x)


def _initial(cell: linen.Module, x: PyTree) -> PyTree:
    shape = starts.shape_of(x)
    if not isinstance(cell, linen.RNNCellBase) or shape is None:
        raise starts.unknown(cell, "from_linen")
    return cell.initialize_carry(jax.random.key(0), shape)
