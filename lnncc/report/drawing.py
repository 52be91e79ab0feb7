"""drawing: a wiring as a picture: neurons in layers with their wires, or, where wires are many, what reaches what."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lnncc.report.wiring import Wire, Wiring

MOST = 1200  # wires that are drawn one by one
WIDE, HIGH = 1000, 520  # of the picture
EDGE = 80  # between its sides and the first and last layer
LOOP = 46  # how far a wire inside a layer swings out
CELLS = 48  # of the picture of a dense wiring, each way, at most
LEVELS = 5
SHADES = (0.15, 0.4)  # of strength, between faint, plain and strong wires


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Bundle:
    """Wires that look alike, as one path: ``sign`` is excites, inhibits or depends, ``shade`` 0 to 2."""

    sign: str
    shade: int
    path: str


@dataclass(frozen=True, slots=True)
class Layer:
    """A column of the picture: where it stands, in percent, and what it is."""

    at: float
    name: str
    count: int


@dataclass(frozen=True, slots=True)
class Graph:
    layers: tuple[Layer, ...]
    dots: tuple[Dot, ...]
    bundles: tuple[Bundle, ...]
    radius: float


@dataclass(frozen=True, slots=True)
class Matrix:
    """Cells of a dense wiring, a row a group of neurons, a column one of sources; ``paths`` by sign and shade."""

    rows: int
    columns: int
    inputs: float
    paths: tuple[Bundle, ...]


SIGNS = {1: "excites", -1: "inhibits", 0: "depends"}


def graph(found: Wiring) -> Graph | None:
    """None where the wires are too many to be seen."""
    if len(found.wires) + len(found.readout) > MOST:
        return None
    columns = [("sensory", "input", range(found.inputs)), *_neurons(found), ("outputs", "output", range(found.outputs))]
    xs = np.linspace(EDGE, WIDE - EDGE, len(columns)).tolist()
    most = max(len(ids) for _, _, ids in columns)
    place: dict[tuple[str, int], tuple[float, float]] = {}
    dots: list[Dot] = []
    for x, (name, kind, ids) in zip(xs, columns, strict=True):
        for k, number in enumerate(ids):
            y = HIGH * (k + 0.5) / len(ids)
            place[kind, number] = x, y
            dots.append(Dot(round(x, 1), round(y, 1), kind, f"{name} {number}"))
    layers = tuple(
        Layer(round(100 * x / WIDE, 2), name, len(ids)) for x, (name, _, ids) in zip(xs, columns, strict=True)
    )
    return Graph(layers, tuple(dots), _bundles(found, place), min(7.0, HIGH / most / 2.6))


def _neurons(found: Wiring) -> list[tuple[str, str, Sequence[int]]]:
    return [(name, "neuron", ids) for name, ids in found.layers]


def _bundles(found: Wiring, place: dict[tuple[str, int], tuple[float, float]]) -> tuple[Bundle, ...]:
    paths: dict[tuple[str, int], list[str]] = {}
    wires = [(w, place["neuron", w.neuron]) for w in found.wires if w.source != w.neuron + found.inputs]
    wires += [(w, place["output", w.neuron]) for w in found.readout]
    for wire, to in wires:
        kind = ("input", wire.source) if wire.source < found.inputs else ("neuron", wire.source - found.inputs)
        paths.setdefault((SIGNS[wire.sign], _shade(wire)), []).append(_curve(place[kind], to))
    return tuple(Bundle(sign, shade, "".join(parts)) for (sign, shade), parts in sorted(paths.items(), key=_order))


def _order(item: tuple[tuple[str, int], list[str]]) -> tuple[int, str]:
    """Faint ones below."""
    (sign, shade), _ = item
    return shade, sign


def _shade(wire: Wire) -> int:
    return sum(wire.strength > edge for edge in SHADES)


def _curve(a: tuple[float, float], b: tuple[float, float]) -> str:
    """Between layers an S; inside one an arc, whose side says which way it goes; back across layers a low arc."""
    (x0, y0), (x1, y1) = a, b
    if x0 == x1:
        swing = LOOP * (1 if y1 > y0 else -1) * (0.5 + abs(y1 - y0) / HIGH)
        return f"M{x0:.0f} {y0:.0f}Q{x0 + swing:.0f} {(y0 + y1) / 2:.0f} {x1:.0f} {y1:.0f}"
    middle = (x0 + x1) / 2
    return f"M{x0:.0f} {y0:.0f}C{middle:.0f} {y0:.0f} {middle:.0f} {y1:.0f} {x1:.0f} {y1:.0f}"


def matrix(found: Wiring) -> Matrix:
    """Mean strength of all wires between groups of neighbours, with the sign of most of it."""
    sources = found.inputs + found.neurons
    strength, signed = np.zeros((found.neurons, sources)), np.zeros((found.neurons, sources))
    for wire in found.wires:
        strength[wire.neuron, wire.source] = wire.strength
        signed[wire.neuron, wire.source] = wire.strength * wire.sign
    rows, columns = min(CELLS, found.neurons), min(CELLS, sources)
    mean, sign = (_pooled(x, rows, columns) for x in (strength, signed))
    top = mean.max(initial=0.0) or 1.0
    paths: dict[tuple[str, int], list[str]] = {}
    for r, c in np.argwhere(mean > 0).tolist():
        shade = min(int(LEVELS * mean[r, c] / top), LEVELS - 1)
        kind = "depends" if abs(sign[r, c]) < 0.25 * mean[r, c] else SIGNS[int(math.copysign(1, sign[r, c]))]
        paths.setdefault((kind, shade), []).append(f"M{c} {r}h1v1h-1z")
    bundles = tuple(Bundle(s, k, "".join(parts)) for (s, k), parts in sorted(paths.items(), key=_order))
    return Matrix(rows, columns, round(columns * found.inputs / sources, 2), bundles)


def _pooled(x: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Means of neighbouring blocks."""
    r, c = (np.linspace(0, n, k + 1).astype(int) for n, k in zip(x.shape, (rows, columns), strict=True))
    sums = np.add.reduceat(np.add.reduceat(x, r[:-1], axis=0), c[:-1], axis=1)
    return sums / np.outer(np.diff(r), np.diff(c))
