"""A row of the table before it is measured: a model, and recorded inputs for it."""

import functools
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

import lnncc
from lnncc.archive import Model
from lnncc.frontend.jaxpr import trace
from lnncc.ir import DT, Graph

RANGE = (-2.0, 2.0)
STEPS = 1000
SEEN = 200  # steps of calibration
INPUTS = 3
UNITS = 8
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Case:
    """``make`` gives the model. ``dt`` is a constant, or (shortest, longest) where every step is told its own.

    ``refused`` is the code of the error that says why the model does not compile; None where it does.
    ``error`` are the largest relative RMS errors at 16 and at 8 bits that the row's test allows.
    """

    make: Callable[[], Model]
    dt: float | tuple[float, float] = 1.0
    refused: str | None = None
    error: tuple[float, float] = (3e-3, 5e-2)

    def compiled(self, bits: int, target: str = "host") -> lnncc.Program:
        """The model, compiled with ranges of its inputs declared; a state without bound takes its range from data."""
        model = self.make()
        ranges = {port.label: RANGE for port in model.graph.inputs}
        seen = self.recording(model.graph, "calibration", SEEN)
        return lnncc.compile(model, dt=self.dt, ranges=ranges, calibration=seen, bits=bits, target=target)

    def recording(self, graph: Graph, purpose: str, steps: int = STEPS) -> dict[str, np.ndarray]:
        """By input, (1, steps, ...): an autoregressive process within RANGE; another one for each purpose."""
        rng = np.random.default_rng(zlib.crc32(purpose.encode()))
        data = {p.label: _process(rng, steps, graph.values[p.value].shape) for p in graph.inputs}
        if isinstance(self.dt, tuple) and graph.dt is not None:
            data[DT] = np.exp(rng.uniform(*np.log(self.dt), (1, steps)))
        return data


def _process(rng: np.random.Generator, steps: int, shape: tuple[int, ...]) -> np.ndarray:
    x, xs = np.zeros(shape), []
    for _ in range(steps):
        x = 0.9 * x + 0.44 * rng.normal(size=shape)
        xs.append(np.clip(x, *RANGE))
    return np.array(xs)[None]


class Stepping(Protocol[S]):
    """What a row needs of a cell."""

    @property
    def inputs(self) -> int: ...
    def init(self, key: jax.Array) -> object: ...
    def initial_state(self) -> S: ...
    def step(self, params: object, state: S, x: jax.Array, dt: float | jax.Array) -> tuple[S, jax.Array]: ...


def cell(made: Stepping[S], **settings: object) -> Case:
    """A cell of ``lnncc.cells`` with initial parameters; ``settings`` are those of ``Case``."""

    @functools.cache
    def model() -> Model:
        params = made.init(jax.random.key(1))
        return Model(trace(made.step, params, state=made.initial_state(), inputs=jnp.zeros(made.inputs)))

    return Case(model, **settings)  # type: ignore[arg-type]  # checked by the dataclass's callers
