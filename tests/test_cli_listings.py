"""The verbs that list and explain, the road from --help to an unforeseen failure, and a page for each error code."""

import ast
import json
import re
import resource
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest

import lnncc
from lnncc import cli, doctor, explain, ops, target
from lnncc.cli import parser
from lnncc.errors import LnnccError
from lnncc.validate import toolchain

PACKAGE = Path(lnncc.__file__).parent
AT_ONCE = 0.15  # s
HEAVY = {"jax", "numpy", "scipy", "jinja2", "cffi"}


def python(text: str) -> str:
    return subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True).stdout


def test_help_imports_nothing_heavy() -> None:
    run = "from lnncc.cli import main\nimport sys\ntry:\n main(['--help'])\nexcept SystemExit as e: print(e.code)\n"
    out = python(run + "print(*sys.modules)")
    *shown, code, modules = out.splitlines()
    assert code == "0" and any("verify" in line for line in shown)
    assert HEAVY.isdisjoint(modules.split())


def test_help_is_there_at_once() -> None:
    """On the processor, in one of many runs: others on the machine make each take longer, and none shorter."""
    assert any(_time_of_help() < AT_ONCE for _ in range(40))


def _time_of_help() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "lnncc", "--help"], check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def test_every_verb_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for verb in cli.parser.VERBS:
        with pytest.raises(SystemExit) as ended:
            cli.main([verb, "--help"])
        assert ended.value.code == 0 and f"lnncc {verb}" in capsys.readouterr().out


@pytest.mark.parametrize("first", ["import lnncc.compile", "from lnncc.compile import compile_model", "import lnncc"])
def test_compile_is_the_function_whatever_was_imported_before(first: str) -> None:
    assert python(f"{first}\nimport lnncc\nprint(callable(lnncc.compile), lnncc.compile.__name__)") == "True compile\n"


def test_the_package_has_the_names_it_promises_and_no_other() -> None:
    assert all(getattr(lnncc, name) is not None for name in lnncc.__all__)
    assert set(lnncc.__all__) <= set(dir(lnncc))
    with pytest.raises(AttributeError, match="nothing"):
        _ = lnncc.nothing  # type: ignore[attr-defined]


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("lnncc ")


