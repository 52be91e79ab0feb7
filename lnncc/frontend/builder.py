"""Builds a float graph op by op: folds what is constant, and hoists out of loops what does not change in them.

A front end hands it operands and gets operands back. It knows neither JAX nor ONNX.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lnncc import primitives
from lnncc.errors import LnnccError, Source
from lnncc.frontend import guards
from lnncc.frontend.operand import Const, Operand, Ref, constant, is_finite, is_uniform
from lnncc.ir import Array, Attr, Body, Node, Value
from lnncc.prune import reads

Step = Callable[[list[Operand]], list[Operand]]
LARGEST = 1 << 24  # elements of one array
ALL = 1 << 25  # elements of all arrays together
GIVEN = (1 << 16) - 1  # elements of an input or a state: the C counts in 16 bits
MOST = 1 << 17  # operations
WORK = 1 << 30  # products that a front end sums up, of constants


@dataclass(slots=True)
class Builder:
    """A graph under construction. ``source`` is that of the operation being translated."""

    source: Source | None = None
    values: dict[str, Value] = field(default_factory=dict)
    constants: dict[str, Array] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    origins: dict[str, Source | None] = field(default_factory=dict)
    depths: dict[str, int] = field(default_factory=dict)
    scopes: list[list[Node]] = field(default_factory=lambda: [[]])
    _known: dict[object, tuple[str, Const]] = field(default_factory=dict)
    _count: int = 0
    _elements: int = 0
    _operations: int = 0
    _work: int = 0

    def declare(self, name: str, shape: tuple[int, ...], kind: str = "f", depth: int = 0, finite: bool = True) -> Ref:
        self.values[name] = Value(name, shape)
        self.depths[name] = depth
        return Ref(name, shape, kind, depth, finite)

    def given(self, name: str, shape: tuple[int, ...], kind: str) -> Ref:
        """An input or a state of the step. Raises E0340 for more elements than the C can count."""
        if math.prod(shape) > GIVEN:
            raise LnnccError(
                "E0340",
                f"an input or a state has {math.prod(shape)} elements: its shape is {shape}",
                source=self.source,
                notes=(f"generated C counts up to {GIVEN}",),
                helps=("compile one step of one stream, not a whole batch or sequence",),
            )
        self.require_small(shape)
        return self.declare(name, shape, kind)

    def emit(
        self,
        op: str,
        xs: Sequence[Operand],
        shape: tuple[int, ...],
        kind: str = "f",
        attrs: Mapping[str, Attr] | None = None,
    ) -> Operand:
        """``op`` of ``xs``: a Const if all of them are, else a node in the outermost scope that knows its inputs."""
        attrs = attrs or {}
        self.require_small(shape, _work(op, attrs, xs))
        consts = [x for x in xs if isinstance(x, Const)]
        if len(consts) == len(xs):
            with np.errstate(all="ignore"):
                result = primitives.apply(op, attrs, *(x.array for x in consts))
                return constant(np.broadcast_to(result, shape), kind, source=self.source)
        depth = max(x.depth for x in xs if isinstance(x, Ref))
        finite = guards.stays_finite(op) and all(is_finite(x) for x in xs)
        out = self.declare(self._fresh(), shape, kind, depth, finite)
        inputs = tuple(self.name(x) for x in xs)
        self.scopes[depth].append(Node(op, inputs, (out.name,), attrs, source=self.source))
        return out

    def elementwise(self, op: str, *xs: Operand, kind: str = "") -> Operand:
        """``op`` of operands that broadcast as in NumPy. The result is of ``kind``, or of the kind of ``xs[-1]``."""
        shape = np.broadcast_shapes(*(x.shape for x in xs))
        kind = kind or ("b" if op in primitives.PREDICATES else xs[-1].kind)
        known = guards.known(op, xs)
        if known is not None:
            return self.expand(constant(known, kind) if isinstance(known, bool) else known, shape)
        return self.emit(op, [_narrowed(x, xs, shape) for x in xs], shape, kind)

    def select(self, predicate: Operand, on_true: Operand, on_false: Operand, shape: tuple[int, ...]) -> Operand:
        if isinstance(predicate, Const) and is_uniform(predicate.array):
            return self.expand(on_true if predicate.array.flat[0] else on_false, shape)
        return self.elementwise("select", predicate, on_true, on_false)

    def expand(self, x: Operand, shape: tuple[int, ...]) -> Operand:
        """``x`` broadcast to ``shape`` as in NumPy; as it is if it has this shape already."""
        if x.shape == shape:
            return x
        dims = tuple(range(len(shape) - len(x.shape), len(shape)))
        return self.emit("broadcast", [x], shape, x.kind, {"shape": shape, "dims": dims})

    def reshape(self, x: Operand, shape: tuple[int, ...]) -> Operand:
        return x if x.shape == shape else self.emit("reshape", [x], shape, x.kind, {"shape": shape})

    def number(self, x: Operand) -> Operand:
        """A predicate as 0 or 1; any other operand as it is."""
        if x.kind != "b":
            return x
        if isinstance(x, Const):
            return constant(x.array)
        return self.emit("select", [x, constant(1.0), constant(0.0)], x.shape)

    def name(self, x: Operand) -> str:
        """The value that carries ``x``; a Const gets one the first time it is used."""
        if isinstance(x, Ref):
            return x.name
        key = (x.kind, x.array.tobytes()) if x.array.ndim == 0 and not x.label else id(x)
        if key not in self._known:
            self._known[key] = (self._constant(x), x)  # holds x, so that its id stays its own
        return self._known[key][0]

    def loop(self, trips: int, carry: Sequence[Operand], step: Step) -> list[Operand]:
        """``step`` applied ``trips`` times to ``carry`` as one rolled ``loop``; what it closes over stays outside.

        Carries are taken to stay finite if they begin so; if ``step`` does not keep them so, it is run again
        without that, and what the first run left is dead code.
        """
        finite = [is_finite(x) for x in carry]
        inputs = tuple(self.name(x) for x in carry)
        body, ends = self._body(carry, finite, step)
        if finite != ends:
            finite = [False] * len(carry)
            body, _ = self._body(carry, finite, step)
        depth = len(self.scopes)
        read = {*inputs, *body.results, *reads(body.nodes)}
        outer = max((self.depths[name] for name in read if self.depths[name] < depth), default=0)
        outs = [
            self.declare(self._fresh(), x.shape, x.kind, outer, is_kept)
            for x, is_kept in zip(carry, finite, strict=True)
        ]
        node = Node("loop", inputs, tuple(o.name for o in outs), {"trips": trips}, body, self.source)
        self.scopes[outer].append(node)
        return list(outs)

    def _body(self, carry: Sequence[Operand], finite: Sequence[bool], step: Step) -> tuple[Body, list[bool]]:
        """(the body, which of its results stay finite if the carries that are ``finite`` are)."""
        depth, source = len(self.scopes), self.source
        params = [
            self.declare(self._fresh(), x.shape, x.kind, depth, is_kept)
            for x, is_kept in zip(carry, finite, strict=True)
        ]
        self.scopes.append([])
        results = step(list(params))
        names = tuple(self.name(x) for x in results)
        nodes = tuple(self.scopes.pop())
        self.source = source
        ends = [start and is_finite(x) for start, x in zip(finite, results, strict=True)]
        return Body(tuple(p.name for p in params), names, nodes), ends

    def require_small(self, shape: tuple[int, ...], work: int = 0) -> None:
        """Before anything is allocated or computed: a few bytes of a model can ask for any size."""
        size = math.prod(shape)
        self._elements, self._operations, self._work = self._elements + size, self._operations + 1, self._work + work
        if size > LARGEST or self._elements > ALL or self._operations > MOST or self._work > WORK:
            raise LnnccError(
                "E0340",
                f"this step computes an array of {size} elements" if size > LARGEST else "this step is too large",
                source=self.source,
                notes=(f"lnncc takes arrays of at most {LARGEST} elements, and {ALL} in all",),
            )

    def _fresh(self) -> str:
        self._count += 1
        return f"v{self._count - 1}"

    def _constant(self, x: Const) -> str:
        name = f"c{len(self.constants)}"
        self.declare(name, x.shape)
        self.constants[name] = x.array if x.kind == "b" else x.array.astype(np.float64)
        self.origins[name] = x.source
        if x.label:
            self.labels[name] = x.label
        return name


def _work(op: str, attrs: Mapping[str, Attr], xs: Sequence[Operand]) -> int:
    """How many products a ``dot`` sums up."""
    if op != "dot":
        return 0
    (x_labels, _), (y_labels,) = primitives.dot_axes(attrs, *(len(x.shape) for x in xs))
    sizes = dict(zip((*x_labels, *y_labels), (*xs[0].shape, *xs[1].shape), strict=True))
    return math.prod(sizes.values())


def _narrowed(x: Operand, xs: Sequence[Operand], shape: tuple[int, ...]) -> Operand:
    """An anonymous constant of equal elements as one number, where another operand still gives the shape."""
    if isinstance(x, Ref) or x.label or not x.shape or not is_uniform(x.array):
        return x
    if any(isinstance(other, Ref) and other.shape == shape for other in xs):
        return Const(x.array.reshape(-1)[0].reshape(()), source=x.source)
    return x
