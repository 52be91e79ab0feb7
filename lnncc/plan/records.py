"""Records: elements of tables that hold several integers, as their C types hold them."""

from collections.abc import Mapping
from dataclasses import dataclass

BYTES = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4}
NODE = "ln_node"


@dataclass(frozen=True, slots=True)
class Record:
    """The C types of its integers, in order; how C writes one, ``{}`` for each integer; how many go on a line."""

    columns: tuple[str, ...]
    form: str
    a_line: int

    @property
    def bytes(self) -> int:
        """Records are laid out without gaps, and in whole words."""
        return sum(BYTES[column] for column in self.columns)


RECORDS: Mapping[str, Record] = {
    NODE: Record(("int16_t", "int16_t"), "LN_NODE({}, {})", 4),
    "ln_pair": Record(("int16_t", "int16_t"), "LN_PAIR({}, {})", 4),
    "ln_synapse": Record(("int32_t", "int16_t", "int16_t", "int16_t", "uint16_t"), "{{{}, {}, {}, {}, {}}}", 2),
    "ln_synapse_narrow": Record(("uint16_t", "int16_t", "int32_t", "int16_t", "int16_t"), "{{{}, {}, {}, {}, {}}}", 2),
    "ln_synapse_words": Record(
        ("int32_t", "int16_t", "int16_t", "int16_t", "int16_t"), "{{{}, LN_PAIR({}, {}), LN_PAIR({}, {})}}", 1
    ),
}


WORKING = {"ln_position": 8}  # bytes, where pointers have four, of what kernels write while they run


def size(kind: str) -> int:
    """Bytes of one element of a table of C type ``kind``."""
    return RECORDS[kind].bytes if kind in RECORDS else {**BYTES, **WORKING}[kind]
