"""Constants: the tables of a program, which grow as its calls first read them."""

import numpy as np

from lnncc import fx
from lnncc.ir import Array
from lnncc.plan.image import Kind, guard
from lnncc.plan.program import Table
from lnncc.plan.prototypes import Parameter
from lnncc.plan.records import NODE, RECORDS

LIMITS = {
    "int8_t": (-(1 << 7), (1 << 7) - 1),
    "uint8_t": (0, (1 << 8) - 1),
    "int16_t": (-(1 << 15), (1 << 15) - 1),
    "uint16_t": (0, (1 << 16) - 1),
    "ln_size": (0, (1 << 16) - 1),
    "int32_t": (-(1 << 31), (1 << 31) - 1),
}
SHIFTS = "s"  # the parameter of kernels with a right shift for each row; it follows the rows


class Constants:
    """Tables by C type and content.

    In an ``updatable`` model they are members of the weights ``w``, but for those that an update may not change.
    ``rows`` is how many rows of a matrix, or destinations of synapses, the machine takes at a time.
    """

    def __init__(self, rows: int, *, updatable: bool) -> None:
        self.rows, self.updatable = rows, updatable
        self._known: dict[tuple[object, ...], Table] = {}

    @property
    def tables(self) -> tuple[Table, ...]:
        return tuple(self._known.values())

    def name(
        self,
        values: Array,
        parameter: Parameter,
        label: str,
        made_of: tuple[object, ...],
        layout: str | None = None,
    ) -> str:
        """How C calls the table for ``parameter`` that holds ``values``, which ``layout`` packed.

        Equal ones are one; of weights that may change only those that are ``made_of`` the same.
        """
        if parameter.name == SHIFTS:
            values = np.minimum(values, fx.MOST_SHIFT)
        fitting = _fitting(values, parameter.type)
        rule = guard(parameter.name, parameter.type, layout, self.rows)
        free = self.updatable and rule.kind is not Kind.FIXED
        known = (parameter.type, fitting.tobytes(), *(made_of if free else ()))
        if known not in self._known:
            self._known[known] = Table(f"c{len(self._known)}", parameter.type, fitting, label, rule)
        name = self._known[known].name
        return f"w->{name}" if free else name


def _fitting(values: Array, kind: str) -> Array:
    """The integers as a table of ``kind``, flat but for records; C has no empty arrays."""
    columns = RECORDS[kind].columns if kind in RECORDS else (kind,)
    if kind == NODE:  # a node is its value and the rise to the next
        values = np.stack([values[:-1], np.diff(values)], axis=-1)
    flat = values.reshape(-1, len(columns))
    for column, name in zip(flat.T, columns, strict=True):
        low, high = LIMITS[name]
        least, most = int(column.min(initial=high)), int(column.max(initial=low))
        assert low <= least and most <= high, f"a constant from {least} to {most} in a table of {name}"
    return flat if len(flat) else np.zeros((1, len(columns)), np.int64)
