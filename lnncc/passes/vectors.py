"""Vectors of atoms: which value holds which atom, and the nodes that put atoms together as they are asked for."""

from collections.abc import Sequence

import numpy as np

from lnncc.ir import Array, Attr, Node, Value
from lnncc.passes.atoms import Pool

MAX_RUNS = 8  # pieces a vector is put together from by slices; more of them become one gather


class Vectors:
    """The graph that is being written: its values, constants, and nodes by scope."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.values: dict[str, Value] = {}
        self.constants: dict[str, Array] = {}
        self.scopes: dict[int, list[Node]] = {scope: [] for scope in pool.depth}  # the nodes written so far
        self.at: dict[int, tuple[str, int]] = {}  # column -> (value, element)
        self.made: dict[tuple[object, ...], str] = {}

    def vector(self, cols: list[int], scope: int) -> str:
        """A value that holds these atoms in this order: where they lie so already, that place."""
        key = ("vector", tuple(cols), scope)
        if key not in self.made:
            self.made[key] = self._assembled([self.at[c] for c in cols], scope)
        return self.made[key]

    def _assembled(self, places: list[tuple[str, int]], scope: int) -> str:
        runs: list[list[tuple[str, int]]] = []
        for place in places:
            if runs and place == (runs[-1][-1][0], runs[-1][-1][1] + 1):
                runs[-1].append(place)
            else:
                runs.append([place])
        if len(runs) == 1:
            return self.slice(*runs[0][0], len(places), scope)
        if len(runs) <= MAX_RUNS:
            parts = tuple(self.slice(*run[0], len(run), scope) for run in runs)
            return self.write("concat", parts, len(places), scope)
        whole = list(dict.fromkeys(value for value, _ in places))
        starts = dict(zip(whole, np.cumsum([0] + [self.values[v].size for v in whole]).tolist(), strict=False))
        size = sum(self.values[v].size for v in whole)
        x = whole[0] if len(whole) == 1 else self.write("concat", tuple(whole), size, scope)
        return self.gather(x, [starts[v] + i for v, i in places], scope)

    def slice(self, value: str, start: int, n: int, scope: int) -> str:
        if (start, n) == (0, self.values[value].size):
            return value
        return self.write("slice", (value,), n, scope, {"start": start, "n": n})

    def gather(self, x: str, index: list[int], scope: int) -> str:
        return self.write("gather", (x, self.constant("i", [float(i) for i in index])), len(index), scope)

    def place(self, cols: Sequence[int], value: str) -> None:
        """``value`` holds the atoms of ``cols``, one an element."""
        self.at.update((c, (value, i)) for i, c in enumerate(cols))

    def declare(self, stem: str, shape: int | tuple[int, ...]) -> str:
        name = stem if stem not in self.values and stem[-1].isdigit() else f"{stem}{len(self.values)}"
        self.values[name] = Value(name, shape if isinstance(shape, tuple) else (shape,))
        return name

    def constant(self, stem: str, data: object) -> str:
        array = np.asarray(data, np.float64)
        name = self.declare(f"c_{stem}", array.shape)
        self.constants[name] = array
        return name

    def write(self, op: str, inputs: tuple[str, ...], n: int, scope: int, attrs: dict[str, Attr] | None = None) -> str:
        name = self.declare("v", n)
        self.scopes[scope].append(Node(op, inputs, (name,), attrs or {}))
        return name

    def segments(self, cols: set[int]) -> list[tuple[str, int, int]]:
        """The vectors that hold ``cols``, each with the range of elements that is needed."""
        ranges: dict[str, tuple[int, int]] = {}
        for value, i in (self.at[c] for c in sorted(cols)):
            low, high = ranges.get(value, (i, i))
            ranges[value] = min(low, i), max(high, i)
        return [(value, low, high + 1) for value, (low, high) in ranges.items()]

    def scope_of(self, value: str) -> int:
        """The scope in which a value is written; parameters of a loop belong to its body."""
        for scope, written in self.scopes.items():
            if any(value in node.outputs for node in written):
                return scope
        return next((self.pool.atoms[c].scope for c, (v, _) in self.at.items() if v == value), 0)
