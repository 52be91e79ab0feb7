"""Imports go downward only, and each third party has its door."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "lnncc"
LAYERS = (
    "errors share checker zips",
    "extras",
    "ir",
    "primitives prune interval choices npz settled solver facts",
    "expr means shapes tube",
    "tape enclose",
    "fx quotient",
    "minimax polygons gptq",
    "lut quantiser serial",
    "ops",
    "strict",
    "board",
    "target",
    "archive calibration reference",
    "options frontend passes",
    "bounds",
    "plan",
    "emit twin manifest",
    "build certificate",
    "assemble retarget packages listing",
    "kit update",
    "validate",
    "flash session search",
    "report",
    "program",
    "compile",
    "doctor explain testing pytest_plugin",
    "cli",
    "__init__ __main__",
)
ORDER = {module: level for level, layer in enumerate(LAYERS) for module in layer.split()}
DOORS = {  # third party -> the modules that may import it; what is not listed may be imported by none
    "numpy": set(ORDER) | {"cells"},
    "scipy": {"primitives", "passes", "search"},
    "jax": {"frontend", "cells"},
    "jaxlib": {"frontend"},
    "onnx": {"frontend", "emit"},
    "safetensors": {"frontend"},
    "jinja2": {"emit"},
    "matplotlib": {"report"},
    "rich": {"report"},
    "cffi": {"validate"},
    "subprocess": {"validate", "frontend"},  # compilers and emulators; the reader of orbax, apart
    "serial": {"flash"},
    "capstone": {"validate"},
    "elftools": {"validate"},
    "unicorn": {"validate"},
    "flax": {"frontend"},
    "equinox": {"frontend"},
    "pytest": {"pytest_plugin"},
    "shtab": {"cli"},
}
FILES = sorted(PACKAGE.rglob("*.py"))


def _module(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imports(path: Path) -> set[str]:
    """Dotted names that a file imports, anywhere in it; `from lnncc import x` counts as lnncc.x."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            whole = node.module == "lnncc"
            names |= {f"lnncc.{alias.name}" for alias in node.names} if whole else {str(node.module)}
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_downward(path: Path) -> None:
    module = _module(path)
    inner = {name.split(".")[1] for name in _imports(path) if name.startswith("lnncc.")} - {module}
    if module == "cells":
        assert not inner, "cells are plain JAX"
        return
    allowed = {name for name in ORDER if ORDER[name] < ORDER[module]}
    allowed |= {"cells"} if module == "frontend" else set()
    assert inner <= allowed, f"{module} imports upward: {sorted(inner - allowed)}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_each_third_party_has_its_door(path: Path) -> None:
    for name in _imports(path):
        party = name.partition(".")[0]
        if party in DOORS:
            assert _module(path) in DOORS[party], f"{party} does not belong in {path.name}"


def test_the_rule_sees_an_upward_import(tmp_path: Path) -> None:
    path = tmp_path / "ops.py"
    path.write_text("def f():\n    from lnncc import cli\n    import lnncc.passes.fuse, subprocess\n")
    assert _imports(path) == {"lnncc.cli", "lnncc.passes.fuse", "subprocess"}
    assert ORDER["cli"] > ORDER["passes"] > ORDER["ops"]


WORDS = sorted((PACKAGE.parent / "runtime" / "simd").glob("*.h"))


@pytest.mark.parametrize("path", WORDS, ids=lambda p: p.name)
def test_words_of_a_machine_are_read_at_once(path: Path) -> None:
    assert len(path.read_text().splitlines()) < 150, "one idea a file: split it into <isa>.<part>.h"
