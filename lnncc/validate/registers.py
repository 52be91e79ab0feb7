"""What is known of registers while the stack of a function is followed: values relative to SP before its call."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from lnncc.errors import LnnccError

MASK = 0xFFFFFFFF


class Base(Enum):
    """What a known register holds: an offset from SP before the call, a constant, or the way back to the caller."""

    STACK = "stack"
    ZERO = "zero"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Amount:
    """A register's value, ``base`` plus ``amount``."""

    base: Base
    amount: int = 0

    def plus(self, other: "Amount | None", sign: int = 1) -> "Amount | None":
        """The sum with a constant, or the difference; None if it is not known."""
        if other is None or other.base is not Base.ZERO or self.base is Base.RETURN:
            return None
        return Amount(self.base, signed(self.amount + sign * other.amount))


Known = Mapping[str, Amount]


@dataclass(frozen=True, slots=True)
class Effect:
    """One instruction to the follower of stacks: what is known after it, and where it goes.

    ``calls`` are functions that it calls or ends in, ``jumps`` its targets inside the function, ``falls`` what is known
    where the next instruction is reached without a jump (None if it never is); ``table`` is a jump not followed.
    """

    known: Known
    calls: tuple[int, ...] = ()
    jumps: tuple[int, ...] = ()
    falls: Known | None = None
    table: bool = False


def constant(value: int) -> Amount:
    return Amount(Base.ZERO, signed(value))


def merge(old: Known | None, new: Known, function: str) -> Known:
    """What holds on both paths to an instruction. Raises E0805 if SP depends on the path."""
    if old is None:
        return new
    if old["sp"] != new["sp"]:
        raise unbounded(function, "its stack depth depends on the path")
    return {register: amount for register, amount in old.items() if new.get(register) == amount}


def checked(known: Known, function: str, text: str, address: int) -> Known:
    """``known``, if SP is in it. Raises E0805 if not: the instruction ``text`` made it unknown."""
    if "sp" not in known or known["sp"].base is not Base.STACK:
        raise unbounded(function, f"{text} at {address:#x} moves SP by no constant")
    return known


def signed(value: int) -> int:
    """``value`` as a signed 32-bit number: a frame of 4 kB on a Cortex-M0 is made by adding 2^32 - 4096."""
    return (value & MASK ^ 1 << 31) - (1 << 31)


def unbounded(function: str, why: str) -> LnnccError:
    return LnnccError(
        "E0805",
        f"the stack of {function} has no bound that can be read from its machine code",
        notes=(why,),
        helps=("lnncc writes no such code: report it with the compiler's version",),
    )
