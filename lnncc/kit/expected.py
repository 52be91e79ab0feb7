"""expected: what the C of a part must hash, by the twin: states, outputs and the count of what was clipped."""

from collections.abc import Iterator

import numpy as np

from lnncc import ir
from lnncc.ir import Array, Graph, Node
from lnncc.ops import OPS
from lnncc.packages import fnv1a, xorshift32
from lnncc.tape import Tape

STEPS, RESTORED = 48, 20  # of a part, and after how many of them the state is saved, reset and restored
SEED = 0x2545F491
ENDS = (-32768, 32767, 0, -1)  # all inputs in the first steps; then both ends by turns
FIXED = len(ENDS) + 1


def drawn(graph: Graph, streams: int = 1) -> tuple[Array, ...]:
    """(streams, STEPS, size) of each input; last, (streams, STEPS, 1) of a run-time dt. Step by step as C draws them:
    signals in order, of each all streams, of a stream all elements."""
    sizes = [graph.values[port.value].size for port in graph.inputs]
    xs = [np.zeros((streams, STEPS, size), np.int64) for size in sizes]
    dt, r = np.zeros((streams, STEPS, 1), np.int64), SEED
    for step in range(STEPS):
        for x in xs:
            for stream in range(streams):
                for i in range(x.shape[-1]):
                    r = xorshift32(r)
                    x[stream, step, i] = _one(step, i, r)
        if graph.dt is not None:
            r = xorshift32(r)
            dt[0, step] = r >> (1 + r % 29)
    return tuple(xs) if graph.dt is None else (*xs, dt)


def _one(step: int, i: int, r: int) -> int:
    if step < len(ENDS):
        return ENDS[step]
    if step < FIXED:
        return ENDS[i % 2]
    return (r >> 16) - 65536 * (r >> 31)


def of(graph: Graph) -> int:
    """The hash of one stream, saved and restored once on the way."""
    states = tuple(s.initial.astype(np.int64) for s in graph.states)
    data, clipped = b"", 0
    for step, given in enumerate(zip(*(x[0] for x in drawn(graph)), strict=True)):
        if step == RESTORED:
            data, clipped = data + clipped.to_bytes(4, "little"), 0
        states, outputs, more = _step(graph, states, given)
        data, clipped = data + _bytes((*states, *outputs)), clipped + more
    return fnv1a(data + clipped.to_bytes(4, "little"))


def of_streams(graph: Graph, streams: int) -> int:
    """The hash of many streams stepped together: outputs, stream after stream; at the end each state and count."""
    inputs = drawn(graph, streams)
    states = [tuple(s.initial.astype(np.int64) for s in graph.states) for _ in range(streams)]
    clipped, data = [0] * streams, b""
    for step in range(STEPS):
        results = [_step(graph, states[k], tuple(x[k, step] for x in inputs)) for k in range(streams)]
        states, clipped = [done[0] for done in results], [n + done[2] for n, done in zip(clipped, results, strict=True)]
        data += b"".join(_bytes(ys) for ys in zip(*(done[1] for done in results), strict=True))
    ends = (_bytes(state) + n.to_bytes(4, "little") for state, n in zip(states, clipped, strict=True))
    return fnv1a(data + b"".join(ends))


def _bytes(arrays: tuple[Array, ...]) -> bytes:
    return b"".join(np.asarray(x).astype("<i2").tobytes() for x in arrays)


def _step(
    graph: Graph, states: tuple[Array, ...], inputs: tuple[Array, ...]
) -> tuple[tuple[Array, ...], tuple[Array, ...], int]:
    """As ``twin.step``, and how many values it clipped."""
    env: dict[str, Array] = dict(graph.constants)
    env.update(zip(ir.given(graph), inputs, strict=True))
    env.update((s.before, x) for s, x in zip(graph.states, states, strict=True))
    counts = list[int]()
    ir.execute(graph.nodes, env, lambda node, xs: _evaluated(node, xs, counts))
    return tuple(env[s.after] for s in graph.states), tuple(env[p.value] for p in graph.outputs), sum(counts)


def _evaluated(node: Node, xs: list[Array], counts: list[int]) -> Array:
    """The result of ``node``. What clips does so in its last word, whose operand a tape has kept."""
    if node.op != "door" and not node.attrs.get("saturates"):
        return np.asarray(OPS[node.op].evaluate(node.attrs, *xs))
    tape = Tape()
    given = [tape.given(f"x{k}", x) for k, x in enumerate(xs)]
    result = np.asarray(OPS[node.op].evaluate(node.attrs, *given).value)
    before = dict(_values(tape, xs))[str(tape.lines[-1].operands[0])]
    counts.append(int((before != result).sum()))
    return result


def _values(tape: Tape, xs: list[Array]) -> Iterator[tuple[str, Array]]:
    yield from ((f"x{k}", x) for k, x in enumerate(xs))
    yield from ((line.name, line.bounds.low) for line in tape.lines)
