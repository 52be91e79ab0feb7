"""Small models for tests, through the real front end and all passes."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from lnncc.cells.cfc import CfC, Mode
from lnncc.cells.ltc import LTC
from lnncc.cells.memory import MixedMemory
from lnncc.cells.wired import WiredCfC
from lnncc.cells.wirings import AutoNCP
from lnncc.choices import Choice, Choices
from lnncc.frontend.jaxpr import trace
from lnncc.ir import Graph
from lnncc.passes.formats import formats
from lnncc.passes.fuse import fuse
from lnncc.passes.prove import Proof, prove
from lnncc.passes.quantise import quantise
from lnncc.passes.ranges import Ranges, ranges
from lnncc.passes.simplify import simplify
from lnncc.passes.tails import tails
from lnncc.passes.widths import widths

INPUTS = 3


@dataclass(frozen=True)
class Compiled:
    float_graph: Graph
    spans: Ranges
    integer: Graph
    proof: Proof


def cfc(units: int = 8, mode: Mode = "default") -> Graph:
    cell = CfC(inputs=INPUTS, units=units, mode=mode)
    return trace(cell.step, cell.init(jax.random.key(1)), state=cell.initial_state(), inputs=jnp.zeros(INPUTS))


def wired(mode: Mode = "no_gate") -> Graph:
    cell = WiredCfC(AutoNCP(10, 2).wire(INPUTS), mode=mode)
    return trace(cell.step, cell.init(jax.random.key(3)), state=cell.initial_state(), inputs=jnp.zeros(INPUTS))


def mixed() -> Graph:
    cell = MixedMemory(LTC(AutoNCP(8, 2).wire(INPUTS)))
    return trace(cell.step, cell.init(jax.random.key(4)), state=cell.initial_state(), inputs=jnp.zeros(INPUTS))


def ltc(units: int = 10) -> Graph:
    cell = LTC(AutoNCP(units, 2).wire(INPUTS))
    return trace(cell.step, cell.init(jax.random.key(2)), state=cell.initial_state(), inputs=jnp.zeros(INPUTS))


def compiled(
    graph: Graph, *, weight_bits: int = 16, reach: float = 2.0, dt: float | tuple[float, float] = 1.0
) -> Compiled:
    fixed, span = (None, dt) if isinstance(dt, tuple) else (dt, None)
    fused = widths(tails(fuse(simplify(graph, dt=fixed))))
    spans = ranges(fused, declared={p.label: (-reach, reach) for p in graph.inputs}, calibration=None, dt=span)
    integer, proof = prove(quantise(formats(fused, spans), spans, Choices(Choice(weight_bits=weight_bits))))
    return Compiled(graph, spans, integer, proof)


def recording(steps: int = 60, streams: int = 2, reach: float = 2.0) -> np.ndarray:
    return np.random.default_rng(5).uniform(-reach, reach, (streams, steps, INPUTS))
