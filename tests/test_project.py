"""Options that a project keeps in a file: as those of the command line, which go before them."""

import json
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import cli
from lnncc.archive import Model
from lnncc.cli import parser
from lnncc.errors import LnnccError
from tests import models

WHOLE = """
model = "net/gyro.lnn"
target = "host"
output = "firmware/gyro"
name = "gyro"
range = { x = [-2, 2] }
dt = 1.0
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / "net").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def parsed(*words: str) -> dict[str, object]:
    return vars(parser.parse(words))


def refused(*words: str) -> LnnccError:
    with pytest.raises(LnnccError) as caught:
        parser.parse(words)
    return caught.value


def test_each_kind_of_value(home: Path) -> None:
    (home / "lnncc.toml").write_text(
        'model = "gyro.lnn"\ntarget = "cortex-m4"\noutput = "out"\nbits = 8\ndt = [0.005, 0.02]\n'
        'package = ["cmake", "make"]\nrange = { x = [-4, 4], "y z" = [0, 1.5] }\nstate = { h = "h_next" }\n'
        "ncps = { unfolds = 6, implicit = true }\nfrozen = true\nrequire-size = false\nmax-abs = 1e-3\n"
    )
    found = parsed("compile")
    assert (found["model"], found["target"], found["output"]) == ("gyro.lnn", "cortex-m4", "out")
    assert (found["bits"], found["dt"], found["package"], found["max_abs"]) == ("8", "0.005:0.02", "cmake,make", 1e-3)
    assert found["range"] == ["x=-4:4", "y z=0:1.5"] and found["state"] == ["h=h_next"]
    assert found["ncps"] == ["unfolds=6", "implicit=true"]
    assert found["frozen"] is True and found["require_size"] is False


def test_the_command_line_goes_before(home: Path) -> None:
    (home / "lnncc.toml").write_text(WHOLE)
    found = parsed("compile", "--target", "cortex-m4", "other.lnn", "--range", "x=-1:1", "--json")
    assert (found["model"], found["target"], found["output"]) == ("other.lnn", "cortex-m4", "firmware/gyro")
    assert found["range"] == ["x=-2:2", "x=-1:1"], "the later one counts"
    assert parsed("compile", "--target", "cortex-m4")["model"] == "net/gyro.lnn"
    assert parsed("verify")["folder"] == "firmware/gyro"
    assert parsed("verify", "--steps", "3", "--on", "host", "cortex-m4")["folder"] == "firmware/gyro"
    assert parsed("verify", "other", "--steps", "3")["folder"] == "other"


def test_the_nearest_file_counts_and_its_paths_are_its_own(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "pyproject.toml").write_text(
        "[project]\nname = 'x'\n[tool.lnncc]\n" + WHOLE.replace("net/gyro.lnn", "train:model")
    )
    inner = home / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    found = parsed("compile")
    assert (found["model"], found["output"]) == ("train:model", "../../firmware/gyro")
    (home / "a" / "pyproject.toml").write_text("[tool.ruff]\n")
    assert parsed("compile")["name"] == "gyro"
    (home / "a" / "lnncc.toml").write_text(WHOLE)
    assert parsed("compile")["model"] == "../net/gyro.lnn"


def test_no_file_beyond_the_repository(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "lnncc.toml").write_text(WHOLE)
    inner = home / "module"
    (inner / ".git").mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert refused("compile").code == "E0210"


def test_outside_of_a_repository_only_this_folder_counts(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / ".git").rmdir()
    (home / "lnncc.toml").write_text(WHOLE)
    assert parsed("compile")["name"] == "gyro"
    (home / "inner").mkdir()
    monkeypatch.chdir(home / "inner")
    assert refused("compile").code == "E0210", "the folders above may be anybody's"


def test_taps_are_a_list_and_the_file_of_a_board_is_a_path(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "lnncc.toml").write_text(WHOLE.replace('"host"', '"node.toml"') + 'tap = ["a", "b"]\n')
    (home / "inner").mkdir()
    monkeypatch.chdir(home / "inner")
    found = parsed("compile")
    assert found["target"] == "../node.toml" and found["tap"] == ["a", "b"]


def test_a_working_directory_that_is_gone_has_no_project(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = home / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert parsed("verify", "/abs/dir")["folder"] == "/abs/dir"


FAULTS = [
    ('targt = "host"\n', "did you mean `target`?", 1),
    ('model = "m"\njson = 3\n', "either true or false", 2),
    ("model = 7\n", "no text", 1),
    ("output = ['a']\n", "no text", 1),
    ("bits = [1, 2, 3]\n", "no number, no word", 1),
    ("dt = 1979-05-27\n", "no number, no word", 1),
    ("range = { x = { low = 1 } }\n", "no number, no word", 1),
]


@pytest.mark.parametrize(("text", "said", "line"), FAULTS)
@pytest.mark.parametrize("shared", [False, True])
def test_a_wrong_value_is_named_with_its_line(text: str, said: str, line: int, shared: bool, home: Path) -> None:
    others = "".join(f"{key} = 1\n" for key in ("targt", "model", "bits", "dt", "range", "output", "json"))
    file, above = ("pyproject.toml", f"[tool.other]\n{others}\n[tool.lnncc]\n") if shared else ("lnncc.toml", "")
    (home / file).write_text(above + text)
    error = refused("compile")
    assert error.code == "E0239" and said in str(error)
    assert error.source is not None and error.source.line == line + above.count("\n")
    assert refused("compile", "x.lnn", "--target", "host", "-o", "out").code == "E0239", "nothing is passed over"


@pytest.mark.parametrize("data", [b"model = ", b"\xff\xfe", b"x = " + b"[" * 100_000, b"#" * (1 << 20) + b"#"])
@pytest.mark.parametrize("file", ["lnncc.toml", "pyproject.toml"])
def test_a_file_that_cannot_be_read(data: bytes, file: str, home: Path) -> None:
    (home / file).write_bytes(data)
    error = refused("verify")
    assert error.code == "E0239" and file in str(error)


def test_what_is_missing_is_still_missed(home: Path) -> None:
    (home / "lnncc.toml").write_text('name = "gyro"\n')
    assert all(word in str(refused("compile")) for word in ("E0210", "MODEL", "--target", "--output"))
    assert "DIR" in str(refused("verify"))


def test_help_reads_no_file(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "lnncc.toml").write_bytes(b"\xff")
    with pytest.raises(SystemExit):
        cli.main(["compile", "--help"])
    assert "--target" in capsys.readouterr().out


def test_a_project_compiles_and_verifies_in_two_words_each(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lnncc.save(Model(models.cfc()), home / "net/gyro.lnn")
    np.savez(home / "net/day.npz", x=np.zeros((10, 3)))
    (home / "lnncc.toml").write_text(WHOLE)
    assert cli.main(["compile"]) == 0
    assert "options of lnncc.toml: model, target, output, name, range, dt" in capsys.readouterr().err
    assert cli.main(["compile", "--frozen"]) == 0 and cli.main(["verify", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["bit_exact"] is True
    (home / "lnncc.toml").write_text(WHOLE + 'calib = "net/day.npz"\n')
    assert cli.main(["compile", "--frozen"]) == 6
