"""LiteRT: the float graph in TensorFlow, primitive by primitive, which its converter makes a file of LiteRT."""

import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from lnncc import ir
from lnncc.ir import Attr, Graph

Tensor = Any  # TensorFlow's, which it does not type
SEEN = 100  # steps that int8 is calibrated with


def converted(graph: Graph, bits: int, *, dt: float, reach: float) -> bytes:
    """One step as a file: float32, or for 8 ``bits`` int8 throughout, calibrated with inputs up to ``reach``.

    Loops are unrolled, which LiteRT runs faster. Needs TensorFlow. Raises KeyError for a primitive that neither LTC nor
    CfC has.
    """
    tf = _tensorflow()
    shapes = [graph.values[name].shape for name in _given(graph)]
    step = tf.function(lambda *xs: _step(graph, dt, xs)).get_concrete_function(
        *(tf.TensorSpec(shape, tf.float32) for shape in shapes)
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([step])
    if bits == 8:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _recorded(step, graph, reach)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of interfaces that are the only ones for graphs without Keras
        return bytes(converter.convert())


def interpreter(file: bytes) -> Any:
    """Of one thread, with its buffers. Needs ai-edge-litert."""
    made = importlib.import_module("ai_edge_litert.interpreter").Interpreter(model_content=file, num_threads=1)
    made.allocate_tensors()
    return made


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # nobody asked what it says of the processor
    return importlib.import_module("tensorflow")


def _given(graph: Graph) -> list[str]:
    return [p.value for p in graph.inputs] + [s.before for s in graph.states]


def _recorded(step: Callable[..., Any], graph: Graph, reach: float) -> Iterator[list[np.ndarray]]:
    tf = _tensorflow()
    rng = np.random.default_rng(0)
    states = [np.asarray(s.initial, np.float32) for s in graph.states]
    for _ in range(SEEN):
        xs = [rng.uniform(-reach, reach, graph.values[p.value].shape).astype(np.float32) for p in graph.inputs]
        yield [*xs, *states]
        states = [x.numpy() for x in step(*map(tf.constant, (*xs, *states)))[: len(states)]]


def _step(graph: Graph, dt: float, xs: tuple[Tensor, ...]) -> list[Tensor]:
    """Next states, then outputs."""
    tf = _tensorflow()
    env: dict[str, Tensor] = {name: tf.constant(a, tf.float32) for name, a in graph.constants.items()}
    env.update(zip(_given(graph), xs, strict=True))
    if graph.dt is not None:
        env[graph.dt] = tf.constant(dt, tf.float32)
    ir.execute(graph.nodes, env, lambda node, xs: _applied(node.op, node.attrs, xs))
    return [env[s.after] for s in graph.states] + [env[p.value] for p in graph.outputs]


def _applied(op: str, attrs: Mapping[str, Attr], xs: tuple[Tensor, ...]) -> Tensor:
    tf = _tensorflow()
    made: Mapping[str, Callable[..., Tensor]] = {
        "add": tf.add,
        "sub": tf.subtract,
        "mul": tf.multiply,
        "div": tf.divide,
        "tanh": tf.tanh,
        "logistic": tf.sigmoid,
        "concat": lambda *each: tf.concat(each, attrs["axis"]),
        "sum": lambda x: tf.reduce_sum(x, attrs["axes"]),
        "reshape": lambda x: tf.reshape(x, attrs["shape"]),
        "slice": lambda x: tf.strided_slice(x, attrs["start"], attrs["limit"], attrs["stride"]),
        "dot": lambda x, y: _dot(attrs, x, y),
    }
    return made[op](*xs)


def _dot(attrs: Mapping[str, Attr], x: Tensor, y: Tensor) -> Tensor:
    """Of a matrix and a vector, either way round: a fully connected layer."""
    tf = _tensorflow()
    assert not attrs["x_batch"] and {len(x.shape), len(y.shape)} == {1, 2}
    matrix, vector, contract = (x, y, attrs["x_contract"]) if len(x.shape) == 2 else (y, x, attrs["y_contract"])
    return tf.linalg.matmul(vector[None], matrix, transpose_b=contract == (1,))[0]
