"""What other libraries trained: stock cells of flax and equinox, and checkpoints of ncps as each library saves them."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import jax
import jax.numpy as jnp

import lnncc
from examples.every_cell.case import INPUTS, UNITS, Case
from lnncc.archive import Model

DATA = Path(__file__).parents[3] / "tests/data"
X = jax.ShapeDtypeStruct((INPUTS,), jnp.float32)
KEY = jax.random.key(1)


def _nnx(name: str) -> Model:
    from flax import nnx

    return lnncc.from_nnx(getattr(nnx, name)(INPUTS, UNITS, rngs=nnx.Rngs(1)), inputs=X)


def _linen(name: str) -> Model:
    from flax import linen

    cell = getattr(linen, name)(features=UNITS)
    carry = cell.initialize_carry(KEY, (INPUTS,))
    return lnncc.from_linen(cell, cell.init(KEY, carry, jnp.zeros(INPUTS)), inputs=X)


def _equinox(name: str) -> Model:
    import equinox as eqx

    return lnncc.from_equinox(getattr(eqx.nn, name)(INPUTS, UNITS, key=KEY), inputs=X)


def _scan() -> Model:
    weights = jax.random.normal(KEY, (UNITS, UNITS + INPUTS)) / 3

    def body(h: jax.Array, x: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.tanh(weights @ jnp.concatenate((h, x)))
        return h, h[:2]

    return lnncc.from_scan_body(body, state=jnp.zeros(UNITS), inputs=X)


def _ncps(file: str, **options: object) -> Model:
    return lnncc.from_ncps(DATA / file, **options)  # type: ignore[arg-type]  # each row gives those of its file


def _case(make: Callable[..., Model], *args: str, refused: str | None = None, **options: object) -> Case:
    return Case(functools.cache(functools.partial(make, *args, **options)), refused=refused)


CASES: Mapping[str, Case] = {
    **{f"flax.nnx {name}": _case(_nnx, name) for name in ("LSTMCell", "GRUCell", "SimpleCell")},
    **{f"flax.linen {name}": _case(_linen, name) for name in ("LSTMCell", "GRUCell", "SimpleCell")},
    **{f"equinox {name}": _case(_equinox, name) for name in ("LSTMCell", "GRUCell")},
    "lax.scan body": _case(_scan),
    "ncps.torch LTC, npz": _case(_ncps, "ncps/ltc_random.weights.npz", unfolds=6, implicit=True),
    "ncps.torch CfC, npz": _case(_ncps, "ncps/cfc_gelu_dropout.weights.npz", mode="default", activation="gelu"),
    "ncps.keras LTC, .weights.h5": _case(_ncps, "keras/ltc_ncp.weights.h5", unfolds=6, masks="erev"),
    "ncps.keras CfC, .keras": _case(_ncps, "keras/cfc_dense.keras"),
    "ncps.keras CfC no_gate, relu, .keras": replace(_case(_ncps, "keras/cfc_no_gate.keras"), error=(2e-2, 5e-2)),
    "ncps.keras CfC pure, .keras": _case(_ncps, "keras/cfc_pure.keras"),
    "ncps.keras mixed memory LTC, .keras": _case(_ncps, "keras/mixed_ltc.keras", masks="erev"),
}
