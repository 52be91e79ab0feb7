"""The ONNX front end: a graph of one step, with a map of its states, as a Model. onnx reads and checks the file."""

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Literal

import numpy as np

from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.frontend.builder import Builder
from lnncc.frontend.finish import finished
from lnncc.frontend.onnx import file, ports, sequence
from lnncc.frontend.onnx.ports import Port
from lnncc.frontend.onnx.walk import Walker
from lnncc.frontend.operand import Operand


def from_onnx(
    path: str | PathLike[str],
    *,
    state: Mapping[str, str] | None = None,
    dt: str | Literal[False] | None = None,
    external_data: bool = False,
) -> Model:
    """The model in an ONNX file that computes one step of one stream.

    A leading batch axis of 1, or of no fixed size, is dropped. States start at zero.

    Args:
        state: output by input, ``{"h": "h_next"}``; ``{}`` says that there is none. None: guessed, where names and
            shapes leave one choice.
        dt: the input that is the elapsed time, in the units of training; False: none is. None: an input of one
            element that is called dt, ts, timespans or the like.
        external_data: read weights from the files beside the model that it names.

    Raises:
        LnnccError: E0302 for a shape that is not fixed; E0331 for an operator that cannot be compiled; E0336 for
            states that are not clear; E0337 for a file that is no valid ONNX model or too large; E0338 for external
            data; E0339 for a graph of a whole sequence; E0340 for arrays that are too large; E0402 for NaN or
            infinite weights; E0703 without the package onnx.
    """
    path = Path(path)
    graph, opset = file.read(path, external_data)
    signature = ports.signature(graph, path, state, dt)
    sequence.refuse(graph, signature, path)
    builder = Builder()
    walker = Walker(builder, opset, path)
    given = {port.name: _declared(builder, port, value) for port, value in signature.values()}
    found = walker.run(graph, given)
    after = [_returned(builder, found[s.after], s.port, path) for s in signature.states]
    outputs = [builder.reshape(found[name], ports.without_batch(found[name].shape)) for name in signature.outputs]
    starts = [(s.port.label, np.zeros(s.port.shape)) for s in signature.states]
    labels = [ports.label(name) for name in signature.outputs]
    return Model(finished(builder, starts, [p.label for p in signature.inputs], after + outputs, labels))


def _declared(builder: Builder, port: Port, value: str) -> Operand:
    """The value of the step, in the shape that the graph of the file reads."""
    return builder.reshape(builder.given(value, port.shape, port.kind), port.full)


def _returned(builder: Builder, after: Operand, port: Port, path: Path) -> Operand:
    if int(np.prod(after.shape)) != int(np.prod(port.shape)):
        raise LnnccError(
            "E0336",
            f"state `{port.label}` goes in as {port.full}, out as {after.shape}",
            notes=(f"in {path}",),
            helps=("name the output that is the state after the step: --state IN=OUT",),
        )
    return builder.reshape(after, port.shape)


__all__ = ["from_onnx"]
