"""packages: a build as a library that an ecosystem takes as its own: CMake, Arduino, Zephyr and their like.

A packaging is one folder of templates, ``templates/packages/<kind>``: its ``package.toml`` says in which folder of the
library the C goes, and every other file is a template of the library's file of the same path. NAME in a path is the
model's name. Each library carries the same self-test (``selftest``), so that one number tells whether a packaging, a
compiler and a core keep the bits.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from lnncc import options, share, twin
from lnncc import target as targets
from lnncc.build import Build, holds, replace
from lnncc.emit.render import render
from lnncc.errors import LnnccError, meant
from lnncc.ir import Array

FOLDER = "packages"
VERSION = "0.1.0"  # of the library that is written: what it means is its user's to say
SPEC = "package.toml"
STEPS = 256
SEED = 0x9E3779B9  # any but 0, of which xorshift never leaves
INCLUDE = re.compile(r'^#include (?:"(?P<file>[^"]+)"|(?P<macro>[A-Z_]+))\n', re.MULTILINE)
MACHINE = re.compile(r'^#define LNN_SIMD "(?P<file>[^"]+)"\n', re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Packaging:
    """A kind of library. ``sources`` is where the C goes in it, ``None`` if the templates themselves hold it. What the
    tests of ``tests/test_packages.py`` named ``tests`` do is ``checked``; what they cannot do, ``unchecked``."""

    kind: str
    description: str
    sources: PurePosixPath | None
    checked: str
    unchecked: str
    tests: tuple[str, ...]
    updatable: bool  # whether it may hold C that takes other weights while it runs


@dataclass(frozen=True, slots=True)
class SelfTest:
    """``steps`` from reset on inputs that C draws too, and the hash of all states and outputs that they must give."""

    steps: int
    seed: int
    expected: int


def kinds() -> tuple[str, ...]:
    return tuple(sorted(path.parent.name for path in _root().glob(f"*/{SPEC}")))


def load(kind: str) -> Packaging:
    """Raises E0219 for a kind that there is not."""
    if kind not in kinds():
        raise LnnccError(
            "E0219",
            f"there is no packaging {kind!r}",
            helps=(*meant(kind, kinds()), "packagings: " + ", ".join(kinds())),
        )
    spec = tomllib.loads((_root() / kind / SPEC).read_text(encoding="utf-8"))
    sources = spec["sources"]
    place = PurePosixPath(sources) if sources else None
    return Packaging(
        kind,
        spec["description"],
        place,
        spec["checked"],
        spec.get("unchecked", ""),
        tuple(spec["tests"]),
        spec.get("updatable", True),
    )


def table() -> str:
    """All packagings as a table in Markdown, of what is checked of each: what the README holds."""
    rows = (f"| `{p.kind}` | {p.checked} | {p.unchecked or '-'} |" for p in map(load, kinds()))
    return "\n".join(("| packaging | checked in CI | not checked here |", "|---|---|---|", *rows))


def files(build: Build, packaging: Packaging, test: SelfTest, header: str) -> dict[str, str]:
    """Texts by path inside the library; ``header`` is the text of NAME_selftest.h."""
    sources = {**build.sources, f"{build.name}_selftest.h": header}
    values = {
        "name": build.name,
        "version": VERSION,
        "interface": build.interface,
        "sources": sources,
        "test": test,
        "architecture": "avr" if targets.load(build.settings.target).kind == "avr" else "*",
    }
    if packaging.sources is None:
        values |= {"amalgamation": amalgamated(build.name, build.sources), "selftest": header}
        copied = {}
    else:
        copied = {str(packaging.sources / name): text for name, text in sources.items()}
    return copied | {path: render(template, **values) for path, template in _templates(build.name, packaging.kind)}


def write(build: Build, packagings: Sequence[Packaging], folder: Path) -> None:
    """Each library into ``place(build, packaging, folder)``, for a build that is written to ``folder``."""
    for path, data in _placed(build, packagings, folder).items():
        replace(path, data)


def stale(build: Build, packagings: Sequence[Packaging], folder: Path) -> list[str]:
    """Files that ``write`` would change, as paths in ``folder``."""
    found = _placed(build, packagings, folder).items()
    return [path.relative_to(folder).as_posix() for path, data in found if not holds(path, data)]


def check(packagings: Sequence[Packaging], *, updatable: bool) -> None:
    """Raises E0230 for one whose states belong to another language, which knows of no weights beside them."""
    for packaging in packagings if updatable else ():
        if not packaging.updatable:
            raise options.not_updatable(
                f"the library for {packaging.kind} holds states in its own language, which an update does not reach",
                "choose another packaging",
            )


def _placed(build: Build, packagings: Sequence[Packaging], folder: Path) -> dict[Path, bytes]:
    check(packagings, updatable=build.settings.updatable)
    if not packagings:
        return {}
    test = selftest(build)
    header = render(f"{FOLDER}/selftest.h", name=build.name, interface=build.interface, test=test)
    return {
        place(build, packaging, folder) / name: text.encode()
        for packaging in packagings
        for name, text in files(build, packaging, test, header).items()
    }


def place(build: Build, packaging: Packaging, folder: Path) -> Path:
    return folder / FOLDER / packaging.kind / build.name


def _root() -> Path:
    return share.folder("templates") / FOLDER


def _templates(name: str, kind: str) -> Iterator[tuple[str, str]]:
    """(path in the library, template), sorted."""
    root = _root()
    for path in sorted((root / kind).rglob("*.j2")):
        inner = path.relative_to(root / kind).as_posix().removesuffix(".j2")
        yield inner.replace("NAME", name), f"{FOLDER}/{kind}/{inner}"


def amalgamated(name: str, sources: Mapping[str, str]) -> str:
    """The model's C file with the headers it includes in their places, each once; its own header stays outside."""
    text = sources[f"{name}.c"]
    machine = MACHINE.search(text)
    simd = "simd/scalar.h" if machine is None else machine["file"]
    seen = {f"{name}.h"}

    def expanded(text: str, folder: PurePosixPath) -> str:
        def body(match: re.Match[str]) -> str:
            path = str(folder / (match["file"] or simd))
            if path in seen:
                return ""
            seen.add(path)
            return expanded(sources[path], PurePosixPath(path).parent)

        return INCLUDE.sub(body, text)

    return expanded(text, PurePosixPath())


