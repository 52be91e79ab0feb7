"""crash: what a bug of ours leaves for its report: a file of the traceback and the versions, none of models or data."""

import hashlib
import json
import platform
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path

from lnncc import share

PACKAGES = ("jax", "numpy", "scipy", "cffi", "onnx", "ziglang", "unicorn")


def write(error: Exception, words: Sequence[str]) -> Path | None:
    """The file, in the working directory or else where temporary files go; None if neither can be written."""
    data = json.dumps(_facts(error, words), indent=1).encode()
    name = f"lnncc-crash-{hashlib.sha256(data).hexdigest()[:8]}.json"
    for folder in (Path(), Path(tempfile.gettempdir())):
        try:
            (folder / name).write_bytes(data)
        except OSError:
            continue
        return folder / name
    return None


def _facts(error: Exception, words: Sequence[str]) -> dict[str, object]:
    return {
        "schema": "lnncc.crash/1",
        "lnncc": share.version(),
        "command": ["lnncc", *words],
        "python": platform.python_version(),
        "system": platform.platform(),
        "packages": {name: share.installed(name) for name in PACKAGES},
        "traceback": "".join(traceback.format_exception(error)).splitlines(),
    }
