"""Worst-case stack of a function, from its machine code: the deepest frame along the longest path of calls.

Every compiler's ELF is read the same way: SP is followed through each function as an offset from its value on entry.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lnncc.validate import sp, thumb
from lnncc.validate.elf import Image, Symbol
from lnncc.validate.thumb import Instruction


@dataclass(frozen=True, slots=True)
class Stack:
    """Bytes below SP on entry that a call may use, and the functions on the deepest path."""

    size: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Frame:
    """The deepest SP inside a function, and each call's (depth, address)."""

    depth: int
    calls: frozenset[tuple[int, int]]


def bound(image: Image, name: str) -> Stack:
    """The worst-case stack of the function ``name``.

    Raises:
        LnnccError: E0805 for recursion, an indirect call or a frame whose size is not a constant.
    """
    return _bound(image, image.symbol(name).address, (), {})


def _bound(image: Image, address: int, path: tuple[str, ...], known: dict[int, Stack]) -> Stack:
    function = image.function_at(address)
    if function is None:
        raise sp.unbounded(path[-1], f"a call to {address:#x}, where no function is")
    if function.name in path:
        raise sp.unbounded(function.name, "recursion: " + " -> ".join((*path, function.name)))
    if function.address not in known:
        frame, here = _frame(image, function), (*path, function.name)
        inner = [(depth, _bound(image, callee, here, known)) for depth, callee in sorted(frame.calls)]
        options = [Stack(depth + below.size, (function.name, *below.path)) for depth, below in inner]
        own = Stack(frame.depth, (function.name,))
        known[function.address] = max([own, *options], key=lambda stack: stack.size)
    return known[function.address]


def _frame(image: Image, function: Symbol) -> _Frame:
    """Walk every path of ``function`` until what is known of the registers no longer changes."""
    code = {i.address: i for i in _instructions(image, function)}
    if function.address not in code:
        raise sp.unbounded(function.name, "it does not start with code")
    seen: dict[int, sp.Known] = {}
    jumps: list[sp.Known] = []
    calls: set[tuple[int, int]] = set()
    work = [(function.address, sp.ON_ENTRY)]
    while work or (work := _beyond_tables(code, seen, jumps)):
        address, known = work.pop()
        if address not in code:
            continue
        merged = sp.merge(seen.get(address), known, function.name)
        if seen.get(address) == merged:
            continue
        seen[address] = merged
        instruction = code[address]
        calls |= {(-merged["sp"].amount, to) for to in _callees(instruction, function, merged)}
        if _is_table(instruction):
            jumps.append(merged)
        after = sp.after(image, instruction, merged, function.name)
        work += [(to, after) for to in _targets(instruction, function)]
        if _falls_through(instruction):
            # A skipped return leaves SP as it was.
            work.append((instruction.end, merged if _returns(instruction) else after))
    deepest = min(known["sp"].amount for known in seen.values())
    return _Frame(-deepest, frozenset(calls))


def _instructions(image: Image, function: Symbol) -> Iterator[Instruction]:
    start = function.address
    while start < function.end:
        end = start + 2
        while end < function.end and image.is_code(end) == image.is_code(start):
            end += 2
        if image.is_code(start):
            yield from thumb.decode(image, start, end - start)
        start = end


def _callees(instruction: Instruction, function: Symbol, known: sp.Known) -> Iterator[int]:
    """Addresses of functions that ``instruction`` calls or ends in."""
    name, target = instruction.name, instruction.immediate
    if name == thumb.UNKNOWN:
        raise sp.unbounded(function.name, f"an unknown instruction at {instruction.address:#x}")
    if name == "blx" or (name == "bx" and not sp.is_return(instruction, known)):
        raise sp.unbounded(function.name, f"an indirect call at {instruction.address:#x}: {instruction.text}")
    if target is not None and (name == "bl" or (name == "b" and not _inside(target, function))):
        yield target


def _targets(instruction: Instruction, function: Symbol) -> Iterator[int]:
    """Where in ``function`` a direct branch goes."""
    target = instruction.immediate
    if instruction.name in ("b", "cbz", "cbnz") and target is not None and _inside(target, function):
        yield target


def _falls_through(instruction: Instruction) -> bool:
    ends = instruction.name in ("b", "udf") or _returns(instruction) or _is_table(instruction)
    return instruction.conditional or not ends


def _returns(instruction: Instruction) -> bool:
    return instruction.name == "bx" or (instruction.name in ("pop", "ldm") and "pc" in instruction.writes)


def _is_table(instruction: Instruction) -> bool:
    """A jump through a table (``switch``): its targets are not followed but found as code not yet reached."""
    computed = instruction.name in ("ldr", "mov", "add") and "pc" in instruction.writes
    return computed or instruction.name in ("tbb", "tbh")


def _beyond_tables(
    code: Mapping[int, Instruction], seen: Mapping[int, sp.Known], jumps: list[sp.Known]
) -> list[tuple[int, sp.Known]]:
    """Code that only a table can reach, at the depth of the deepest jump."""
    rest = [address for address in code if address not in seen]
    if not rest or not jumps:
        return []
    return [(min(rest), min(jumps, key=lambda known: known["sp"].amount))]


def _inside(address: int, function: Symbol) -> bool:
    return function.address <= address < function.end
