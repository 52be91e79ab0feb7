"""Walks an ONNX graph and builds lnncc's: operators by their rules, constant branches inlined, loops rolled."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc.errors import LnnccError, Source
from lnncc.frontend.arrays import stacked
from lnncc.frontend.builder import Builder
from lnncc.frontend.onnx.call import Call
from lnncc.frontend.onnx.data import literal
from lnncc.frontend.onnx.ports import label
from lnncc.frontend.onnx.rules import RULES
from lnncc.frontend.operand import Const, Operand, constant

if TYPE_CHECKING:
    from onnx import GraphProto, NodeProto, TensorProto

UNROLL_LIMIT = 1000
Env = Mapping[str, Operand | None]


class Walker:
    """Graphs within graphs read the names around them."""

    def __init__(self, builder: Builder, opset: int, path: Path) -> None:
        self.builder, self.opset, self.path = builder, opset, path

    def run(self, graph: "GraphProto", given: Env) -> dict[str, Operand]:
        """The outputs of ``graph`` by name."""
        env: dict[str, Operand | None] = {"": None, **given}
        env.update((tensor.name, self._initializer(tensor)) for tensor in graph.initializer if tensor.name not in given)
        for node in graph.node:
            xs = [self._read(env, name, node) for name in node.input]
            results = self._node(node, xs, env)
            env.update((name, x) for name, x in zip(node.output, results, strict=False) if name)
        return {value.name: self._given(env, value.name) for value in graph.output}

    def _initializer(self, tensor: "TensorProto") -> Const:
        source = self._source(label(tensor.name))
        call = Call("initializer", {}, self.opset, 1, source)
        return Const(literal(call, tensor).array, label(tensor.name), source)

    def _source(self, place: str) -> Source:
        return Source(str(self.path), function=place)

    def _read(self, env: Env, name: str, node: "NodeProto") -> Operand | None:
        if name not in env:
            raise self._call(node).refused(f"its operand `{label(name)}` is computed nowhere")
        return env[name]

    def _given(self, env: Env, name: str) -> Operand:
        found = env.get(name)
        if found is None:
            raise Call("output", {}, self.opset, 1, self._source(label(name))).refused("it is computed nowhere")
        return found

    def _call(self, node: "NodeProto") -> Call:
        from onnx.helper import get_attribute_value

        if any(a.ref_attr_name for a in node.attribute):
            raise self._at(node, {}).refused("an attribute of it stands for one of a function, and it is in none")
        return self._at(node, {a.name: get_attribute_value(a) for a in node.attribute})

    def _at(self, node: "NodeProto", attrs: Mapping[str, object]) -> Call:
        place = label(node.name or next(iter(node.output), "")) + f": {label(node.op_type)}"
        return Call(label(node.op_type), attrs, self.opset, len(node.output), self._source(place))

    def _node(self, node: "NodeProto", xs: list[Operand | None], env: Env) -> list[Operand]:
        call = self._call(node)
        self.builder.source = call.source
        if node.op_type == "Loop":
            return self._loop(call, xs, env)
        if node.op_type == "If":
            return self._branch(call, xs, env)
        rule = RULES.get(node.op_type)
        if rule is None:
            raise call.refused("lnncc does not know it", "known: " + ", ".join(sorted(RULES)))
        try:
            result = rule(self.builder, call, xs)
        except LnnccError:
            raise
        except (ValueError, IndexError, TypeError) as error:  # NumPy's words for shapes that do not fit
            raise call.refused(" ".join(str(error).split())[:200]) from error
        return result if isinstance(result, list) else [result]

    def _branch(self, call: Call, xs: Sequence[Operand | None], env: Env) -> list[Operand]:
        if not isinstance(xs[0], Const):
            raise call.refused("its condition is known on the device only", "choose between values with Where")
        taken = call.attrs["then_branch" if xs[0].array.all() else "else_branch"]
        return list(self.run(taken, env).values())  # type: ignore[arg-type]  # a GraphProto, or the checker refused it

    def _loop(self, call: Call, xs: list[Operand | None], env: Env) -> list[Operand]:
        """Rolled, unless the body counts its rounds or collects a result of each."""
        body, trips, going = call.attrs["body"], xs[0], xs[1]
        if not isinstance(trips, Const):
            raise call.refused("its trip count is not constant", "a step must take the same time always: fix the count")
        if going is not None and not (isinstance(going, Const) and going.array.all()):
            raise call.refused("it begins only if a condition holds", "a step must take the same time always")
        count, carried = int(trips.array.reshape(-1)[0]), [x for x in xs[2:] if x is not None]
        if not count >= 1 or len(carried) != len(xs) - 2:
            raise call.refused(f"it has {count} rounds and {len(carried)} carried values")
        return self._rounds(call, body, env, count, carried)

    def _rounds(self, call: Call, body: "object", env: Env, count: int, carried: list[Operand]) -> list[Operand]:
        graph: GraphProto = body  # type: ignore[assignment]
        number, condition, *names = (value.name for value in graph.input)
        collects = len(graph.output) - 1 - len(carried)

        def once(round_: int, values: Sequence[Operand]) -> list[Operand]:
            given = {
                **env,
                number: constant(round_, "i"),
                condition: constant(True, "b"),
                **dict(zip(names, values, strict=True)),
            }
            going, *results = self.run(graph, given).values()
            if not isinstance(going, Const) or not going.array.all():
                raise call.refused("it ends when a condition does", "a step must take the same time always")
            return results

        if not collects and not _reads(graph, number):
            return self.builder.loop(count, carried, lambda values: once(0, values))
        if count > UNROLL_LIMIT:
            raise call.refused(f"its {count} rounds differ, and lnncc unrolls at most {UNROLL_LIMIT}")
        columns: list[list[Operand]] = [[] for _ in range(collects)]
        for k in range(count):
            results = once(k, carried)
            carried, rows = results[: len(carried)], results[len(carried) :]
            for column, x in zip(columns, rows, strict=True):
                column.append(x)
        return [*carried, *(stacked(self.builder, column, 0) for column in columns)]


def _reads(graph: "GraphProto", name: str) -> bool:
    """Whether a node of ``graph``, or of a graph within it, reads ``name``."""
    for node in graph.node:
        if name in node.input or any(a.HasField("g") and _reads(a.g, name) for a in node.attribute):
            return True
    return any(value.name == name for value in graph.output)
