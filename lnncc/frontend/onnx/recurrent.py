"""ONNX's own recurrent nodes, for one step of one stream: RNN, GRU and LSTM as the standard defines them."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from lnncc.frontend.arrays import along, joined, row
from lnncc.frontend.builder import Builder
from lnncc.frontend.onnx.call import Call, Rule, optional, present
from lnncc.frontend.onnx.elementwise import ELEMENTWISE
from lnncc.frontend.onnx.matrix import matmul, transposed
from lnncc.frontend.operand import Operand, constant

Operands = Sequence[Operand | None]
Function = Callable[[Operand], Operand]
Cell = Callable[["_Direction"], tuple[Operand, ...]]


class _Direction:
    """One direction of a node: its weights, its state and its activations. Vectors are (units,)."""

    def __init__(self, b: Builder, call: Call, xs: Operands, index: int, gates: int, defaults: Sequence[str]) -> None:
        self.b, self.call, self.gates = b, call, gates
        x, w, r = present(call, xs[:3], 3)
        self.x = b.reshape(x, x.shape[-1:])
        self.w, self.r = row(b, w, index), row(b, r, index)
        self.units = self.r.shape[1]
        bias = optional(xs, 3)
        self.bias = constant(np.zeros(2 * gates * self.units)) if bias is None else row(b, bias, index)
        self.h, self.c = (self._start(optional(xs, i), index) for i in (5, 6))
        self.peepholes = None if optional(xs, 7) is None else row(b, present(call, [xs[7]])[0], index)
        names = [n.decode() if isinstance(n, bytes) else str(n) for n in _items(call.attrs.get("activations"))]
        self.functions = [
            self._function(n) for n in (names or [*defaults, *defaults])[index * len(defaults) :][: len(defaults)]
        ]

    def _start(self, state: Operand | None, index: int) -> Operand:
        if state is None:
            return constant(np.zeros(self.units))
        batch_first = self.call.integer("layout", 0)
        return self.b.reshape(row(self.b, state, index, 1 if batch_first else 0), (self.units,))

    def _function(self, name: str) -> Function:
        rule = ELEMENTWISE.get(name)
        if rule is None or not {"activation_alpha", "activation_beta"}.isdisjoint(self.call.attrs):
            raise self.call.refused(f"its activation {name} is not known")
        return lambda x: self._single(rule(self.b, self.call, [x]))

    def _single(self, x: Operand | list[Operand]) -> Operand:
        assert not isinstance(x, list)
        return x

    def driven(self, gate: int) -> Operand:
        """W x + its bias, of one gate."""
        return self._affine(self.w, self.x, gate, gate)

    def recurrent(self, gate: int, h: Operand | None = None) -> Operand:
        """R h + its bias, of one gate."""
        return self._affine(self.r, self.h if h is None else h, gate, self.gates + gate)

    def _affine(self, matrix: Operand, v: Operand, gate: int, bias: int) -> Operand:
        rows = along(self.b, matrix, 0, gate * self.units, (gate + 1) * self.units)
        offset = along(self.b, self.bias, 0, bias * self.units, (bias + 1) * self.units)
        return self.add(matmul(self.b, v, transposed(self.b, rows)), offset)

    def both(self, gate: int) -> Operand:
        return self.add(self.driven(gate), self.recurrent(gate))

    def peephole(self, gate: int, c: Operand) -> Operand:
        assert self.peepholes is not None
        return self.mul(along(self.b, self.peepholes, 0, gate * self.units, (gate + 1) * self.units), c)

    def add(self, x: Operand, y: Operand) -> Operand:
        return self.b.elementwise("add", x, y)

    def mul(self, x: Operand, y: Operand) -> Operand:
        return self.b.elementwise("mul", x, y)

    def mixed(self, gate: Operand, x: Operand, y: Operand) -> Operand:
        """(1 - gate) x + gate y."""
        rest = self.b.elementwise("sub", constant(1.0), gate)
        return self.add(self.mul(rest, x), self.mul(gate, y))


def _rnn(d: _Direction) -> tuple[Operand, ...]:
    return (d.functions[0](d.both(0)),)


def _gru(d: _Direction) -> tuple[Operand, ...]:
    """Gates z, r, h."""
    f, g = d.functions
    z, r = f(d.both(0)), f(d.both(1))
    if d.call.integer("linear_before_reset", 0):
        candidate = g(d.add(d.driven(2), d.mul(r, d.recurrent(2))))
    else:
        candidate = g(d.add(d.driven(2), d.recurrent(2, d.mul(r, d.h))))
    return (d.mixed(z, candidate, d.h),)


def _lstm(d: _Direction) -> tuple[Operand, ...]:
    """Gates i, o, f, c; peepholes of i, o, f."""
    f, g, h = d.functions

    def gate(index: int, hole: int, c: Operand) -> Operand:
        total = d.both(index)
        return f(total if d.peepholes is None else d.add(total, d.peephole(hole, c)))

    i, forget = gate(0, 0, d.c), gate(2, 2, d.c)
    c = d.add(d.mul(forget, d.c), d.mul(i, g(d.both(3))))
    return d.mul(gate(1, 1, c), h(c)), c


def _node(cell: Cell, gates: int, defaults: Sequence[str]) -> Rule:
    def rule(b: Builder, call: Call, xs: Operands) -> list[Operand]:
        _require_one_step(call, xs)
        count = present(call, xs[1:2])[0].shape[0]
        ends = [cell(_Direction(b, call, xs, k, gates, defaults)) for k in range(count)]
        last = [_joined(b, call, column) for column in zip(*ends, strict=True)]
        y = b.reshape(last[0], _sequence_shape(call, last[0].shape))
        return [y, *last][: call.outputs]

    return rule


def _require_one_step(call: Call, xs: Operands) -> None:
    x = present(call, xs[:1])[0]
    if len(x.shape) != 3 or x.shape[:2] != (1, 1):
        raise call.refused(
            f"it runs over {x.shape}, not over one step of one stream", "export one step: see lnncc explain E0339"
        )
    if "clip" in call.attrs or call.integer("input_forget", 0):
        raise call.refused("clip and input_forget are not known")


def _joined(b: Builder, call: Call, directions: Sequence[Operand]) -> Operand:
    """(directions, 1, units), or with the batch first."""
    n = directions[0].shape[0]
    shape = (1, 1, n)
    return joined(b, [b.reshape(d, shape) for d in directions], 1 if call.integer("layout", 0) else 0)


def _sequence_shape(call: Call, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Of Y: (1, directions, 1, units), or (1, 1, directions, units) with the batch first."""
    directions, units = max(shape[0], shape[1]), shape[2]
    return (1, 1, directions, units) if call.integer("layout", 0) else (1, directions, 1, units)


def _items(value: object) -> Sequence[object]:
    return value if isinstance(value, Sequence) else ()


RECURRENT: Mapping[str, Rule] = {
    "RNN": _node(_rnn, 1, ("Tanh",)),
    "GRU": _node(_gru, 3, ("Sigmoid", "Tanh")),
    "LSTM": _node(_lstm, 4, ("Sigmoid", "Tanh", "Tanh")),
}
