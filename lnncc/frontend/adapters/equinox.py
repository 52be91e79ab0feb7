"""An equinox module: ``cell(x, state) -> state``. Its functions and sizes stay Python, its arrays are parameters."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from lnncc.frontend import jaxpr
from lnncc.frontend.adapters import starts
from lnncc.ir import Graph

PyTree = object
Call = Callable[[eqx.Module, PyTree, PyTree, jax.Array], object]


def graph(cell: eqx.Module, *, inputs: PyTree, state: PyTree, call: Call | None) -> Graph:
    """The float graph of one step. Raises as ``lnncc.from_equinox``."""
    arrays, others = eqx.partition(eqx.nn.inference_mode(cell), _is_parameter)
    use = call or _call

    def step(params: eqx.Module, before: PyTree, x: PyTree, dt: jax.Array) -> object:
        return use(eqx.combine(params, others), before, x, dt)

    return jaxpr.trace(step, arrays, state=_initial(cell) if state is None else state, inputs=inputs)


def _is_parameter(leaf: object) -> bool:
    """Random keys stay where they are: nothing reads them at inference."""
    return isinstance(leaf, jax.Array) and not jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _call(cell: eqx.Module, before: PyTree, x: PyTree, _: jax.Array) -> object:
    after = cell(x, before)  # type: ignore[operator]  # every cell is callable, eqx.Module does not say so
    return after, jax.tree.leaves(after)[0]


def _initial(cell: eqx.Module) -> PyTree:
    if isinstance(cell, eqx.nn.LSTMCell):
        return jnp.zeros(cell.hidden_size), jnp.zeros(cell.hidden_size)
    if isinstance(cell, eqx.nn.GRUCell):
        return jnp.zeros(cell.hidden_size)
    raise starts.unknown(cell, "from_equinox")
