"""front: a picture of what a search saw: the same bytes always, every candidate of the front in it, the budget."""

import sys
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import cli
from lnncc.archive import Model
from lnncc.errors import LnnccError
from lnncc.report import front
from tests import models

XS = models.recording()
GIVEN = ["--target", "host", "--dt", "1.0", "--range", "x=-2:2"]
SEARCH = {
    "budget": {"max_abs": 1e-3, "rms": None, "flash": 4000, "objective": "flash"},
    "measured": {"max_abs": 9e-4, "rms": 2e-4, "flash": 3000, "ram": 90, "cycles": 700.0},
    "steps": 100,
    "tried": 7,
    "front": [
        {"max_abs": 4e-3, "rms": 1e-3, "flash": 2000, "ram": 90, "cycles": 500.0},
        {"max_abs": 9e-4, "rms": 2e-4, "flash": 3000, "ram": 90, "cycles": 700.0},
        {"max_abs": 1e-4, "rms": 5e-5, "flash": 6000, "ram": 90, "cycles": 800.0},
    ],
}


def _with(**budget: object) -> dict[str, object]:
    return {**SEARCH, "budget": {**SEARCH["budget"], **budget}}  # type: ignore[dict-item]


@pytest.mark.parametrize(
    ("budget", "cost", "error"),
    [
        ({}, "flash", "max_abs"),
        ({"objective": "cycles"}, "cycles", "max_abs"),
        ({"max_abs": None, "rms": 1e-3, "objective": "ram"}, "ram", "rms"),
        ({"max_abs": None, "objective": "cycles"}, "flash", "max_abs"),  # without a limit of error, flash is limited
    ],
)
def test_the_front_and_what_was_chosen_are_drawn(budget: dict[str, object], cost: str, error: str) -> None:
    [axes] = front.draw(_with(**budget)).axes
    steps, chosen, *limits = axes.lines
    assert steps.get_xydata().tolist() == [[p[cost], p[error]] for p in SEARCH["front"]]  # type: ignore[union-attr,index]
    assert chosen.get_xydata().tolist() == [[SEARCH["measured"][cost], SEARCH["measured"][error]]]  # type: ignore[union-attr,index]
    limited = _with(**budget)["budget"]
    shown = [limited[error], limited["flash"] if cost == "flash" else None]  # type: ignore[index]
    assert len(limits) == sum(limit is not None for limit in shown)
    assert axes.get_xlabel() == front.COSTS[cost] and axes.get_ylabel() == front.ERRORS[error]


@pytest.mark.parametrize(("suffix", "starts"), [(".svg", b"<?xml"), (".png", b"\x89PNG\r\n")])
def test_the_same_search_gives_the_same_bytes(tmp_path: Path, suffix: str, starts: bytes) -> None:
    one, other = tmp_path / f"one{suffix}", tmp_path / f"other{suffix}"
    front.save(SEARCH, one)
    front.save(SEARCH, other)
    assert one.read_bytes() == other.read_bytes()
    assert one.read_bytes().startswith(starts)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, data, out, picture = (str(tmp_path / name) for name in ("m.lnn", "x.npz", "out", "made/front.svg"))
    lnncc.save(Model(models.cfc()), model)
    np.savez(data, x=XS)
    common = ["compile", model, *GIVEN, "--calib", data, "-o", out]
    assert cli.main([*common, "--bits", "auto", "--max-abs", "1e-2", "--plot", picture]) == 0
    text = Path(picture).read_text()
    assert "chosen" in text and "budget: 0.01" in text and "candidates measured on 120 recorded steps" in text
    assert Path(picture).parent.is_dir() and f"{picture}" in capsys.readouterr().out
    for more, says in ((["--plot", picture], "there is none"), (["--bits", "auto", "--plot", "x.pdf"], "no picture")):
        assert cli.main([*common, *more]) == 2
        error = capsys.readouterr().err
        assert "E0216" in error and says in error
    (tmp_path / "file").touch()
    auto = ["--bits", "auto", "--max-abs", "1e-2"]
    assert cli.main([*common, *auto, "--plot", str(tmp_path / "file" / "front.png")]) == 2
    assert "E0211" in capsys.readouterr().err


def test_without_matplotlib_it_says_which_extra_brings_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(LnnccError, match=r"lnncc\[plot\]") as caught:
        front.save(SEARCH, tmp_path / "front.svg")
    assert caught.value.code == "E0703" and not list(tmp_path.iterdir())
