"""The one door to what JAX 0.10 to 0.12 do not spell alike, or do not promise to keep.

Everything here is public or "semi-public" (``jax.extend``); no private module is imported. Primitives are known by
name only: their objects move between releases.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import CodeType
from typing import Protocol, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core as jex

from lnncc.ir import Array

Params = Mapping[str, object]
CALL_BODIES = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # how call-like primitives name what they call


class Aval(Protocol):
    """The type of a traced value."""

    shape: tuple[int, ...]
    dtype: np.dtype


class Var(Protocol):
    aval: Aval


class Equation(Protocol):
    """One equation of a jaxpr."""

    @property
    def primitive(self) -> jex.Primitive: ...
    @property
    def params(self) -> dict[str, object]: ...
    @property
    def invars(self) -> Sequence[Var]: ...
    @property
    def outvars(self) -> Sequence[Var]: ...
    @property
    def effects(self) -> object: ...
    @property
    def source_info(self) -> object: ...


class Jaxpr(Protocol):
    """An open jaxpr: its constants stand beside it."""

    @property
    def constvars(self) -> Sequence[Var]: ...
    @property
    def invars(self) -> Sequence[Var]: ...
    @property
    def outvars(self) -> Sequence[Var]: ...
    @property
    def eqns(self) -> Sequence[Equation]: ...


def open_jaxpr(jaxpr: object) -> tuple[Jaxpr, list[object]]:
    """(jaxpr, its constants). From 0.12 on a closed jaxpr is its own ``.jaxpr``; remat's was always open."""
    return getattr(jaxpr, "jaxpr", jaxpr), list(getattr(jaxpr, "consts", ()))  # type: ignore[return-value]  # duck


def called(params: Params) -> tuple[Jaxpr, list[object]]:
    """What a call-like equation calls."""
    return open_jaxpr(next(params[key] for key in CALL_BODIES if key in params))


def scan_split(params: Params) -> tuple[int, int]:
    """(number of constants, number of carries) among the operands of a ``scan``."""
    if "num_consts" in params:
        return int(str(params["num_consts"])), int(str(params["num_carry"]))
    consts, carry, _ = params["ft_in"].unpack()  # type: ignore[attr-defined]  # 0.11.x and later group the operands
    return len(consts), len(carry)


def literal(var: Var) -> Array | None:
    """The value of a literal operand, None for a variable."""
    return np.asarray(var.val) if isinstance(var, jex.Literal) else None  # type: ignore[attr-defined]  # 0.12 is untyped


def is_variable(var: Var) -> bool:
    return not isinstance(var, jex.Literal)


def kind(dtype: np.dtype) -> str:
    """``f``, ``i``, ``b`` for what lnncc computes with; ``c`` complex, ``?`` keys and the like."""
    if jnp.issubdtype(dtype, jax.dtypes.extended):
        return "?"
    for name, group in (("b", np.bool_), ("i", np.integer), ("f", np.floating), ("c", np.complexfloating)):
        if jnp.issubdtype(dtype, group):
            return name
    return "?"


def show(aval: Aval) -> str:
    """``float32[3,4]``."""
    return f"{aval.dtype}[{','.join(map(str, aval.shape))}]"


def evaluate(equation: Equation, arrays: Sequence[Array]) -> list[Array]:
    """The results of an equation on concrete operands, by JAX itself in the user's own precision."""
    values = [jnp.asarray(a, v.aval.dtype) for a, v in zip(arrays, equation.invars, strict=True)]
    with jax.ensure_compile_time_eval():
        results = equation.primitive.bind(*values, **equation.params)
    several = results if equation.primitive.multiple_results else [results]
    return [np.asarray(r) for r in several]  # type: ignore[union-attr]  # bind() is untyped


def rebound(equation: Equation, arrays: Sequence[Array], **changes: object) -> Array:
    """The result of a one-result equation on arrays of other types than it was traced with."""
    with jax.ensure_compile_time_eval():
        values = [jnp.asarray(a) for a in arrays]
        return np.asarray(equation.primitive.bind(*values, **{**equation.params, **changes}))


def on_units(equation: Equation, shape: tuple[int, ...], known: Sequence[Array]) -> Array:
    """The results of a one-result equation for every unit vector as its first operand, one after the other."""
    values = [jnp.asarray(a, v.aval.dtype) for a, v in zip(known, equation.invars[1:], strict=True)]
    size = int(np.prod(shape, dtype=np.int64))
    with jax.ensure_compile_time_eval():
        units = jnp.eye(size, dtype=equation.invars[0].aval.dtype).reshape(size, *shape)
        return np.asarray(jax.vmap(lambda x: equation.primitive.bind(x, *values, **equation.params))(units))


def scattered(equation: Equation, operand: Array, indices: Array, updates: Array) -> Array:
    """What a ``scatter-add`` does to integers; its own function of sums is bound to the types it was traced with."""
    p = equation.params
    with jax.ensure_compile_time_eval():
        arrays = (jnp.asarray(a) for a in (operand, indices, updates))
        return np.asarray(jax.lax.scatter_add(*arrays, p["dimension_numbers"], mode=p["mode"]))  # type: ignore[arg-type]


def frames(source_info: object) -> Iterator[tuple[CodeType, int]]:
    """(code, last instruction) of the Python frames that made an equation, innermost first."""
    raw = getattr(getattr(source_info, "traceback", None), "raw_frames", None)
    if raw is not None:
        codes, instructions = raw()
        yield from zip(codes, instructions, strict=True)


def function_file(jaxpr: Jaxpr) -> str:
    """The file of the function that a jaxpr was traced from, empty if JAX does not say."""
    info = getattr(jaxpr, "debug_info", None)
    name = getattr(info, "func_filename", None)
    return name if isinstance(name, str) else ""


def is_array(leaf: object) -> TypeGuard["np.ndarray | jax.Array | np.generic"]:
    return isinstance(leaf, np.ndarray | np.generic | jax.Array)
