"""Records: elements of tables that hold several integers, as their C types hold them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc.ir import Array

Raw = bytes  # for classes that have an attribute of that name
BYTES = {"int8_t": 1, "uint8_t": 1, "int16_t": 2, "uint16_t": 2, "int32_t": 4}
NODE = "ln_node"


@dataclass(frozen=True, slots=True)
class Record:
    """The C types of its integers, in order; how C writes one, ``{}`` for each integer; how many go on a line."""

    columns: tuple[str, ...]
    form: str
    a_line: int
    lower_last: bool = False  # of the two halves of a word

    @property
    def bytes(self) -> int:
        """Records are laid out without gaps, and in whole words."""
        return sum(BYTES[column] for column in self.columns)


RECORDS: Mapping[str, Record] = {
    NODE: Record(("int16_t", "int16_t"), "LN_NODE({}, {})", 4, lower_last=True),
    "ln_pair": Record(("int16_t", "int16_t"), "LN_PAIR({}, {})", 4),
    "ln_synapse": Record(("int32_t", "int16_t", "int16_t", "int16_t", "uint16_t"), "{{{}, {}, {}, {}, {}}}", 2),
    "ln_synapse_narrow": Record(("uint16_t", "int16_t", "int32_t", "int16_t", "int16_t"), "{{{}, {}, {}, {}, {}}}", 2),
    "ln_synapse_words": Record(
        ("int32_t", "int16_t", "int16_t", "int16_t", "int16_t"), "{{{}, LN_PAIR({}, {}), LN_PAIR({}, {})}}", 1
    ),
}


WORKING = {"ln_position": 8, "ln_place": 12}  # bytes, where pointers have four, of what kernels write while they run


def image(kind: str, values: Array) -> bytes:
    """The rows of a table of C type ``kind`` as they lie in memory, the lower byte of an integer first."""
    record = RECORDS.get(kind, Record((kind,), "{}", 0))
    turn = -1 if record.lower_last else 1
    rows = values.reshape(len(values), -1)[:, ::turn].tolist()
    row = np.dtype(
        [(str(i), np.dtype(column[:-2]).newbyteorder("<")) for i, column in enumerate(record.columns[::turn])]
    )
    return np.array([tuple(integers) for integers in rows], row).tobytes()


def size(kind: str) -> int:
    """Bytes of one element of a table of C type ``kind``."""
    return RECORDS[kind].bytes if kind in RECORDS else {**BYTES, **WORKING}[kind]