def test_targets_and_ops_list_their_folders(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["targets", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == "lnncc.targets/1" and [t["name"] for t in found["targets"]] == list(target.names())
    assert cli.main(["ops", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {op["name"] for op in found["ops"]} == ops.NAMES and all(op["summary"] for op in found["ops"])
    assert "tanh" in found["primitives"]


def test_ops_are_listed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["ops"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(": ")[0] for line in lines[: len(ops.NAMES)]] == sorted(ops.NAMES)


def test_doctor_is_content_where_the_essentials_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ok"] is True
    assert {"python", "jax", "numpy", "host C compiler", "ziglang", "unicorn", "onnx"} <= {
        c["name"] for c in found["checks"]
    }


def test_doctor_says_how_to_get_a_compiler(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setitem(sys.modules, "ziglang", None)
    assert cli.main(["doctor"]) == 7
    shown = capsys.readouterr()
    assert re.search(r"miss +host C compiler +-> .*lnncc\[mcu\]", shown.out)
    assert re.search(r"miss +qemu-system-arm", shown.out)
    assert "error[E0705]" in shown.err and "host C compiler" in shown.err


@pytest.mark.parametrize(("version", "ok"), [(None, False), ("0.9.9", False), ("0.10.0", True), ("0.12.3", True)])
def test_doctor_knows_which_jax_is_supported(version: str | None, ok: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor.share, "installed", lambda package: version)
    monkeypatch.setattr(toolchain, "find", lambda *_: toolchain.Compiler("gcc", ("gcc",), (), "gcc 1", False))
    check = next(check for check in doctor.examine() if check.name == "jax")
    assert check.ok is ok and "jax>=0.10,<0.13" in check.get


def test_explain_shows_the_page_in_either_case(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["explain", "e0202", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["code"] == "E0202" and "--dt 0.01" in found["text"]


def test_each_code_has_a_page_and_each_page_a_code() -> None:
    texts = [path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")]
    codes = {code for text in texts for code in re.findall(r'"(E0\d{3})"', text)}
    assert codes == set(explain.codes())
    assert len(codes) > 40


def test_each_code_is_expected_by_a_test() -> None:
    """A test that asks for the code, as ``match`` or to compare with: texts of docstrings and comments do not count.

    Such a test cannot pass unless the error is raised. Of the table in ``test_cli.py`` each row is a test.
    """
    expected = {code for path in sorted(Path(__file__).parent.glob("test_*.py")) for code in _asked_for(path)}
    assert set(explain.codes()) <= expected


def _asked_for(path: Path) -> set[str]:
    if path.name == "test_error_pages.py":  # where codes are keys
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    spoken = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    said = [
        n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str) and id(n) not in spoken
    ]
    return {code for node in said for code in re.findall(r"E0\d{3}", node.value)}


@pytest.mark.parametrize("code", explain.codes())
def test_a_page_has_a_failing_and_a_fixed_example(code: str) -> None:
    text = explain.page(code)
    assert text.startswith(f"# {code}: ")
    failing, fixed = text.partition("## Fails\n")[2].split("## Fixed\n")
    assert re.search("^    \\S", failing, re.M) and re.search("^    \\S", fixed, re.M)
    assert max(map(len, text.splitlines())) <= 125


def _raise(error: BaseException) -> object:
    def verb(*args: object) -> None:
        raise error

    return verb


def test_a_failure_of_ours_asks_for_a_report_in_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lnncc.cli.show.targets", _raise(RuntimeError("two\nlines")))
    assert cli.main(["targets"]) == 1
    shown = capsys.readouterr()
    assert "error[E0100]: lnncc failed: RuntimeError: two lines\n" in shown.err and "please report" in shown.err
    assert "Traceback" not in shown.err
    (file,) = tmp_path.iterdir()
    assert f"the file {file.name}" in shown.err
    found = json.loads(file.read_text())
    assert found["command"] == ["lnncc", "targets"] and found["packages"]["numpy"] == np.__version__
    assert found["traceback"][0].startswith("Traceback") and found["traceback"][-1] == "lines"
    assert cli.main(["targets", "--debug"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_where_nothing_can_be_written_the_output_is_asked_for(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lnncc.cli.show.targets", _raise(RuntimeError("why")))
    monkeypatch.setattr(Path, "write_bytes", _raise(PermissionError()))
    monkeypatch.setattr(metadata, "version", _raise(metadata.PackageNotFoundError()))
    assert cli.main(["targets"]) == 1
    assert "with the output of the same command and --debug" in capsys.readouterr().err


@pytest.mark.parametrize("shell", parser.SHELLS)
def test_a_shell_completes_verbs_options_and_targets(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("shtab")
    assert cli.main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in ("verify", "--target", "cortex-m55", "nucleo-f446re", "E0405"))


def test_bash_completes(tmp_path: Path) -> None:
    """As a user would: a word begun, and what may follow."""
    pytest.importorskip("shtab")
    (tmp_path / "lnncc.bash").write_text(python("from lnncc.cli import main; main(['completion', 'bash'])"))
    asked = 'COMP_WORDS=(lnncc compile --target cortex-m3); COMP_CWORD=3; _shtab_lnncc; echo "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", f". ./lnncc.bash; {asked}"], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.split() == ["cortex-m3", "cortex-m33"], done.stderr


def test_completion_imports_nothing_heavy_and_needs_shtab(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("shtab")
    out = python("from lnncc.cli import main\nimport sys\nmain(['completion', 'bash'])\nprint(*sys.modules)")
    assert HEAVY.isdisjoint(out.splitlines()[-1].split())
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert cli.main(["completion", "bash"]) == 7
    assert "lnncc[completion]" in capsys.readouterr().err


def test_an_interrupted_command_exits_with_130(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lnncc.cli.show.targets", _raise(KeyboardInterrupt()))
    assert cli.main(["targets"]) == 130
    assert capsys.readouterr().out == ""


def test_an_error_is_shown_with_its_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lnncc.cli.show.targets", _raise(LnnccError("E0803", "too slow", helps=("wait",))))
    assert cli.main(["targets"]) == 8
    assert capsys.readouterr().err == "error[E0803]: too slow\n  = help: wait\n"
