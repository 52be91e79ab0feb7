"""What functions beside the step of a compiled model take of flash: python -m examples.service_cost DIR [TARGET ...]

Each is linked into a firmware that has reset and step already, alone and then all of them, and the firmware without any
is taken off: what functions share is in each line, and once in the last.
"""

import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from lnncc import build as builds
from lnncc import target as targets
from lnncc.build import Build
from lnncc.emit.render import render
from lnncc.retarget import retargeted
from lnncc.target import Target
from lnncc.validate import elf, firmware, host, toolchain

ROWS = (("save",), ("save", "restore"), ("store", "recall"), ("check_tables",), ("check_slice",))
TARGETS = "cortex-m4", "cortex-m0plus", "rv32imc", "avr-atmega328p"
KEPT = """#include "{name}.h"
typedef void (*function)(void);
extern const function kept[{count}];
const function kept[{count}] = {{{functions}}};
int main(void)
{{
    return *(const volatile function *)kept == 0;
}}
"""


def main(arguments: Sequence[str]) -> str:
    folder, *names = arguments
    made = builds.read(Path(folder))
    columns = [targets.load(name) for name in names or TARGETS]
    head = "| functions | " + " | ".join(t.name for t in columns) + " |"
    costs = [list(measured(made, target)) for target in columns]
    labels = [*(", ".join(row) for row in ROWS), "all"]
    lines = [f"| {label} | {' | '.join(f'{n:,}' for n in each)} |" for label, *each in zip(labels, *costs, strict=True)]
    return "\n".join([head, "|---|" + "--:|" * len(columns), *lines])


def measured(made: Build, target: Target) -> Iterator[int]:
    """Bytes of flash that each of ROWS, and all of them together, add to a firmware for ``target``."""
    rows = [*ROWS, tuple(dict.fromkeys(name for row in ROWS for name in row))]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        host.write(folder, retargeted(made, target).sources.items())
        without = _flash(made.name, target, folder, ())
        yield from (_flash(made.name, target, folder, row) - without for row in rows)


def _flash(name: str, target: Target, folder: Path, kept: Sequence[str]) -> int:
    """Of a firmware that keeps these functions; a pointer to each is there whether it is kept or not."""
    compiler, texts = toolchain.find(target), firmware.text_folders(target)
    words = ["reset", "step", *kept, *["reset"] * (len(ROWS) + 1 - len(kept))]
    functions = ", ".join(f"(function){name}_{word}" for word in words)
    (folder / "kept.c").write_text(KEPT.format(name=name, functions=functions, count=len(words)))
    script = folder / "link.ld"
    script.write_text(render("link.ld", texts, name=name, target=target, board=target.emulated()))
    sources = [folder / f"{name}.c", folder / "kept.c", *firmware.own_sources(target)]
    objects = [
        toolchain.compile_object(compiler, path, folder / f"{path.stem}.o", include=(folder, *texts))
        for path in sources
    ]
    return elf.read(toolchain.link(compiler, objects, folder / "kept.elf", script)).flash


if __name__ == "__main__":
    print(main(sys.argv[1:]))
