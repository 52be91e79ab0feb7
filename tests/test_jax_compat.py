"""The spellings of JAX 0.10 and of 0.11 and later, whichever of them is installed."""

from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.frontend import _jax_compat as compat


class Closed:
    """A jaxpr of 0.12: closed, and its own open jaxpr."""

    consts = (1.0,)

    @property
    def jaxpr(self) -> "Closed":
        return self


def test_open_jaxpr() -> None:
    closed = Closed()
    assert compat.open_jaxpr(closed) == (closed, [1.0])
    assert compat.open_jaxpr(SimpleNamespace(eqns=[]))[1] == []
    inner = SimpleNamespace(eqns=[])
    assert compat.open_jaxpr(SimpleNamespace(jaxpr=inner, consts=[2])) == (inner, [2])
    assert compat.called({"name": "f", "call_jaxpr": closed}) == (closed, [1.0])


def test_scan_split() -> None:
    assert compat.scan_split({"num_consts": 2, "num_carry": 3, "length": 4}) == (2, 3)
    groups = SimpleNamespace(unpack=lambda: ((1, 2), (3, 4, 5), ()))
    assert compat.scan_split({"ft_in": groups, "length": 4}) == (2, 3)


def test_kinds() -> None:
    kinds = {"float32": "f", "bfloat16": "f", "int8": "i", "uint32": "i", "bool": "b", "complex64": "c"}
    assert {name: compat.kind(jnp.dtype(name)) for name in kinds} == kinds
    assert compat.kind(jax.random.key(0).dtype) == "?"
    assert compat.kind(np.dtype("U3")) == "?"


def test_source_that_has_no_traceback() -> None:
    assert list(compat.frames(SimpleNamespace(traceback=None))) == []
    assert compat.function_file(jax.make_jaxpr(jnp.sin)(1.0).jaxpr) != ""
    assert compat.function_file(SimpleNamespace()) == ""  # type: ignore[arg-type]  # a jaxpr that says nothing
