"""One cell of ncps from its named arrays: sizes from the arrays' shapes, the rest from what was told."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lnncc.cells import LTC, CfC, MixedMemory, Readout, WiredCfC, Wiring
from lnncc.cells.cfc import Mode
from lnncc.cells.ltc import Map
from lnncc.errors import LnnccError
from lnncc.frontend import ncps_masks
from lnncc.frontend.ncps_options import Kind, Told, ask, conflict
from lnncc.frontend.ncps_wraps import Clock, First, Stepping
from lnncc.frontend.weights import Array, Weights

Shapes = dict[str, tuple[int, ...]]
SYNAPSE = ("w", "sigma", "mu", "erev")
PER_INPUT, PER_OUTPUT = ("input_w", "input_b"), ("output_w", "output_b")
GATED = ("ff1", "ff2", "time_a", "time_b")


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A cell, its parameters, and the names of the arrays that they were read from."""

    cell: Stepping
    params: Mapping[str, object]
    used: frozenset[str]


def ltc(weights: Weights, prefix: str, told: Told) -> Network:
    """An LTC or LTCCell. Raises as ``from_ncps``."""
    inputs, units = weights.matrix(prefix + "sensory_sigma")
    outputs = _outputs(weights, prefix, told)
    if outputs > units:
        raise conflict(f"{outputs} outputs are more than the {units} neurons of the LTC")
    arrays = _take(weights, prefix, _ltc_shapes(weights, prefix, inputs, units, outputs))
    shapes = {name: array.shape for name, array in arrays.items()}
    shapes |= {sense + "sparsity_mask": shapes[sense + "erev"] for sense in ("", "sensory_")}
    masks = ncps_masks.of_ltc(weights, prefix, told, shapes)
    mask, sensory_mask = masks.values()
    if not told.implicit:
        _require_positive(weights, prefix, {"gleak": 1, "cm": 1, "w": mask, "sensory_w": sensory_mask})
    wiring = Wiring(mask, sensory_mask, outputs, (tuple(range(units)),))
    maps = _map(arrays, "input"), _map(arrays, "output")
    cell = LTC(wiring, told.unfolds or 1, bool(told.implicit), *maps, epsilon=told.epsilon or 0.0)
    return Network(cell, arrays, _used(prefix, arrays) | _used(prefix, masks))


def _outputs(weights: Weights, prefix: str, told: Told) -> int:
    """How many outputs: the length of the output map, or what the user said. Asks for all that is missing."""
    lengths = [weights.arrays[prefix + name].size for name in PER_OUTPUT if prefix + name in weights.arrays]
    if told.flavour.outputs == "all" and told.outputs is None and not lengths:
        lengths = [weights.matrix(prefix + "sensory_sigma")[1]]
    ask("LTC", told, ("unfolds", "implicit") if lengths else ("unfolds", "implicit", "outputs"))
    if lengths and told.outputs not in (None, lengths[0]):
        raise conflict(f"outputs={told.outputs}, but {weights.key(prefix + 'output_w')} has {lengths[0]} values")
    return lengths[0] if lengths else told.outputs or 0


def _ltc_shapes(weights: Weights, prefix: str, inputs: int, units: int, outputs: int) -> Shapes:
    shapes: Shapes = {name: (units,) for name in ("gleak", "vleak", "cm")}
    shapes |= {name: (units, units) for name in SYNAPSE}
    shapes |= {"sensory_" + name: (inputs, units) for name in SYNAPSE}
    maps = {name: (inputs,) for name in PER_INPUT} | {name: (outputs,) for name in PER_OUTPUT}
    return shapes | {name: shape for name, shape in maps.items() if prefix + name in weights.arrays}


def _map(arrays: Mapping[str, Array], side: str) -> Map:
    if f"{side}_b" in arrays:
        return "affine"
    return "linear" if f"{side}_w" in arrays else "none"


def _require_positive(weights: Weights, prefix: str, counting: Mapping[str, Array | int]) -> None:
    """No live conductance may be negative: the cell would divide by zero or run away."""
    for name, live in counting.items():
        array = weights.arrays[prefix + name]
        bad = np.argwhere((array < 0) & np.asarray(live, bool))
        if len(bad):
            key, place = weights.key(prefix + name), ", ".join(map(str, bad[0]))
            raise LnnccError(
                "E0412",
                f"{len(bad)} conductances of `{key}` are negative, and implicit=False",
                notes=(f"first at {key}[{place}]",),
                helps=(
                    "say implicit=True if the LTC was made with implicit_param_constraints=True (its default)",
                    "if not, call apply_weight_constraints() of the cell after training, and save again",
                ),
            )


