"""Inputs from a CSV file: a row a step, a column an element, as calibration takes them."""

import csv
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lnncc import calibration
from lnncc.build import Build
from lnncc.errors import LnnccError, Source
from lnncc.ir import DT, Array

MOST = 1 << 28  # bytes


def read(build: Build, path: Path) -> dict[str, Array]:
    """(1, steps, size) in float64 by label.

    Columns stand in the order of the inputs, a run-time dt last; a first row that holds no numbers names them, x or
    x[0], x[1], ..., and then they may stand in any order.

    Raises:
        LnnccError: E0425 for columns that are not the inputs', E0426 for a cell that is no finite number, E0427 for a
            file that cannot be read or holds no step; E0408 for dt <= 0.
    """
    wanted = _columns(build)
    rows = _rows(path)
    head = rows[0] if not _all_numbers(rows[0]) else None
    order = list(range(len(wanted))) if head is None else _order(path, head, wanted)
    body = rows if head is None else rows[1:]
    if not body:
        raise _unreadable(path, "it has a head, but no row of numbers")
    first = 1 if head is None else 2
    table = np.array([_numbers(path, k + first, row, len(wanted)) for k, row in enumerate(body)])[:, order]
    return _by_label(build, table, str(path))


def _columns(build: Build) -> list[str]:
    return [s.label if s.size == 1 else f"{s.label}[{k}]" for s in build.interface.given for k in range(s.size)]


def _rows(path: Path) -> list[list[str]]:
    try:
        if path.stat().st_size > MOST:
            raise ValueError(f"it has more than {MOST} bytes")
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [[cell.strip() for cell in row] for row in csv.reader(file)]
    except (OSError, ValueError, csv.Error) as error:
        raise _unreadable(path, str(error)) from error
    found = [row for row in rows if any(row)]
    if not found:
        raise _unreadable(path, "it is empty")
    return found


def _all_numbers(row: Sequence[str]) -> bool:
    return all(_number(cell) is not None for cell in row)


def _number(cell: str) -> float | None:
    try:
        return float(cell)
    except ValueError:
        return None


def _order(path: Path, head: Sequence[str], wanted: Sequence[str]) -> list[int]:
    """Of each wanted column its place in the file. An array of one may also be called x[0]."""
    names = [name.removesuffix("[0]") if name.removesuffix("[0]") in wanted else name for name in head]
    if sorted(names) != sorted(wanted):
        raise _columns_differ(path, f"its head names {', '.join(head)[:160]}", wanted)
    return [names.index(name) for name in wanted]


def _numbers(path: Path, line: int, row: Sequence[str], count: int) -> list[float]:
    if len(row) != count:
        raise LnnccError(
            "E0425",
            f"row {line} of {path} has {len(row)} columns, the model's inputs {count}",
            source=Source(str(path), line, 1),
            helps=("give a column for each element of each input, and for dt where it is told",),
        )
    values = [_number(cell) for cell in row]
    for column, value in enumerate(values):
        if value is None or not math.isfinite(value):
            raise LnnccError(
                "E0426",
                f"{row[column]!r:.40} in row {line}, column {column + 1} of {path} is no finite number",
                source=Source(str(path), line, 1),
                helps=("drop this step, or fill the gap; a decimal point, no comma",),
            )
    return [value for value in values if value is not None]


def _by_label(build: Build, table: Array, origin: str) -> dict[str, Array]:
    """Columns as arrays of the inputs' own shapes, checked as recordings in other files are."""
    graph, arrays, at = build.model, dict[str, Array](), 0
    shapes = {port.label: graph.values[port.value].shape for port in graph.inputs}
    for signal in build.interface.given:
        shape = shapes.get(signal.label, ())
        arrays[signal.label] = table[:, at : at + signal.size].reshape(len(table), *shape)
        at += signal.size
    return calibration.prepared(arrays, graph, origin, timed=DT in arrays)


def _columns_differ(path: Path, note: str, wanted: Sequence[str]) -> LnnccError:
    names = ", ".join(wanted)
    return LnnccError(
        "E0425",
        f"the columns of {path} are not the model's inputs",
        notes=(note, f"the inputs: {names[:160]}"),
        helps=("name the columns as the inputs, or leave the head out and keep their order",),
    )


def _unreadable(path: Path, why: str) -> LnnccError:
    return LnnccError(
        "E0427",
        f"cannot read {path} as CSV",
        notes=(" ".join(why.split())[:200],),
        helps=("write a row a step, numbers with a decimal point, commas between them",),
    )
