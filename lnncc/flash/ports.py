"""Serial ports that a board may hang on: those on USB, by the names that the system gives them for good."""

from pathlib import Path

from lnncc.flash.step import Device

PLACES = (  # folder, pattern: Linux, macOS
    (Path("/dev/serial/by-id"), "*"),
    (Path("/dev"), "cu.usb*"),
)


def ports() -> tuple[Device, ...]:
    """All of them; each also by what its name stands for."""
    found = [path for folder, pattern in PLACES if folder.is_dir() for path in sorted(folder.glob(pattern))]
    return tuple(Device(str(path), str(path.resolve())) for path in found)
