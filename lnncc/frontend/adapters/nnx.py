"""A flax.nnx cell, which holds its weights: ``cell(carry, x) -> (carry, y)``."""

from collections.abc import Callable, Mapping

import jax
from flax import nnx
from jax.tree_util import keystr, tree_flatten_with_path, tree_unflatten

from lnncc.frontend import jaxpr
from lnncc.frontend.adapters import starts
from lnncc.ir import Graph

PyTree = object
Call = Callable[[nnx.Module, PyTree, PyTree, jax.Array], object]


def graph(cell: nnx.Module, *, inputs: PyTree, state: PyTree, call: Call | None) -> Graph:
    """The float graph of one step. Raises as ``lnncc.from_nnx``."""
    if isinstance(cell, nnx.RNN | nnx.Bidirectional):
        raise starts.sequence(cell, "from_nnx")
    before = _initial(cell, inputs) if state is None else state
    definition, weights, others = nnx.split(cell, nnx.Param, ...)  # others: statistics, random keys
    paths, structure = tree_flatten_with_path(weights)
    params = {_name(path): leaf for path, leaf in paths}
    use = call or _call

    def step(params: Mapping[str, object], before: PyTree, x: PyTree, dt: jax.Array) -> object:
        filled = tree_unflatten(structure, [params[_name(path)] for path, _ in paths])
        return use(nnx.merge(definition, filled, others), before, x, dt)

    return jaxpr.trace(step, params, state=before, inputs=inputs)


def _name(path: tuple[object, ...]) -> str:
    """``dense_i/kernel``: where a parameter stands in the module, without the box it is in."""
    return keystr(path, simple=True, separator="/").removesuffix("/value")


def _call(cell: nnx.Module, carry: PyTree, x: PyTree, _: jax.Array) -> object:
    return cell(carry, x)  # type: ignore[operator]  # every cell is callable, nnx.Module does not say so


def _initial(cell: nnx.Module, x: PyTree) -> PyTree:
    shape = starts.shape_of(x)
    if not isinstance(cell, nnx.RNNCellBase) or shape is None:
        raise starts.unknown(cell, "from_nnx")
    return cell.initialize_carry(shape, nnx.Rngs(0))