def cfc(weights: Weights, prefix: str, told: Told) -> Network:
    """A CfC with a backbone or none. Raises as ``from_ncps``."""
    units, features = weights.matrix(prefix + "ff1.weight")
    layers = _backbone(weights, prefix)
    mode = _mode("CfC", weights, prefix, told, ("mode", "activation") if layers else ("mode",))
    shapes: Shapes = {}
    width = first = weights.matrix(f"{prefix}{layers[0]}.weight")[1] if layers else features
    for layer in layers:
        rows = weights.matrix(f"{prefix}{layer}.weight")[0]
        shapes |= _linear(layer, rows, width)
        width = rows
    shapes |= _heads(mode, units, width)
    arrays = _take(weights, prefix, shapes)
    inputs = _inputs(weights, f"{prefix}{(layers or ['ff1'])[0]}.weight", first, units)
    cell = CfC(inputs, units, mode, width, len(layers), told.activation or "lecun_tanh", told.squash or "tanh")
    params = {"backbone": tuple(_layer(arrays, layer) for layer in layers), **_head_params(arrays, "", told)}
    return Network(cell, params, _used(prefix, arrays))


def _backbone(weights: Weights, prefix: str) -> list[str]:
    """The dense layers in order. Their numbers have gaps, where activations and dropout are."""
    name = re.compile(re.escape(prefix) + r"backbone\.(\d+)\.(?:weight|bias)")
    numbers = sorted({int(match[1]) for match in filter(None, map(name.fullmatch, weights.arrays))})
    return [f"backbone.{number}" for number in numbers]


def wired(weights: Weights, prefix: str, told: Told) -> Network:
    """A CfC over a wiring: one cell a layer, masks as they are in the file. Raises as ``from_ncps``."""
    name = re.compile(re.escape(prefix) + r"layer_\d+\.ff1\.weight")
    layers = [f"layer_{i}" for i in range(sum(name.fullmatch(key) is not None for key in weights.arrays))]
    asked = ("mode", "outputs") if len(layers) == 1 and told.dialect in ("keras", "tf") else ("mode",)
    mode = _mode("WiredCfC", weights, f"{prefix}{layers[0]}.", told, asked)
    matrices = [weights.matrix(f"{prefix}{layer}.ff1.weight") for layer in layers]
    sizes = [rows for rows, _ in matrices]
    inputs = _inputs(weights, f"{prefix}layer_0.ff1.weight", matrices[0][1], sizes[0])
    heard = (inputs, *sizes[:-1])
    within = {layer: (size, n + size) for layer, size, n in zip(layers, sizes, heard, strict=True)}
    shapes = {f"{layer}.{head}": s for layer, size in within.items() for head, s in _heads(mode, *size).items()}
    arrays = _take(weights, prefix, shapes)
    masks = ncps_masks.of_layers(weights, prefix, told, within)
    for layer, mask in masks.items():
        for head in ("ff1", "ff2") if mode != "pure" else ("ff1",):
            weight = arrays[f"{layer}.{head}.weight"]
            arrays[f"{layer}.{head}.weight"] = np.where(mask < 0, -weight, weight)
    params = {layer: _head_params(arrays, f"{layer}.", told) for layer in layers}
    cell = WiredCfC(_layered([abs(mask) for mask in masks.values()]), mode, told.squash or "tanh")
    used = _used(prefix, arrays) | {f"{prefix}{layer}.sparsity_mask" for layer in masks}
    return Network(_first(cell, told.outputs), params, used)


def _first(cell: WiredCfC, outputs: int | None) -> Stepping:
    if outputs is not None and outputs > cell.outputs:
        raise conflict(f"{outputs} outputs are more than the {cell.outputs} neurons of the last layer")
    return cell if outputs in (None, cell.outputs) else First(cell, outputs)


def _layered(masks: list[Array]) -> Wiring:
    """The wiring behind the masks of its layers. Neuron ids run from the last layer to the first, as in ncps."""
    sizes = [len(mask) for mask in masks]
    starts = [sum(sizes[i + 1 :]) for i in range(len(sizes))]
    layers = [tuple(range(start, start + size)) for start, size in zip(starts, sizes, strict=True)]
    adjacency = np.zeros((sum(sizes),) * 2, np.int32)
    sensory = np.zeros((masks[0].shape[1] - sizes[0], sum(sizes)), np.int32)
    sensory[:, layers[0]] = masks[0][:, : len(sensory)].T
    for i in range(1, len(masks)):
        adjacency[np.ix_(layers[i - 1], layers[i])] = masks[i][:, : sizes[i - 1]].T
    return Wiring(adjacency, sensory, sizes[-1], tuple(layers))


