"""load_params of a folder of orbax: what its own checkpointers write comes back, and a hostile folder does no harm."""

import json
import os
import random
import shutil
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

import lnncc
from lnncc.errors import LnnccError
from lnncc.frontend import limits, orbax
from tests.toy_model import seldom

checkpoint = pytest.importorskip("orbax.checkpoint", reason="needs the orbax extra")
TREE = {
    "cell": {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b.x": jnp.ones(2, jnp.bfloat16)},
    "layers": [np.ones(3), np.arange(2, dtype=np.int8)],
    "gain": 2.5,
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("orbax") / "params"
    with checkpoint.StandardCheckpointer() as writer:
        writer.save(folder, TREE)
    return folder


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "params")


def refused(code, path):
    with pytest.raises(LnnccError) as caught:
        lnncc.load_params(path)
    assert caught.value.code == code
    return str(caught.value)


def test_what_orbax_writes_comes_back(folder):
    found = lnncc.load_params(folder)
    assert found["cell"]["w"].dtype == np.float32 and found["cell"]["b.x"].dtype == np.float32
    np.testing.assert_array_equal(found["cell"]["w"], TREE["cell"]["w"])
    np.testing.assert_array_equal(found["cell"]["b.x"], np.ones(2))
    np.testing.assert_array_equal(found["layers"]["1"], TREE["layers"][1])
    assert found["gain"] == 2.5
    placed = lnncc.load_params(folder, like=TREE | {"gain": np.zeros(())})
    np.testing.assert_array_equal(placed["layers"][0], TREE["layers"][0])


def test_a_manager_has_its_trees_below(saved, tmp_path):
    shutil.copytree(saved, tmp_path / "run" / "7" / "default")
    text = refused("E0323", tmp_path / "run")
    assert "below it are trees in 7/default" in text and f"name {tmp_path / 'run' / '7' / 'default'}" in text
    assert "name the folder that holds it" in refused("E0323", tmp_path)


def test_it_is_an_extra(folder, monkeypatch):
    monkeypatch.setattr(orbax, "find_spec", lambda name: None)
    assert "lnncc[orbax]" in refused("E0703", folder)


def test_links_are_not_followed(folder, tmp_path):
    (tmp_path / "secret").write_text("secret")
    (folder / "d" / "more").symlink_to(tmp_path / "secret")
    assert "d/more is a link" in refused("E0410", folder)
    (folder / "d" / "more").unlink()
    os.link(tmp_path / "secret", folder / "more")
    assert "more is a link" in refused("E0410", folder)
    (folder / "more").unlink()
    os.mkfifo(folder / "pipe")
    assert "pipe is a link, or no plain file" in refused("E0410", folder)


def test_more_than_a_model(folder, monkeypatch):
    monkeypatch.setattr(limits, "MAX_NUMBERS", 5)
    assert "more than a model" in refused("E0410", folder)
    monkeypatch.setattr(limits, "MAX_FILE", 100)
    assert "it is bigger than" in refused("E0410", folder)


def test_a_shape_that_claims_more_than_there_is(folder):
    """Sizes are compared with the limits before anything is allocated."""
    with checkpoint.StandardCheckpointer() as writer:
        writer.save(folder.with_name("large"), {"w": np.zeros(limits.MAX_NUMBERS + 1, np.int8)})
    assert sum(path.stat().st_size for path in folder.with_name("large").rglob("*")) < 100_000
    assert "more than a model" in refused("E0410", folder.with_name("large"))


@pytest.mark.parametrize("metadata", [b"", b"[]", b"{}", b'{"tree_metadata": 1}', b"\xff", b"[" * 100_000])
def test_broken_metadata(metadata, folder):
    (folder / "_METADATA").write_bytes(metadata)
    refused("E0410", folder)


def test_names_that_are_none(folder):
    metadata = json.loads((folder / "_METADATA").read_text())
    (name,) = (name for name in metadata["tree_metadata"] if "gain" in name)
    metadata["tree_metadata"][name]["key_metadata"][0]["key"] = "gone"
    (folder / "_METADATA").write_text(json.dumps(metadata))
    refused("E0410", folder)


def test_files_that_are_cut(folder):
    for path in sorted(path for path in folder.rglob("*.ocdbt")):
        path.write_bytes(path.read_bytes()[:-3])
    refused("E0410", folder)


def test_memory_is_limited():
    pytest.importorskip("resource", reason="needs a system with limits")
    code = "from lnncc.frontend import orbax_child as c; c._limit_memory(); bytes(c.MAX_MEMORY)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "MemoryError" in done.stderr


@pytest.mark.parametrize("seed", seldom(range(20), 0, 1))
def test_changed_bytes(seed, folder):
    """Refused, or read: as other numbers, if one of them was hit."""
    draw = random.Random(seed)
    path = draw.choice(sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size))
    data = bytearray(path.read_bytes())
    for _ in range(draw.randint(1, 4)):
        data[draw.randrange(len(data))] = draw.choice((0, 1, 127, 128, 255, draw.randrange(256)))
    path.write_bytes(data)
    try:
        found = lnncc.load_params(folder)
    except LnnccError as error:
        assert error.code in ("E0402", "E0410", "E0411")
    else:
        assert {"cell", "layers"} & set(found)


def test_a_reader_that_does_not_end(folder, monkeypatch):
    monkeypatch.setattr(orbax, "SECONDS", 0.01)
    assert "took longer" in refused("E0410", folder)


def test_a_reader_that_dies_without_a_word(folder, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    assert "ended with 1" in refused("E0410", folder)
