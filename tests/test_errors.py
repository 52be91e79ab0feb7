"""The texts of errors: place, caret, notes and helps, within twelve lines."""

from pathlib import Path

import pytest

from lnncc.errors import LnnccError, Source


def test_plain_text() -> None:
    error = LnnccError("E0401", "bad data", notes=("expected 3",), helps=("give 3",))
    assert str(error) == "error[E0401]: bad data\n  = note: expected 3\n  = help: give 3"
    assert error.exit_code == 4


def test_caret_under_the_culprit(tmp_path: Path) -> None:
    file = tmp_path / "net.py"
    file.write_text("def step():\n    return sort(x)\n", encoding="utf-8")
    error = LnnccError("E0301", "no sort", source=Source(str(file), 2, 12, 19, "step"))
    assert str(error).splitlines()[1:] == [
        f" --> {file}:2:12 in step()",
        "2 |     return sort(x)",
        "  |            ^^^^^^^",
    ]


@pytest.mark.parametrize("source", [Source("/nowhere/net.py", 3), Source(__file__, 10**6)])
def test_unreadable_source_is_still_named(source: Source) -> None:
    assert str(LnnccError("E0301", "t", source=source)).splitlines()[1] == f" --> {source.file}:{source.line}:0"


def test_twelve_lines_at_most() -> None:
    assert len(str(LnnccError("E0301", "t", notes=("n",) * 20)).splitlines()) == 12
    crowded = str(LnnccError("E0301", "t", notes=("n",) * 20, helps=("do", "or do"))).splitlines()
    assert len(crowded) == 12 and crowded[-2:] == ["  = help: do", "  = help: or do"]
    assert len(str(LnnccError("E0301", "t", helps=("h",) * 20)).splitlines()) == 12


def test_as_json() -> None:
    error = LnnccError("E0301", "t", source=Source("net.py", 3, 4), notes=("n",), helps=("h",))
    place = {"file": "net.py", "line": 3, "column": 4}
    assert error.to_dict() == {"code": "E0301", "title": "t", "source": place, "notes": ["n"], "helps": ["h"]}
    assert LnnccError("E0301", "t").to_dict()["source"] is None
