"""The generated C for many streams on this machine: all stepped together through cffi, as ``host.run`` steps each."""

from typing import Any

import numpy as np

from lnncc.ir import Array
from lnncc.plan.interface import Interface, Signal
from lnncc.validate.host import Library, Run


def run(library: Library, interface: Interface, lanes: int, inputs: tuple[Array, ...]) -> Run:
    """All streams from reset: inputs (streams, steps, size) int16, for a library built with ``batch`` = ``lanes``."""
    ffi, calls, name = library.ffi, library.calls, interface.name
    streams, steps = inputs[0].shape[:2]
    blocks = ffi.new(f"{name}_block[]", -(-streams // lanes))
    getattr(calls, f"{name}_reset_batch")(blocks, streams)
    states, outputs = (
        tuple(np.zeros((streams, steps, s.size), np.int16) for s in signals)
        for signals in (interface.states, interface.outputs)
    )
    for k in range(steps):
        xs = [np.ascontiguousarray(x[:, k], np.int16) for x in inputs]
        ys = [np.empty((streams, s.size), np.int16) for s in interface.outputs]
        pointers = [ffi.cast("int16_t *", a.ctypes.data) for a in (*xs, *ys)]
        getattr(calls, f"{name}_step_batch")(blocks, *pointers, streams)
        for trace, y in zip(outputs, ys, strict=True):
            trace[:, k] = y
        for trace, x in zip(states, _states(_bytes(library, blocks), interface.states, lanes), strict=True):
            trace[:, k] = x[:streams]
    counters = _bytes(library, blocks)[:, -4 * lanes * len(interface.counters) :].copy().view(np.uint32)
    clipped = counters[:, :lanes].ravel()
    return Run(states, outputs, clipped[:streams])


def _bytes(library: Library, blocks: Any) -> Array:
    """(blocks, bytes of a block)"""
    return np.frombuffer(bytes(library.ffi.buffer(blocks)), np.uint8).reshape(len(blocks), -1)


def _states(memory: Array, signals: tuple[Signal, ...], lanes: int) -> list[Array]:
    """(streams, size) of each state, out of the blocks' bytes."""
    found, at = list[Array](), 0
    for signal in signals:
        field = memory[:, at : at + signal.bytes * lanes].copy().view(np.int16).reshape(-1, signal.size, lanes)
        found.append(field.transpose(0, 2, 1).reshape(-1, signal.size))
        at += signal.bytes * lanes
    return found
