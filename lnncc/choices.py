"""choices: all that changes bits and may be chosen, node by node: the width of weights, the kind and size of tables.

A node of the fused graph is known by the first value it defines. What an op lets one choose stands in its module:
``WEIGHT_BITS`` and ``TABLES``. Everything else that changes bits follows from the model, its ranges and these choices.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from lnncc.ir import Node

WIDTHS = (2, 3, 4, 5, 6, 7, 8, 16)  # bits that a weight may have
INTERVALS = (64, 96, 128, 192, 256, 384, 512, 768, 1024)  # sizes a table may have
OWN_INTERVALS = (16, 32, 64, 128)  # and one of kind "own", over all of int16: powers of two


@dataclass(frozen=True, slots=True)
class Table:
    """``linear`` interpolates between nodes, ``direct`` holds one result an interval; at most ``intervals`` of them.

    ``own`` is one table of conductance a synapse, each of ``intervals``, in place of one of f for all.
    """

    kind: str = "linear"
    intervals: int = 512


@dataclass(frozen=True, slots=True)
class Choice:
    """How one node becomes integers; an op reads what concerns it. Weights of fewer than 8 bits are stored in 8."""

    weight_bits: int = 16
    table: Table = Table()


@dataclass(frozen=True, slots=True)
class Choices:
    """``default`` for every node but those named in ``nodes``."""

    default: Choice = Choice()
    nodes: Mapping[str, Choice] = field(default_factory=dict)

    def of(self, node: Node) -> Choice:
        return self.nodes.get(node.outputs[0], self.default)

    def to_dict(self) -> dict[str, object]:
        """As JSON holds it; ``from_dict`` gives the same choices again."""
        return {"default": asdict(self.default), "nodes": {k: asdict(self.nodes[k]) for k in sorted(self.nodes)}}


def uniform(bits: int) -> Choices:
    """Weights of ``bits`` everywhere, tables as usual."""
    return Choices(Choice(weight_bits=bits))


def from_dict(data: Mapping[str, object]) -> Choices:
    """Choices from a manifest. Raises KeyError, TypeError or ValueError if ``data`` holds none."""
    nodes = data["nodes"]
    if not isinstance(nodes, Mapping):
        raise TypeError("nodes is no table")
    return Choices(_choice(data["default"]), {str(name): _choice(entry) for name, entry in nodes.items()})


def _choice(entry: object) -> Choice:
    if not isinstance(entry, Mapping) or not isinstance(entry["table"], Mapping):
        raise TypeError(f"{entry!r} is no choice")
    choice = Choice(weight_bits=entry["weight_bits"], table=Table(**entry["table"]))
    sizes = OWN_INTERVALS if choice.table.kind == "own" else INTERVALS
    if not _among(choice.weight_bits, WIDTHS) or not _among(choice.table.intervals, sizes):
        raise ValueError(f"{choice} is none that lnncc offers")
    return choice


def _among(value: object, offered: tuple[int, ...]) -> bool:
    """Whether it is one of them, and not a float or a truth that equals one."""
    return type(value) is int and value in offered
