"""Tools that stand in for real ones: they print the real one's listing, and keep flash in a file."""

from pathlib import Path

ST_LINKS = """Found 2 stlink programmers
  version:    V2J35S26
  serial:     0671FF373654393143244522
  flash:      524288 (pagesize: 16384)
  sram:       131072
  chipid:     0x421
  dev-type:   STM32F446
  version:    V3J15M7
  serial:     066BFF554854847187034412
  flash:      524288 (pagesize: 16384)
  sram:       131072
  chipid:     0x421
  dev-type:   STM32F446
"""
PYOCD = """{
    "pyocd_version": "0.46.0",
    "version": {"major": 1, "minor": 1},
    "status": 0,
    "boards": [
        {"unique_id": "9900000031324e45", "info": "Arm BBC micro:bit", "board_vendor": "Arm", "board_name": "micro:bit",
         "target": "nrf51822", "vendor_name": "ARM", "product_name": "BBC micro:bit CMSIS-DAP"},
        {"unique_id": "9900000052134e45", "info": "Arm BBC micro:bit", "board_vendor": "Arm", "board_name": "micro:bit",
         "target": "nrf51822", "vendor_name": "ARM", "product_name": "BBC micro:bit CMSIS-DAP"}
    ]
}
"""
PROBE_RS = """The following debug probes were found:
[0]: STLink V2-1 -- 0483:374b:066BFF554854847187034412 (ST-LINK)
[1]: ESP JTAG -- 303a:1001:50:78:7D:62:33:A4 (EspJtag)
"""
PROBE_RS_OLDER = """The following debug probes were found:
[0]: T1-C-7 [CMSIS-DAP] (VID: 2dbc, PID: 1924, Serial: ME2023089880002, CmsisDap)
[1]: STLink V2 (VID: 0483, PID: 3748, Serial: 36263338324337463626302631, StLink)
"""
NONE = {
    "st-info": "Found 0 stlink programmers\n",
    "pyocd": '{\n    "pyocd_version": "0.46.0",\n    "status": 0,\n    "boards": []\n}\n',
    "probe-rs": "No debug probes were found.\n",
}


def program(folder: Path, name: str, text: str) -> None:
    """A shell script called ``name`` in ``folder``."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def says(folder: Path, name: str, text: str) -> None:
    program(folder, name, f"/bin/cat <<'END'\n{text}END")


def st_flash(folder: Path, memory: Path, *, after: str = ":") -> None:
    """Writes FILE at an address into ``memory``, and reads it back, after the shell command ``after``."""
    says(folder, "st-info", NONE["st-info"].replace("0", "1") + "  serial:     066BFF554854847187034412\n")
    text = f"""[ "$1" = --serial ] && shift 2
case "$1" in
write) /bin/cp "$2" "{memory}"; {after} ;;
read) /bin/cp "{memory}" "$2" ;;
esac"""
    program(folder, "st-flash", text)
