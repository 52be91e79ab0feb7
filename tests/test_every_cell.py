"""Every row of the table of cells: the C is the twin bit for bit, and close to the float model at both widths."""

from pathlib import Path

import pytest

from examples import program
from examples.every_cell import __main__ as table
from examples.every_cell import measure
from examples.every_cell.rows import CASES
from lnncc.errors import LnnccError
from tests.toy_model import seldom

README = Path(__file__).parents[1] / "README.md"
STEPS = 100
COMPILED = [name for name, case in CASES.items() if case.refused is None]
OFTEN = [n for n in COMPILED if not n.endswith("irregular time") or n in ("CfC, irregular time", "LTC, irregular time")]
REFUSED = [name for name, case in CASES.items() if case.refused is not None]


@pytest.mark.parametrize("bits", [16, *seldom([8])])
@pytest.mark.parametrize("name", seldom(COMPILED, *OFTEN))
def test_row(name: str, bits: int) -> None:
    case = CASES[name]
    found = measure.verified(case, case.compiled(bits), STEPS)
    assert found.equal == found.steps == STEPS
    assert found.relative_rms < case.error[(16, 8).index(bits)]


@pytest.mark.parametrize("name", REFUSED)
def test_refused_row(name: str) -> None:
    with pytest.raises(LnnccError) as refusal:
        CASES[name].compiled(16)
    assert refusal.value.code == CASES[name].refused
    assert refusal.value.helps


def test_a_line_of_the_table() -> None:
    pytest.importorskip("unicorn", reason="needs the mcu extra")
    row = measure.row("CfC", CASES["CfC"])
    assert row.flash is not None and 1000 < row.flash < 20_000
    cells = table.line(row).strip("| ").split(" | ")
    assert cells[:4] == ["CfC", "yes", "proven", "2000/2000"]
    assert len(cells) == table.HEAD.count(" |")


def test_the_readme_has_every_row() -> None:
    _, table_text, _ = README.read_text().split("every cell -->")
    rows = [line.strip("| ").split(" | ") for line in table_text.splitlines() if line.startswith("| ")]
    assert " | ".join(rows[0]) == table.HEAD.strip("| ")
    assert sorted(row[0] for row in rows[1:]) == sorted(CASES)
    compiles = {row[0]: row[1] for row in rows[1:]}
    expected = {name: "yes" if case.refused is None else f"no: {case.refused}" for name, case in CASES.items()}
    assert compiles == expected


def test_a_row_that_there_is_not_is_told_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["every_cell", "CFC"])
    with pytest.raises(SystemExit) as end:
        program(table.main)
    assert end.value.code == 2
    assert capsys.readouterr() == ("", "error[E0214]: there is no row CFC\n  = help: did you mean `CfC`?\n")
