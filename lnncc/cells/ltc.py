"""The liquid time-constant (LTC) cell, solved by the fused semi-implicit Euler method or by explicit ones.

Hasani et al., Liquid Time-constant Networks, AAAI 2021, arXiv:2006.04439; in the conductance form of Lechner
et al., Nature Machine Intelligence 2, 2020, eq. 3, with the parameters and names of ncps 1.0.1.
"""

from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict, get_args

import jax
import jax.numpy as jnp

from lnncc.cells.solvers import require_solver, solve
from lnncc.cells.wirings import Wiring

Map = Literal["affine", "linear", "none"]
Solver = Literal["semi_implicit", "euler", "heun", "rk4"]


class LTCParams(TypedDict):
    """Arrays for N neurons, I inputs, O outputs; rows of a matrix are sources, columns are destinations."""

    gleak: jax.Array  # [N] conductance of the leak
    vleak: jax.Array  # [N] potential towards which it pulls
    cm: jax.Array  # [N] capacitance of the membrane
    w: jax.Array  # [N, N] conductance of an open synapse
    sigma: jax.Array  # [N, N] steepness of its opening
    mu: jax.Array  # [N, N] source potential at which it is half open
    erev: jax.Array  # [N, N] potential towards which it pulls
    sensory_w: jax.Array  # [I, N], as the next three: the same of the synapses from the inputs
    sensory_sigma: jax.Array
    sensory_mu: jax.Array
    sensory_erev: jax.Array
    input_w: NotRequired[jax.Array]  # [I]
    input_b: NotRequired[jax.Array]  # [I]
    output_w: NotRequired[jax.Array]  # [O]
    output_b: NotRequired[jax.Array]  # [O]


