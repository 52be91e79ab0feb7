"""MISRA C:2012: every departure of the generated C is listed with its reason, and one that is not is an error."""

import json
import shutil
import subprocess
import tomllib
from collections.abc import Sequence
from pathlib import Path

import models
import pytest

import lnncc
from lnncc import Model, cli, kit, share, target
from lnncc.errors import LnnccError
from lnncc.kit import Part, graphs
from lnncc.program import Program
from lnncc.validate import misra
from lnncc.validate.misra import Deviation, Violation

RUNTIME = share.folder("runtime")


def need() -> None:
    if shutil.which("cppcheck") is None:
        pytest.skip("cppcheck is not here: apt install cppcheck")


@pytest.fixture(scope="module")
def program() -> Program:
    return lnncc.compile(Model(models.cfc()), dt=1.0, ranges={"x": (-2.0, 2.0)}, name="gyro")


def left_over(name: str, parts: Sequence[Part]) -> list[Violation]:
    """What the list has no reason for in the C of these models of the kit for a target, each a program of its own."""
    left = list[Violation]()
    for part in parts:
        sources = {file: text for file, text in part.sources.items() if not file.endswith("_check.c")}
        found = misra.violations(sources, target.load(name))
        assert len(found) > 30
        left += misra.reasons(found, misra.listed(), part.name)[1]
    return left


def test_every_departure_is_listed() -> None:
    """In models of which many ops are made."""
    need()
    parts = [part for part in kit.parts(target.load("host")) if part.name in ("edges", "heads", "clocks")]
    assert len(parts) == 3 and not left_over("host", parts)


@pytest.mark.parametrize("name", ["host", "cortex-m4"])
def test_every_departure_of_code_that_takes_updates_is_listed(name: str) -> None:
    """Halves of words and shifts of rows are looked at; a Cortex-M4 has factors in place of shifts, all possible."""
    need()
    text = ""
    for model in (models.ltc(), models.cfc()):
        made = lnncc.compile(Model(model), dt=1.0, ranges={"x": (-2.0, 2.0)}, name="gyro", target=name, updatable=True)
        found = misra.violations(made.build.sources, target.load(name))
        assert len(found) > 30 and not misra.reasons(found, misra.listed(), "gyro")[1]
        text += made.build.sources["gyro.c"]
    assert "ln_same_halves" in text and ("ln_are_shifts" in text) == (name == "host")


# A core's own plan shows where kernels are called otherwise: not inlined, with constants put out, or told the time.
OF_A_CORE = ("strips", "synapses_small", "moves", "clocks")
CORES = ("cortex-m4", "cortex-m0plus", "avr-atmega328p", "rv32imac")
MODELS = (*graphs.GRAPHS, "synapses_fast", "synapses_small", "strips")


@pytest.mark.matrix
@pytest.mark.parametrize(
    ("name", "model"),
    [*(("host", model) for model in MODELS), *((core, model) for core in CORES for model in OF_A_CORE)],
)
def test_every_departure_of_every_kernel_is_listed(name: str, model: str) -> None:
    """The kit's models hold every kernel; C for many streams is left out, which asks for vectors of GCC and clang. The
    portable text is what is checked, so that it is the same on every core but for what the plan makes of it."""
    need()
    parts = [part for part in kit.parts(target.load(name)) if part.name == model]
    assert parts and not left_over(name, parts)


def test_every_listed_deviation_says_what_and_why_and_names_rules_once() -> None:
    listed = misra.listed()
    assert len(listed) == len(tomllib.loads((RUNTIME / misra.LIST).read_text())["deviation"]) > 8
    rules = [rule for deviation in listed for rule in deviation.rules]
    assert len(rules) == len(set(rules)) and all(d.what and d.why and d.files for d in listed)


def test_a_rule_is_covered_in_the_files_that_the_list_names() -> None:
    here = Deviation(("17.8",), ("NAME.c", "lnn/**"), "parameters that change", "pointers walk")
    places = [
        Violation("17.8", "gyro.c", 3),
        Violation("17.8", "lnn/kernels/mean.h", 4),
        Violation("17.8", "gyro.h", 5),
    ]
    covered, left = misra.reasons([*places, Violation("11.3", "gyro.c", 9)], [here], "gyro")
    assert covered == {here: tuple(places[:2])} and left == (places[2], Violation("11.3", "gyro.c", 9))


def test_the_verb(program: Program, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    need()
    program.save(tmp_path)
    assert cli.main(["misra", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "rule 10.1: shifts and masks of signed integers" in text and "why: fixed point" in text
    assert cli.main(["misra", str(tmp_path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["not_listed"] == [] and told["places"] == sum(len(d["places"]) for d in told["deviations"])


def test_a_departure_that_is_not_listed_is_an_error(
    program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    program.save(tmp_path)
    monkeypatch.setattr(misra, "violations", lambda *_: (Violation("17.2", "gyro.c", 12),))
    assert cli.main(["misra", str(tmp_path)]) == 7
    assert "E0712" in (said := capsys.readouterr().err) and "rule 17.2 gyro.c:12" in said


def test_cppcheck_finds_a_planted_departure() -> None:
    """Recursion, which nothing of ours does."""
    need()
    source = "int f(int x);\nint f(int x)\n{\n    return (x > 0) ? f(x - 1) : 0;\n}\n"
    found = misra.violations({"gyro.c": source}, target.load("host"))
    assert "17.2" in {v.rule for v in misra.reasons(found, misra.listed(), "gyro")[1]}


def test_without_cppcheck(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(LnnccError, match="E0710"):
        misra.violations({"a.c": ""}, target.load("host"))


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("Did not find addon misra.py", 1, "E0710"),
        ("unrecognized option", 1, "E0711"),
        ("a.c|1|syntaxError", 0, "E0711"),
    ],
)
def test_a_cppcheck_that_does_not_do(said: str, status: int, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: "cppcheck")
    done = subprocess.CompletedProcess([], status, said, "")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: done)
    with pytest.raises(LnnccError, match=code):
        misra.violations({"a.c": ""}, target.load("host"))


def test_a_cppcheck_that_never_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    def late(*_: object, **__: object) -> None:
        raise subprocess.TimeoutExpired("cppcheck", 1)

    monkeypatch.setattr(shutil, "which", lambda _: "cppcheck")
    monkeypatch.setattr(subprocess, "run", late)
    with pytest.raises(LnnccError, match=r"E0711.*"):
        misra.violations({"a.c": ""}, target.load("host"))
