"""What the numbered variables of a Keras file are in ncps: cells and dense layers, known by the shapes of theirs.

Keras saves no names: a layer's variables are ``vars/0``, ``vars/1``, ... in the order in which the layer made them, and
its parts are named after their classes. Matrices lie as [inputs, outputs], and are turned over here.
"""

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from lnncc.cells.ltc import Map
from lnncc.frontend.ncps_options import Told, ask, conflict
from lnncc.ir import Array

SYNAPSE = ("sigma", "mu", "w", "erev")
LTC = ("gleak", "vleak", "cm", *SYNAPSE, *(f"sensory_{name}" for name in SYNAPSE))
GATED = ("ff1.weight", "ff1.bias", "ff2.weight", "ff2.bias")
PURE = ("ff1.weight", "ff1.bias", "w_tau", "A")
LSTM = ("lstm.input_map.weight", "lstm.recurrent_map.weight", "lstm.input_map.bias")
DENSE = ("weight", "bias")
VARIABLE = re.compile(r"((?:.*/)?)vars/(\d{1,4})")
SPARE = re.compile(r"(?:optimizer/|.*seed_generator/).*")  # what training alone needs
PARTS = (  # how the parts of a cell are called here
    (re.compile(r"_cfc_layers/cf_c_cell(?:_(\d+))?/"), "layer_"),
    (re.compile(r"backbone_fn/layers/dense(?:_(\d+))?/"), "backbone."),
)
MAPPED = {"affine": ("_w", "_b"), "linear": ("_w",), "none": ()}
TURNED = re.compile(r".*(?:weight)")


def renamed(arrays: Mapping[str, Array], told: Told) -> dict[str, tuple[str, Array]]:
    """(path in the file, array) by the dotted name of ncps.

    Raises:
        LnnccError: E0320 or E0324 if it is not clear which maps an LTC has.
    """
    layers: dict[str, list[str]] = {}
    for path in arrays:
        match = VARIABLE.fullmatch(path)
        if match is not None and SPARE.fullmatch(path) is None:
            layers.setdefault(match[1], []).append(path)
    found: dict[str, tuple[str, Array]] = {}
    for prefix, paths in layers.items():
        paths = [path for _, path in sorted((int(path.rpartition("/")[2]), path) for path in paths)]
        kinds = _kinds(prefix, [arrays[path].shape for path in paths], set(layers), told)
        for path, kind in zip(paths, kinds, strict=True):
            array = arrays[path]
            found[dotted(prefix) + kind] = path, array.T if TURNED.fullmatch(kind) else array
    return found


def dotted(prefix: str) -> str:
    """``layers/cf_c/cell/backbone_fn/layers/dense_1/`` as ``cf_c.cell.backbone.1.``"""
    for pattern, name in PARTS:
        prefix = pattern.sub(lambda m, name=name: f"{name}{m[1] or 0}/", prefix)
    return prefix.removeprefix("layers/").replace("/", ".")


def _kinds(prefix: str, shapes: Sequence[tuple[int, ...]], layers: set[str], told: Told) -> Sequence[str]:
    """What the variables of one layer are; those of an unknown one stay numbered, and are asked about later."""
    ranks = [len(shape) for shape in shapes]
    if len(shapes) >= len(LTC) and ranks[: len(LTC)] == [1] * 3 + [2] * 8:
        return LTC + _maps([shape[0] for shape in shapes[len(LTC) :]], shapes[7], told)
    if any(layer.startswith(f"{prefix}rnn_cell/") for layer in layers) and ranks == [2, 2, 1]:
        return LSTM
    if f"{prefix}time_a/" in layers and ranks == [2, 1, 2, 1]:
        return GATED
    if ranks == [2, 1, 2, 2] and shapes[2] == shapes[3] == (1, *shapes[1]):
        return PURE
    if ranks in ([2, 1], [2]):
        return DENSE[: len(ranks)]
    return [f"vars.{i}" for i in range(len(shapes))]


def _maps(lengths: Sequence[int], sensory: tuple[int, ...], told: Told) -> tuple[str, ...]:
    """The maps of inputs and outputs, which one may leave out or halve: by how many numbers are in each."""
    inputs = sensory[0]
    fitting = [
        (first, last)
        for first in get_args(Map)
        for last in get_args(Map)
        if told.input_map in (None, first) and told.output_map in (None, last)
        if len(lengths) == len(MAPPED[first]) + len(MAPPED[last])
        and all(n == inputs for n in lengths[: len(MAPPED[first])])
        and len(set(lengths[len(MAPPED[first]) :])) <= 1
    ]
    if not fitting:
        raise conflict(f"an LTC of {inputs} inputs has maps of {', '.join(map(str, lengths)) or 'no'} numbers")
    if len(fitting) > 1:
        ask("LTC", told, ("input_map", "output_map"))
    first, last = fitting[0]
    return tuple(f"input{part}" for part in MAPPED[first]) + tuple(f"output{part}" for part in MAPPED[last])
