"""The inputs that verify and run feed to a build: the user's file, or seeded noise over the declared ranges."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lnncc import calibration
from lnncc.build import Build
from lnncc.cli import csvs
from lnncc.cli.answer import note
from lnncc.ir import Array
from lnncc.validate import stimulus

STEPS = 256


def read(build: Build, path: str | None, steps: int | None = None) -> Mapping[str, Array]:
    """Real inputs (streams, steps, size) by label; with ``steps``, a file's are repeated until there are so many.

    Raises:
        LnnccError: E04xx for a file that does not suit the model.
    """
    if path is not None:
        data = recorded(build, Path(path))
        return data if steps is None else {label: _repeated(x, steps) for label, x in data.items()}
    kind = "uniform noise" if steps is None else "an autoregressive process"
    note(f"no --data: {steps or STEPS} steps of {kind} in the declared ranges (seed {stimulus.SEED})")
    return stimulus.noise(build.interface, STEPS) if steps is None else stimulus.wandering(build.interface, steps)


def recorded(build: Build, path: Path) -> Mapping[str, Array]:
    """A file's inputs, as they are. Raises LnnccError: E04xx for a file that does not suit the model."""
    if path.suffix.lower() == ".csv":
        return csvs.read(build, path)
    return calibration.read_npz(path, build.model, timed=build.settings.dt_range is not None)


def _repeated(x: Array, steps: int) -> Array:
    return np.take(x, np.arange(steps) % x.shape[1], axis=1)
