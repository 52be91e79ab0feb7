"""The front ends: each turns what a user has into a ``Model``. JAX is imported on first use, for it takes seconds."""

from lnncc.archive import Model


def trace(step: object, params: object = None, *, state: object, inputs: object) -> Model:
    """A JAX ``step(params, state, x, dt) -> (state, y)`` as a Model; see ``frontend.jaxpr.trace``."""
    from lnncc.frontend import jaxpr

    return Model(jaxpr.trace(step, params, state=state, inputs=inputs))


def from_ncps(weights: object, **options: object) -> Model:
    """An ncps ``state_dict`` (npz, safetensors or a dict of arrays) as a Model; see ``frontend.ncps.from_ncps``."""
    from lnncc.frontend import ncps

    return ncps.from_ncps(weights, **options)