@dataclass(frozen=True, slots=True)
class LTC:
    """An LTC cell of ``wiring.units`` neurons; the outputs are the first ``wiring.outputs`` potentials.

    Args:
        wiring: which synapses exist; all others are multiplied by zero.
        unfolds: solver steps in one step of the cell; part of the trained model, not to be changed after.
        implicit: whether a conductance or capacitance is softplus(parameter). If not it is the parameter
            itself, and training must ``project`` after every update.
        input_map, output_map: "affine" (w·x + b), "linear" (w·x) or "none", element by element: what ``init``
            makes. ``step`` applies what the parameters have.
        epsilon: added to the denominator.
        rolled: whether the solver is a loop (smaller code) or written out ``unfolds`` times.
        solver: "semi_implicit" keeps every potential between the reversal potentials, whatever the step; the explicit
            ones do not, and are there for networks that were trained with them.

    Raises:
        ValueError: for fewer than one unfold, an unknown map or solver.
    """

    wiring: Wiring
    unfolds: int = 6
    implicit: bool = True
    input_map: Map = "affine"
    output_map: Map = "affine"
    epsilon: float = 1e-8
    rolled: bool = True
    solver: Solver = "semi_implicit"

    def __post_init__(self) -> None:
        if self.unfolds < 1:
            raise ValueError(f"unfolds must be at least 1, got {self.unfolds}")
        if self.solver != "semi_implicit":
            require_solver(self.solver, self.unfolds)
        for name in ("input_map", "output_map"):
            if getattr(self, name) not in get_args(Map):
                raise ValueError(f"{name} must be {' or '.join(get_args(Map))}; got {getattr(self, name)!r}")

    @property
    def inputs(self) -> int:
        return self.wiring.inputs

    @property
    def outputs(self) -> int:
        return self.wiring.outputs

    def init(self, key: jax.Array) -> LTCParams:
        """Random parameters in the ranges of ncps; reversal potentials are the signs of the wiring."""
        synapses, sensory = self.wiring.adjacency.shape, self.wiring.sensory.shape
        neurons = synapses[:1]
        keys = iter(jax.random.split(key, 9))

        def uniform(shape: tuple[int, ...], low: float, high: float) -> jax.Array:
            return jax.random.uniform(next(keys), shape, minval=low, maxval=high)

        params: LTCParams = {
            "gleak": uniform(neurons, 0.001, 1),
            "vleak": uniform(neurons, -0.2, 0.2),
            "cm": uniform(neurons, 0.4, 0.6),
            "w": uniform(synapses, 0.001, 1),
            "sigma": uniform(synapses, 3, 8),
            "mu": uniform(synapses, 0.3, 0.8),
            "erev": jnp.asarray(self.wiring.adjacency, float),
            "sensory_w": uniform(sensory, 0.001, 1),
            "sensory_sigma": uniform(sensory, 3, 8),
            "sensory_mu": uniform(sensory, 0.3, 0.8),
            "sensory_erev": jnp.asarray(self.wiring.sensory, float),
        }
        return self._with_identity_maps(params)

    def _with_identity_maps(self, params: LTCParams) -> LTCParams:
        maps: LTCParams = {**params}
        if self.input_map != "none":
            maps["input_w"] = jnp.ones(self.inputs)
        if self.input_map == "affine":
            maps["input_b"] = jnp.zeros(self.inputs)
        if self.output_map != "none":
            maps["output_w"] = jnp.ones(self.outputs)
        if self.output_map == "affine":
            maps["output_b"] = jnp.zeros(self.outputs)
        return maps

    def initial_state(self) -> jax.Array:
        """Potentials [N], all zero."""
        return jnp.zeros(self.wiring.units)

    def project(self, params: LTCParams) -> LTCParams:
        """The nearest valid parameters: if not implicit, negative conductances are clipped to zero."""
        if self.implicit:
            return params
        clipped: LTCParams = {**params}
        for name in ("gleak", "cm", "w", "sensory_w"):
            clipped[name] = jnp.maximum(params[name], 0)
        return clipped

    def step(
        self, params: LTCParams, state: jax.Array, x: jax.Array, dt: float | jax.Array
    ) -> tuple[jax.Array, jax.Array]:
        """Potentials [N] and inputs [I] to the potentials ``dt`` later and the outputs [O].

        ``dt`` is above zero and in the units of training.
        """
        x = x * params["input_w"] if "input_w" in params else x
        x = x + params["input_b"] if "input_b" in params else x
        state = self._solve(params, state, x, dt)
        y = state[: self.outputs]
        y = y * params["output_w"] if "output_w" in params else y
        y = y + params["output_b"] if "output_b" in params else y
        return state, y

    def _solve(self, params: LTCParams, v: jax.Array, x: jax.Array, dt: float | jax.Array) -> jax.Array:
        """Repeat v ← Σ conductance·target / Σ conductance, where cm/(dt/unfolds) pulls towards v itself."""
        positive = jax.nn.softplus if self.implicit else _unchanged
        gleak, cm = positive(params["gleak"]), positive(params["cm"])
        inertia = cm / (dt / self.unfolds)
        w = positive(params["w"]) * self.wiring.mask
        sensory_w = positive(params["sensory_w"]) * self.wiring.sensory_mask
        # what the inputs bring is the same in every unfold
        in_g, in_pull = _synapses(x, sensory_w, params["sensory_sigma"], params["sensory_mu"], params["sensory_erev"])

        def unfold(_: int | jax.Array, v: jax.Array) -> jax.Array:
            g, pull = _synapses(v, w, params["sigma"], params["mu"], params["erev"])
            numerator = inertia * v + gleak * params["vleak"] + (pull + in_pull)
            return numerator / (inertia + gleak + (g + in_g) + self.epsilon)

        def field(v: jax.Array) -> jax.Array:
            g, pull = _synapses(v, w, params["sigma"], params["mu"], params["erev"])
            return (gleak * (params["vleak"] - v) + (pull + in_pull) - v * (g + in_g)) / cm

        if self.solver != "semi_implicit":
            return solve(field, v, dt, self.solver, self.unfolds, rolled=self.rolled)
        if self.rolled:
            return jax.lax.fori_loop(0, self.unfolds, unfold, v)
        for i in range(self.unfolds):
            v = unfold(i, v)
        return v


def _synapses(
    source: jax.Array, w: jax.Array, sigma: jax.Array, mu: jax.Array, erev: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Σ g and Σ g·erev over the sources [S], for each destination [N]; the matrices are [S, N]."""
    g = w * jax.nn.sigmoid(sigma * (source[:, None] - mu))
    return jnp.sum(g, axis=0), jnp.sum(g * erev, axis=0)


def _unchanged(x: jax.Array) -> jax.Array:
    return x
