"""The watch of examples/field: retraining its readout helps, and the running device takes the update."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.docs
pytest.importorskip("optax")

from examples.field import __main__ as example  # noqa: E402  # it needs the extras
from examples.field import adapt  # noqa: E402
from examples.imu import data  # noqa: E402


def test_a_retrained_readout_tells_more_of_a_turned_watch(tmp_path: Path) -> None:
    split, params, subject = data.fold(example.FOLD), example.shipped(), data.FOLDS[example.FOLD][0]
    deployed = example.compiled(params)
    meant, turned = (adapt.wearers(split, example.FOLD, turned=t)[subject] for t in (False, True))
    updated = example.adapted(deployed, params, turned)
    found = example.row(subject, deployed, updated, meant, turned)
    assert found.adapted > found.turned and len(turned.told) < len(turned.labels)
    assert "all | " in example.table([found])
    sources, others = deployed.build.sources, updated.build.sources
    assert {name for name in sources if sources[name] != others[name]} == {"watch.c"}
    said = example.running(deployed, updated, turned)
    assert "600 of 600 steps" in said or "not run" in said
    pytest.importorskip("matplotlib")
    example.draw([found], tmp_path / "field.png")
    assert (tmp_path / "field.png").read_bytes()[1:4] == b"PNG"


def test_only_the_readout_is_retrained() -> None:
    params, rng = example.shipped(), np.random.default_rng(0)
    labels = np.arange(28) % 7
    features = rng.normal(size=(28, 40)) + 3 * np.eye(7, 40)[labels][:, ::-1]
    new = adapt.retrained(params, features, labels)
    assert new["cell"] is params["cell"] and new["readout"]["weight"].shape == params["readout"]["weight"].shape
    told = features[:, -12:] @ new["readout"]["weight"].T + new["readout"]["bias"]
    assert np.mean(told.argmax(axis=1) == labels) > 0.9
