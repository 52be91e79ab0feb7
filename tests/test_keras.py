"""Keras files of ncps: the numbers of Keras itself, and no file of another kind is believed."""

import importlib.util
import io
import itertools
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from ncps_cases import refused

import lnncc
from lnncc import primitives
from lnncc.frontend import hdf5, keras
from lnncc.frontend.keras import layers
from lnncc.frontend.keras.names import LTC as NAMES
from lnncc.frontend.keras.names import renamed
from lnncc.frontend.ncps_options import Told

DATA = Path(__file__).parent / "data/keras"
FLOAT32 = 2e-6
# what .weights.h5 does not say, beside the masks
SAID = {
    "ltc_ncp": {"masks": "erev"},
    "ltc_random_linear": {"masks": "erev"},
    "ltc_unmapped": {"masks": "full"},
    "cfc_dense": {},
    "cfc_no_gate": {},
    "cfc_pure": {},
    "cfc_no_backbone": {},
    "wired": {"masks": "given"},
    "wired_full": {"masks": "given"},
    "mixed_cfc": {},
    "mixed_ltc": {"masks": "erev"},
    "stack": {"masks": "erev"},
}
ALONE = {
    "ltc_ncp": {"unfolds": 6},
    "ltc_random_linear": {"unfolds": 3, "output_map": "linear"},
    "ltc_unmapped": {"unfolds": 6, "outputs": 2},
    "cfc_dense": {"mode": "default", "activation": "lecun_tanh", "proj": "dense"},
    "cfc_no_gate": {"mode": "no_gate", "activation": "relu"},
    "cfc_pure": {"activation": "gelu"},
    "cfc_no_backbone": {"mode": "default"},
    "wired": {"mode": "default"},
    "wired_full": {"mode": "no_gate", "outputs": 2},
    "mixed_cfc": {"mode": "default", "activation": "lecun_tanh"},
    "mixed_ltc": {"unfolds": 6},
}


def said(name):
    """What the file does not hold; the masks of a wired CfC are those of the layers when it was saved."""
    options = dict(SAID[name])
    if options.get("masks") == "given":
        run = np.load(DATA / f"{name}.run.npz")
        options["masks"] = {key: run[key] for key in run.files if key.startswith("layer_")}
    return options


def largest_error(model, name):
    run = np.load(DATA / f"{name}.run.npz")
    states, errors = tuple(port.initial for port in model.graph.states), []
    for x, y in zip(run["x"], run["y"], strict=True):
        states, (found,) = primitives.step(model.graph, states, (x.astype(np.float64),), 1.0)
        errors.append(np.abs(found - y).max())
    return max(errors)


def alone(folder, name):
    """The weights of a model without what it says of its layers."""
    path = folder / f"{name}.weights.h5"
    with zipfile.ZipFile(DATA / f"{name}.keras") as file:
        path.write_bytes(file.read("model.weights.h5"))
    return path


@pytest.mark.parametrize("name", SAID)
def test_a_keras_file_computes_what_keras_computed(name):
    assert largest_error(lnncc.from_ncps(DATA / f"{name}.keras", **said(name)), name) < FLOAT32


@pytest.mark.parametrize("name", ALONE)
def test_weights_alone_compute_the_same_once_the_rest_is_said(name, tmp_path):
    assert largest_error(lnncc.from_ncps(alone(tmp_path, name), **said(name), **ALONE[name]), name) < FLOAT32


@pytest.mark.parametrize("name", ["ltc_ncp", "cfc_dense"])
def test_weights_as_keras_saves_them_alone(name):
    path = DATA / f"{name}.weights.h5"
    assert largest_error(lnncc.from_ncps(path, **said(name), **ALONE[name]), name) < FLOAT32


