"""Mounted drives of UF2 boot loaders: each holds INFO_UF2.TXT, which names its board."""

from pathlib import Path

from lnncc.flash.step import Device

PLACES = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*", "/Volumes/*")
INFO = "INFO_UF2.TXT"
MAX_INFO = 4096


def volumes() -> tuple[Device, ...]:
    """All that are mounted, by folder and Board-ID."""
    found = [path for place in PLACES for path in sorted(Path("/").glob(place.lstrip("/")))]
    return tuple(volume for path in found if (volume := read(path)) is not None)


def read(folder: Path) -> Device | None:
    """The drive at ``folder``, if it is one: the format's README, "Files exposed by bootloaders", wants a Board-ID."""
    try:
        with (folder / INFO).open("rb") as file:
            text = file.read(MAX_INFO).decode("ascii", errors="replace")
    except OSError:
        return None
    board = next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Board-ID:")), "")
    return Device(str(folder), board)
