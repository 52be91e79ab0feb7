"""Prints the rows as Markdown, all of them or those named on the command line."""

import sys

from examples import program
from examples.every_cell.measure import Row, row
from examples.every_cell.rows import CASES
from lnncc.errors import LnnccError, meant

HEAD = "| cell or source | compiles | state bound | bit-exact steps | error, 16 bits | error, 8 bits | flash, M4 |"


def line(found: Row) -> str:
    if found.refused is not None:
        return f"| {found.name} | no: {found.refused} |" + " - |" * 5
    bound = f"assumed: {', '.join(found.assumed)}" if found.assumed else "proven"
    steps, equal = (sum(getattr(m, key) for m in found.by_bits.values()) for key in ("steps", "equal"))
    errors = [f"{m.max_abs:.1e} ({m.relative_rms:.2%})" for m in found.by_bits.values()]
    flash = "-" if found.flash is None else str(found.flash)
    return f"| {found.name} | yes | {bound} | {equal}/{steps} | {' | '.join(errors)} | {flash} |"


def main() -> None:
    names = sys.argv[1:] or CASES
    for name in names:
        if name not in CASES:
            raise LnnccError("E0214", f"there is no row {name}", helps=meant(name, CASES))
    print(HEAD)
    print("|" + "---|" * HEAD.count(" |"))
    for name in names:
        print(line(row(name, CASES[name])), flush=True)


if __name__ == "__main__":
    program(main)
