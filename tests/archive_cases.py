"""Graphs that the tests of the archive share: one of floats, one of integers."""

import numpy as np

from lnncc.errors import Source
from lnncc.ir import Attr, Body, Format, Graph, Node, Port, State, Value

OPS = frozenset({"affine", "table", "loop"})
DOT: dict[str, Attr] = {"x_contract": (1,), "y_contract": (0,), "x_batch": (), "y_batch": ()}


def float_graph() -> Graph:
    values = {n: Value(n, (2,)) for n in ("x0", "s0", "m", "p", "q", "r", "v")}
    values |= {"w": Value("w", (2, 2)), "dt": Value("dt", ())}
    body = Body(("p",), ("r",), (Node("dot", ("w", "p"), ("q",), DOT), Node("mul", ("q", "dt"), ("r",))))
    nodes = (
        Node("loop", ("s0",), ("v",), {"trips": 6}, body, Source("/home/me/net.py", 3)),
        Node("select", ("m", "v", "x0"), ("y",)),
    )
    values["y"] = Value("y", (2,))
    constants = {"w": np.array([[0.1, -0.2], [1e-300, 3.0]]), "m": np.array([True, False])}
    state = State("h", "s0", "v", np.array([0.5, -0.5]))
    return Graph(values, constants, (Port("gyro", "x0"),), (state,), (Port("y/π", "y"),), nodes, "dt", {"w": "cell/w"})


def integer_graph() -> Graph:
    values = {n: Value(n, (2,), Format(16, 12)) for n in ("x0", "s0", "y0")} | {"c0": Value("c0", (2, 2), Format(8, 7))}
    attrs: dict[str, Attr] = {"shift": -3, "saturates": True, "expr": ("mul", ("const", 0.5), ("var",)), "isa": "m4"}
    nodes = (Node("affine", ("c0", "x0", "s0"), ("y0",), attrs),)
    state = State("h", "s0", "y0", np.zeros(2, np.int64))
    return Graph(values, {"c0": np.array([[1, -2], [2**40, 4]])}, (Port("x", "x0"),), (state,), (), nodes)
