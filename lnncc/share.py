"""Where the texts lie that are not Python: in the checkout's root, or inside an installed wheel."""

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
