"""Firmware around a generated model: reads inputs from a file, writes states and outputs to another."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from lnncc import share
from lnncc.emit.render import render
from lnncc.plan.interface import Interface
from lnncc.target import Target
from lnncc.validate import toolchain
from lnncc.validate.toolchain import Compiler

# Our own loops must not become calls to memcpy, of which they are the text, nor be counted as the model's.
AS_WRITTEN: Mapping[str, tuple[str, ...]] = {
    "gcc": ("-fno-builtin", "-fno-tree-loop-distribute-patterns"),
    "clang": ("-fno-builtin",),
    "zig": ("-fno-builtin",),
}


def build(
    directory: Path, interface: Interface, target: Target, workdir: Path, compiler: Compiler | None = None
) -> Path:
    """Link the model in ``directory`` into ``workdir/firmware.elf``, for an emulator.

    Raises:
        LnnccError: E0222 if the target is not emulated, E0501 if the board's memory is too small, E0701 without
            a compiler, E0702 if it fails.
    """
    return _build([directory / f"{interface.name}.c"], directory, interface, target, workdir / "firmware", compiler)


def build_empty(
    directory: Path, interface: Interface, target: Target, workdir: Path, compiler: Compiler | None = None
) -> Path:
    """The same firmware with a step that does nothing: what it holds is not the model's cost. Raises as ``build``."""
    return _build([], directory, interface, target, workdir / "empty", compiler)


def _build(
    model: Sequence[Path],
    directory: Path,
    interface: Interface,
    target: Target,
    output: Path,
    compiler: Compiler | None,
) -> Path:
    board = target.emulated()
    chosen = toolchain.find(target) if compiler is None else compiler
    output.mkdir(parents=True, exist_ok=True)
    texts = text_folders(target)
    context = {"name": interface.name, "interface": interface, "target": target, "board": board}
    main, script = (rendered(texts, name, context, output) for name in ("main.c", "link.ld"))
    sources = list(model) or [rendered(texts, "empty.c", context, output)]
    return linked(chosen, sources, [main, *own_sources(target)], (directory, texts[0]), script, output)


def linked(
    compiler: Compiler, model: Sequence[Path], own: Sequence[Path], include: Sequence[Path], script: Path, output: Path
) -> Path:
    """As ``compiled``, and linked beside the folder ``output`` as an ELF."""
    return toolchain.link(compiler, compiled(compiler, model, own, include, output), output.with_suffix(".elf"), script)


def compiled(
    compiler: Compiler,
    model: Sequence[Path],
    own: Sequence[Path],
    include: Sequence[Path],
    output: Path,
    flags: Sequence[str] = (),
) -> list[Path]:
    """Objects of the C of a model, and of our ``own`` around it, which has ``flags`` of its own, in ``output``."""
    objects = [_compile(compiler, path, output, include, ()) for path in model]
    return objects + [_compile(compiler, path, output, include, (*AS_WRITTEN[compiler.kind], *flags)) for path in own]


def own_sources(target: Target) -> tuple[Path, ...]:
    """The C of the firmware that is not rendered."""
    return tuple(sorted(path for folder in text_folders(target) for path in folder.glob("*.c")))


def text_folders(target: Target) -> tuple[Path, Path]:
    """The folders of firmware text: what is the same on every machine, and what the target's kind adds."""
    return share.folder("templates") / "firmware", share.folder("targets") / target.kind


def rendered(folders: Sequence[Path], name: str, context: Mapping[str, object], output: Path) -> Path:
    """The first ``<name>.j2`` of ``folders`` as ``output``/name."""
    path = output / name
    path.write_text(render(name, folders, **context), encoding="utf-8", newline="\n")
    return path


def _compile(compiler: Compiler, source: Path, output: Path, include: Sequence[Path], flags: Sequence[str]) -> Path:
    return toolchain.compile_object(compiler, source, output / f"{source.stem}.o", include=include, flags=flags)
