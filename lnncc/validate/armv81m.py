"""What capstone 5 does not know of Armv8.1-M: loops without overhead, conditional selects, vectors (MVE).

All that is asked of them is where they go. None of them moves SP: a vector's load or store that writes back to SP is
unpredictable, and no assembler makes one. "Armv8-M Architecture Reference Manual" (DDI 0553), C2.4: LE, LETP, WLS,
WLSTP, DLS, DLSTP, LCTP share one encoding, told apart by the register 15 and by bit 13.
"""

from dataclasses import dataclass

PC = 15
WRITTEN = frozenset(f"r{n}" for n in range(13))  # what any of them may write, of what stacks are followed by


@dataclass(frozen=True, slots=True)
class Form:
    """A name, and the target of its branch."""

    name: str
    target: int | None = None


def form(address: int, first: int, second: int) -> Form | None:
    """What the two halfwords at ``address`` are; None if they are not of Armv8.1-M."""
    if first & 0xFF80 == 0xF000 and second & 0xD001 == 0xC001:
        return _loop(address, first, second)
    if first & 0xFE00 == 0xEA00:
        return Form("csel")  # and its like: register to register, of which SP is none
    if first & 0xEC00 == 0xEC00:
        return Form("mve")
    return None


def _loop(address: int, first: int, second: int) -> Form:
    if second & 0x2000:
        return Form("dls")
    distance = (second >> 1 & 0x3FF) << 2 | (second >> 11 & 1) << 1
    if first & 15 == PC:
        return Form("le", address + 4 - distance)
    return Form("wls", address + 4 + distance)
