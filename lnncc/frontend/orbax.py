"""Arrays in a folder of orbax: its own reader opens it, in a process apart, and what comes back is read like any file.

That reader is C++ which trusts the sizes in the folder. So the process may take no more memory and time than a model
does, ends alone if it crashes, and hears of no folder in which something leads elsewhere.
"""

import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from lnncc.errors import LnnccError
from lnncc.extras import needs
from lnncc.frontend import files, limits

METADATA = "_METADATA"  # in the folder of one tree; a manager of checkpoints has it two folders deeper
SECONDS = 60
MAX_ENTRIES = 1 << 15


def read(folder: Path) -> files.Tree:
    """The arrays in ``folder``, their names as paths with slashes.

    Raises:
        LnnccError: E0323 if it is no folder of orbax, E0410 if it cannot be read, E0703 without the extra ``orbax``.
    """
    if not (folder / METADATA).is_file():
        raise _elsewhere(folder)
    with needs("orbax-checkpoint", "orbax"):
        if find_spec("orbax") is None:
            raise ImportError("No module named 'orbax'")
    try:
        _require_plain(folder)
        with tempfile.TemporaryDirectory(prefix="lnncc-orbax-") as scratch:
            copy = Path(scratch, "params.npz")
            _convert(folder, copy)
            return _named(files.npz(copy))
    except files.UNREADABLE as error:
        raise files.unreadable(folder, "a folder of orbax", error) from error


def _require_plain(folder: Path) -> None:
    """Raises ValueError for anything but folders and files of a model's size, each with one name."""
    entries = size = 0
    for root, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(root, name)
            status = path.lstat()
            entries, size = entries + 1, size + status.st_size
            if path.is_symlink() or not (path.is_dir() or (path.is_file() and status.st_nlink == 1)):
                raise ValueError(f"{path.relative_to(folder)} is a link, or no plain file")
            if entries > MAX_ENTRIES or size > limits.MAX_FILE:
                raise ValueError(f"it is bigger than {limits.MAX_FILE >> 20} MB, or has more than {MAX_ENTRIES} files")


def _convert(folder: Path, copy: Path) -> None:
    """``folder`` as npz, by a process of its own. Raises ValueError with the last thing it said if it fails."""
    child = Path(__file__).with_name("orbax_child.py")
    most = str(limits.MAX_ARRAYS), str(limits.MAX_NUMBERS)
    command = [sys.executable, "-P", str(child), str(folder.absolute()), str(copy), *most]
    environment = os.environ | {"JAX_PLATFORMS": "cpu", "PYTHONWARNINGS": "ignore"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise ValueError(f"it took longer than {SECONDS} s") from error
    if done.returncode:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise ValueError(said[-1] if said else f"the reader of orbax ended with {done.returncode}")


def _named(arrays: files.Tree) -> files.Tree:
    names = json.loads(np.asarray(arrays["names"], np.uint8).tobytes())
    return {limits.name(name): arrays[f"a{k}"] for k, name in enumerate(names)}


def _elsewhere(folder: Path) -> LnnccError:
    below = sorted({*folder.glob(f"*/{METADATA}"), *folder.glob(f"*/*/{METADATA}")})
    trees = [path.parent.relative_to(folder).as_posix() for path in below]
    return LnnccError(
        "E0323",
        f"{folder.name} is a folder without {METADATA}: it holds no tree that orbax wrote",
        notes=(f"below it are trees in {', '.join(trees[:5])}",) if trees else (),
        helps=(f"name {folder / trees[-1]}" if trees else "name the folder that holds it, or a file",),
    )
