"""Graphs as JSON: whatever is wrong with the data, it is named, and nothing else comes of it."""

import json
from collections.abc import Callable

import numpy as np
import pytest
from archive_cases import float_graph
from hypothesis import given, settings
from hypothesis import strategies as st

from lnncc import primitives, serial
from lnncc.errors import LnnccError


def parts() -> tuple[dict, dict[str, np.ndarray]]:
    data, arrays = serial.to_parts(float_graph())
    return json.loads(json.dumps(data)), arrays


def refuse(data: object, arrays: dict[str, np.ndarray], text: str, code: str = "E0310") -> None:
    with pytest.raises(LnnccError) as caught:
        serial.from_parts(data, arrays)
    assert caught.value.code == code
    assert text in str(caught.value), str(caught.value)


def edit(path: str, value: object) -> Callable[[dict], None]:
    """Sets the item at ``path`` (keys and indices, separated by dots)."""

    def change(data: dict) -> None:
        *way, last = path.split(".")
        item: object = data
        for key in way:
            item = item[int(key) if isinstance(item, list) else key]  # type: ignore[index]
        item[int(last) if isinstance(item, list) else last] = value  # type: ignore[index]

    return change


EDITS = {
    "another schema": (edit("schema", "lnncc.graph/2"), "its schema is 'lnncc.graph/2'"),
    "unknown field": (edit("extra", 1), "has not the fields"),
    "list for object": (edit("nodes.0", []), "where an object should"),
    "object for list": (edit("nodes", {}), "where a list should"),
    "unknown op": (edit("nodes.1.op", "system"), "op system does not belong"),
    "bad name": (edit("values.0.0", "../x"), "is no name"),
    "bad name type": (edit("nodes.1.inputs.0", 3), "is no name"),
    "declared twice": (edit("values.1", ["x0", [2], None]), "declared twice"),
    "undeclared": (edit("outputs.0.1", "zz"), "reads zz"),
    "undeclared constant": (edit("values.7.0", "zz"), "w has no declaration"),
    "missing array": (edit("constants.0.0", "zz"), "not those of its constants"),
    "shape too big": (edit("values.0.1", [1 << 24, 2]), "is absurd"),
    "shape too deep": (edit("values.0.1", [1] * 9), "is absurd"),
    "shape empty": (edit("values.0.1", [0]), "0 is no size"),
    "shape of floats": (edit("values.0.1", [2.0]), "2.0 is no size"),
    "shape of truths": (edit("values.0.1", [True]), "True is no size"),
    "other shape": (edit("values.7.1", [4]), "declared (4,)"),
    "short value": (edit("values.0", ["x0", [2]]), "a name, a shape and a format"),
    "bad format": (edit("values.0.2", [99, 1]), "99 is no size"),
    "short format": (edit("values.0.2", [16]), "a pair has not two items"),
    "short state": (edit("states.0", ["h", "s0"]), "a label and two values"),
    "no label": (edit("inputs.0.0", ""), "no label"),
    "label of controls": (edit("inputs.0.0", "\x1b[2J"), "is no label"),
    "label too long": (edit("inputs.0.0", "x" * 10_001), "is no label"),
    "attributes": (edit("nodes.1.attrs", []), "attributes are no object"),
    "attribute of nothing": (edit("nodes.1.attrs", {"a": None}), "is no size"),
    "attribute too big": (edit("nodes.1.attrs", {"a": 1 << 63}), "is no size"),
    "attribute not finite": (edit("nodes.1.attrs", {"a": float("inf")}), "is not finite"),
    "attribute nested": (edit("nodes.1.attrs", {"a": json.loads("[" * 80 + "]" * 80)}), "nested too deeply"),
    "endless loop": (edit("nodes.0.attrs.trips", 1 << 30), "is no size"),
    "loop without trips": (edit("nodes.0.attrs", {}), "None is no size"),
    "wrong axes": (edit("nodes.0.body.nodes.0.attrs.x_contract", [5]), "dot does not fit"),
    "cycle": (edit("nodes.1.inputs.0", "y"), "reads y before"),
    "body of nothing": (edit("nodes.0.body", {"params": [], "results": [], "nodes": []}), "different numbers"),
}


@pytest.mark.parametrize("case", EDITS)
def test_bad_data_is_named(case: str) -> None:
    change, text = EDITS[case]
    data, arrays = parts()
    change(data)
    refuse(data, arrays, text)


def test_bad_arrays_are_named() -> None:
    data, arrays = parts()
    refuse(data, arrays | {"w": arrays["w"].astype(np.float32)}, "w is of float32")
    refuse(data, {k: v for k, v in arrays.items() if k != "w"}, "not those of its constants")
    refuse(data, arrays | {"w": np.full((2, 2), np.nan)}, "`cell/w` in the model contains 4 NaN", "E0402")
    refuse(data, arrays | {"s0": np.array([0, np.inf])}, "`s0` in the model contains 1 NaN", "E0402")
    data["states"][0][1] = "zz"
    refuse(data, arrays, "array zz is missing")


def test_loops_nest_only_so_deep() -> None:
    data, arrays = parts()
    inner = data["nodes"][0]
    for _ in range(70):
        inner = {**inner, "body": {**inner["body"], "nodes": [inner]}}
    data["nodes"][0] = inner
    refuse(data, arrays, "nested too deeply")


def test_loops_within_loops_make_only_so_many_trips() -> None:
    data, arrays = parts()
    loop = data["nodes"][0]
    loop["attrs"]["trips"] = 1 << 9
    data["nodes"][0] = {**loop, "body": {**loop["body"], "nodes": [loop]}}
    refuse(data, arrays, "512 is no size")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(["w", "s0", "add", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["op", "attrs", "body"]), inner),
    max_leaves=5,
)


def places(item: object, way: str = "") -> list[str]:
    below = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else ()
    return [place for key, value in below for place in (f"{way}{key}", *places(value, f"{way}{key}."))]


PLACES = places(parts()[0])


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(PLACES), JSON)
def test_wrong_types(place: str, value: object) -> None:
    data, arrays = parts()
    edit(place, value)(data)
    try:
        graph = serial.from_parts(data, arrays)
    except LnnccError as error:
        assert error.code == "E0310"
    else:
        primitives.step(graph, (graph.states[0].initial,), (np.zeros(2),), 0.1)
