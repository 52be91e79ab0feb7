"""The command line: ``lnncc VERB``. A verb's code, and all that it needs, is imported when the verb is used."""

import contextlib
import importlib
import json
import sys
import traceback
from argparse import Namespace
from collections.abc import Mapping, Sequence

from lnncc import share
from lnncc.cli import crash, parser
from lnncc.cli.answer import Answer, put, tell
from lnncc.errors import LnnccError

OWN = (
    "compile",
    "update",
    "check",
    "verify",
    "run",
    "flash",
    "export",
    "report",
    "diff",
    "selftest",
    "misra",
    "timing",
    "bench",
    "completion",
    "monitor",
)  # each a module; others: lnncc.cli.show
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Do what ``argv`` says; the exit code: 0, 1 for a bug of ours, 130, or that of the error."""
    words = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in words
    try:
        return _main(words, as_json=as_json)
    except LnnccError as error:
        return _failed(error, as_json=as_json, debug="--debug" in words)
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except Exception as error:
        return _failed(_bug(error, words), as_json=as_json, debug="--debug" in words)


def _main(words: Sequence[str], *, as_json: bool) -> int:
    args = parser.parse(words)
    if args.version:
        put(f"lnncc {share.version()}")
        return 0
    with contextlib.redirect_stdout(sys.stderr):  # what the user's code prints is no part of the answer
        answer = _verb(args)
    if answer.live is not None:
        for part in answer.live:
            if not put(_json(part.fields) if as_json else part.text):
                break
        return 0
    put(_json({"schema": f"lnncc.{args.verb}/1", **answer.fields}) if as_json else answer.text)
    if answer.failure is None:
        return 0
    tell(str(answer.failure))
    return answer.failure.exit_code


def _verb(args: Namespace) -> Answer:
    if args.verb in OWN:
        return importlib.import_module(f"lnncc.cli.{args.verb}").run(args)
    return getattr(importlib.import_module("lnncc.cli.show"), args.verb)(args)


def _failed(error: LnnccError, *, as_json: bool, debug: bool) -> int:
    if debug:
        tell(traceback.format_exc().rstrip())
    tell(str(error))
    if as_json:
        with contextlib.suppress(LnnccError):  # stderr has it
            put(_json({"error": error.to_dict()}))
    return error.exit_code


def _bug(error: Exception, words: Sequence[str]) -> LnnccError:
    path = crash.write(error, words)
    sent = "the output of the same command and --debug" if path is None else f"the file {path}"
    return LnnccError(
        "E0100",
        f"lnncc failed: {type(error).__name__}: {' '.join(str(error).split())[:200]}",
        helps=(f"this is a bug of lnncc: please report it with {sent}",),
    )


def _json(fields: Mapping[str, object]) -> str:
    return json.dumps(fields, allow_nan=False)
