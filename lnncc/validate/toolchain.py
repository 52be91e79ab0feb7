"""C compilers: find the one a target prefers, compile and link with it. Flags choose a core, never a result."""

import functools
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lnncc.errors import LnnccError
from lnncc.target import HOST, Target, Toolchain

Built = TypeVar("Built")
COMMON = ("-std=c99", "-O2")
ENTRY = "on_reset"  # of targets/<kind>/startup.c
FREESTANDING = (
    "-ffreestanding",
    "-ffunction-sections",
    "-fdata-sections",
    "-fomit-frame-pointer",
    "-fno-unwind-tables",
    "-fno-asynchronous-unwind-tables",
)
QUOTED_LINES = 6
SECONDS = 300.0
PROBE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Compiler:
    """A compiler that answered: its dialect (gcc, clang, zig), its command, the target's flags, its first words."""

    kind: str
    argv: tuple[str, ...]
    flags: tuple[str, ...]
    version: str
    freestanding: bool


def find(target: Target, prefer: str | None = None) -> Compiler:
    """The first compiler of ``target.compilers`` (of dialect ``prefer``, if given) that works here.

    Raises:
        LnnccError: E0701, saying what was looked for and how to get one.
    """
    wanted = [entry for entry in target.compilers if prefer in (None, entry.kind)]
    found = next(_working(target, wanted), None)
    if found is None:
        raise _none_found(target, wanted)
    return found


def first_to(build: Callable[[Compiler], Built], target: Target) -> tuple[Built, tuple[str, ...]]:
    """What ``build`` makes with the first compiler of ``target.compilers`` that does not fail; a note of each that did.

    Raises:
        LnnccError: E0701 as ``find``, the E0702 of the first compiler if all fail, and what else ``build`` raises.
    """
    failures: list[LnnccError] = []
    for compiler in _working(target, target.compilers):
        try:
            return build(compiler), tuple(f"{error.title}: {compiler.version} was taken" for error in failures)
        except LnnccError as error:
            if error.code != "E0702":
                raise
            failures.append(error)
    raise failures[0] if failures else _none_found(target, target.compilers)


def _working(target: Target, wanted: Sequence[Toolchain]) -> Iterator[Compiler]:
    probed = (_probe(entry, freestanding=target.kind != HOST) for entry in wanted)
    return (compiler for compiler in probed if compiler is not None)


def compile_object(
    compiler: Compiler, source: Path, output: Path, *, include: Sequence[Path] = (), flags: Sequence[str] = ()
) -> Path:
    """Compile one C file. ``flags`` come last and so win. Raises E0702 with the compiler's own words."""
    mode = FREESTANDING if compiler.freestanding else ()
    options = (*mode, *_folders(include), *flags)
    run(compiler, (*options, "-c", *_paths([source]), "-o", *_paths([output])), output.parent)
    return output


def link(compiler: Compiler, objects: Sequence[Path], output: Path, script: Path) -> Path:
    """Link firmware by a linker script, with the compiler's own arithmetic library and nothing else.

    Zig takes no entry point from a script.
    """
    alone, library = _RUNTIME[compiler.kind]
    options = (*alone, "-T", *_paths([script]), f"-Wl,--entry={ENTRY}", "-Wl,--gc-sections")
    run(compiler, (*options, *_paths(objects), *library, "-o", *_paths([output])), output.parent)
    return output


def shared_library(
    compiler: Compiler,
    sources: Sequence[Path],
    output: Path,
    *,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
) -> Path:
    """Build a library that cffi can open. ``compiler`` is one for the host; ``flags`` come last and so win."""
    options = ("-shared", *_folders(include), *flags)
    run(compiler, (*options, *_paths(sources), "-o", *_paths([output])), output.parent)
    return output


def program(
    compiler: Compiler,
    sources: Sequence[Path],
    output: Path,
    *,
    include: Sequence[Path] = (),
    flags: Sequence[str] = (),
    seconds: float = SECONDS,
) -> str:
    """Build a program for this machine and run it; what it printed, whatever its status. Raises E0702 if the compiler
    fails, or the program does not end in ``seconds``."""
    run(compiler, (*_folders(include), *flags, *_paths(sources), "-o", *_paths([output])), output.parent)
    return _call([str(output.resolve())], output.parent, seconds).stdout


