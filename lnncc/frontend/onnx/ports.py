"""Which inputs and outputs of an ONNX graph are states, which is the elapsed time, and what shape one step has."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lnncc.errors import LnnccError

if TYPE_CHECKING:
    from onnx import GraphProto, ValueInfoProto

Shape = tuple[int, ...]
TIMES = frozenset({"dt", "ts", "timespan", "timespans", "elapsed", "elapsed_time", "delta_t"})
AFFIX = re.compile(r"^(next|new|updated|prev|old|init|initial)_|_?(next|new|out|after|prev|old|in|init|n|t|t1|0|1)$")
KINDS = {1: "f", 10: "f", 11: "f", 16: "f", 9: "b", **dict.fromkeys((2, 3, 4, 5, 6, 7, 12, 13), "i")}
MAX_LABEL = 200


@dataclass(frozen=True, slots=True)
class Port:
    """An input: its name in the file, the label that users see, its shape with and without the batch axis."""

    name: str
    label: str
    full: Shape
    shape: Shape
    kind: str


@dataclass(frozen=True, slots=True)
class State:
    """A state: the input that carries it, and the name of the output that is its next value."""

    port: Port
    after: str


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into one step and comes out of it, in the order of the file."""

    inputs: tuple[Port, ...]
    states: tuple[State, ...]
    time: Port | None
    outputs: tuple[str, ...]

    def values(self) -> Iterator[tuple[Port, str]]:
        """Every input with the name of its value in lnncc's graph."""
        yield from ((port, f"x{k}") for k, port in enumerate(self.inputs))
        yield from ((s.port, f"s{k}") for k, s in enumerate(self.states))
        if self.time is not None:
            yield self.time, "dt"


def signature(
    graph: "GraphProto", path: Path, state: Mapping[str, str] | None, dt: str | Literal[False] | None
) -> Signature:
    """Raises E0302 for shapes that are not fixed, E0311 for types, E0336 for states and times that are not clear."""
    constants = {t.name for t in graph.initializer}
    inputs = _distinct([_port(value, path) for value in graph.input if value.name not in constants])
    outputs = {value.name: _shape(value) for value in graph.output}
    time = _time(inputs, dt, path)
    rest = [port for port in inputs if port is not time]
    pairs = _guessed(rest, outputs, path) if state is None else _told(rest, outputs, state, path)
    return Signature(
        inputs=tuple(port for port in rest if port.name not in pairs),
        states=tuple(State(port, pairs[port.name]) for port in rest if port.name in pairs),
        time=None if time is None else Port(time.name, time.label, time.full, (), time.kind),
        outputs=tuple(name for name in outputs if name not in pairs.values()),
    )


def label(name: str) -> str:
    """A name from the file as messages show it."""
    return "".join(c if c.isprintable() else "?" for c in name)[:MAX_LABEL] or "?"


def without_batch(shape: Shape) -> Shape:
    return shape[1:] if len(shape) > 1 and shape[0] == 1 else shape


def _port(value: "ValueInfoProto", path: Path) -> Port:
    kind = KINDS.get(value.type.tensor_type.elem_type)
    if kind is None:
        raise LnnccError(
            "E0311", f"input `{label(value.name)}` of {path} is no tensor of real numbers", helps=("leave it out",)
        )
    shape = _shape(value)
    full = (1, *shape[1:]) if shape is not None and shape and shape[0] is None else shape
    if full is None or any(n is None or n < 1 for n in full):
        raise LnnccError(
            "E0302",
            f"the shape of `{label(value.name)}` is not fixed: {_shown(shape)}",
            notes=(f"in {path}; only a leading batch axis may be open",),
            helps=("C arrays need sizes at compile time: export one step of one stream",),
        )
    fixed = tuple(n for n in full if n is not None)
    return Port(value.name, label(value.name), fixed, without_batch(fixed), kind)


