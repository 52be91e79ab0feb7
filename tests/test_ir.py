"""The graph: its text, its formats and its verifier, which names what is wrong."""

import numpy as np
import pytest

from lnncc import ir, shapes
from lnncc.ir import Attr, Body, Format, Graph, GraphError, Node, Port, State, Value

OPS = frozenset({"add", "neg", "loop"})


def graph(nodes: tuple[Node, ...], **changes: object) -> Graph:
    names = ("x", "s", "c", "a", "b", "p", "q", "dt")
    base = Graph(
        values={name: Value(name, () if name == "dt" else (2,)) for name in names},
        constants={"c": np.zeros(2)},
        inputs=(Port("x", "x"),),
        states=(State("h", "s", "a", np.zeros(2)),),
        outputs=(Port("y", "a"),),
        nodes=nodes,
        labels={"c": "cell/w"},
    )
    return base.edited(**changes)


GOOD = (Node("add", ("x", "c"), ("a",)),)


def loop(trips: Attr = 2, params: tuple[str, ...] = ("p",), results: tuple[str, ...] = ("q",)) -> tuple[Node, ...]:
    body = Body(params, results, (Node("add", ("p", "x"), ("q",)),))
    return (Node("loop", ("s",), ("a",), {"trips": trips}, body),)


def test_good_graphs_pass() -> None:
    for nodes in (GOOD, loop()):
        assert ir.verify(graph(nodes), OPS).nodes is nodes
    assert [n.op for n in graph(loop()).walk()] == ["loop", "add"]


BAD = {
    "does not belong": (Node("tanh", ("x",), ("a",)),),
    "neg reads b before": (Node("neg", ("b",), ("a",)),),
    "result reads a before": (Node("neg", ("x",), ("b",)),),
    "a is defined twice": (*GOOD, Node("neg", ("x",), ("a",))),
    "c is defined twice": (Node("neg", ("x",), ("c",)), *GOOD),
    "z has no declaration": (*GOOD, Node("neg", ("x",), ("z",))),
    "different numbers": loop(params=("p", "b")),
    "loop result reads b": loop(results=("b",)),
    "makes 0 trips": loop(trips=0),
    "makes many trips": loop(trips="many"),
    "has a body": (Node("neg", ("x",), ("a",), {}, Body((), (), ())),),
    "p is defined twice": (*loop(), Node("neg", ("x",), ("p",))),
    "neg reads q before": (*loop(), Node("neg", ("q",), ("b",))),
    "none, or no result": (Node("neg", ("x",), ()), *GOOD),
}


@pytest.mark.parametrize("message", BAD)
def test_bad_graphs_are_named(message: str) -> None:
    with pytest.raises(GraphError, match=message):
        ir.verify(graph(BAD[message]), OPS)


def test_arrays_have_their_declared_shapes() -> None:
    with pytest.raises(GraphError, match="constant c"):
        ir.verify(graph(GOOD, constants={"c": np.zeros(3)}), OPS)
    with pytest.raises(GraphError, match="state s begins"):
        ir.verify(graph(GOOD, states=(State("h", "s", "a", np.zeros(3)),)), OPS)


def test_shapes_are_checked() -> None:
    assert shapes.check(graph(loop()))
    narrow = graph(GOOD).values | {"a": Value("a", (1,))}
    for changed, message in (
        (graph(GOOD, states=(), values=narrow), "declared"),
        (graph((Node("neg", ("x",), ("a",)),), values=narrow), "state has"),
        (graph(loop(), states=(), values=narrow), "loop has"),
        (graph(GOOD, dt="x"), "dt is no scalar"),
    ):
        with pytest.raises(GraphError, match=message):
            shapes.check(changed)


def test_text_is_stable() -> None:
    values = graph(GOOD).values | {"x": Value("x", (2,), Format(16, 12))}
    assert ir.text(graph(loop(), values=values, dt="dt")) == (
        "input  x[2 Q3.12/16] 'x'\n"
        "state  s[2] -> a 'h'\n"
        "const  c[2] cell/w\n"
        "dt     dt\n"
        "a[2] = loop(s) trips=2\n"
        "  body(p) -> q\n"
        "    q[2] = add(p, x)\n"
        "output a 'y'\n"
    )


def test_formats() -> None:
    q = Format(16, 12)
    assert (q.lowest, q.highest, str(q)) == (-32768, 32767, "Q3.12")
    assert Value("v", (3, 4)).size == 12 and Value("v", ()).size == 1
