"""The command line where nobody listens: a closed or full pipe loses neither the work nor the exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lnncc import cli
from lnncc.cli import show
from lnncc.cli.answer import Answer
from lnncc.errors import LnnccError

FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
MAIN = "import sys; from lnncc.cli import main; sys.exit(main(sys.argv[1:]))"
WORDS = {"good": ("explain", "E0400"), "bad": ("explain", "E0399"), "help": ("compile", "--help"), "no": ("--version",)}


def started(words: tuple[str, ...], **streams: object) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", MAIN, *words], **{**PIPES, **streams})  # type: ignore[call-overload]


PIPES = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}


def left() -> int:
    """A pipe to write to, whose reader has gone."""
    read, write = os.pipe()
    os.close(read)
    return write


@pytest.mark.parametrize(("which", "exits"), [("good", 0), ("bad", 2), ("help", 0), ("no", 0)])
@pytest.mark.parametrize("stream", ["stdout", "stderr"])
@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_reader_that_has_left_changes_no_exit_code(
    which: str, exits: int, stream: str, json: tuple[str, ...]
) -> None:
    if which == "no" and json:
        pytest.skip("--version knows no --json")
    pipe = left()
    done = started((*WORDS[which], *json), **{stream: pipe})
    os.close(pipe)
    out, err = done.communicate()
    assert done.returncode == exits
    assert b"Traceback" not in (out or b"") + (err or b"") and b"BrokenPipe" not in (err or b"")


@FULL
@pytest.mark.parametrize(
    ("which", "exits", "says"), [("good", 2, b"E0211"), ("help", 2, b"E0211"), ("bad", 2, b"E0212")]
)
def test_an_answer_that_cannot_be_written_is_an_error(which: str, exits: int, says: bytes) -> None:
    with open("/dev/full", "wb") as full:
        done = started((*WORDS[which], "--json") if which != "help" else WORDS[which], stdout=full)
        _, err = done.communicate()
    assert done.returncode == exits and says in err and b"Traceback" not in err


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_error(closed: str) -> None:
    """An error that has no stderr stays out of the answer."""
    words = [sys.executable, "-c", MAIN, "explain", "E0399", "--json"]
    done = subprocess.run(["sh", "-c", f'exec "$@" {closed}>&-', "sh", *words], capture_output=True, text=True)
    assert done.returncode == 2
    if closed == "2":
        assert json.loads(done.stdout)["error"]["code"] == "E0212"


def test_notes_that_nobody_reads_stop_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What a verb does after a note is done: here in a process whose stderr has no reader."""
    code = (
        "import sys; from pathlib import Path; from lnncc.cli import answer\n"
        f"answer.note('a'); answer.note('b'); Path({str(tmp_path / 'done')!r}).touch()"
    )
    pipe = left()
    done = subprocess.run([sys.executable, "-c", code], stderr=pipe)
    os.close(pipe)
    assert done.returncode == 0 and (tmp_path / "done").exists()


def test_what_an_encoding_lacks_is_escaped() -> None:
    text = "import sys; from lnncc.cli import answer; answer.put('Σ\\udcff'); answer.tell('Σ\\udcff')"
    done = subprocess.run(
        [sys.executable, "-c", text], capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii:strict"}
    )
    assert done.returncode == 0 and done.stdout == done.stderr == b"\\u03a3\\udcff\n"


def test_a_live_answer_ends_where_its_reader_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[int] = []

    def parts() -> object:
        for k in range(10):
            given.append(k)
            yield Answer({}, str(k))

    monkeypatch.setattr(show, "ops", lambda args: Answer({}, "", live=parts()))  # type: ignore[arg-type]
    monkeypatch.setattr(cli, "put", lambda text: text != "3")
    assert cli.main(["ops"]) == 0 and given == [0, 1, 2, 3]


def test_a_broken_pipe_inside_a_verb_is_no_success(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """It once was taken for a reader of the answer that had left."""

    def broken(args: object) -> Answer:
        raise BrokenPipeError("a compiler has gone")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(show, "ops", broken)
    assert cli.main(["ops"]) == 1
    assert "E0100" in capsys.readouterr().err


def test_a_disk_that_is_full_is_told_by_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    from lnncc.cli import answer

    def full(*words: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(answer, "print", full, raising=False)
    monkeypatch.setattr(answer, "_to_nowhere", lambda stream: None)
    with pytest.raises(LnnccError, match=r"\[E0211\]: cannot write the answer: No space left"):
        answer.put("text")
    answer.tell("text")
