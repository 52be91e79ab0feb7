"""Layouts: the constants of a kernel in the order in which one machine likes to read them. No number changes.

A kernel names its layout in the line above its text (``plan.prototypes``); a layout is the function of that name here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lnncc.ir import Array, Attr


@dataclass(frozen=True, slots=True, eq=False)
class Packed:
    """Tables by parameter of the machine's own kernel, and its attributes."""

    tables: Mapping[str, Array]
    attrs: Mapping[str, Attr]


# From constants by parameter of the portable kernel, and the attributes; None where the kernel has no use for them.
Layout = Callable[[Mapping[str, Array], Mapping[str, Attr]], Packed | None]

LAYOUTS: Mapping[str, Layout] = {}
