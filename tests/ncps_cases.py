"""Checkpoints of ncps in the dialects that the tests take apart, and what the tests ask of an error."""

import json
from pathlib import Path

import numpy as np
import pytest

from lnncc import from_ncps
from lnncc.errors import LnnccError

DATA = Path(__file__).parent / "data/ncps"
MODELS = json.loads((DATA / "models.json").read_text())
LTC = dict(np.load(DATA / "ltc_random.weights.npz"))
CFC = dict(np.load(DATA / "cfc_gelu_dropout.weights.npz"))
PURE = dict(np.load(DATA / "cfc_pure_tanh.weights.npz"))
WIRED = dict(np.load(DATA / "wired_no_gate.weights.npz"))
UNMAPPED = dict(np.load(DATA / "ltc_unmapped.weights.npz"))
LTC_OPTIONS, CFC_OPTIONS, WIRED_OPTIONS = (MODELS[n] for n in ("ltc_random", "cfc_gelu_dropout", "wired_no_gate"))


def refused(code, weights, **options):
    """The text of the error, which must be short and of this code."""
    with pytest.raises(LnnccError) as caught:
        from_ncps(weights, **options)
    assert caught.value.code == code
    text = str(caught.value)
    assert len(text.splitlines()) <= 12
    return text


def same_graph(one, other):
    arrays = [list(model.graph.constants.values()) for model in (one, other)]
    return all(np.array_equal(a, b) for a, b in zip(*arrays, strict=True))
