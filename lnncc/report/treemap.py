"""treemap: sizes as areas that fill a rectangle, each as square as can be.

Bruls, Huizing and van Wijk, "Squarified Treemaps", 2000, doi 10.1007/978-3-7091-6783-0_4.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Tile:
    """In percent of the whole, from its upper left corner."""

    x: float
    y: float
    width: float
    height: float


def tiles(sizes: Sequence[float], aspect: float) -> tuple[Tile, ...]:
    """One tile a size, in the order given, the largest first; the whole is ``aspect`` times as wide as high."""
    total = float(sum(sizes))
    areas = [size / total * aspect for size in sizes] if total > 0 else []
    found: list[Tile] = []
    left, top, width, height = 0.0, 0.0, aspect, 1.0
    while areas:
        short = min(width, height)
        row = _row(areas, short)
        thick = sum(areas[:row]) / short
        along = 0.0
        for area in areas[:row]:
            length = area / thick
            box = (left, top + along, thick, length) if width >= height else (left + along, top, length, thick)
            found.append(_percent(box, aspect))
            along += length
        if width >= height:
            left, width = left + thick, width - thick
        else:
            top, height = top + thick, height - thick
        areas = areas[row:]
    return tuple(found)


def _row(areas: Sequence[float], short: float) -> int:
    """How many of the next areas make a row whose worst tile is as square as can be."""
    best, count = _worst(areas[:1], short), 1
    while count < len(areas) and (now := _worst(areas[: count + 1], short)) <= best:
        best, count = now, count + 1
    return count


def _worst(row: Sequence[float], short: float) -> float:
    thick = sum(row) / short
    return max(max(thick * thick / a, a / (thick * thick)) if a > 0 else float("inf") for a in row)


def _percent(box: tuple[float, float, float, float], aspect: float) -> Tile:
    x, y, width, height = box
    return Tile(round(100 * x / aspect, 2), round(100 * y, 2), round(100 * width / aspect, 2), round(100 * height, 2))
