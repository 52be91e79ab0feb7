"""The inputs that verify and run feed to a build: the user's file, or seeded noise over the declared ranges."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lnncc import calibration
from lnncc.build import Build
from lnncc.cli.answer import note
from lnncc.ir import Array

SEED, STEPS = 0, 256


def read(build: Build, path: str | None) -> Mapping[str, Array]:
    """Real inputs (streams, steps, size) by label. Raises E04xx for a file that does not suit the model."""
    if path is not None:
        return calibration.read_npz(Path(path), build.model)
    note(f"no --data: {STEPS} steps of uniform noise in the declared ranges (seed {SEED})")
    generator = np.random.default_rng(SEED)
    unit = {s.label: 2.0**-s.frac for s in build.interface.inputs}
    return {
        s.label: generator.uniform(s.low * unit[s.label], s.high * unit[s.label], (1, STEPS, s.size))
        for s in build.interface.inputs
    }