def test_keras_itself(tmp_path):
    """Where keras and ncps are installed: a model that is made, saved and run now."""
    for package in ("keras", "ncps"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"needs the package {package}")
    code = f"""
import os
os.environ["KERAS_BACKEND"] = "jax"
import keras, numpy as np
from ncps.keras import LTC
from ncps.wirings import AutoNCP
model = keras.Sequential([keras.layers.Input((9, 3)), LTC(AutoNCP(8, 3), return_sequences=True), keras.layers.Dense(2)])
x = np.random.default_rng(0).normal(size=(1, 9, 3)).astype("float32")
np.savez({str(tmp_path / "run.npz")!r}, x=x, y=np.asarray(model(x)))
model.save({str(tmp_path / "live.keras")!r})
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True)
    model, run = lnncc.from_ncps(tmp_path / "live.keras", masks="erev"), np.load(tmp_path / "run.npz")
    states = tuple(port.initial for port in model.graph.states)
    for x, y in zip(run["x"][0], run["y"][0], strict=True):
        states, (found,) = primitives.step(model.graph, states, (x.astype(np.float64),), 1.0)
        np.testing.assert_allclose(found, y, rtol=0, atol=FLOAT32)


def test_keras_is_not_imported():
    read = f"lnncc.from_ncps({str(DATA / 'cfc_dense.keras')!r})"
    code = f"import sys, lnncc; {read}; print({{'keras', 'h5py', 'flax'}} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "set()\n"


@pytest.mark.parametrize(("name", "options", "what"), [
    ("ltc_ncp", {}, "`masks`"),
    ("wired", {}, "`masks`"),
])  # fmt: skip
def test_masks_are_asked_for(name, options, what):
    assert what in refused("E0320", DATA / f"{name}.keras", **options)


@pytest.mark.parametrize(("name", "options", "asked"), [
    ("ltc_ncp", {"masks": "erev"}, "`unfolds`"),
    ("cfc_no_gate", {"activation": "relu"}, "`mode`"),
    ("wired_full", {"mode": "no_gate"}, "`outputs`"),
    ("ltc_unmapped", {"masks": "full", "unfolds": 6}, "`outputs`"),
])  # fmt: skip
def test_what_weights_alone_do_not_say_is_asked_for(name, options, asked, tmp_path):
    text = refused("E0320", alone(tmp_path, name), **options)
    assert asked in text
    assert f"--ncps {asked.strip('`')}=" in text


@pytest.mark.parametrize(("name", "options", "what"), [
    ("ltc_ncp", {"unfolds": 3}, "unfolds=3, but the file says 6"),
    ("cfc_dense", {"proj": "dense"}, "proj is for files"),
    ("wired", {"masks": "erev"}, "is for an LTC"),
    ("cfc_no_gate", {"unfolds": 3}, "belongs to LTC"),
    ("wired_full", {"masks": "full"}, "also have signs"),
    ("wired_full", {"outputs": 3}, "outputs=3, but the file says 2"),
])  # fmt: skip
def test_options_that_the_file_contradicts(name, options, what):
    assert what in refused("E0324", DATA / f"{name}.keras", **options)


def test_more_outputs_than_neurons(tmp_path):
    options = {**said("wired_full"), "mode": "no_gate", "outputs": 7}
    assert "7 outputs are more than the 6" in refused("E0324", alone(tmp_path, "wired_full"), **options)


def test_the_maps_of_an_ltc_that_could_be_two_things(tmp_path):
    """As many inputs as outputs, and two numbers each: w and b of one, or w of both."""
    shapes = [(4,)] * 3 + [(4, 4)] * 4 + [(3, 4)] * 4 + [(3,), (3,)]
    arrays = {f"ltc/vars/{i}": np.ones(shape) for i, shape in enumerate(shapes)}
    with pytest.raises(lnncc.LnnccError) as caught:
        renamed(arrays, Told())
    assert caught.value.code == "E0320" and "input_map" in str(caught.value)
    for told, parts in (
        (Told(input_map="affine"), ("input_w", "input_b")),
        (Told(output_map="affine"), ("output_w", "output_b")),
        (Told(input_map="linear"), ("input_w", "output_w")),
    ):
        assert list(renamed(arrays, told)) == [f"ltc.{name}" for name in (*NAMES, *parts)]
    with pytest.raises(lnncc.LnnccError) as caught:
        renamed(arrays, Told(input_map="affine", output_map="affine"))
    assert caught.value.code == "E0324"


def edited(folder, name, edit=None, **entries):
    """A .keras file with another config.json, or other entries."""
    path = folder / "edited.keras"
    with zipfile.ZipFile(DATA / f"{name}.keras") as file:
        parts = {entry: file.read(entry) for entry in file.namelist()}
    if edit is not None:
        config = json.loads(parts["config.json"])
        edit(config)
        parts["config.json"] = json.dumps(config).encode()
    parts |= entries
    with zipfile.ZipFile(path, "w") as file:
        for entry, data in parts.items():
            if data is not None:
                file.writestr(entry, data)
    return path


def layer(config, index):
    return config["config"]["layers"][index]


@pytest.mark.parametrize(("name", "edit", "what"), [
    ("ltc_ncp", lambda c: layer(c, 1).update(class_name="Lambda", config={"name": "evil"}), "is a 'Lambda'"),
    ("ltc_ncp", lambda c: c.update(class_name="MyModel"), "whose layers only its own code knows"),
    ("ltc_ncp", lambda c: layer(c, 1)["config"].update(go_backwards=True), "backwards"),
    ("ltc_ncp", lambda c: layer(c, 1)["config"]["cell"]["config"].update(input_mapping="cubic"), "maps by 'cubic'"),
    ("wired", lambda c: layer(c, 1)["config"]["cell"]["config"].update(fully_recurrent=False), "not fully recurrent"),
    ("cfc_dense", lambda c: layer(c, 1)["config"]["cell"]["config"].update(sparsity_mask=[1]), "a mask of its own"),
    ("cfc_dense", lambda c: layer(c, 1)["config"]["cell"]["config"].update(activation=3), "is no name"),
    ("cfc_dense", lambda c: layer(c, 2)["config"].update(activation="mish"), "ends in 'mish'"),
    ("cfc_dense", lambda c: layer(c, 2).update(class_name="BatchNormalization"), "is a 'BatchNormalization'"),
    ("cfc_dense", lambda c: layer(c, 2).update(class_name="TimeDistributed", config={"layer": {}}), "TimeDistributed"),
    ("cfc_dense", lambda c: c.update(config={"layers": 3}), "as Keras 3 does it"),
    ("cfc_dense", lambda c: c.update(config=[]), "as Keras 3 does it"),
    ("cfc_dense", lambda c: c.update(class_name="Functional"), "as Keras 3 does it"),
])  # fmt: skip
def test_layers_that_are_not_known(name, edit, what, tmp_path):
    assert what in refused("E0326", edited(tmp_path, name, edit), masks="erev" if "ltc" in name else "full")


def functional(config, heard):
    config["class_name"] = "Functional"
    for item, before in zip(config["config"]["layers"], heard, strict=True):
        tensors = [{"class_name": "__keras_tensor__", "config": {"keras_history": [name, 0, 0]}} for name in before]
        item["inbound_nodes"] = [{"args": [tensors[0] if len(tensors) == 1 else tensors]}] if tensors else []


def test_functional_models_that_are_chains(tmp_path):
    names = []
    edited(tmp_path, "cfc_dense", lambda c: names.extend(item["config"]["name"] for item in c["config"]["layers"]))

    def named(config):
        for item in config["config"]["layers"]:
            item["name"] = item["config"]["name"]

    def chain(config):
        named(config)
        functional(config, [[], names[:1], names[1:2]])

    def fork(config):
        named(config)
        functional(config, [[], names[:1], names[:2]])

    assert largest_error(lnncc.from_ncps(edited(tmp_path, "cfc_dense", chain)), "cfc_dense") < FLOAT32
    assert "no chain" in refused("E0326", edited(tmp_path, "cfc_dense", fork))


def test_files_that_are_no_keras_files(tmp_path):
    assert "there is no file" in refused("E0410", tmp_path / "gone.keras")
    assert "there is no file" in refused("E0410", tmp_path / "gone.weights.h5")
    assert "no config.json" in refused("E0410", edited(tmp_path, "ltc_ncp", **{"config.json": None}))
    assert "no model.weights.h5" in refused("E0410", edited(tmp_path, "ltc_ncp", **{"model.weights.h5": None}))
    assert "what its layers are" in refused("E0410", edited(tmp_path, "ltc_ncp", **{"config.json": b"[]"}))
    deep = b"[" * 100_000 + b"]" * 100_000
    assert "cannot be read" in refused("E0410", edited(tmp_path, "ltc_ncp", **{"config.json": deep}))
    long = b" " * (1 << 23)
    assert "at more length" in refused("E0410", edited(tmp_path, "ltc_ncp", **{"config.json": long}))
    assert "not HDF5" in refused("E0410", edited(tmp_path, "ltc_ncp", **{"model.weights.h5": b"x" * 99}))
    (tmp_path / "no.keras").write_bytes(b"no zip")
    assert "is no zip" in refused("E0410", tmp_path / "no.keras")


def test_layers_without_a_cell_and_arrays_without_a_layer(tmp_path):
    def without_cell(config):
        del config["config"]["layers"][1]

    assert "no LTC or CfC" in refused("E0323", edited(tmp_path, "cfc_dense", without_cell))

    def without_readout(config):
        del config["config"]["layers"][2]

    assert "arrays of unknown use: layers/dense/vars/" in refused(
        "E0325", edited(tmp_path, "cfc_dense", without_readout)
    )


def test_layers_that_do_not_fit_each_other(tmp_path):
    def dense(config):
        layers = config["config"]["layers"]
        layers[1], layers[2] = layers[2], layers[1]

    assert "hears" in refused("E0411", edited(tmp_path, "cfc_dense", dense))
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w"):
        pass
    (tmp_path / "empty.keras").write_bytes(empty.getvalue())
    assert "it has no" in refused("E0410", tmp_path / "empty.keras")


def test_what_training_alone_needs_is_left_out():
    arrays = {"optimizer/vars/0": np.ones(1), "layers/dropout/seed_generator/vars/0": np.ones(2), "vars": np.ones(1)}
    arrays["layers/norm/vars/0"] = np.ones(3)
    assert list(renamed(arrays, Told())) == ["norm.vars.0"]


def _places(value, place=()):
    """Every place in a JSON value, outermost first."""
    yield place
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _places(below, (*place, key))


ODD = (None, True, -1, 0, 1 << 70, 1e308, "", "x", "../../etc", [], {}, [[]], {"config": {}}, {"class_name": "LTCCell"})


@pytest.mark.parametrize("name", ["stack", "mixed_ltc", "wired"])
def test_any_value_of_a_description_changed(name):
    """Each place of config.json holds something else in turn: an error of ours, or a model."""
    with zipfile.ZipFile(DATA / f"{name}.keras") as file:
        config, arrays = json.loads(file.read("config.json")), hdf5.read(file.read("model.weights.h5"))
    refusals = 0
    for place, odd in itertools.product([place for place in _places(config) if place], ODD):
        changed = json.loads(json.dumps(config))
        parent = changed
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = odd
        try:
            keras.chained(layers.chain(changed, "a.keras"), arrays, "a.keras", Told(dialect="keras", **said(name)))
        except lnncc.LnnccError as error:
            assert error.code in ("E0320", "E0323", "E0324", "E0325", "E0326", "E0411"), error
            refusals += 1
    assert refusals > 200
