"""Wirings: which neuron reaches which, and with what sign.

A builder (``FullyConnected``, ``Random``, ``NCP``, ``AutoNCP``) holds sizes and a seed; ``wire(inputs)``
draws its ``Wiring``. The draws follow ncps 1.0.1 in order, its quirks included, so that the same seed gives
the same synapses: checkpoints and published results depend on them.

Lechner et al., Neural circuit policies enabling auditable autonomy, Nature Machine Intelligence 2, 2020.
"""

from dataclasses import dataclass

import numpy as np

Array = np.ndarray
MOSTLY_EXCITING = (-1, 1, 1)
EITHER = (-1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Wiring:
    """A drawn wiring. Row = source, column = destination; entries are -1 inhibiting, 0 absent, +1 exciting.

    ``adjacency`` is [units, units], ``sensory`` is [inputs, units]; both are read-only. The first ``outputs``
    neurons are the motor neurons. ``layers`` lists the neuron ids of each layer in the order in which a
    layered cell runs them: inter, command, motor; or all in one.
    """

    adjacency: Array
    sensory: Array
    outputs: int
    layers: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        self.adjacency.setflags(write=False)
        self.sensory.setflags(write=False)

    @property
    def mask(self) -> Array:
        """Whether a synapse exists, [units, units]."""
        return self.adjacency != 0

    @property
    def sensory_mask(self) -> Array:
        """Whether a sensory synapse exists, [inputs, units]."""
        return self.sensory != 0

    @property
    def units(self) -> int:
        return self.adjacency.shape[0]

    @property
    def inputs(self) -> int:
        return self.sensory.shape[0]


@dataclass(frozen=True, slots=True)
class FullyConnected:
    """Every input and every neuron reaches every neuron; two thirds of the synapses are exciting."""

    units: int
    outputs: int | None = None
    seed: int = 1111
    self_connections: bool = True

    def __post_init__(self) -> None:
        _require_outputs(self.outputs, self.units)

    def wire(self, inputs: int) -> Wiring:
        rng = np.random.default_rng(self.seed)
        adjacency, sensory = _blank(inputs, self.units)
        present = np.ones((self.units, self.units), bool)
        if not self.self_connections:
            np.fill_diagonal(present, False)
        adjacency[present] = rng.choice(MOSTLY_EXCITING, size=int(present.sum()))
        sensory[:] = rng.choice(MOSTLY_EXCITING, size=sensory.shape)
        return _single_layer(adjacency, sensory, self.outputs)


@dataclass(frozen=True, slots=True)
class Random:
    """A random share ``1 - sparsity`` of all synapses; two thirds of them are exciting."""

    units: int
    outputs: int | None = None
    sparsity: float = 0.0
    seed: int = 1111

    def __post_init__(self) -> None:
        _require_outputs(self.outputs, self.units)
        if not 0 <= self.sparsity < 1:
            raise ValueError(f"sparsity must be in [0, 1), got {self.sparsity}")

    def wire(self, inputs: int) -> Wiring:
        rng = np.random.default_rng(self.seed)
        adjacency, sensory = _blank(inputs, self.units)
        places = self._places(rng, adjacency)
        adjacency.flat[places] = rng.choice(MOSTLY_EXCITING, size=len(places))
        places = self._places(rng, sensory)
        # ncps draws the sign of a sensory synapse twice and keeps the second
        sensory.flat[places] = rng.choice(MOSTLY_EXCITING, size=(len(places), 2))[:, 1]
        return _single_layer(adjacency, sensory, self.outputs)

    def _places(self, rng: np.random.Generator, matrix: Array) -> Array:
        count = int(np.round(matrix.size * (1 - self.sparsity)))
        return rng.choice(matrix.size, size=count, replace=False)


@dataclass(frozen=True, slots=True)
class NCP:
    """Neural circuit policy: inputs to inter, inter to command, command to command and to motor neurons.

    Ids run motor, command, inter. ``sensory_fanout`` and ``inter_fanout`` count the targets of each source,
    ``motor_fanin`` the sources of each motor neuron, ``recurrent_command`` the draws of command-to-command
    synapses (two draws may meet, so the synapses may be fewer).
    """

    inter: int
    command: int
    motor: int
    sensory_fanout: int
    inter_fanout: int
    recurrent_command: int
    motor_fanin: int
    seed: int = 22222

    def __post_init__(self) -> None:
        for name in ("inter", "command", "motor"):
            if getattr(self, name) < 1:
                raise ValueError(f"an NCP needs at least one {name} neuron, got {getattr(self, name)}")
        _require_at_most("sensory_fanout", self.sensory_fanout, self.inter, "inter")
        _require_at_most("inter_fanout", self.inter_fanout, self.command, "command")
        _require_at_most("motor_fanin", self.motor_fanin, self.command, "command")
        if self.recurrent_command < 0:
            raise ValueError(f"recurrent_command must be at least 0, got {self.recurrent_command}")

    @property
    def units(self) -> int:
        return self.inter + self.command + self.motor

    @property
    def outputs(self) -> int:
        return self.motor

    def wire(self, inputs: int) -> Wiring:
        rng = np.random.RandomState(self.seed)
        adjacency, sensory = _blank(inputs, self.units)
        motor = range(self.motor)
        command = range(self.motor, self.motor + self.command)
        inter = range(self.motor + self.command, self.units)
        _connect(rng, sensory, range(inputs), inter, self.sensory_fanout, limit=inputs)
        # ncps limits the fan-in of a forgotten command neuron by the number of command, not of inter neurons
        _connect(rng, adjacency, inter, command, self.inter_fanout, limit=self.command)
        for _ in range(self.recurrent_command):
            source, target = rng.choice(command), rng.choice(command)
            adjacency[source, target] = rng.choice(EITHER)
        _connect(rng, adjacency.T, motor, command, self.motor_fanin, limit=self.motor)
        return Wiring(adjacency, sensory, self.motor, (tuple(inter), tuple(command), tuple(motor)))


@dataclass(frozen=True, slots=True)
class AutoNCP:
    """An ``NCP`` sized from the number of units and outputs; ``sparsity`` in [0.1, 1]."""

    units: int
    outputs: int
    sparsity: float = 0.5
    seed: int = 22222

    def __post_init__(self) -> None:
        if not 0 < self.outputs < self.units - 2:
            raise ValueError(f"outputs must be in 1..{self.units - 3}, units less 3; got {self.outputs}")
        if not 0.1 <= self.sparsity <= 1:
            raise ValueError(f"sparsity must be in [0.1, 1], got {self.sparsity}")

    @property
    def policy(self) -> NCP:
        """The NCP that this shorthand stands for."""
        density = 1.0 - self.sparsity
        command = max(int(0.4 * (self.units - self.outputs)), 1)
        inter = self.units - self.outputs - command
        fanout = max(int(command * density), 1)
        return NCP(
            inter,
            command,
            self.outputs,
            sensory_fanout=max(int(inter * density), 1),
            inter_fanout=fanout,
            recurrent_command=max(int(command * density * 2), 1),
            motor_fanin=fanout,
            seed=self.seed,
        )

    def wire(self, inputs: int) -> Wiring:
        return self.policy.wire(inputs)


def _connect(rng: np.random.RandomState, matrix: Array, near: range, far: range, degree: int, *, limit: int) -> None:
    """Join each row of ``near`` to ``degree`` columns of ``far``, then each forgotten column to some rows."""
    forgotten = list(far)
    for row in near:
        for column in rng.choice(far, size=degree, replace=False):
            if column in forgotten:
                forgotten.remove(column)
            matrix[row, column] = rng.choice(EITHER)
    mean_degree = min(max(len(near) * degree // len(far), 1), limit)
    for column in forgotten:
        for row in rng.choice(near, size=mean_degree, replace=False):
            matrix[row, column] = rng.choice(EITHER)


def _blank(inputs: int, units: int) -> tuple[Array, Array]:
    """Writable zeros: adjacency [units, units] and sensory [inputs, units]."""
    if inputs < 1:
        raise ValueError(f"a wiring needs at least one input, got {inputs}")
    return np.zeros((units, units), np.int32), np.zeros((inputs, units), np.int32)


def _single_layer(adjacency: Array, sensory: Array, outputs: int | None) -> Wiring:
    units = adjacency.shape[0]
    return Wiring(adjacency, sensory, units if outputs is None else outputs, (tuple(range(units)),))


def _require_outputs(outputs: int | None, units: int) -> None:
    if units < 1:
        raise ValueError(f"a wiring needs at least one unit, got {units}")
    if outputs is not None and not 1 <= outputs <= units:
        raise ValueError(f"outputs must be in 1..{units}, got {outputs}")


def _require_at_most(name: str, value: int, most: int, layer: str) -> None:
    if not 0 <= value <= most:
        raise ValueError(f"{name} must be in 0..{most}, the number of {layer} neurons, got {value}")
