"""Both graphs of a build as ONNX: the float model in standard operators, the integer program bit for bit."""

from typing import TYPE_CHECKING

from lnncc.emit.onnx.floats import float_model
from lnncc.emit.onnx.integer import integer_model
from lnncc.errors import LnnccError, meant
from lnncc.ir import Graph

if TYPE_CHECKING:
    from onnx import ModelProto

KINDS = ("integer", "float32", "float64")


def exported(model: Graph, integer: Graph, *, kind: str, name: str, dt: float | None) -> "ModelProto":
    """``model`` or ``integer``, as ``kind`` asks. Raises E0204 for another kind, E0703 without the package onnx."""
    if kind not in KINDS:
        raise LnnccError(
            "E0204",
            f"there is no ONNX graph in {kind}",
            helps=(*meant(kind, KINDS), f"choose one of: {', '.join(KINDS)}"),
        )
    if kind == "integer":
        return integer_model(integer, name)
    return float_model(model, name, dt=dt, double=kind == "float64")


__all__ = ["KINDS", "exported", "float_model", "integer_model"]
