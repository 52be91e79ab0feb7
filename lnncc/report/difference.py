"""difference: what sets two builds apart, in what they were made from, in formats, in cost and in error."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

import numpy as np

from lnncc import serial
from lnncc.build import Build
from lnncc.choices import Choice, Choices
from lnncc.ir import Graph
from lnncc.validate.deviation import Error

Pair = tuple[object, object]  # before and after; None where there is none


@dataclass(frozen=True, slots=True)
class Difference:
    """Pairs by name, of what differs alone; but ``sizes`` and ``errors`` are whole, for they are what is asked for."""

    made_from: Mapping[str, Pair]
    model: tuple[str, ...]  # arrays of other values, or why the graphs cannot be compared
    formats: Mapping[str, Pair]
    choices: Mapping[str, Pair]
    sizes: Mapping[str, Pair]
    errors: Mapping[str, Pair]
    files: tuple[str, ...]

    @property
    def same(self) -> bool:
        return not self.files


def difference(
    before: Build, after: Build, sizes: Mapping[str, Pair], errors: tuple[Mapping[str, Error], Mapping[str, Error]]
) -> Difference:
    """``sizes`` in bytes by name and ``errors`` by output, each of both builds, as far as they could be measured."""
    return Difference(
        made_from=dict(_differing(_origin(before), _origin(after))),
        model=tuple(_arrays(before.model, after.model)),
        formats=_formats(before.integer, after.integer),
        choices=dict(_differing(_choices(before.choices), _choices(after.choices))),
        sizes={**_known(before, after), **sizes},
        errors={f"{label} {kind}": pair for label in errors[0] for kind, pair in _errors(label, errors)},
        files=tuple(sorted(_changed(before.files(), after.files()))),
    )


def fields(found: Difference) -> dict[str, object]:
    return {"same": found.same, **asdict(found)}


def text(found: Difference) -> str:
    """One line a pair; what is the same in both builds is left out, but for sizes and errors."""
    if found.same:
        return "the same, byte for byte"
    lines = [f"  {name:<24}{_said(before)} -> {_said(after)}" for name, (before, after) in found.made_from.items()]
    lines += [f"  {'model':<24}{', '.join(found.model) or 'the same'}"]
    for title, pairs in (("format", found.formats), ("choice", found.choices)):
        lines += [f"  {f'{title} {name}':<24}{_said(a)} -> {_said(b)}" for name, (a, b) in pairs.items()]
    lines += [f"  {name:<24}{_sized(*pair)}" for name, pair in found.sizes.items()]
    lines += [f"  {f'error {name}':<24}{a:.2e} -> {b:.2e}" for name, (a, b) in found.errors.items()]
    return "\n".join([*lines, f"  {'files':<24}{', '.join(found.files)}"])


def _differing(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[tuple[str, Pair]]:
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            yield name, (before.get(name), after.get(name))


def _origin(build: Build) -> dict[str, object]:
    """Settings, and what else it was made from, one level deep."""
    tables = {"": asdict(build.settings) | {"lnncc": build.origin.get("lnncc")}}
    tables |= {f"{key} ": table for key, table in build.origin.items() if isinstance(table, Mapping)}
    return {f"{key}{name}": value for key, table in tables.items() for name, value in table.items()}


def _arrays(before: Graph, after: Graph) -> Iterator[str]:
    """Labels of the arrays that differ, if the graphs are otherwise one."""
    if serial.to_parts(before)[0] != serial.to_parts(after)[0]:
        yield "another graph: other operations, shapes or names"
        return
    for name, array in before.constants.items():
        if not np.array_equal(array, after.constants[name], equal_nan=True):
            yield before.labels.get(name, name)


def _formats(before: Graph, after: Graph) -> dict[str, Pair]:
    """Of values that both have, but for constants, whose scales are their rows' own."""
    both = [n for n in before.values if n in after.values and n not in before.constants]
    pairs = {name: (str(before.values[name].format), str(after.values[name].format)) for name in both}
    return {name: (old, new) for name, (old, new) in pairs.items() if old != new}


def _choices(choices: Choices) -> dict[str, object]:
    return {name: _choice(choice) for name, choice in {"default": choices.default, **choices.nodes}.items()}


def _choice(choice: Choice) -> str:
    return f"{choice.weight_bits} bits, {choice.table.kind} tables of {choice.table.intervals}"


def _known(before: Build, after: Build) -> dict[str, Pair]:
    """What needs no compiler."""
    return {key: (before.facts[key], after.facts[key]) for key in ("state_bytes", "table_bytes")}


def _errors(
    label: str, errors: tuple[Mapping[str, Error], Mapping[str, Error]]
) -> Iterator[tuple[str, tuple[float, float]]]:
    if label in errors[1]:
        for kind in ("max_abs", "rms"):
            yield kind, (getattr(errors[0][label], kind), getattr(errors[1][label], kind))


def _changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> Iterator[str]:
    return (name for name in {**before, **after} if before.get(name) != after.get(name))


def _said(value: object) -> str:
    return "none" if value is None else str(value)[:60]


def _sized(before: object, after: object) -> str:
    if isinstance(before, int) and isinstance(after, int):
        return f"{before} -> {after}" + (f" ({after - before:+d})" if before != after else "")
    return f"{_said(before)} -> {_said(after)}"
