"""Writes a digest of the synapses that ncps 1.0.1 draws for many sizes and seeds.

Run by hand, with ncps==1.0.1 installed: ``python make_wirings.py``.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
from ncps import wirings

CASES: list[tuple[str, tuple[object, ...], int]] = [
    ("FullyConnected", (1,), 1),
    ("FullyConnected", (16, 4, 7), 3),
    ("FullyConnected", (9, 2, 1111, False), 5),
    ("FullyConnected", (64, 10, 0), 12),
    ("Random", (1, 1, 0.0, 3), 1),
    ("Random", (16, 4, 0.5, 7), 3),
    ("Random", (33, 33, 0.99, 1), 2),
    ("Random", (20, 5, 0.0, 12), 4),
    ("Random", (48, 6, 0.75, 1111), 9),
    ("NCP", (12, 6, 1, 6, 4, 10, 2), 32),
    ("NCP", (5, 3, 2, 0, 0, 0, 0, 1), 2),
    ("NCP", (9, 1, 3, 9, 1, 5, 1, 8), 1),
    ("NCP", (30, 12, 8, 2, 1, 20, 1, 123456), 17),
    # leaves a command neuron without sources, whose fan-in ncps limits by the command neurons: 4, where the mean is 5
    ("NCP", (20, 4, 2, 3, 1, 3, 2, 14), 2),
    ("AutoNCP", (4, 1), 1),
    ("AutoNCP", (28, 4), 8),
    ("AutoNCP", (32, 5, 0.1, 0), 6),
    ("AutoNCP", (19, 1, 1.0, 5), 32),
    ("AutoNCP", (64, 8, 0.9, 3), 2),
    ("AutoNCP", (100, 20, 0.35, 22222), 40),
]


def drawn(builder: str, args: tuple[object, ...], inputs: int) -> dict[str, object]:
    wiring = getattr(wirings, builder)(*args)
    wiring.build(inputs)
    matrices = wiring.adjacency_matrix, wiring.sensory_adjacency_matrix
    data = b"".join(matrix.astype(np.int8).tobytes() for matrix in matrices)
    return {
        "builder": builder,
        "args": args,
        "inputs": inputs,
        "outputs": wiring.output_dim,
        "layers": [wiring.get_neurons_of_layer(i) for i in range(wiring.num_layers)],
        "synapses": [int(np.abs(matrix).sum()) for matrix in matrices],
        "sha256": hashlib.sha256(data).hexdigest(),
    }


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(drawn(*case)) for case in CASES)
    (Path(__file__).parent / "wirings.json").write_text(f"[\n{lines}\n]\n")
