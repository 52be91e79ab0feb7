"""What an installation carries: its version, and the texts that are not Python, which lie in a checkout or a wheel."""

from collections.abc import Iterable
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


def words(isa: Iterable[str]) -> list[str]:
    """Files of the folder "runtime" with what each of these machines loads and sums: its own, and parts of that."""
    names = [path.name for path in sorted((folder("runtime") / "simd").glob("*.h"))]
    return [f"simd/{name}" for machine in isa for name in names if name.split(".")[0] == machine]


def installed(package: str) -> str | None:
    """The version of a package, None if it is not installed."""
    from importlib import metadata  # half the time of --help

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def version() -> str:
    """Of lnncc; that of a folder which was put on the path, and not installed, is unknown."""
    return installed("lnncc") or "(not installed)"
