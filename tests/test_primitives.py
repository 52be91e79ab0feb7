"""The float vocabulary: meaning of each primitive, its shape rule, and the reference over streams."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import ir, primitives, reference, shapes
from lnncc.ir import Attr, Body, Graph, Node, Port, State, Value
from lnncc.prune import prune

RNG = np.random.default_rng(3)
A, B = RNG.normal(size=(2, 3)), RNG.normal(size=(3, 4))

STRUCTURAL: dict[str, tuple[dict[str, Attr], list[np.ndarray], np.ndarray]] = {
    "broadcast": ({"shape": (4, 2, 3), "dims": (1, 2)}, [A], np.stack([A] * 4)),
    "broadcast_one": ({"shape": (2, 3), "dims": (0, 1)}, [A[:, :1]], np.repeat(A[:, :1], 3, axis=1)),
    "reshape": ({"shape": (3, 2)}, [A], A.reshape(3, 2)),
    "transpose": ({"perm": (1, 0)}, [A], A.T),
    "slice": ({"start": (0, 1), "limit": (2, 3), "stride": (2, 1)}, [A], A[:2:2, 1:]),
    "take": ({"axis": 1, "indices": (2, 0, 0)}, [A], A[:, [2, 0, 0]]),
    "concat": ({"axis": 1}, [A, A[:, :1]], np.hstack([A, A[:, :1]])),
    "sum": ({"axes": (0,)}, [A], A.sum(0)),
    "argmax": ({"axis": 1}, [np.hstack([A, A])], A.argmax(1)),
    "dot": ({"x_contract": (1,), "y_contract": (0,), "x_batch": (), "y_batch": ()}, [A, B], A @ B),
    "dot_batch": (
        {"x_contract": (1,), "y_contract": (1,), "x_batch": (0,), "y_batch": (0,)},
        [A, 2 * A],
        (A * 2 * A).sum(1),
    ),
}


def op_of(case: str) -> str:
    return case.split("_")[0]


@pytest.mark.parametrize("case", STRUCTURAL)
def test_structural(case: str) -> None:
    attrs, xs, expected = STRUCTURAL[case]
    found = primitives.apply(op_of(case), attrs, *xs)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    assert shapes.of(op_of(case), attrs, [x.shape for x in xs]) == expected.shape


BROKEN: dict[str, dict[str, Attr]] = {
    "broadcast": {"shape": (4, 3, 3), "dims": (1, 2)},
    "reshape": {"shape": (5,)},
    "transpose": {"perm": (1, 1)},
    "slice": {"start": (0, 1), "limit": (3, 3), "stride": (1, 1)},
    "take": {"axis": 0, "indices": (2,)},
    "concat": {"axis": 5},
    "sum": {"axes": (2,)},
    "argmax": {"axis": 2},
    "dot": {"x_contract": (0,), "y_contract": (0,), "x_batch": (), "y_batch": ()},
}


@pytest.mark.parametrize("op", BROKEN)
@pytest.mark.parametrize("attrs", ["wrong", "missing", "typed"])
def test_shape_rules_refuse(op: str, attrs: str) -> None:
    _, xs, _ = STRUCTURAL[op]
    given_attrs = {"wrong": BROKEN[op], "missing": {}, "typed": dict.fromkeys(BROKEN[op], "x")}[attrs]
    with pytest.raises(ir.GraphError, match=op):
        shapes.of(op, given_attrs, [x.shape for x in xs])


def test_shape_rules_count_operands() -> None:
    for op, count in (("tanh", 2), ("add", 1), ("select", 2), ("concat", 0)):
        with pytest.raises(ir.GraphError, match=f"{op} has {count} operands"):
            shapes.of(op, {"axis": 0}, [(2,)] * count)
    with pytest.raises(ir.GraphError, match="does not fit"):
        shapes.of("add", {}, [(2,), (3,)])


def test_every_primitive_has_a_shape_rule() -> None:
    assert frozenset(shapes.RULES) == frozenset(primitives.STRUCTURAL)
    assert frozenset(reference._SHIFTED) | {"dot"} == frozenset(primitives.STRUCTURAL)


@pytest.mark.parametrize("op", sorted(primitives.UNARY))
def test_unary_at_known_points(op: str) -> None:
    """Against the standard library where it has the function, at points inside every domain."""
    import math

    others = {"neg": lambda x: -x, "abs": abs, "sign": lambda x: math.copysign(1, x), "round": round, "rsqrt": None}
    others |= {"atan": math.atan, "asin": math.asin, "acos": math.acos, "asinh": math.asinh, "atanh": math.atanh}
    others |= {"acosh": lambda x: math.acosh(x), "logistic": lambda x: 1 / (1 + math.exp(-x)), "not": lambda x: not x}
    others |= {"is_finite": math.isfinite, "rsqrt": lambda x: 1 / math.sqrt(x)}
    standard = others.get(op) or getattr(math, op)
    for x in (1.0,) if op == "acosh" else (0.25, 0.5, 0.75):
        assert primitives.apply(op, {}, np.asarray(x)) == pytest.approx(standard(x), rel=1e-14)


@given(st.lists(st.floats(-9, 9), min_size=2, max_size=2))
def test_select_takes_true_first(xs: list[float]) -> None:
    x, y = map(np.asarray, xs)
    assert primitives.apply("select", {}, x < y, x, y) == min(xs)
    assert primitives.apply("min", {}, x, y) == min(xs)


def looped(trips: int = 3) -> Graph:
    """state <- loop of state · w + x, which reads w and x from outside; one carry is dead."""
    values = {n: Value(n, (2,)) for n in ("s0", "x0", "a", "b", "d", "e", "f", "g", "h")} | {"w": Value("w", (2, 2))}
    dot: dict[str, Attr] = {"x_contract": (1,), "y_contract": (0,), "x_batch": (), "y_batch": ()}
    body = Body(
        ("a", "d"),
        ("e", "f"),
        (Node("dot", ("w", "a"), ("b",), dot), Node("add", ("b", "x0"), ("e",)), Node("neg", ("d",), ("f",))),
    )
    node = Node("loop", ("s0", "x0"), ("g", "h"), {"trips": trips}, body)
    state = State("state", "s0", "g", np.array([0.5, -0.25]))
    weights = {"w": np.array([[0.5, 0.25], [-0.5, 0.125]])}
    return Graph(values, weights, (Port("x", "x0"),), (state,), (Port("y", "g"),), (node,))


def test_loop() -> None:
    graph = shapes.check(ir.verify(looped(), primitives.NAMES))
    h, x = np.array([1.0, 2.0]), np.array([0.5, 0.25])
    expected = h
    for _ in range(3):
        expected = graph.constants["w"] @ expected + x
    (after,), (output,) = primitives.step(graph, (h,), (x,))
    np.testing.assert_allclose(after, expected, rtol=1e-15)
    np.testing.assert_array_equal(after, output)


def test_prune_drops_dead_carries() -> None:
    graph = ir.verify(prune(looped()), primitives.NAMES)
    (node,) = graph.nodes
    assert node.body is not None
    assert (node.inputs, node.outputs, node.body.params, node.body.results) == (("s0",), ("g",), ("a",), ("e",))
    assert set(graph.values) == {"s0", "x0", "w", "a", "b", "e", "g"}


def test_reference_runs_streams_together() -> None:
    graph = looped()
    xs = RNG.normal(size=(4, 6, 2))
    outputs, states = reference.run(graph, {"x": xs})
    assert outputs["y"].shape == states["state"].shape == (4, 6, 2)
    for stream in range(4):
        h = (graph.states[0].initial,)
        for k in range(6):
            h, (y,) = primitives.step(graph, h, (xs[stream, k],))
            np.testing.assert_allclose(outputs["y"][stream, k], y, rtol=1e-12)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_reference_batches_every_primitive(data: st.DataObject) -> None:
    """Any mix of operands with and without the axis of streams gives what one stream after the other gives."""
    case = data.draw(st.sampled_from([*STRUCTURAL, "add", "select", "tanh"]))
    attrs, xs, _ = STRUCTURAL.get(case, ({}, [A, A[0], A[:, :1]][: {"add": 2, "select": 3}.get(case, 1)], A))
    batched = data.draw(st.lists(st.booleans(), min_size=len(xs), max_size=len(xs)))
    streams = [RNG.normal(size=(5, *x.shape)) if b else x for x, b in zip(xs, batched, strict=True)]
    op, ranks = op_of(case), [x.ndim for x in xs]
    expected = [
        primitives.apply(op, attrs, *(s[k] if b else s for s, b in zip(streams, batched, strict=True)))
        for k in range(5)
    ]
    node = Node(op, ("a",) * len(xs), ("b",), attrs)
    found = reference._apply(node, streams, ranks, expected[0].ndim)
    np.testing.assert_allclose(np.broadcast_to(found, np.shape(expected)), expected, rtol=1e-12, atol=1e-15)


def test_dt_and_scalars_in_the_reference() -> None:
    values = {
        "x0": Value("x0", ()),
        "dt": Value("dt", ()),
        "v": Value("v", ()),
        "c": Value("c", (2,)),
        "w": Value("w", (2,)),
    }
    nodes = (Node("mul", ("x0", "dt"), ("v",)), Node("add", ("v", "c"), ("w",)))
    graph = Graph(values, {"c": np.array([1.0, 2.0])}, (Port("x", "x0"),), (), (Port("y", "w"),), nodes, dt="dt")
    outputs, states = reference.run(graph, {"x": np.arange(6.0).reshape(2, 3, 1)}, 0.5)
    np.testing.assert_allclose(outputs["y"][1, 2], [3.5, 4.5])
    assert states == {}
