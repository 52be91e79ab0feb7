"""Writes tests/data/keras: models of ncps for Keras, as Keras saves them, with a run of Keras itself.

Run it as ``python tests/keras_data.py`` where keras and ncps are installed; the files are part of the repository.
"""

import os
from collections.abc import Mapping
from pathlib import Path

os.environ["KERAS_BACKEND"] = "jax"

import keras
import numpy as np
from ncps.keras import LTC, CfC
from ncps.wirings import AutoNCP, FullyConnected, Random

FOLDER = Path(__file__).parent / "data/keras"
INPUTS, STEPS = 3, 40
ALONE = ("ltc_ncp", "cfc_dense")  # whose weights are also saved without the model, as the same HDF5
OPTIONS = {"return_sequences": True, "unroll": True}


def models() -> Mapping[str, keras.Sequential]:
    layers = keras.layers
    return {
        "ltc_ncp": [LTC(AutoNCP(9, 2), **OPTIONS)],
        "ltc_random_linear": [
            LTC(Random(6, 3, 0.5), input_mapping=None, output_mapping="linear", ode_unfolds=3, **OPTIONS)
        ],
        "ltc_unmapped": [LTC(FullyConnected(5, 2), input_mapping=None, output_mapping=None, **OPTIONS)],
        "cfc_dense": [CfC(5, backbone_units=7, backbone_layers=2, backbone_dropout=0.3, **OPTIONS), layers.Dense(2)],
        "cfc_no_gate": [CfC(5, mode="no_gate", activation="relu", backbone_units=6, **OPTIONS)],
        "cfc_pure": [CfC(5, mode="pure", activation="gelu", backbone_units=6, **OPTIONS)],
        "cfc_no_backbone": [CfC(5, backbone_layers=0, backbone_units=0, **OPTIONS)],
        "wired": [CfC(AutoNCP(9, 2), **OPTIONS)],
        "wired_full": [CfC(FullyConnected(6, 2), mode="no_gate", **OPTIONS)],
        "mixed_cfc": [CfC(5, mixed_memory=True, backbone_units=6, **OPTIONS)],
        "mixed_ltc": [LTC(AutoNCP(7, 2), mixed_memory=True, **OPTIONS)],
        "stack": [
            layers.Dense(4, activation="relu"),
            LTC(AutoNCP(7, 3), **OPTIONS),
            layers.Dropout(0.2),
            CfC(5, backbone_units=6, activation="silu", **OPTIONS),
            layers.TimeDistributed(layers.Dense(2, activation="tanh", use_bias=False)),
        ],
    }  # fmt: skip


def write(name: str, parts: list[keras.layers.Layer], x: np.ndarray) -> None:
    model = keras.Sequential([keras.layers.Input(x.shape), *parts])
    rng = np.random.default_rng(len(name))
    for variable in model.trainable_variables:  # as training would: away from where they started
        value = np.asarray(variable)
        if value.dtype.kind == "f":
            moved = value * rng.uniform(0.8, 1.2, value.shape)
            variable.assign(np.where(value == 0, rng.normal(0, 0.1, value.shape), moved))
    y = np.asarray(model(x[None]))[0]
    model.save(FOLDER / f"{name}.keras")
    if name in ALONE:
        model.save_weights(FOLDER / f"{name}.weights.h5")
    masks = {}
    for part in parts:
        for k, layer in enumerate(getattr(getattr(part, "cell", None), "_cfc_layers", [])):
            masks[f"layer_{k}.sparsity_mask"] = np.asarray(layer.sparsity_mask)
    np.savez(FOLDER / f"{name}.run.npz", x=x, y=y, **masks)


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(2).normal(size=(STEPS, INPUTS)).astype(np.float32)
    for name, parts in models().items():
        write(name, parts, x)
        print(name)
