"""What ``config.json`` of a ``.keras`` file says: a chain of layers, each a cell, a dense layer, or nothing."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lnncc.errors import LnnccError
from lnncc.frontend.ncps_options import Told

Fields = Mapping[str, object]
SILENT = frozenset({"InputLayer", "Dropout", "SpatialDropout1D", "GaussianNoise", "GaussianDropout"})
CELLS = ("LTCCell", "CfCCell", "WiredCfCCell", "MixedMemoryRNN")
ACTIVATIONS = {"swish": "silu", "lecun_tanh": "lecun_tanh"}
MAPS = {None: "none", "linear": "linear", "affine": "affine"}


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer: what it is called in the file of weights, its own name, and what it does.

    ``told`` is what the file says of a cell; None of a dense layer, which ends in ``activation``.
    """

    path: str
    name: str
    told: Told | None
    activation: str = "linear"


def chain(config: Fields, path: str) -> tuple[Layer, ...]:
    """The layers that compute, in order. Raises E0326 for a model that is no chain, or a layer that is not known."""
    if config.get("class_name") not in ("Sequential", "Functional", "Model"):
        raise _unknown(path, f"it is a {_text(config.get('class_name'))}, whose layers only its own code knows")
    described = [_fields(item, path) for item in _items(_fields(config.get("config"), path).get("layers"), path)]
    if config["class_name"] != "Sequential":
        _require_chain(described, path)
    counts: dict[str, int] = {}
    found = []
    for item in described:
        kind = _text(item.get("class_name"))
        number = counts.get(kind, 0)
        counts[kind] = number + 1
        place = _snake(kind) + (f"_{number}" if number else "")
        layer = _layer(kind, place, _fields(item.get("config"), path), path)
        found += [layer] if layer is not None else []
    return tuple(found)


def _layer(kind: str, place: str, config: Fields, path: str) -> Layer | None:
    name = _text(config.get("name"))
    if kind in SILENT:
        return None
    if kind == "Dense":
        return Layer(place, name, None, _activation(config.get("activation"), name, path))
    if kind == "TimeDistributed":
        inner = _fields(config.get("layer"), path)
        if inner.get("class_name") == "Dense":
            activation = _activation(_fields(inner.get("config"), path).get("activation"), name, path)
            return Layer(f"{place}.layer", name, None, activation)
    cell = config.get("cell")
    if isinstance(cell, dict) and cell.get("class_name") in CELLS:
        if config.get("go_backwards"):
            raise _unknown(path, f"layer {name!r:.40} runs backwards through time")
        return Layer(f"{place}.cell", name, _told(cell, config, path))
    raise _unknown(path, f"layer {name!r:.40} is a {kind!r:.40}")


def _told(cell: Fields, layer: Fields, path: str) -> Told:
    """What the file says of a cell, mixed memory or not."""
    kind, config = cell["class_name"], _fields(cell.get("config"), path)
    if kind == "MixedMemoryRNN":
        inner = config.get("rnn_cell")
        nested = isinstance(inner, dict) and "class_name" in inner
        return _memory(_fields(inner, path) if nested else {"config": inner}, config, layer, path)
    return _plain(str(kind), config, layer, path)


def _memory(inner: Fields, config: Fields, layer: Fields, path: str) -> Told:
    """Keras does not say which cell is behind the LSTM: its options do."""
    fields = _fields(inner.get("config"), path)
    kind = "LTCCell" if "ode_unfolds" in fields else "WiredCfCCell" if "wiring" in fields else "CfCCell"
    found = _plain(kind, fields, layer, path)
    return replace(found, forget_bias=config.get("forget_gate_bias"))  # type: ignore[arg-type]  # checked later


def _plain(kind: str, config: Fields, layer: Fields, path: str) -> Told:
    """Values are checked where those of users are."""
    name = _text(config.get("name", layer.get("name")))
    if kind == "LTCCell":
        return Told(
            dialect="keras",
            unfolds=config.get("ode_unfolds"),  # type: ignore[arg-type]
            epsilon=config.get("epsilon"),  # type: ignore[arg-type]
            input_map=_map(config.get("input_mapping"), name, path),  # type: ignore[arg-type]
            output_map=_map(config.get("output_mapping"), name, path),  # type: ignore[arg-type]
            outputs=_outputs(layer, config),
        )
    mode = config.get("mode")
    if kind == "WiredCfCCell":
        if config.get("fully_recurrent") is False:
            raise _unknown(path, f"layer {name!r:.40} is a wired CfC that is not fully recurrent")
        return Told(dialect="keras", mode=mode, outputs=_outputs(layer, config))  # type: ignore[arg-type]
    if config.get("sparsity_mask") is not None:
        raise _unknown(path, f"layer {name!r:.40} is a CfC with a mask of its own")
    layers = config.get("backbone_layers")
    activation = _activation(config.get("activation"), name, path) if layers else None
    return Told(dialect="keras", mode=mode, activation=activation)  # type: ignore[arg-type]


def _map(value: object, name: str, path: str) -> str:
    if not (value is None or isinstance(value, str)) or value not in MAPS:
        raise _unknown(path, f"layer {name!r:.40} maps by {value!r:.40}")
    return MAPS[value]


def _outputs(layer: Fields, cell: Fields) -> int | None:
    """``output_dim`` of the wiring, as its own class calls it."""
    for wiring in (layer.get("units"), cell.get("wiring"), layer.get("wiring")):
        config = wiring.get("config", wiring) if isinstance(wiring, dict) else {}
        for key in ("output_dim", "output_size", "motor_neurons", "units"):
            value = config.get(key) if isinstance(config, dict) else None
            if type(value) is int:
                return value
    return None


def _activation(value: object, name: str, path: str) -> str:
    """``"relu"``, or a function that Keras registered, as ``{"config": ">lecun_tanh"}``."""
    text = value.get("config") if isinstance(value, dict) else value
    if text is None:
        return "linear"
    if not isinstance(text, str):
        raise _unknown(path, f"layer {name!r:.40} has an activation that is no name")
    text = text.rpartition(">")[2]
    return ACTIVATIONS.get(text, text)


def _require_chain(layers: Sequence[Fields], path: str) -> None:
    """Each layer of a functional model hears the one before it, and no other."""
    before = None
    for layer in layers:
        nodes = layer.get("inbound_nodes")
        heard = set(re.findall(r"'keras_history': \['([^']*)'", repr(nodes)))
        if heard != ({before} if before is not None else set()) or len(_items(nodes, path)) > 1:
            raise _unknown(path, "its layers are no chain: one hears several, or is heard by several")
        before = _text(layer.get("name"))


def _snake(kind: str) -> str:
    """``CfC`` as ``cf_c``: how Keras calls a class in a file."""
    text = re.sub(r"\W+", "", kind)
    text = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", text)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower()


def _fields(value: object, path: str) -> Fields:
    if not isinstance(value, dict):
        raise _unknown(path, "its layers are not described as Keras 3 does it")
    return value


def _items(value: object, path: str) -> Sequence[object]:
    if not isinstance(value, list):
        raise _unknown(path, "its layers are not described as Keras 3 does it")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else "?"


def _unknown(path: str, why: str) -> LnnccError:
    return LnnccError(
        "E0326",
        f"{path} is not a chain of layers that lnncc knows: {why}",
        notes=("known are LTC, CfC, RNN over one of their cells, Dense, TimeDistributed(Dense), and dropout",),
        helps=(
            "give a model of the cell alone: keras.Sequential([model.get_layer(...)]).save_weights('cell.weights.h5')",
            "or export one step as ONNX, and use from_onnx",
        ),
    )
