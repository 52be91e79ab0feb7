"""Saved states: what was saved is restored, and nothing else is."""

import numpy as np
import pytest
from device import BITS, HASH, STATES, Device, built, cfc, ltc, planned, ranged, signed, stepped
from integer_graphs import Builder

from lnncc.build import Build
from tests import models


@pytest.fixture(scope="module", params=[ltc, cfc], ids=["ltc", "cfc"])
def made(request: pytest.FixtureRequest) -> Build:
    return request.param()


def test_what_was_saved_is_restored_with_the_counters_at_zero(made: Build) -> None:
    device = Device(made)
    data = b""
    for data in stepped(device, made, 20):
        state = device.fresh()
        state.clipped = 9
        assert device.restore(state, data) == 0
        assert device.saved(state) == data and state.clipped == 0
    assert data[:2] == b"\1\0" and signed(data[:-4]) == data


def test_no_changed_bit_is_restored(made: Build) -> None:
    device = Device(made)
    *_, data = stepped(device, made, 3)
    for bit in range(8 * len(data)):
        changed = bytearray(data)
        changed[bit // 8] ^= 1 << bit % 8
        state, before = device.state, device.memory(device.state)
        expected = BITS["OTHER_MODEL" if bit // 8 in (0, *range(6)[HASH]) else "CORRUPT"]
        assert device.restore(state, bytes(changed)) == expected, bit
        assert device.memory(state) == before


def test_a_state_outside_its_invariant_is_refused_and_one_on_its_edge_taken() -> None:
    device, fields = Device(ltc()), planned(ltc()).fields
    data = device.saved(device.fresh())
    words = np.frombuffer(data[STATES:-4], "<i2")
    low, high = (np.concatenate([getattr(f, end) for f in fields]) for end in ("low", "high"))
    assert (low > -1 << 15).any() and (high < (1 << 15) - 1).any()
    for i, (least, most) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        for value in {least, most, least - 1, most + 1} - {-32769, 32768}:
            changed = words.copy()
            changed[i] = value
            given = signed(data[:STATES] + changed.tobytes())
            assert device.restore(device.state, given) == (0 if least <= value <= most else BITS["IMPOSSIBLE"])


def test_a_state_of_another_model_is_refused() -> None:
    """Of another size, of the same size, and in a format to come."""
    one, other = Device(ltc()), Device(ranged(models.ltc(), dt=0.5))
    assert other.restore(other.state, one.saved(one.state)) == BITS["OTHER_MODEL"]
    wider = Device(cfc()).saved(Device(cfc()).state)
    assert one.restore(one.state, wider.ljust(one.save_bytes, b"\0")) == BITS["OTHER_MODEL"]
    assert one.restore(one.state, signed(b"\2" + one.saved(one.state)[1:-4])) == BITS["OTHER_MODEL"]


def test_a_model_without_states_saves_its_hash() -> None:
    b = Builder()
    b.output(b.door(b.input(2), -5, 5))
    graph = b.graph()
    device = Device(built(graph))
    data = device.saved(device.fresh())
    assert len(data) == 10 and device.restore(device.state, data) == 0
    assert device.restore(device.state, signed(b"\1\0" + bytes(4))) == BITS["OTHER_MODEL"]
