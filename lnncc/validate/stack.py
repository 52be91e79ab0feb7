"""Worst-case stack of a function, from its machine code: the deepest frame along the longest path of calls.

Every compiler's ELF is read the same way: SP is followed through each function as an offset from its value before the
call. What an instruction does to it is said by its instruction set (``validate/code``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lnncc.validate import code, registers
from lnncc.validate.code import Code, Step
from lnncc.validate.elf import Image, Symbol
from lnncc.validate.registers import Known


@dataclass(frozen=True, slots=True)
class Stack:
    """Bytes below SP before the call that a call may use, and the functions on the deepest path."""

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
        raise registers.unbounded(path[-1], f"a call to {address:#x}, where no function is")
    if function.name in path:
        raise registers.unbounded(function.name, "recursion: " + " -> ".join((*path, function.name)))
    if function.address not in known:
        frame, here = _frame(image, function), (*path, function.name)
        inner = [(depth, _bound(image, callee, here, known)) for depth, callee in sorted(frame.calls)]
        options = [Stack(depth + below.size, (function.name, *below.path)) for depth, below in inner]
        own = Stack(frame.depth, (function.name,))
        known[function.address] = max([own, *options], key=lambda stack: stack.size)
    return known[function.address]


def _frame(image: Image, function: Symbol) -> _Frame:
    """Walk every path of ``function`` until what is known of the registers no longer changes."""
    instructions = code.of(image)
    steps = {step.address: step for step in _steps(image, function, instructions)}
    if function.address not in steps:
        raise registers.unbounded(function.name, "it does not start with code")
    seen: dict[int, Known] = {}
    tables: list[Known] = []
    calls: set[tuple[int, int]] = set()
    work = [(function.address, instructions.on_entry(image))]
    while work or (work := _beyond_tables(steps, seen, tables)):
        address, known = work.pop()
        if address not in steps:
            continue
        merged = registers.merge(seen.get(address), known, function.name)
        if seen.get(address) == merged:
            continue
        seen[address] = merged
        effect = instructions.effect(image, steps[address], merged, function)
        calls |= {(-merged["sp"].amount, to) for to in effect.calls}
        tables += [merged] if effect.table else []
        work += [(to, effect.known) for to in effect.jumps]
        work += [(steps[address].end, effect.falls)] if effect.falls is not None else []
    deepest = min(known["sp"].amount for known in seen.values())
    return _Frame(-deepest, frozenset(calls))


def _steps(image: Image, function: Symbol, instructions: Code) -> Iterator[Step]:
    start = function.address
    while start < function.end:
        end = start + 2
        while end < function.end and image.is_code(end) == image.is_code(start):
            end += 2
        if image.is_code(start):
            yield from instructions.decode(image, start, end - start)
        start = end


def _beyond_tables(
    steps: Mapping[int, Step], seen: Mapping[int, Known], tables: list[Known]
) -> list[tuple[int, Known]]:
    """Code that only a table can reach, at the depth of the deepest jump."""
    rest = [address for address in steps if address not in seen]
    if not rest or not tables:
        return []
    return [(min(rest), min(tables, key=lambda known: known["sp"].amount))]
