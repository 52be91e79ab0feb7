"""Taps: what the C copies out is what the twin computes at that node, and everything else stays as it is."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from device import Device, built, ltc, ranged
from integer_graphs import FULL, drawn
from toy_model import need_emulator, need_target

import lnncc
from lnncc import archive, build, ir, target, twin
from lnncc.archive import Model
from lnncc.build import Build
from lnncc.cli import main
from lnncc.errors import LnnccError
from lnncc.ir import Array, Graph, Node
from lnncc.ops import OPS
from lnncc.plan.interface import Interface
from lnncc.validate import chip, compare, host
from tests import models

STEPS = 4


def watched(graph: Graph, states: tuple[Array, ...], inputs: tuple[Array, ...]) -> dict[str, Array]:
    """What each node of one step computes, flat, all trips of a loop one after the other."""
    seen: defaultdict[str, list[Array]] = defaultdict(list)
    env: dict[str, Any] = dict(graph.constants) | dict(zip(ir.given(graph), inputs, strict=True))
    env |= {s.before: x for s, x in zip(graph.states, states, strict=True)}

    def execute(nodes: tuple[Node, ...]) -> None:
        for node in nodes:
            xs = [env[name] for name in node.inputs]
            if node.body is None:
                xs = [OPS[node.op].evaluate(node.attrs, *xs)]
            for _ in range(node.trips if node.body is not None else 0):
                assert node.body is not None
                env.update(zip(node.body.params, xs, strict=True))
                execute(node.body.nodes)
                xs = [env[name] for name in node.body.results]
            env.update(zip(node.outputs, xs, strict=True))
            for name, x in zip(node.outputs, xs, strict=True):
                seen[name].append(np.asarray(x).ravel())

    execute(graph.nodes)
    return {name: np.concatenate(parts) for name, parts in seen.items()}


def tapped(device: Device, io: Interface, given: list[Array]) -> tuple[dict[str, Array], list[Array]]:
    """What one step of a device copies out, by label, and its outputs."""
    ffi = device.ffi
    xs = [ffi.new(f"int{s.bits}_t[]", x.tolist()) for s, x in zip(io.given, given, strict=True)]
    xs = [x[0] if s is io.dt else x for s, x in zip(io.given, xs, strict=True)]
    ys = [ffi.new("int16_t[]", y.size) for y in io.outputs]
    taps = ffi.new("m_taps *")
    device.calls.m_step_taps(device.state, *xs, *ys, taps)
    found = {t.label: np.array(list(getattr(taps, t.id))) for t in io.taps}
    return found, [np.array(list(y)) for y in ys]


def declare(device: Device, io: Interface) -> None:
    """Once a library, which builds of the same C share."""
    if "m_taps" in device.ffi.list_types()[0]:
        return
    kinds = ["const int16_t *"] * len(io.inputs) + ["int32_t"] * (io.dt is not None) + ["int16_t *"] * len(io.outputs)
    fields = "".join(f"int{t.bits}_t {t.id}[{t.size}]; " for t in io.taps)
    device.ffi.cdef(f"typedef struct {{ {fields} }} m_taps;", override=True)
    device.ffi.cdef(f"void m_step_taps({', '.join(['m_state *', *kinds, 'm_taps *'])});", override=True)


def offered(graph: Graph) -> tuple[str, ...]:
    """Every value that a node computes, those of loops too."""
    nodes = (n for n in graph.walk() if n.op != "slice" or n.inputs[0] not in graph.constants)
    return tuple(dict.fromkeys(name for node in nodes for name in node.outputs))


def follow(made: Build, given: Mapping[int, list[Array]]) -> None:
    """The device and the twin, step by step: taps, states and outputs."""
    device, graph, io = Device(made), made.integer, made.interface
    declare(device, io)
    states = tuple(s.initial for s in graph.states)
    for xs in given.values():
        expected = watched(graph, states, tuple(xs))
        states, outputs = twin.step(graph, states, tuple(xs))
        found, ys = tapped(device, io, xs)
        assert found.keys() <= expected.keys()
        for name, values in found.items():
            np.testing.assert_array_equal(values, expected[name], err_msg=name)
        np.testing.assert_array_equal(np.concatenate(ys), np.concatenate(outputs))
        for i, after in enumerate(states):
            assert list(getattr(device.state, f"s{i}")) == after.tolist()


def random(io: Interface, seed: int) -> dict[int, list[Array]]:
    rng = np.random.default_rng(seed)
    tops = [1 << s.bits - 1 for s in io.given]
    return {k: [rng.integers(-t, t, s.size) for s, t in zip(io.given, tops, strict=True)] for k in range(STEPS)}


@pytest.mark.parametrize("seed", range(12))
def test_every_value_of_any_graph_can_be_seen(seed: int) -> None:
    """Wide ones, pairs, views, what is inside loops, and what shares its memory with others."""
    graph = drawn(seed)
    made = built(graph, taps=offered(graph))
    assert len(made.interface.taps) == len(offered(graph)) > 0
    follow(made, random(made.interface, seed))


@pytest.mark.parametrize("optimise", ["balanced", "speed", "size"])
@pytest.mark.parametrize("cell", [models.ltc, models.cfc])
def test_a_cell_can_be_seen_however_it_is_optimised(cell: Any, optimise: str) -> None:
    plain = ranged(cell(), optimise=optimise)
    made = ranged(cell(), optimise=optimise, taps=offered(plain.integer))
    assert archive.pack(made.integer) == archive.pack(plain.integer)
    follow(made, random(made.interface, 1))


def test_trips_of_a_loop_follow_each_other() -> None:
    inner = next(n for n in ltc().integer.walk() if n.op == "mean").outputs[0]
    made = ranged(models.ltc(), taps=[inner])
    [tap] = made.interface.taps
    assert tap.size == 6 * 10 and tap.label == inner


def test_taps_change_neither_bits_nor_a_build_without_them() -> None:
    plain, made = ltc(), ranged(models.ltc(), taps=offered(ltc().integer))
    assert "taps" not in plain.sources["m.c"] + plain.sources["m.h"]
    assert made.sources["m.c"] != plain.sources["m.c"]
    x = np.random.default_rng(0).integers(-FULL, FULL, (2, 30, 3)).astype(np.int16)
    trace = twin.run(plain.integer, (x,))
    for each in (plain, made):
        assert compare.equal_steps(host.run(host.build(each), each.interface, (x,)), trace) == 60


@pytest.mark.parametrize("name", ["cortex-m4", "avr-atmega328p", "rv32imc"])
def test_a_core_with_taps_gives_the_same_bits(name: str) -> None:
    need_target(name)
    need_emulator(name)
    made = ranged(models.ltc(), taps=offered(ltc().integer))
    x = np.random.default_rng(0).integers(-FULL, FULL, (1, 6, 3)).astype(np.int16)
    result = chip.execute(made, target.load(name), (x[0],), count=1)
    assert compare.equal_steps(result.trace, twin.run(made.integer, (x,))) == 6


def test_a_name_that_is_no_value_is_refused_with_those_that_are() -> None:
    with pytest.raises(LnnccError, match="E0229") as caught:
        ranged(models.ltc(), taps=["n18"])
    assert "did you mean `n19`?" in str(caught.value) and "there are v1, n12" in str(caught.value)
    with pytest.raises(LnnccError, match=r"E0229.*`h9`"):
        ranged(models.cfc(units=16), taps=["h9"])


def test_streams_have_no_taps() -> None:
    with pytest.raises(LnnccError, match=r"E0215.*taps"):
        ranged(models.ltc(), taps=["v1"], batch=8)


def test_the_folder_keeps_the_taps_and_the_command_line_takes_them(tmp_path: Path, capsys: Any) -> None:
    Model(models.ltc()).save(tmp_path / "model.lnn")
    words = ["compile", str(tmp_path / "model.lnn"), "--target", "host", "--dt", "1", "--range", "x=-2:1.5"]
    assert main([*words, "--tap", "v1", "--tap", "n19", "--tap", "v1", "-o", str(tmp_path / "out"), "--name", "m"]) == 0
    again = build.read(tmp_path / "out")
    assert again.settings.taps == ("v1", "n19") and [t.label for t in again.interface.taps] == ["v1", "n19"]
    assert lnncc.Program(again).build.files() == again.files()
    assert main([*words, "--tap", "nothing", "-o", str(tmp_path / "other")]) == 2
    assert "E0229" in capsys.readouterr().err
