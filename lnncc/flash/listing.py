"""What a tool says when it is asked which devices it sees: a question that a probe in a bad state may never answer."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from lnncc.errors import LnnccError
from lnncc.validate import process

SECONDS = 60.0  # pyOCD on a busy machine takes a while to start


def listing(argv: Sequence[str]) -> str:
    """Raises E0810 if the tool does not start, or does not end in time."""
    try:
        return process.call(argv, Path(tempfile.gettempdir()), SECONDS).text
    except TimeoutError as error:
        raise _failed(argv, f"did not end in {SECONDS:g} s", str(error)) from error
    except OSError as error:
        raise _failed(argv, "did not start", str(error)) from error


def _failed(argv: Sequence[str], how: str, said: str) -> LnnccError:
    return LnnccError(
        "E0810",
        f"{Path(argv[0]).name} was asked which probes it sees, and {how}",
        notes=(" ".join(argv), *(line.rstrip()[:160] for line in said.splitlines()[-4:] if line.strip())),
        helps=(
            "unplug the probe, plug it in again, and end other programs that use it",
            "or flash with another tool: --tool",
        ),
    )
