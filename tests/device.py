"""Generated C on this machine, opened for tests of what it does beside its steps."""

import functools
import zlib
from typing import Any

import numpy as np
from integer_graphs import FULL

import lnncc
from lnncc import target
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.choices import Choices
from lnncc.emit import emit
from lnncc.ir import Graph
from lnncc.options import Settings
from lnncc.passes.prove import prove
from lnncc.plan import Plan, plan
from lnncc.validate import host
from tests import models

NAMES = dict.fromkeys(("INPUT_CLIPPED", "DT_CLIPPED", "SATURATED", "HELD", "TABLES_WRONG", "OTHER_MODEL", "CORRUPT"))
BITS = {name: 1 << i for i, name in enumerate((*NAMES, "IMPOSSIBLE", "NOTHING_STORED", "NOT_WRITTEN"))}
HASH, STATES = slice(2, 6), 6
MARK = 0xA5


def ranged(graph: Graph, **more: Any) -> Build:
    return lnncc.compile(Model(graph), ranges={"x": (-2.0, 1.5)}, name="m", **{"dt": 1.0, **more}).build


@functools.cache
def ltc() -> Build:
    return ranged(models.ltc())


@functools.cache
def cfc() -> Build:
    return ranged(models.cfc())


def planned(made: Build) -> Plan:
    graph, proof = prove(made.integer)
    return plan(graph, "m", proof.bounds, target.load(made.settings.target), lanes=made.settings.batch)


def built(graph: Graph, lanes: int | None = None, **more: Any) -> Build:
    graph, proof = prove(graph)
    layout = plan(graph, "m", proof.bounds, target.load("host"), lanes=lanes, taps=more.get("taps", ()))
    return Build(
        Settings("m", batch=lanes, **more), Choices(), layout.interface, graph, graph, emit(layout), {}, {}, {}
    )


class Device:
    """A model on this machine, and a state of it."""

    def __init__(self, made: Build) -> None:
        self.library = host.build(made)
        self.ffi: Any = self.library.ffi  # cffi knows its types at run time only
        self.calls: Any = self.library.calls
        self.state = self.fresh()
        self.save_bytes = STATES + 4 + 2 * sum(s.size for s in made.interface.states)

    def fresh(self) -> Any:
        state = self.ffi.new("m_state *")
        self.calls.m_reset(state)
        return state

    def memory(self, state: Any) -> bytes:
        return bytes(self.ffi.buffer(state))

    def saved(self, state: Any) -> bytes:
        found = self.ffi.new("uint8_t[]", self.save_bytes)
        self.calls.m_save(state, found)
        return bytes(found)

    def restore(self, state: Any, data: bytes) -> int:
        return self.calls.m_restore(state, data)


def signed(body: bytes) -> bytes:
    return body + zlib.crc32(body).to_bytes(4, "little")


def stepped(device: Device, made: Build, steps: int) -> list[bytes]:
    """Saved states of a trajectory, each another."""
    text = "void m_step(m_state *, const int16_t *, int16_t *);"
    device.ffi.cdef(text, override=True)
    rng, found, state = np.random.default_rng(0), list[bytes](), device.fresh()
    for _ in range(steps):
        x = rng.integers(-FULL, FULL, made.interface.inputs[0].size).astype(np.int16)
        y = device.ffi.new("int16_t[]", made.interface.outputs[0].size)
        device.calls.m_step(state, device.ffi.from_buffer("int16_t[]", x), y)
        found.append(device.saved(state))
    assert len(set(found)) == steps
    return found
