"""The end of every front end: named results become a graph, without dead code and with finite constants."""

from collections.abc import Sequence

import numpy as np

from lnncc import ir, primitives
from lnncc.errors import LnnccError
from lnncc.frontend.builder import Builder
from lnncc.frontend.operand import Operand
from lnncc.ir import Array, Graph, Port, State
from lnncc.prune import prune


def finished(
    builder: Builder,
    states: Sequence[tuple[str, Array]],
    inputs: Sequence[str],
    results: Sequence[Operand],
    outputs: Sequence[str],
) -> Graph:
    """``results`` are the states after the step, then the outputs; values s0.., x0.. and dt were declared before.

    ``states`` are (label, initial), ``inputs`` and ``outputs`` labels.

    Raises:
        LnnccError: E0402 for a constant with NaN or infinity.
    """
    names = [builder.name(builder.number(result)) for result in results]
    graph = prune(
        Graph(
            values=builder.values,
            constants=builder.constants,
            inputs=tuple(Port(label, f"x{k}") for k, label in enumerate(inputs)),
            states=tuple(State(label, f"s{k}", names[k], initial) for k, (label, initial) in enumerate(states)),
            outputs=tuple(Port(label, name) for label, name in zip(outputs, names[len(states) :], strict=True)),
            nodes=tuple(builder.scopes[0]),
            dt="dt",
            labels=builder.labels,
        )
    )
    for name, array in graph.constants.items():
        _require_finite(builder, name, array)
    return ir.verify(graph, primitives.NAMES)


def _require_finite(builder: Builder, name: str, array: Array) -> None:
    if array.dtype.kind != "f" or np.isfinite(array).all():
        return
    raise LnnccError(
        "E0402",
        "a constant of this step is not finite",
        source=builder.origins[name],
        notes=(f"{int((~np.isfinite(array)).sum())} of its {array.size} values are NaN or infinite",),
        helps=("fixed point has neither: keep NaN and infinity out of what the step computes",),
    )
