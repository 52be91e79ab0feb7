"""lnncc monitor: a board's values step by step, and inputs from CSV files."""

import contextlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from host_board import executable, held
from test_board_firmware import builds as builds

from lnncc import cli, twin
from lnncc.build import Build
from lnncc.cli import csvs, monitor
from lnncc.errors import LnnccError
from lnncc.flash import device
from lnncc.flash.device import Device
from lnncc.ir import Array
from lnncc.plan.interface import Signal
from lnncc.validate import compare

HEAD = "x[2],x[0],x[1]\n"
ROWS = "0.5,-1,2\n0.25,1.5,-2\n\n-0.75,0,1e-1\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Build]) -> Path:
    folder = tmp_path_factory.mktemp("desk")
    for name, build in builds.items():
        build.write(folder / name)
    (folder / "day.csv").write_text(HEAD + ROWS)
    np.savez(folder / "days.npz", x=np.zeros((2, 5, 3)))
    return folder


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, builds: dict[str, Build]) -> Path:
    return executable(builds["gyro"], tmp_path_factory.mktemp("board"))


@pytest.fixture
def board(program: Path, builds: dict[str, Build], desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind every port is the firmware of ``gyro``."""

    @contextlib.contextmanager
    def connected(_port: str, _build: Build | None, _baud: int) -> Iterator[Device]:
        with held(program, builds["gyro"]) as found:
            yield found

    monkeypatch.setattr(device, "connected", connected)
    monkeypatch.chdir(desk)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def real(signals: Sequence[Signal], arrays: Sequence[Array], step: int) -> dict[str, list[float]]:
    return {s.label: (a[0, step] * 2.0**-s.frac).tolist() for s, a in zip(signals, arrays, strict=True)}


def test_values_are_the_twins_in_the_users_names_and_units(
    builds: dict[str, Build], board: None, desk: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build = builds["gyro"]
    assert cli.main(["monitor", "COM3", "gyro", "--data", "day.csv", "--period", "0", "--json"]) == 0
    *steps, last = lines(capsys)
    raw = compare.raw_inputs(build, csvs.read(build, desk / "day.csv"))
    states, outputs = twin.run(build.integer, raw)
    assert [step["step"] for step in steps] == [0, 1, 2] and last["steps"] == 3
    for k, step in enumerate(steps):
        assert step["schema"] == "lnncc.monitor/1" and step["clipped"] == 0
        assert step["states"] == real(build.interface.states, states, k)
        assert step["outputs"] == real(build.interface.outputs, outputs, k)
    assert last["model"] == "gyro" and last["retries"] == 0


def test_without_a_folder_the_roles_name_the_values(board: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["monitor", "COM3", "--steps", "2", "--period", "0"]) == 0
    first, second, last = capsys.readouterr().out.splitlines()
    assert first.split()[:5] == ["0", "x0", "0", "0", "0"] and "|  y0 " in second and "…" in second
    assert last == "2 steps, clipped 0, 0 frames sent again"


def test_ctrl_c_ends_it_and_sums_up(
    board: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(monitor.time, "sleep", sleep)
    assert cli.main(["monitor", "COM3", "--period", "60"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("3 steps, ")
    assert all(0 < seconds <= 60 for seconds in slept)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["COM3", "--data", "day.csv"], "E0225", "lnncc monitor COM3 DIR --data day.csv"),
        (["COM3", "gyro", "--data", "days.npz"], "E0420", "monitor takes one stream"),
        (["COM3", "gyro", "--data", "none.csv"], "E0427", "none.csv"),
        (["COM3", "gyro", "--period", "-1"], "E0210", "no time between two steps"),
    ],
)
def test_what_cannot_be_shown_is_an_error(
    board: None, words: list[str], code: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["monitor", *words]) == int(code[2])
    error = capsys.readouterr().err
    assert code in error and said in error


def test_a_port_that_is_none_exits_with_8(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["monitor", "/dev/no-such-port", "--json"]) == 8
    assert lines(capsys)[-1]["error"]["code"] == "E0806"  # type: ignore[index]  # it is an object


def test_columns_are_found_by_their_names(builds: dict[str, Build], desk: Path) -> None:
    named = csvs.read(builds["gyro"], desk / "day.csv")["x"]
    assert named.tolist() == [[[-1, 2, 0.5], [1.5, -2, 0.25], [0, 0.1, -0.75]]]
    (desk / "bare.csv").write_text("-1,2,0.5\r\n1.5,-2,0.25\r\n0,0.1,-0.75\r\n", newline="")
    assert np.array_equal(csvs.read(builds["gyro"], desk / "bare.csv")["x"], named)
    (desk / "timed.csv").write_text("dt,x[0],x[1],x[2]\n0.5,1,2,3\n2,4,5,6\n")
    timed = csvs.read(builds["pulse"], desk / "timed.csv")
    assert timed["dt"].tolist() == [[[0.5], [2.0]]] and timed["x"].tolist() == [[[1, 2, 3], [4, 5, 6]]]


@pytest.mark.parametrize(
    ("model", "text", "code", "words"),
    [
        ("gyro", "x[0],x[1],y\n1,2,3\n", "E0425", "its head names x[0], x[1], y"),
        ("gyro", "1,2,3\n1,2\n", "E0425", "row 2"),
        ("gyro", "1,2,3,4\n", "E0425", "has 4 columns, the model's inputs 3"),
        ("gyro", HEAD + "1,2,nan\n", "E0426", "'nan' in row 2, column 3"),
        ("gyro", HEAD + "1,2,3\n1,,3\n", "E0426", "'' in row 3, column 2"),
        ("gyro", HEAD + '1,2,"0,5"\n', "E0426", "'0,5' in row 2"),
        ("gyro", HEAD, "E0427", "no row of numbers"),
        ("gyro", "", "E0427", "it is empty"),
        ("gyro", "\udcff", "E0427", "codec"),
        ("pulse", "1,2,3,0\n", "E0408", "not above zero"),
    ],
)
def test_a_wrong_csv_says_where(
    builds: dict[str, Build], tmp_path: Path, model: str, text: str, code: str, words: str
) -> None:
    path = tmp_path / "wrong.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LnnccError, match=code) as caught:
        csvs.read(builds[model], path)
    assert words in "\n".join((caught.value.title, *caught.value.notes))


def test_a_csv_of_any_size_is_not_read_whole(
    builds: dict[str, Build], desk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csvs, "MOST", 10)
    with pytest.raises(LnnccError, match="E0427") as caught:
        csvs.read(builds["gyro"], desk / "day.csv")
    assert "more than 10 bytes" in caught.value.notes[0]
