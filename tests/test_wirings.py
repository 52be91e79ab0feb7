"""Wirings: the synapses are those that ncps 1.0.1 draws."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from lnncc.cells import wirings
from lnncc.cells.wirings import NCP, AutoNCP, FullyConnected, Random

DRAWN = json.loads((Path(__file__).parent / "data/ncps/wirings.json").read_text())


@pytest.mark.parametrize("drawn", DRAWN, ids=lambda d: f"{d['builder']}{tuple(d['args'])}-{d['inputs']}")
def test_same_synapses_as_ncps(drawn):
    wiring = getattr(wirings, drawn["builder"])(*drawn["args"]).wire(drawn["inputs"])
    matrices = wiring.adjacency, wiring.sensory
    assert [int(np.abs(matrix).sum()) for matrix in matrices] == drawn["synapses"]
    data = b"".join(matrix.astype(np.int8).tobytes() for matrix in matrices)
    assert hashlib.sha256(data).hexdigest() == drawn["sha256"]
    assert wiring.outputs == drawn["outputs"]
    assert [list(layer) for layer in wiring.layers] == drawn["layers"]


def test_a_builder_draws_the_same_twice():
    builder = AutoNCP(20, 3)
    first, second = builder.wire(5), builder.wire(5)
    assert np.array_equal(first.adjacency, second.adjacency)
    assert np.array_equal(first.sensory, second.sensory)


@pytest.mark.parametrize("seed", range(8))
def test_an_ncp_joins_only_neighbouring_layers_and_forgets_nobody(seed):
    wiring = NCP(14, 6, 3, 2, 2, 5, 2, seed).wire(4)
    inter, command, motor = (list(layer) for layer in wiring.layers)
    assert wiring.sensory[:, command + motor].any() == 0
    assert wiring.adjacency[np.ix_(inter, inter + motor)].any() == 0
    assert wiring.adjacency[np.ix_(command, inter)].any() == 0
    assert wiring.adjacency[motor].any() == 0
    assert wiring.sensory[:, inter].any(axis=0).all()
    assert wiring.adjacency[np.ix_(inter, command)].any(axis=0).all()
    assert wiring.adjacency[np.ix_(command, motor)].any(axis=1).all()


def test_masks_and_sizes():
    wiring = Random(10, 3, 0.5).wire(4)
    assert (wiring.units, wiring.inputs, wiring.outputs) == (10, 4, 3)
    assert wiring.mask.sum() == 50
    assert wiring.sensory_mask.sum() == 20
    assert np.array_equal(wiring.mask, np.abs(wiring.adjacency))


def test_a_wiring_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        FullyConnected(3).wire(2).adjacency[0, 0] = 0


@pytest.mark.parametrize(
    ("build", "what"),
    [
        (lambda: FullyConnected(0), "at least one unit"),
        (lambda: FullyConnected(3, 4), r"outputs must be in 1\.\.3, got 4"),
        (lambda: Random(3, 0), r"outputs must be in 1\.\.3, got 0"),
        (lambda: Random(3, sparsity=1.0), "sparsity"),
        (lambda: Random(3, sparsity=-0.1), "sparsity"),
        (lambda: NCP(0, 1, 1, 0, 0, 0, 0), "at least one inter neuron"),
        (lambda: NCP(3, 2, 1, 4, 1, 1, 1), r"sensory_fanout must be in 0\.\.3"),
        (lambda: NCP(3, 2, 1, 1, 3, 1, 1), r"inter_fanout must be in 0\.\.2"),
        (lambda: NCP(3, 2, 1, 1, 1, 1, 3), r"motor_fanin must be in 0\.\.2"),
        (lambda: NCP(3, 2, 1, 1, 1, -1, 1), "recurrent_command"),
        (lambda: AutoNCP(6, 4), r"outputs must be in 1\.\.3"),
        (lambda: AutoNCP(6, 1, 0.05), "sparsity"),
        (lambda: AutoNCP(6, 1).wire(0), "at least one input"),
    ],
)
def test_sizes_that_cannot_be(build, what):
    with pytest.raises(ValueError, match=what):
        build()
