"""kit: the kit of a target built by a compiler of ours and run on this machine or in an emulator."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lnncc import kit
from lnncc.emit.render import render
from lnncc.errors import LnnccError
from lnncc.kit import Part
from lnncc.target import HOST, Target
from lnncc.validate import emulate, firmware, here, host, toolchain
from lnncc.validate.toolchain import Compiler

ENTRY = "kit_run"
SECONDS = 240.0


@dataclass(frozen=True, slots=True)
class Result:
    """What one check gave; ``hash`` is None where it never ended."""

    name: str
    hash: int | None
    expected: int

    @property
    def passed(self) -> bool:
        return self.hash == self.expected


@dataclass(frozen=True, slots=True)
class Image:
    """Parts that were linked together: their names, flash and static RAM in bytes (None on this machine)."""

    parts: tuple[str, ...]
    flash: int | None
    ram: int | None


@dataclass(frozen=True, slots=True)
class Run:
    """The checks in order, on ``emulator`` or on this machine, and what was linked to run them."""

    compiler: str
    emulator: str | None
    results: tuple[Result, ...]
    images: tuple[Image, ...]
    flags: tuple[str, ...] = ()


def run(
    target: Target,
    parts: Sequence[Part],
    *,
    texts: Mapping[str, str] | None = None,
    compiler: Compiler | None = None,
    flags: Sequence[str] = (),
) -> Run:
    """Build and run ``parts``; all together, or where that does not fit the board in halves. ``texts`` are the files
    of the kit, if they are others than ``kit.files``.

    Raises:
        LnnccError: E0222 if the target is not emulated, E0501 if a single part does not fit its board, E0701 without a
            compiler, E0702 if it fails, E0703, E0704, E0801 and E0803 of the emulator.
    """
    chosen = toolchain.find(target) if compiler is None else compiler
    with tempfile.TemporaryDirectory(prefix="lnncc-kit-", ignore_cleanup_errors=True) as place:
        folder = Path(place)
        host.write(folder, (kit.files(target, parts) if texts is None else texts).items())
        if target.kind == HOST:
            here.check_processor(target)
            return _on_this_machine(folder, parts, chosen, flags)
        return _emulated(folder, target, parts, chosen, flags)


def _sources(folder: Path, part: Part) -> list[Path]:
    return [folder / kit.FOLDER / name for name in part.sources if name.endswith(".c")]


def _on_this_machine(folder: Path, parts: Sequence[Part], compiler: Compiler, flags: Sequence[str]) -> Run:
    files = [folder / "kit.c", folder / "main.c", *(path for part in parts for path in _sources(folder, part))]
    said = toolchain.program(compiler, files, folder / "kit", include=(folder,), flags=(*_some(parts), *flags))
    return Run(compiler.version, None, _read(said, parts), (Image(tuple(p.name for p in parts), None, None),))


def _some(parts: Sequence[Part]) -> list[str]:
    return ["-DKIT_SOME", *(f"-DKIT_{part.name.upper()}" for part in parts)]


def _emulated(folder: Path, target: Target, parts: Sequence[Part], compiler: Compiler, flags: Sequence[str]) -> Run:
    own, kind = firmware.text_folders(target)
    output = folder / "work"
    output.mkdir()
    context = {"name": "kit", "target": target, "board": target.emulated()}
    script, main = (output / name for name in ("link.ld", "kit_main.c"))
    script.write_text(render("link.ld", (kind,), **context), encoding="utf-8")
    main.write_text(render("kit.c", (own,), **context), encoding="utf-8")
    include = (folder, own)
    ours = [
        toolchain.compile_object(
            compiler, path, output / f"{path.stem}.o", include=include, flags=_as_written(compiler)
        )
        for path in (main, *firmware.own_sources(target))
    ]
    objects = {
        part.name: [
            toolchain.compile_object(compiler, path, output / f"{path.stem}.o", include=include, flags=flags)
            for path in _sources(folder, part)
        ]
        for part in parts
    }
    runner = _Runner(folder, output, target, compiler, tuple(flags), script, ours, objects)
    done = runner.run(parts)
    results = tuple(result for image in done for result in image[1])
    return Run(compiler.version, here.emulator(target), results, tuple(image[0] for image in done))


def _as_written(compiler: Compiler) -> tuple[str, ...]:
    return firmware.AS_WRITTEN[compiler.kind]


@dataclass(frozen=True, slots=True)
class _Runner:
    """What every image of one kit is linked from."""

    folder: Path
    output: Path
    target: Target
    compiler: Compiler
    flags: tuple[str, ...]
    script: Path
    ours: Sequence[Path]
    objects: Mapping[str, Sequence[Path]]

    def run(self, parts: Sequence[Part]) -> list[tuple[Image, tuple[Result, ...]]]:
        try:
            elf = self._linked(parts)
        except LnnccError as error:
            if error.code != "E0501" or len(parts) == 1:
                raise
            half = len(parts) // 2
            return [*self.run(parts[:half]), *self.run(parts[half:])]
        return [self._ran(elf, parts)]

    def _linked(self, parts: Sequence[Part]) -> Path:
        flags = (*_some(parts), *self.flags)
        runner = toolchain.compile_object(
            self.compiler, self.folder / "kit.c", self.output / "kit_runner.o", include=(self.folder,), flags=flags
        )
        objects = [runner, *self.ours, *(path for part in parts for path in self.objects[part.name])]
        return toolchain.link(self.compiler, objects, self.output / "kit.elf", self.script)

    def _ran(self, elf: Path, parts: Sequence[Part]) -> tuple[Image, tuple[Result, ...]]:
        from lnncc.validate.elf import read  # it needs the extra

        found = read(elf)
        said = emulate.text(elf, self.target, ENTRY, seconds=SECONDS)
        return Image(tuple(p.name for p in parts), found.flash, found.static_ram), _read(said, parts)


def _read(said: str, parts: Sequence[Part]) -> tuple[Result, ...]:
    """Each check's line. One that was not said never ended."""
    lines = [line.split() for line in said.splitlines()]
    found = {" ".join(words[:-2]): words[-2:] for words in lines if words[-1:] == ["passed"]}
    found |= {" ".join(w[: w.index("FAILED,") - 1]): w[w.index("FAILED,") - 1 :] for w in lines if "FAILED," in w}
    checks = [check for part in parts for check in part.checks]
    hashes = {name: int(words[0], 16) for name, words in found.items()}
    return tuple(Result(check.name, hashes.get(check.name), check.expected) for check in checks)
