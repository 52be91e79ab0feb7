"""The JAX front end: one step function, traced, to a float graph in which nothing depends on parameters alone."""

import inspect
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import tree_flatten_with_path, tree_leaves, tree_structure, tree_unflatten

from lnncc import ir
from lnncc.errors import LnnccError
from lnncc.frontend import _jax_compat as compat
from lnncc.frontend import located
from lnncc.frontend.builder import Builder
from lnncc.frontend.control import Translator
from lnncc.frontend.finish import finished
from lnncc.frontend.leaves import Leaf, label, parameters, ports, require_distinct, require_finite
from lnncc.frontend.operand import Const, Operand
from lnncc.ir import Graph

PyTree = object
Step = Callable[..., object]
SIGNATURE = "step(params, state, x, dt) -> (state, y), where dt may be left out"
UNTRACEABLE = (
    jax.errors.ConcretizationTypeError,
    jax.errors.TracerArrayConversionError,
    jax.errors.TracerIntegerConversionError,
    jax.errors.NonConcreteBooleanIndexError,
)


def trace(step: Step, params: PyTree = None, *, state: PyTree, inputs: PyTree) -> Graph:
    """The float graph of ``step(params, state, x, dt) -> (state, y)``; ``dt`` may be left out.

    ``params`` is a tree of arrays, which become constants; Python integers, booleans and strings in it stay as they
    are. ``state`` is the initial state; it and ``inputs`` are trees of arrays or ``jax.ShapeDtypeStruct``, of one
    step of one stream. ``y`` is a tree of arrays. Where nothing reads dt, ``Graph.dt`` is None.

    Raises:
        LnnccError: E0301 an operation that has no fixed-point form, E0302 a loop without bound, E0303 the state is
            not returned, E0305 the step raised, E0309 Python asks for a traced value, E0311 arguments that cannot be
            traced, E0402 parameters that are not finite.
    """
    weights, filled = parameters(params)
    states, xs = ports(state, "state"), ports(inputs, "x")
    for leaf in states:
        require_finite(leaf.label, leaf.array, "initial state")
    takes_dt = _takes_dt(step)

    def flat(leaves: Sequence[object], before: PyTree, x: PyTree, dt: object) -> object:
        return step(filled(leaves), before, x, *([dt] if takes_dt else []))

    time = Leaf("dt", (), jax.dtypes.canonicalize_dtype(jnp.float32), None)
    before, x = _specs(state, states), _specs(inputs, xs)
    closed, result = _traced(step, flat, [w.spec for w in weights], before, x, time.spec)
    after, labels = _result(step, before, result)
    jaxpr, consts = compat.open_jaxpr(closed)
    builder = Builder()
    arguments: list[Operand] = [Const(w.array, w.label) for w in weights if w.array is not None]
    arguments += [_declared(builder, f"s{k}", leaf) for k, leaf in enumerate(states)]
    arguments += [_declared(builder, f"x{k}", leaf) for k, leaf in enumerate(xs)]
    arguments += [_declared(builder, "dt", time)]
    results = Translator(builder).run(jaxpr, consts, arguments, [True] * len(jaxpr.outvars))
    starts = [(leaf.label, _initial(leaf)) for leaf in states]
    return finished(builder, starts, [leaf.label for leaf in xs], results, labels[len(after) :])


def _takes_dt(step: Step) -> bool:
    """Whether ``step`` has a fourth argument; a signature that cannot be read is taken to be the canonical one."""
    try:
        signature = inspect.signature(step)
    except (TypeError, ValueError):
        return True
    for count in (4, 3):
        try:
            signature.bind(*range(count))
        except TypeError:
            continue
        return count == 4
    raise LnnccError(
        "E0311",
        f"the step function takes {signature}",
        source=located.of_function(step),
        notes=(f"expected {SIGNATURE}",),
        helps=("bind other arguments with functools.partial, or wrap it: lambda p, s, x, dt: ...",),
    )


def _specs(tree: PyTree, leaves: list[Leaf]) -> PyTree:
    return tree_unflatten(tree_structure(tree), [leaf.spec for leaf in leaves])


def _traced(step: Step, flat: Step, *specs: object) -> tuple[object, object]:
    """(the jaxpr, the shapes of its results as a tree)."""
    try:
        return jax.make_jaxpr(flat, return_shape=True)(*specs)
    except LnnccError:
        raise
    except UNTRACEABLE as error:
        raise LnnccError(
            "E0309",
            "Python asks for the value of an array while the step is traced",
            source=located.of_exception(error) or located.of_function(step),
            notes=(f"JAX says: {_first_line(error)}",),
            helps=(
                "choose between arrays with jnp.where instead of `if`, and use jnp instead of np",
                "numbers that decide the structure (unfolds, flags) go in as Python int or bool, or are closed over",
            ),
        ) from error
    except Exception as error:  # whatever the user's function raises
        raise LnnccError(
            "E0305",
            f"the step function raised {type(error).__name__}: {_first_line(error)}",
            source=located.of_exception(error) or located.of_function(step),
            notes=("it was called once, with the shapes of params, state, inputs and a scalar dt",),
            helps=("call it yourself with such arrays until it returns (state, y)",),
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:160]


def _result(step: Step, before: PyTree, result: object) -> tuple[list[object], list[str]]:
    """(leaves of the new state, labels of all results), if ``result`` is (a state like the old one, outputs)."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise _not_returned(step, before, f"it returns {_show(result)}, not a pair")
    after = result[0]
    if tree_structure(after) != tree_structure(before):
        raise _not_returned(step, before, f"the first result is {_show(after)}")
    for (path, old), new in zip(tree_flatten_with_path(before)[0], tree_leaves(after), strict=True):
        if old.shape != new.shape or compat.kind(old.dtype) != compat.kind(new.dtype):
            name = label(path, "state")
            raise _not_returned(step, before, f"`{name}` goes in as {compat.show(old)}, out as {compat.show(new)}")
    labels = [label(path, role) for role, tree in zip(("state", "y"), result, strict=True)
              for path, _ in tree_flatten_with_path(tree)[0]]  # fmt: skip
    leaves = tree_leaves(after)
    require_distinct(labels[len(leaves) :], "y")
    for name, leaf in zip(labels, tree_leaves(result), strict=True):
        if compat.kind(leaf.dtype) not in "fib" or 0 in leaf.shape:
            raise LnnccError(
                "E0311",
                f"result `{name}` cannot be compiled: it is {compat.show(leaf)}",
                source=located.of_function(step),
                helps=("return arrays of real numbers that have at least one element",),
            )
    return leaves, labels


def _not_returned(step: Step, before: PyTree, why: str) -> LnnccError:
    return LnnccError(
        "E0303",
        "the step function does not return its new state",
        source=located.of_function(step),
        notes=(f"the state is {_show(before)}; {why}",),
        helps=("return (new_state, y), the new state with the tree, shapes and kinds of the old one",),
    )


def _show(tree: object) -> str:
    leaves = [compat.show(leaf) for leaf in tree_leaves(tree)]
    text = ", ".join(leaves[:4]) + (", ..." if len(leaves) > 4 else "")
    return text if len(leaves) == 1 and not isinstance(tree, tuple | list | dict) else f"{type(tree).__name__}({text})"


def _declared(builder: Builder, name: str, leaf: Leaf) -> Operand:
    return builder.given(name, leaf.shape, compat.kind(leaf.dtype))


def _initial(leaf: Leaf) -> ir.Array:
    return np.zeros(leaf.shape) if leaf.array is None else leaf.array.astype(np.float64)
