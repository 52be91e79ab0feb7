"""Keras 3 files of ncps cells, as its JAX, torch and TensorFlow backends write them alike.

``.weights.h5`` holds arrays alone, ``.keras`` also says what its layers are. Keras is not imported: what a file asks
to be made is never made.
"""

from collections.abc import Mapping
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.frontend.keras import file
from lnncc.frontend.keras.chain import Chain, Stage, activation
from lnncc.frontend.keras.layers import Layer, chain
from lnncc.frontend.keras.names import renamed
from lnncc.frontend.ncps import listed, network
from lnncc.frontend.ncps_cells import Network
from lnncc.frontend.ncps_options import Told, conflict
from lnncc.frontend.weights import Weights, named
from lnncc.ir import Array

SUFFIXES = (".h5", ".keras")


def read(path: Path, told: Told) -> Network:
    """The cell or chain of layers in ``path``. Raises as ``lnncc.from_ncps``."""
    told = told if told.dialect is not None else replace(told, dialect="keras")
    if path.suffix.lower() == ".h5":
        return network(_weights(file.weights(path), path.name, told), told)
    config, arrays = file.archive(path)
    return chained(chain(config, path.name), arrays, path.name, told)


def _weights(arrays: Mapping[str, Array], origin: str, told: Told) -> Weights:
    found = renamed(arrays, told)
    return named(dict(found.values()), origin, {key: name for name, (key, _) in found.items()})


def chained(layers: tuple[Layer, ...], arrays: Mapping[str, Array], origin: str, told: Told) -> Network:
    """``layers`` with their ``arrays`` by path, one behind the other. Raises as ``lnncc.from_ncps``."""
    if told.proj is not None:
        raise conflict("proj is for files that do not say what follows the cell; a .keras file does", "leave it out")
    if not any(layer.told for layer in layers):
        raise LnnccError("E0323", f"there is no LTC or CfC of ncps in {origin}", helps=("export the step as ONNX",))
    stages, params, used = [], {}, set()
    for layer in layers:
        place = f"layers/{layer.path.replace('.', '/')}/"
        own = {key: array for key, array in arrays.items() if key.startswith(place)}
        stage, params[layer.path] = _stage(layer, own, origin, told)
        stages.append(stage)
        used |= set(own)
    others = [path for path, _ in renamed({k: a for k, a in arrays.items() if k not in used}, told).values()]
    if others:
        raise LnnccError("E0325", f"{origin} has arrays of unknown use: {listed(others)}", helps=("save it again",))
    _require_fitting(stages, origin)
    return Network(Chain(tuple(stages)), params, frozenset(used))


def _stage(layer: Layer, arrays: Mapping[str, Array], origin: str, told: Told) -> tuple[Stage, object]:
    if layer.told is not None:
        merged = _merged(told, layer.told, layer.name)
        found = network(_weights(arrays, origin, merged), merged)
        return Stage(layer.path, found.cell.inputs, found.cell.outputs, found.cell), found.params
    weights = _weights(arrays, origin, told)
    rows, columns = weights.matrix(f"{layer.path}.weight")
    bias = {f"{layer.path}.bias": (rows,)} if f"{layer.path}.bias" in weights.arrays else {}
    taken = weights.fetch({f"{layer.path}.weight": (rows, columns), **bias})
    params = {name.rpartition(".")[2]: array for name, array in taken.items()}
    return Stage(layer.path, columns, rows, None, activation(layer, origin)), params


def _merged(told: Told, seen: Told, name: str) -> Told:
    """What the user and the file say of a cell. Raises E0324 where they say different things."""
    found = {}
    for option in (field.name for field in fields(Told)):
        said, known = getattr(told, option), getattr(seen, option)
        if said is not None and known is not None and said != known:
            raise conflict(f"{option}={said!r}, but the file says {known!r:.40} of layer {name!r:.40}", "leave it out")
        found[option] = known if said is None else said
    return Told(**found)


def _require_fitting(stages: list[Stage], origin: str) -> None:
    for before, after in pairwise(stages):
        if before.outputs != after.inputs:
            what = f"{after.name} hears {after.inputs} values, {before.name} before it gives {before.outputs}"
            raise LnnccError("E0411", f"the layers of {origin} do not fit: {what}", helps=("save the model again",))
