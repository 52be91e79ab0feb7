"""Writes an ONNX graph node by node: names that are not taken yet, constants once, loops with a body of their own."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lnncc.frontend.onnx import file
from lnncc.ir import Array, Body, Node

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto, ValueInfoProto

OPSET = 18  # the first whose ScatterElements and reductions are those of today
IR_VERSION = 8  # of the same release, onnx 1.13
KEY = "lnncc"  # of the metadata: formats, first states, and which output is the next value of which state


@dataclass(frozen=True, slots=True)
class Tensor:
    """A value that a node computes, by its name in the ONNX graph."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype


Operand = Array | Tensor  # an array is known now


def trip(
    body: Body, names: dict[str, Operand], write: Callable[[tuple[Node, ...]], None]
) -> Callable[[list[Tensor]], list[Operand]]:
    """One trip for ``Writer.loop``: carried tensors to carried ones; ``write`` puts what nodes make into ``names``."""

    def once(params: list[Tensor]) -> list[Operand]:
        names.update(zip(body.params, params, strict=True))
        write(body.nodes)
        return [names[name] for name in body.results]

    return once


class Writer:
    """One model. All its constants stand in the outermost graph, where the bodies of loops see them."""

    def __init__(self) -> None:
        self.onnx = file.package()
        self.place = ""  # what new names and nodes are called after
        self.word = ""  # what the node is part of, as viewers show it
        self._taken = set[str]()
        self._constants = dict[tuple[str, tuple[int, ...], bytes], str]()
        self._tensors = list[object]()
        self._scopes: list[list[NodeProto]] = [[]]
        self._known: list[list[ValueInfoProto]] = [[]]
        self._ports: tuple[list[ValueInfoProto], list[ValueInfoProto]] = [], []

    def name(self, wanted: str) -> str:
        """``wanted``, with a number behind it if it is taken."""
        name, count = wanted, 0
        while name in self._taken:
            count += 1
            name = f"{wanted}.{count}"
        self._taken.add(name)
        return name

    def input(self, label: str, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
        tensor = Tensor(self.name(label), shape, dtype)
        self._ports[0].append(self._info(tensor))
        return tensor

    def output(self, name: str, x: Operand, shape: tuple[int, ...], dtype: np.dtype) -> None:
        """``x`` leaves as ``name``, which was reserved, in its declared shape and type."""
        self.place, self.word = name, "output"
        whole = self.spread(x, shape)
        self._append("Cast", [whole], name, to=self._code(dtype))
        self._ports[1].append(self._info(Tensor(name, shape, dtype)))

    def node(self, op: str, xs: Sequence[Operand], **attrs: object) -> str:
        """A node with one result; the name of that."""
        name = self.name(self.place)
        self._append(op, xs, name, **attrs)
        return name

    def tensor(self, name: str, shape: tuple[int, ...], dtype: np.dtype) -> Tensor:
        """What a node made, with a shape and a type that viewers can show."""
        tensor = Tensor(name, shape, dtype)
        self._known[-1].append(self._info(tensor))
        return tensor

    def cast(self, x: Operand, dtype: np.dtype) -> Operand:
        if x.dtype == dtype:
            return x
        if not isinstance(x, Tensor):
            return x.astype(dtype)
        return self.tensor(self.node("Cast", [x], to=self._code(dtype)), x.shape, dtype)

    def spread(self, x: Operand, shape: tuple[int, ...]) -> Operand:
        """``x`` broadcast to ``shape``."""
        if x.shape == shape:
            return x
        if not isinstance(x, Tensor):
            return np.broadcast_to(x, shape)
        return Tensor(self.node("Expand", [x, np.array(shape, np.int64)]), shape, x.dtype)

    def loop(self, trips: int, first: Sequence[Operand], body: Callable[[list[Tensor]], list[Operand]]) -> list[Tensor]:
        """``body`` applied ``trips`` times; it may read what was computed outside."""
        place = self.place
        count, going = (self.name(f"{place}.{end}") for end in ("count", "going"))
        params = [Tensor(self.name(place), x.shape, x.dtype) for x in first]
        self._scopes.append([])
        self._known.append([])
        results = [self.cast(self.spread(x, p.shape), p.dtype) for x, p in zip(body(params), params, strict=True)]
        self.place, self.word = place, "loop"
        still = Tensor(self.node("Identity", [Tensor(going, (), np.dtype(bool))]), (), np.dtype(bool))
        # What leaves a body must be made in it.
        ends = [Tensor(self.node("Identity", [x]), x.shape, x.dtype) for x in results]
        helper, nodes, known = self.onnx.helper, self._scopes.pop(), self._known.pop()
        entry = [Tensor(count, (), np.dtype(np.int64)), Tensor(going, (), np.dtype(bool)), *params]
        graph = helper.make_graph(
            nodes, place, [self._info(x) for x in entry], [self._info(x) for x in (still, *ends)], value_info=known
        )
        outs = [self.tensor(self.name(place), x.shape, x.dtype) for x in params]
        names = [self._read(np.array(trips)), self._read(np.array(True)), *map(self._read, first)]
        made = helper.make_node("Loop", names, [o.name for o in outs], name=outs[0].name, body=graph)
        self._scopes[-1].append(made)
        return outs

    def model(self, name: str, facts: Mapping[str, object]) -> "ModelProto":
        """All of it; ``facts`` go into the metadata as JSON."""
        helper = self.onnx.helper
        graph = helper.make_graph(
            self._scopes[0], name, *self._ports, initializer=self._tensors, value_info=self._known[0]
        )
        imports = [helper.make_opsetid("", OPSET)]
        model = helper.make_model(graph, opset_imports=imports, ir_version=IR_VERSION, producer_name="lnncc")
        helper.set_model_props(model, {KEY: json.dumps(facts, sort_keys=True)})
        return model

    def _append(self, op: str, xs: Sequence[Operand], out: str, **attrs: object) -> None:
        names = [self._read(x) for x in xs]
        self._scopes[-1].append(
            self.onnx.helper.make_node(op, names, [out], name=out, doc_string=self.word or None, **attrs)
        )

    def _read(self, x: Operand) -> str:
        """The name of ``x``, which becomes a constant of the model if it is known."""
        if isinstance(x, Tensor):
            return x.name
        x = np.ascontiguousarray(x).reshape(x.shape)  # the former makes one axis of none
        key = (x.dtype.str, x.shape, x.tobytes())
        if key not in self._constants:
            self._constants[key] = self.name(f"constant{len(self._constants)}")
            self._tensors.append(self.onnx.numpy_helper.from_array(x, self._constants[key]))
        return self._constants[key]

    def _info(self, x: Tensor) -> "ValueInfoProto":
        return self.onnx.helper.make_tensor_value_info(x.name, self._code(x.dtype), x.shape)

    def _code(self, dtype: np.dtype) -> int:
        return self.onnx.helper.np_dtype_to_tensor_dtype(dtype)
