"""The store of a saved state: wherever the power goes, what was stored before or last is recalled."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from device import BITS, Device, ltc, ranged, stepped

from tests import models

MARK = 0xA5


@dataclass
class Memory:
    """Bytes that outlive the power, which goes at write number ``cut``: of that one, ``torn`` (old, new) is left."""

    cells: bytearray
    cut: int = -1
    torn: Callable[[int, int], int] = lambda old, new: new
    writes: int = 0
    dead: bool = False

    def read(self, address: int) -> int:
        return self.cells[address]

    def write(self, address: int, byte: int) -> None:
        if self.dead:
            return
        self.dead = self.writes == self.cut
        self.cells[address] = self.torn(self.cells[address], byte) if self.dead else byte
        self.writes += 1


class Stored:
    """The store of a device in a memory. After a cut the device goes on, but nothing reaches the memory any more."""

    def __init__(self, device: Device) -> None:
        self.device, ffi = device, device.ffi
        self.memory = Memory(bytearray())
        self.reads = ffi.callback("uint8_t(void *, uint32_t)", lambda _, address: self.memory.read(address))
        self.write = ffi.callback("void(void *, uint32_t, uint8_t)", lambda _, at, byte: self.memory.write(at, byte))
        self.given = ffi.new("m_memory *", {"read": self.reads, "write": self.write})
        self.size = 2 * (device.save_bytes + 1)

    def store(self, data: bytes) -> int:
        assert self.device.restore(self.device.state, data) == 0
        return self.device.calls.m_store(self.device.state, self.given)

    def recall(self) -> bytes | int:
        """The state as saved bytes, or why there is none."""
        state = self.device.fresh()
        why = self.device.calls.m_recall(state, self.given)
        return why or self.device.saved(state)

    def left(self) -> bytes | None:
        """The same, whatever the reason."""
        found = self.recall()
        return found if isinstance(found, bytes) else None


TORN: dict[str, Callable[[int, int], int]] = {
    "nothing": lambda old, new: old,
    "all": lambda old, new: new,
    "ones left": lambda old, new: old | new,
    "zeros left": lambda old, new: old & new,
    "erased": lambda old, new: 0xFF,
    "cleared": lambda old, new: 0,
    "half": lambda old, new: (old & 0xF0) | (new & 0x0F),
    "the mark": lambda old, new: MARK,
}
BLANK = {"erased": b"\xff", "cleared": b"\0", "noise": bytes(np.random.default_rng(3).integers(0, 256, 997).tolist())}


@pytest.fixture(scope="module")
def store() -> tuple[Stored, list[bytes]]:
    device = Device(ltc())
    return Stored(device), stepped(device, ltc(), 12)


def blank(kind: str, size: int) -> Memory:
    return Memory(bytearray((BLANK[kind] * size)[:size]))


@pytest.mark.parametrize("kind", BLANK)
def test_a_blank_memory_holds_nothing_and_then_what_was_stored_last(store: Any, kind: str) -> None:
    stored, states = store
    stored.memory = blank(kind, stored.size)
    assert stored.recall() == BITS["NOTHING_STORED"]
    for data in states:
        assert stored.store(data) == 0
        assert stored.recall() == data


@pytest.mark.parametrize("kind", BLANK)
@pytest.mark.parametrize("torn", TORN)
@pytest.mark.parametrize("earlier", [0, 1, 2, 3])
def test_a_cut_at_any_write_leaves_the_old_state_or_the_new(store: Any, kind: str, torn: str, earlier: int) -> None:
    """Torn bytes, and a second cut at any write of the next store; then a store without one works again."""
    stored, states = store
    stored.memory = blank(kind, stored.size)
    for data in states[:earlier]:
        assert stored.store(data) == 0
    start, old = bytes(stored.memory.cells), stored.left()
    stored.memory = Memory(bytearray(start))
    assert stored.store(states[5]) == 0
    total = stored.memory.writes
    assert total == stored.device.save_bytes + 2
    for cut in range(total):
        stored.memory = Memory(bytearray(start), cut, TORN[torn])
        stored.store(states[5])
        assert stored.memory.dead
        after, left = bytes(stored.memory.cells), stored.left()
        assert left in (old, states[5]), cut
        second = (cut * 7 + earlier) % total
        stored.memory = Memory(bytearray(after), second, TORN[torn])
        stored.store(states[6])
        assert stored.left() in (left, states[6]), (cut, second)
        stored.memory = Memory(bytearray(stored.memory.cells))
        assert stored.store(states[7]) == 0 and stored.recall() == states[7]


def test_the_number_of_a_save_wraps_around(store: Any) -> None:
    """Around the wrap, with a cut at every write."""
    stored, states = store
    stored.memory = blank("erased", stored.size)
    old: bytes | int = 0
    for k in range(600):
        data, start = states[k % len(states)], bytes(stored.memory.cells)
        for cut in range(stored.device.save_bytes + 2) if k % 256 in (127, 128, 254, 255, 0, 1) and k > 2 else ():
            stored.memory = Memory(bytearray(start), cut)
            stored.store(data)
            assert stored.recall() in (old, data)
        stored.memory = Memory(bytearray(start))
        assert stored.store(data) == 0 and stored.recall() == data
        old = data


def test_every_changed_bit_of_a_store_is_noticed(store: Any) -> None:
    """The older state is recalled, or, where the older is hit, the newer."""
    stored, states = store
    stored.memory = blank("erased", stored.size)
    assert [stored.store(data) for data in states[:2]] == [0, 0]
    cells = bytes(stored.memory.cells)
    for bit in range(8 * len(cells)):
        changed = bytearray(cells)
        changed[bit // 8] ^= 1 << bit % 8
        stored.memory = Memory(changed)
        assert stored.recall() == states[1 if bit // 8 < len(cells) // 2 else 0]


def test_a_memory_that_keeps_no_bit_is_noticed_and_the_old_state_kept(store: Any) -> None:
    stored, states = store
    for stuck in range(stored.size):
        stored.memory = blank("erased", stored.size)
        assert stored.store(states[0]) == 0 and stored.store(states[1]) == 0
        write = stored.memory.write
        stored.memory.write = lambda at, byte, write=write, stuck=stuck: write(at, byte) if at != stuck else None  # type: ignore[method-assign]
        said = stored.store(states[2])
        assert stored.recall() == (states[2] if said == 0 else states[1])
        assert said in (0, BITS["NOT_WRITTEN"])
        assert said == 0 or stuck < stored.size // 2  # the slot that is written


def test_states_of_another_model_in_a_store_are_no_states(store: Any) -> None:
    stored, states = store
    other = Stored(Device(ranged(models.ltc(), dt=0.5)))
    other.memory = stored.memory = blank("erased", stored.size)
    assert stored.store(states[0]) == 0 and stored.store(states[1]) == 0
    assert other.recall() == BITS["OTHER_MODEL"]
    mine = other.device.saved(other.device.fresh())
    assert other.store(mine) == 0 and other.recall() == mine and stored.recall() == states[1]
