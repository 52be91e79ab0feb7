"""What this machine has and lacks for lnncc, and how to get it."""

import platform
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from lnncc import share
from lnncc import target as targets
from lnncc.errors import LnnccError
from lnncc.flash import tools
from lnncc.validate import here, toolchain

OLDEST_PYTHON = (3, 11)
OLDEST_JAX, NEWEST_JAX = (0, 10), (0, 12)
EXTRA = "pip install 'lnncc[mcu]'"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked for: what was found, or how to get it; without an ``essential`` one nothing can be done."""

    name: str
    ok: bool
    detail: str
    get: str
    essential: bool = False


def examine() -> tuple[Check, ...]:
    """All checks, in order of need."""
    return (
        _python(),
        _jax(share.installed("jax")),
        _package("numpy", "pip install numpy", essential=True),
        _compiler("host C compiler", "host", None, f"install gcc or clang, or {EXTRA}", essential=True),
        _package("ziglang", f"{EXTRA}: a C compiler for this machine and for every core"),
        _package("unicorn", f"{EXTRA}: emulates Cortex-M, RISC-V and AArch64"),
        _package("capstone", f"{EXTRA}: counts instructions and cycles, bounds the stack"),
        _package("pyelftools", f"{EXTRA}: reads sizes"),
        _package("onnx", "pip install 'lnncc[onnx]': reads ONNX models"),
        _package("safetensors", "pip install 'lnncc[safetensors]': reads such weights"),
        _compiler("arm-none-eabi-gcc", "cortex-m4", "gcc", "apt install gcc-arm-none-eabi, or use ziglang"),
        _compiler("riscv64-unknown-elf-gcc", "rv32imac", "gcc", "apt install gcc-riscv64-unknown-elf, or use ziglang"),
        _compiler("aarch64-linux-gnu-gcc", "aarch64-neon", "gcc", "apt install gcc-aarch64-linux-gnu, or use ziglang"),
        _compiler("avr-gcc", "avr-atmega328p", "gcc", "apt install gcc-avr: nothing else compiles for AVR"),
        _command("qemu-system-arm", "apt install qemu-system-arm: for Cortex-M55; others have unicorn"),
        _command("qemu-system-riscv32", "apt install qemu-system-misc: for RISC-V with vectors; others have unicorn"),
        _command("qemu-aarch64", "apt install qemu-user, or use unicorn"),
        _simavr("apt install libsimavr-dev: for AVR"),
        *_flashers(),
    )


def _flashers() -> tuple[Check, ...]:
    """Each tool that flashes boards; one that suits the board is enough."""
    found = [(name, tools.load(name)) for name in tools.names()]
    return tuple(
        Check(name, (call := tool.found()) is not None, " ".join(call or ()), f"{tool.GET}: flashes boards")
        for name, tool in found
        if tool.GET
    )


def failure(checks: Sequence[Check]) -> LnnccError | None:
    """E0705 naming what is essential and missing."""
    missing = [check for check in checks if check.essential and not check.ok]
    if not missing:
        return None
    return LnnccError(
        "E0705",
        "lnncc cannot work here without: " + ", ".join(check.name for check in missing),
        helps=tuple(check.get for check in missing),
    )


def fields(check: Check) -> dict[str, object]:
    return asdict(check)


def _python() -> Check:
    wanted = ".".join(map(str, OLDEST_PYTHON))
    ok = sys.version_info >= OLDEST_PYTHON
    return Check("python", ok, platform.python_version(), f"install Python {wanted} or newer", essential=True)


def _jax(version: str | None) -> Check:
    """Python 3.11 gets no JAX after 0.10.2."""
    supported = "supported: {}.{} to {}.{}".format(*OLDEST_JAX, *NEWEST_JAX)
    if version is None:
        return Check("jax", False, "", "pip install 'jax>=0.10,<0.13'", essential=True)
    release = tuple(int(part) for part in version.split(".")[:2])
    ok = OLDEST_JAX <= release <= NEWEST_JAX
    note = "; Python 3.11 gets none newer than 0.10.2" if sys.version_info < (3, 12) else ""
    get = f"{version} is installed, {supported}: pip install 'jax>=0.10,<0.13'"
    return Check("jax", ok, f"{version} ({supported}{note})", get, essential=True)


def _package(name: str, get: str, *, essential: bool = False) -> Check:
    version = share.installed(name)
    return Check(name, version is not None, version or "", get, essential)


def _compiler(name: str, target: str, prefer: str | None, get: str, *, essential: bool = False) -> Check:
    try:
        found = toolchain.find(targets.load(target), prefer)
    except LnnccError:
        return Check(name, False, "", get, essential)
    return Check(name, True, found.version, get, essential)


def _simavr(get: str) -> Check:
    try:
        here.emulator(targets.load("avr-atmega328p"))
    except LnnccError:
        return Check("simavr", False, "", get)
    return Check("simavr", True, "its library", get)


def _command(name: str, get: str) -> Check:
    path = shutil.which(name)
    return Check(name, path is not None, path or "", get)
