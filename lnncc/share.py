"""What an installation carries: its version, and the texts that are not Python, which lie in a checkout or a wheel."""

from importlib import metadata
from pathlib import Path
from typing import Literal

Kind = Literal["targets", "templates", "runtime"]

PACKAGE = Path(__file__).resolve().parent


def folder(kind: Kind) -> Path:
    """The folder ``kind``. A wheel carries it in ``lnncc/_data``; a checkout has it beside ``lnncc``."""
    for root in (PACKAGE / "_data", PACKAGE.parent):
        if (root / kind).is_dir():
            return root / kind
    raise FileNotFoundError(f"this installation of lnncc lacks its {kind}/ folder: install it again")


def installed(package: str) -> str | None:
    """The version of a package, None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def version() -> str:
    """Of lnncc; that of a folder which was put on the path, and not installed, is unknown."""
    return installed("lnncc") or "(not installed)"
