"""The inputs and outputs of an ONNX model, called after the user's labels, and what its metadata says of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lnncc.emit.onnx.writer import Operand, Tensor, Writer
from lnncc.ir import DT, Graph, Value

SCHEMA = "lnncc.onnx/1"
Storage = Callable[[Value], np.dtype]


@dataclass(frozen=True, slots=True)
class Ports:
    """By value: inputs, states before the step, a run-time dt. By position: names of outputs and of states after it."""

    given: Mapping[str, Tensor]
    outputs: tuple[str, ...]
    after: tuple[str, ...]
    storage: Storage


def opened(w: Writer, graph: Graph, storage: Storage) -> Ports:
    """The inputs declared, and the names of the outputs taken before any node can have them."""
    named = [(p.label, p.value) for p in graph.inputs] + ([] if graph.dt is None else [(DT, graph.dt)])
    named += [(s.label, s.before) for s in graph.states]
    given = {name: w.input(label, graph.values[name].shape, storage(graph.values[name])) for label, name in named}
    after = tuple(w.name(f"{given[s.before].name}_next") for s in graph.states)
    return Ports(given, tuple(w.name(p.label) for p in graph.outputs), after, storage)


def closed(w: Writer, graph: Graph, ports: Ports, found: Mapping[str, Operand]) -> dict[str, object]:
    """The outputs declared; what a program needs to know to run the model, as JSON data."""
    values = [graph.values[p.value] for p in graph.outputs] + [graph.values[s.after] for s in graph.states]
    for name, value in zip((*ports.outputs, *ports.after), values, strict=True):
        w.output(name, found[value.name], value.shape, ports.storage(value))
    begin = {s.before: (after, s.initial) for s, after in zip(graph.states, ports.after, strict=True)}
    return {
        "schema": SCHEMA,
        "inputs": {t.name: _fraction(graph, v) for v, t in ports.given.items() if v not in begin},
        "states": {
            ports.given[v].name: {"next": after, "initial": initial.tolist(), **_fraction(graph, v)}
            for v, (after, initial) in begin.items()
        },
        "outputs": {n: _fraction(graph, p.value) for n, p in zip(ports.outputs, graph.outputs, strict=True)},
    }


def _fraction(graph: Graph, name: str) -> dict[str, object]:
    """Of raw integers; the number that one stands for is raw · 2**-frac."""
    form = graph.values[name].format
    return {} if form is None else {"frac": form.frac}
