"""Keras files: ``.weights.h5``, and ``.keras``, a zip of such a file and the JSON of the layers. No layer is made."""

import json
from collections.abc import Mapping
from pathlib import Path

from lnncc import zips
from lnncc.frontend import files, hdf5, limits
from lnncc.ir import Array

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
MAX_ENTRIES, MAX_TEXT = 64, 1 << 22  # assets, as vocabularies, are not read


def weights(path: Path) -> dict[str, Array]:
    """The arrays of ``.weights.h5`` by path. Raises E0410."""
    found = files.read(path, {".h5": lambda path: dict(hdf5.read(path.read_bytes()))})
    return found  # type: ignore[return-value]  # HDF5 is flat


def archive(path: Path) -> tuple[Mapping[str, object], dict[str, Array]]:
    """(what ``.keras`` says of its layers, its arrays by path). Raises E0410."""
    found: list[Mapping[str, object]] = []

    def read(path: Path) -> files.Tree:
        config, arrays = _entries(path)
        found.append(config)
        return dict(arrays)

    arrays = files.read(path, {".keras": read})
    return found[0], arrays  # type: ignore[return-value]  # HDF5 is flat


def _entries(path: Path) -> tuple[Mapping[str, object], dict[str, Array]]:
    with path.open("rb") as stream:
        parts = {i.filename: raw for i, raw in zips.entries(stream, most=MAX_ENTRIES, size=limits.MAX_FILE)}
    missing = {CONFIG, WEIGHTS} - set(parts)
    if missing:
        raise ValueError(f"it has no {sorted(missing)[0]}")
    if len(parts[CONFIG]) > MAX_TEXT:
        raise ValueError("its layers are described at more length than a model can be")
    config = json.loads(parts[CONFIG])
    if not isinstance(config, dict):
        raise ValueError("it does not say what its layers are")
    return config, hdf5.read(parts[WEIGHTS])