def mixed(weights: Weights, prefix: str, told: Told, behind: Network) -> Network:
    """``behind`` with the LSTM called ``prefix`` in front of it. Raises E0320, or E0411 if it does not fit."""
    cell = behind.cell
    size = cell.initial_state().size
    inward = told.memory == "input"
    sources = weights.matrix(f"{prefix}input_map.weight")[1] if inward else cell.inputs
    if inward and cell.inputs != size:
        raise weights.broken((f"the cell hears {cell.inputs} values, and not the {size} of its LSTM: see `memory`",))
    arrays = _take(
        weights, prefix, _linear("input_map", 4 * size, sources) | {"recurrent_map.weight": (4 * size, size)}
    )
    ask("LTC" if isinstance(cell, LTC) else "CfC", told, ("forget_bias",))
    lstm = {"input_map": _layer(arrays, "input_map"), "recurrent_map": arrays["recurrent_map.weight"]}
    route = told.memory or "state"
    bias = told.forget_bias or 0.0
    memory = MixedMemory(cell, route, sources if inward else None, bias)  # type: ignore[arg-type]  # one of three cells
    return Network(memory, {"cell": behind.params, "lstm": lstm}, behind.used | _used(prefix, arrays))


def timed(found: Network, told: Told) -> Network:
    """``found`` behind the clock of its flavour, if that is another one."""
    if told.elapsed is None and not told.dt_offset:
        return found
    return Network(Clock(found.cell, told.dt_offset or 0.0, told.elapsed), found.params, found.used)


def readout(weights: Weights, name: str, behind: Network) -> Network:
    """``behind`` with the linear layer ``name`` after it. Raises E0411 if there is none that fits."""
    rows, _ = weights.matrix(f"{name}.weight")
    arrays = _take(weights, "", _linear(name, rows, behind.cell.outputs))
    params = {"cell": behind.params, "readout": _layer(arrays, name)}
    cell = Readout(behind.cell, rows)  # type: ignore[arg-type]  # which cell it is, only the file knows
    return Network(cell, params, behind.used | frozenset(arrays))


def _mode(kind: Kind, weights: Weights, prefix: str, told: Told, asked: tuple[str, ...]) -> Mode:
    """ "pure" is seen in the file; the other two modes look alike and are asked for, with all else that is."""
    pure = prefix + "w_tau" in weights.arrays
    if told.mode is not None and (told.mode == "pure") != pure:
        seen = '"pure"' if pure else '"default" or "no_gate"'
        raise conflict(f'mode="{told.mode}", but the parameters in the checkpoint are those of {seen}')
    ask(kind, told, tuple(name for name in asked if not (pure and name == "mode")))
    return told.mode or "pure"


def _heads(mode: Mode, rows: int, columns: int) -> Shapes:
    if mode == "pure":
        return _linear("ff1", rows, columns) | {"w_tau": (1, rows), "A": (1, rows)}
    return {name: shape for head in GATED for name, shape in _linear(head, rows, columns).items()}


def _head_params(arrays: Mapping[str, Array], prefix: str, told: Told) -> dict[str, object]:
    vectors = {name: arrays[prefix + name][0] for name in ("w_tau", "A") if prefix + name in arrays}
    heads = {name: _layer(arrays, prefix + name) for name in GATED if f"{prefix}{name}.weight" in arrays}
    if told.time_sign == -1 and "time_a" in heads:  # σ(b - a·t) is σ((-a)·t + b)
        heads["time_a"] = {part: -array for part, array in heads["time_a"].items()}
    return {**heads, **vectors}


def _linear(name: str, rows: int, columns: int) -> Shapes:
    return {f"{name}.weight": (rows, columns), f"{name}.bias": (rows,)}


def _layer(arrays: Mapping[str, Array], name: str) -> dict[str, Array]:
    return {part: arrays[f"{name}.{part}"] for part in ("weight", "bias")}


def _inputs(weights: Weights, name: str, features: int, units: int) -> int:
    """How many inputs: what the first layer hears besides the state."""
    if features <= units:
        raise weights.broken((f"{weights.key(name)} hears {features} values, not more than the {units} of the state",))
    return features - units


def _take(weights: Weights, prefix: str, shapes: Shapes) -> dict[str, Array]:
    """The arrays of these shapes, by their names behind ``prefix``."""
    arrays = weights.fetch({prefix + name: shape for name, shape in shapes.items()})
    return {name: arrays[prefix + name] for name in shapes}


def _used(prefix: str, arrays: Mapping[str, Array]) -> frozenset[str]:
    return frozenset(prefix + name for name in arrays)
