"""files: the folder of a kit: its parts, the runtime that they use, what runs them, and a README."""

from collections.abc import Sequence

from lnncc import share
from lnncc.emit.render import render
from lnncc.kit import expected
from lnncc.kit.parts import FOLDER, Part
from lnncc.packages import fnv1a
from lnncc.target import Target

RUNTIME = "lnn/"


def total(parts: Sequence[Part]) -> int:
    """The one hash of all checks."""
    return fnv1a(b"".join(c.expected.to_bytes(4, "little") for part in parts for c in part.checks))


def files(target: Target, parts: Sequence[Part]) -> dict[str, str]:
    """Texts by path inside the folder."""
    made = {name: (share.folder("runtime") / name.removeprefix(RUNTIME)).read_text("utf-8") for name in _words(target)}
    for part in parts:
        made |= {name if name.startswith(RUNTIME) else f"{FOLDER}/{name}": text for name, text in part.sources.items()}
    values = {
        "target": target.name,
        "isa": target.isa[0],
        "parts": parts,
        "names": [part.name for part in parts],
        "total": total(parts),
        "steps": expected.STEPS,
        "restored": expected.RESTORED,
        "seed": expected.SEED,
        "ends": expected.ENDS,
    }
    templates = ("kit.h", "kit.c", "main.c", "Makefile", "README.md")
    return {**made, **{name: render(f"kit/{name}", **values) for name in templates}}


def _words(target: Target) -> list[str]:
    """What of the runtime every part needs."""
    isa = dict.fromkeys((*target.isa, "scalar"))
    return [f"{RUNTIME}lnn.h", f"{RUNTIME}lnn_fx.h", *(f"{RUNTIME}{name}" for name in share.words(isa))]
