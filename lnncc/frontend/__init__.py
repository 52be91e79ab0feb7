"""The front ends: each turns what a user has into a ``Model``. JAX is imported on first use, for it takes seconds."""

from collections.abc import Callable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Literal

from lnncc.archive import Model

if TYPE_CHECKING:
    from lnncc.cells.cfc import Activation, Mode


def trace(step: Callable[..., object], params: object = None, *, state: object, inputs: object) -> Model:
    """A JAX ``step(params, state, x, dt) -> (state, y)`` as a Model; see ``frontend.jaxpr.trace``."""
    from lnncc.frontend import jaxpr

    return Model(jaxpr.trace(step, params, state=state, inputs=inputs))


def from_onnx(
    path: str | PathLike[str],
    *,
    state: Mapping[str, str] | None = None,
    dt: str | Literal[False] | None = None,
    external_data: bool = False,
) -> Model:
    """An ONNX file of one step as a Model, ``state`` = {input: output}; see ``frontend.onnx.from_onnx``."""
    from lnncc.frontend import onnx

    return onnx.from_onnx(path, state=state, dt=dt, external_data=external_data)


def from_ncps(
    weights: str | PathLike[str] | Mapping[str, object],
    *,
    mode: "Mode | None" = None,
    unfolds: int | None = None,
    implicit: bool | None = None,
    activation: "Activation | None" = None,
    outputs: int | None = None,
    epsilon: float = 1e-8,
    proj: str | Literal[False] | None = None,
) -> Model:
    """An ncps ``state_dict`` (npz, safetensors or a dict of arrays) as a Model; see ``frontend.ncps.from_ncps``."""
    from lnncc.frontend import ncps

    return ncps.from_ncps(
        weights,
        mode=mode,
        unfolds=unfolds,
        implicit=implicit,
        activation=activation,
        outputs=outputs,
        epsilon=epsilon,
        proj=proj,
    )
