"""Debug probes on USB, where the system lists its devices (Linux), for tools that have no listing of their own."""

from collections.abc import Callable, Mapping
from pathlib import Path

from lnncc.flash.step import Device

DEVICES = Path("/sys/bus/usb/devices")
# Product numbers of ST-LINKs: what OpenOCD's interface/stlink.cfg names.
STLINKS = ("3744", "3748", "374b", "374d", "374e", "374f", "3752", "3753", "3754", "3755", "3757")

# Who is an adapter of which kind: (vendor, product, product's name), numbers in hexadecimal.
KINDS: Mapping[str, Callable[[str, str, str], bool]] = {
    "stlink": lambda vendor, product, name: vendor == "0483" and product in STLINKS,
    "jlink": lambda vendor, product, name: vendor == "1366",
    "cmsis-dap": lambda vendor, product, name: "CMSIS-DAP" in name,
}


def probes(kind: str) -> tuple[Device, ...] | None:
    """Adapters of ``kind`` by serial number; None where the system does not say."""
    if kind not in KINDS or not DEVICES.is_dir():
        return None
    found = [(folder, _read(folder, "product")) for folder in sorted(DEVICES.iterdir())]
    return tuple(
        Device(_read(folder, "serial"), name)
        for folder, name in found
        if KINDS[kind](_read(folder, "idVendor"), _read(folder, "idProduct"), name)
    )


def _read(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
