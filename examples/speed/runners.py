"""Who is measured: each runner makes a function that does some work once and says how many steps that was."""

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from examples.speed import litert as files
from examples.speed.models import Bench
from lnncc import target as targets
from lnncc.build import Build
from lnncc.frontend.ncps_cells import Network
from lnncc.ir import Graph
from lnncc.target import Target
from lnncc.validate import host

STEPS = 200  # of one stream, in one go: short enough to be seldom interrupted
Work = Callable[[], int]


def one_stream(build: Build, chip: Target) -> Work:
    """The generated C, the loop over the steps in C too; copying out states and outputs is counted."""
    library, interface = host.build(build, target=chip), build.interface
    rng = np.random.default_rng(0)
    xs = [rng.integers(s.low, s.high + 1, (STEPS, s.size)).astype(np.int16) for s in interface.inputs]
    ys = [[np.zeros((STEPS, s.size), np.int16) for s in side] for side in (interface.states, interface.outputs)]
    arrays, clipped = (xs, *ys), library.ffi.new("uint32_t[1]")

    def work() -> int:
        given, *results = [library.ffi.new("int16_t *[]", [_pointer(library, a) for a in group]) for group in arrays]
        return int(library.calls.lnn_host_run(1, STEPS, given, library.ffi.NULL, *results, clipped))

    return work


def many_streams(build: Build, chip: Target, streams: int) -> Work:
    library, name = host.build(build, target=chip), build.name
    rng = np.random.default_rng(0)
    xs = [rng.integers(s.low, s.high + 1, (streams, s.size)).astype(np.int16) for s in build.interface.inputs]
    arrays = [*xs, *(np.zeros((streams, s.size), np.int16) for s in build.interface.outputs)]
    blocks = library.ffi.new(f"{name}_block[]", -(-streams // (build.settings.batch or 1)))
    getattr(library.calls, f"{name}_reset_batch")(blocks, streams)
    step = getattr(library.calls, f"{name}_step_batch")

    def work() -> int:
        step(blocks, *(_pointer(library, a) for a in arrays), streams)
        return streams

    return work


def _pointer(library: host.Library, array: np.ndarray) -> object:
    return library.ffi.cast("int16_t *", array.ctypes.data)


def scan(found: Network) -> Work:
    """JAX with the whole recording known beforehand, which a stream is not: its best case."""
    xs = jnp.asarray(np.random.default_rng(0).uniform(-2, 2, (STEPS, found.cell.inputs)), jnp.float32)
    run = jax.jit(lambda s, xs: jax.lax.scan(lambda s, x: found.cell.step(found.params, s, x, 1.0), s, xs))
    state = found.cell.initial_state()

    def work() -> int:
        jax.block_until_ready(run(state, xs))
        return STEPS

    return work


def vmap(found: Network, streams: int) -> Work:
    xs = jnp.asarray(np.random.default_rng(0).uniform(-2, 2, (streams, found.cell.inputs)), jnp.float32)
    run = jax.jit(jax.vmap(lambda s, x: found.cell.step(found.params, s, x, 1.0)))
    state = jax.tree.map(lambda s: jnp.broadcast_to(s, (streams, *jnp.shape(s))), found.cell.initial_state())

    def work() -> int:
        jax.block_until_ready(run(state, xs))
        return streams

    return work


def onnx(path: Path, streams: int = 1) -> Work | None:
    """ONNX Runtime, one thread, arrays bound once, a call a step; None if it or the file is missing.

    Many ``streams`` are a batch: the first axis of what goes in and out is as long.
    """
    if importlib.util.find_spec("onnxruntime") is None or not path.is_file():
        return None
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    model = path.read_bytes() if streams == 1 else _batched(path, streams)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for port in session.get_inputs():
        binding.bind_cpu_input(port.name, np.full(port.shape, 0.1, np.float32))
    for port in session.get_outputs():
        binding.bind_output(port.name)

    calls = STEPS // 10 if streams == 1 else 1

    def work() -> int:
        for _ in range(calls):
            session.run_with_iobinding(binding)
        return calls * streams

    return work


def litert(graph: Graph, bits: int) -> Work | None:
    """LiteRT, one thread, a call a step; None if it, or TensorFlow which makes its files, is missing."""
    if not all(map(importlib.util.find_spec, ("ai_edge_litert", "tensorflow"))):
        return None
    invoke, calls = files.interpreter(files.converted(graph, bits, dt=1.0, reach=2.0)).invoke, STEPS // 10

    def work() -> int:
        for _ in range(calls):
            invoke()
        return calls

    return work


def _batched(path: Path, streams: int) -> bytes:
    from onnx import load

    model = load(path)
    for port in [*model.graph.input, *model.graph.output]:
        port.type.tensor_type.shape.dim[0].dim_value = streams
    model.graph.ClearField("value_info")
    return model.SerializeToString()


def machines(names: tuple[str, ...] = ("host", "host-avx2", "host-avx512")) -> list[Target]:
    """Targets of kind host that there are and that this processor can run."""
    return [targets.load(name) for name in names if name in targets.names() and _runs(name)]


def _runs(name: str) -> bool:
    info, needs = Path("/proc/cpuinfo"), {"host-avx2": "avx2", "host-avx512": "avx512_vnni"}.get(name)
    return needs is None or (info.is_file() and needs in info.read_text().split())


def peers(bench: Bench, folder: Path, found: Network, bits: int) -> dict[str, Work]:
    """LiteRT has weights of ``bits`` and computes in int8 if they have 8; the others compute in float32."""
    lite = {f"LiteRT {'int8' if bits == 8 else 'float32'}": litert(bench.model(folder).graph, bits)}
    return _present({"JAX scan": scan(found), "ONNX Runtime": onnx(bench.onnx(folder)), **lite})


def peers_of_many(bench: Bench, folder: Path, found: Network, streams: int) -> dict[str, Work]:
    batched = onnx(bench.onnx(folder), streams)
    return _present({"JAX vmap": vmap(found, streams), "ONNX Runtime batched": batched})


def _present(known: Mapping[str, Work | None]) -> dict[str, Work]:
    return {name: work for name, work in known.items() if work is not None}