def selftest(build: Build) -> SelfTest:
    """The hash that the twin gives."""
    states, outputs = twin.run(build.integer, _drawn(build))
    trace = np.concatenate([y[0] for y in (*states, *outputs)], axis=-1)
    return SelfTest(STEPS, SEED, fnv1a(trace.astype("<i2").tobytes()))


def _drawn(build: Build) -> tuple[Array, ...]:
    """(1, STEPS, size) of each input, drawn step by step as NAME_selftest.h does."""
    given, state = build.interface.given, SEED
    steps: list[list[list[int]]] = []
    for _ in range(STEPS):
        step = []
        for signal in given:
            row = []
            for _ in range(signal.size):
                state = xorshift32(state)
                row.append(state >> 16 if signal.bits == 16 else state % (signal.high + 1))
            step.append(row)
        steps.append(step)
    columns = zip(*steps, strict=True) if given else ()
    return tuple(
        np.array(column, np.uint32).astype(np.uint16 if s.bits == 16 else np.uint32).view(f"i{s.bits // 8}")[None]
        for s, column in zip(given, columns, strict=True)
    )


def xorshift32(state: int) -> int:
    """The next of 2**32 - 1 states. Source: Marsaglia, Xorshift RNGs, J. Stat. Soft. 8 (14), 2003."""
    state ^= state << 13 & 0xFFFFFFFF
    state ^= state >> 17
    return state ^ (state << 5 & 0xFFFFFFFF)


def fnv1a(data: bytes) -> int:
    """The 32-bit hash FNV-1a. Source: RFC 9923."""
    value = 0x811C9DC5
    for byte in data:
        value = (value ^ byte) * 0x01000193 & 0xFFFFFFFF
    return value