def _paths(paths: Sequence[Path]) -> list[str]:
    return [str(path.resolve()) for path in paths]


def _folders(include: Sequence[Path]) -> list[str]:
    return [f"-I{folder}" for folder in _paths(include)]


def run(compiler: Compiler, arguments: Sequence[str], folder: Path, seconds: float = SECONDS) -> str:
    """Run the compiler in ``folder``; what it printed. Raises E0501 if memory is too small, else E0702."""
    done = _call((*compiler.argv, *COMMON, *compiler.flags, *arguments), folder, seconds)
    if done.returncode == 0:
        return done.stdout + done.stderr
    said = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
    if any("overflowed by" in line for line in said):
        raise _too_large(said)
    raise LnnccError(
        "E0702",
        f"{compiler.version} failed (exit status {done.returncode})",
        notes=tuple(said[:QUOTED_LINES]),
        helps=("if your own files are as lnncc wrote them, this is a bug of lnncc or of the compiler",),
    )


# What keeps a C library out of the link, and what brings division and the like in. Zig's compiler-rt comes by itself.
_RUNTIME = {
    "gcc": (("-nostdlib", "-static"), ("-lgcc",)),
    "clang": (("-nostdlib", "-fuse-ld=lld"), ()),
    "zig": ((), ()),
}


def _probe(entry: Toolchain, *, freestanding: bool) -> Compiler | None:
    argv = _command(entry)
    said = None if argv is None else _version(argv)
    if argv is None or said is None:
        return None
    version = said if entry.kind != "zig" else f"zig cc, {said}"
    return Compiler(entry.kind, argv, entry.flags, version, freestanding)


@functools.cache
def _version(argv: tuple[str, ...]) -> str | None:
    """The first line of what a compiler says of itself; None if it does not work."""
    try:
        done = _call((*argv, "--version"), Path(tempfile.gettempdir()), PROBE_SECONDS)
    except (OSError, LnnccError):
        return None
    words = done.stdout.strip().splitlines()
    return words[0] if done.returncode == 0 and words else None


def _command(entry: Toolchain) -> tuple[str, ...] | None:
    """How to call the driver. Zig also comes as the Python package ``ziglang``, which this Python runs."""
    path = shutil.which(entry.command)
    if entry.kind != "zig":
        return None if path is None else (path,)
    if importlib.util.find_spec("ziglang") is not None:
        return (sys.executable, "-m", "ziglang", "cc")
    return None if path is None else (path, "cc")


def _call(command: Sequence[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise LnnccError("E0702", f"{command[0]} did not end in {seconds:g} s") from error


def _environment() -> dict[str, str]:
    """Ours, in English, with zig's caches in one folder that outlives the run (it builds compiler-rt once)."""
    cache = str(_cache() / "zig")
    return {**os.environ, "LC_ALL": "C", "ZIG_GLOBAL_CACHE_DIR": cache, "ZIG_LOCAL_CACHE_DIR": cache}


def _cache() -> Path:
    try:
        folder = Path.home() / ".cache" / "lnncc"
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):
        return Path(tempfile.gettempdir()) / "lnncc"
    return folder


def _none_found(target: Target, wanted: Sequence[Toolchain]) -> LnnccError:
    tried = [
        f"{entry.command} in PATH" + (", and the Python package ziglang" if entry.kind == "zig" else "")
        for entry in wanted
    ]
    return LnnccError(
        "E0701",
        f"no C compiler for target {target.name}",
        notes=("looked for: " + ("; ".join(tried) or "nothing, as no such kind is known for the target"),),
        helps=("pip install 'lnncc[mcu]' brings one (zig)", "or install one of: " + _packages(target)),
    )


def _packages(target: Target) -> str:
    return ", ".join(dict.fromkeys(entry.command for entry in target.compilers))


def _too_large(said: Sequence[str]) -> LnnccError:
    return LnnccError(
        "E0501",
        "the model does not fit the memory of the emulated board",
        notes=tuple(line for line in said if "overflowed by" in line)[:QUOTED_LINES],
        helps=("make the model smaller, use --bits 8, or choose a larger target",),
    )
