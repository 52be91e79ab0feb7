"""What to do about a JAX primitive that has no fixed-point form: the texts of E0301 and E0302."""

import difflib
from collections.abc import Mapping

from lnncc.errors import LnnccError, Source
from lnncc.frontend import _jax_compat as compat

_OUTSIDE = "compute it outside the step function and pass the result in, or leave it to your firmware"
_INDEX = "index with constants, or choose with jnp.where"
_NOISE = "a compiled step is deterministic: pass the noise in as an input"
_FIXED = "use a fixed number of rounds: lax.fori_loop with constant bounds, or lax.scan(..., length=n)"
_SOLVER = "of an adaptive solver take the vector field alone: lnncc.cells.solve(field, y, dt, 'rk4', substeps=4)"
_CALLBACK = "a microcontroller cannot call Python: remove it, or pass its result in as an input"

HELPS: Mapping[str, str] = {
    "sort": _OUTSIDE,
    "top_k": _OUTSIDE,
    "cumprod": _OUTSIDE,
    "atan2": "write it with jnp.arctan of the quotient, for the quadrants you need",
    "gather": _INDEX,
    "scatter": _INDEX,
    "scatter-add": _INDEX,
    "dynamic_slice": _INDEX,
    "dynamic_update_slice": _INDEX,
    "conv_general_dilated": "a convolution compiles if its kernel is a parameter",
    "fft": "compile one step of the recurrence; a convolution over a whole sequence is none, and a Liquid-S4 kernel of "
    "all combinations of inputs (allcombs) has none of its own: train its recurrence",
    "pure_callback": _CALLBACK,
    "io_callback": _CALLBACK,
    "nextafter": _SOLVER,
    "random_bits": _NOISE,
    "random_seed": _NOISE,
    "random_wrap": _NOISE,
    "threefry2x32": _NOISE,
    "shift_right_logical": _NOISE,
    "shift_left": _NOISE,
    "and": "bitwise operations have no meaning on real numbers: use comparisons and jnp.where",
    "or": "bitwise operations have no meaning on real numbers: use comparisons and jnp.where",
    "xor": "bitwise operations have no meaning on real numbers: use comparisons and jnp.where",
    "not": "bitwise operations have no meaning on real numbers: use comparisons and jnp.where",
}
NEVER = frozenset({"pure_callback", "io_callback"})  # not even of constants: they run the user's Python


def unsupported(equation: compat.Equation, source: Source | None, known: list[str]) -> LnnccError:
    """E0301: ``equation`` is none of the primitives ``known``, or not in the form they need."""
    name = equation.primitive.name
    types = ", ".join(compat.show(v.aval) for v in equation.invars[:3]) or "nothing"
    close = difflib.get_close_matches(name, [k for k in known if k != name], 1)
    helps = [HELPS[name]] if name in HELPS else [_OUTSIDE]
    if close and name not in HELPS:
        helps.append(f"the closest that lnncc knows is `{close[0]}`")
    form = "this use of primitive" if name in known else "primitive"
    return LnnccError(
        "E0301",
        f"{form} `{name}` has no fixed-point form",
        source=source,
        notes=(f"traced to `{name}` on {types}", f"lnncc knows {len(known)} primitives; list them with `lnncc ops`"),
        helps=tuple(helps),
    )


def unbounded(source: Source | None) -> LnnccError:
    """E0302: how often a ``while`` runs depends on data."""
    return LnnccError(
        "E0302",
        "this loop has no bound on its number of iterations",
        source=source,
        notes=("its condition depends on inputs, states or dt, so no worst-case time can be promised",),
        helps=(_FIXED, _SOLVER),
    )


def unrolled_too_far(source: Source | None, count: int, limit: int) -> LnnccError:
    """E0302: a loop that must be unrolled is too long."""
    return LnnccError(
        "E0302",
        f"this loop unrolls to {count:,} operations; the limit is {limit:,}",
        source=source,
        notes=("every round is different, because it uses its index, a sequence, or gives a sequence",),
        helps=("compile one step of the sequence: the time loop belongs to your firmware",),
    )