def _distinct(ports: Sequence[Port]) -> list[Port]:
    """Labels that look alike get a number: users name inputs by them."""
    found: dict[str, Port] = {}
    for port in ports:
        wanted, count = port.label, 0
        while port.label in found:
            count += 1
            port = replace(port, label=f"{wanted}.{count}")
        found[port.label] = port
    return [*found.values()]


def _shape(value: "ValueInfoProto") -> tuple[int | None, ...] | None:
    """Sizes of the axes, None where one is open; None if there is no shape at all."""
    if not value.type.tensor_type.HasField("shape"):
        return None
    return tuple(d.dim_value if d.HasField("dim_value") else None for d in value.type.tensor_type.shape.dim)


def _shown(shape: tuple[int | None, ...] | None) -> str:
    return "unknown" if shape is None else "(" + ", ".join("?" if n is None else str(n) for n in shape) + ")"


def _time(inputs: Sequence[Port], dt: str | Literal[False] | None, path: Path) -> Port | None:
    if dt is False:
        return None
    single = [port for port in inputs if all(n == 1 for n in port.full)]
    if dt is None:
        named = [port for port in single if port.name.casefold() in TIMES]
        return named[0] if len(named) == 1 else None
    found = next((port for port in single if port.name == dt), None)
    if found is None:
        raise LnnccError(
            "E0336",
            f"{path} has no input `{label(dt)}` of one element that could be the elapsed time",
            notes=(_listed(inputs),),
        )
    return found


def _told(
    inputs: Sequence[Port], outputs: Mapping[str, object], state: Mapping[str, str], path: Path
) -> Mapping[str, str]:
    names = [port.name for port in inputs]
    for before, after in state.items():
        if before not in names or after not in outputs:
            missing = before if before not in names else after
            raise _unclear(
                f"{path} has no {'in' if missing is before else 'out'}put `{label(missing)}`", inputs, outputs
            )
    if len(set(state.values())) < len(state):
        raise _unclear("two states are given the same output", inputs, outputs)
    return state


def _guessed(
    inputs: Sequence[Port], outputs: Mapping[str, tuple[int | None, ...] | None], path: Path
) -> Mapping[str, str]:
    """Pairs of like names and like shapes, if each is the only choice; none if no output could be a state."""
    likely = [(i.name, o) for i in inputs for o in outputs if _stem(i.name) == _stem(o)]
    pairs = dict(likely)
    if likely and len(pairs) == len(likely) == len(set(pairs.values())):
        return pairs
    alike = [(i.name, o) for i in inputs for o, shape in outputs.items() if shape is not None and _fits(i, shape)]
    if not alike:
        return {}
    raise _unclear(f"which outputs of {path} are states is not clear", inputs, outputs, alike)


def _fits(port: Port, shape: tuple[int | None, ...]) -> bool:
    return len(shape) == len(port.full) and all(n in (None, m) for n, m in zip(shape, port.full, strict=True))


def _stem(name: str) -> str:
    """``h`` of ``h_next``, ``hn`` and ``new_h``."""
    stem = name.casefold().replace(".", "_").replace("-", "_")
    while len(shorter := AFFIX.sub("", stem, count=1)) < len(stem) and shorter:
        stem = shorter
    return stem


def _unclear(
    title: str, inputs: Sequence[Port], outputs: Mapping[str, object], alike: Sequence[tuple[str, str]] = ()
) -> LnnccError:
    fits = " ".join(f"--state {label(before)}={label(after)}" for before, after in alike[:3])
    return LnnccError(
        "E0336",
        title,
        notes=(_listed(inputs), "its outputs: " + ", ".join(map(label, outputs))),
        helps=(f"say it: {fits}" if fits else "say it: --state IN=OUT", "or, if there is no state: --state none"),
    )


def _listed(inputs: Sequence[Port]) -> str:
    return "its inputs: " + ", ".join(f"{port.label} {port.full}" for port in inputs)
