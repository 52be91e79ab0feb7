"""testing: what a project's own tests may demand of its model and its firmware.

Under pytest, the fixture ``lnncc_target`` runs a test once for each target named by ``--lnncc-on`` or in its settings
(``lnncc.pytest_plugin``).
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lnncc.program import Program
from lnncc.validate.compare import Verification
from lnncc.validate.verdict import failure

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def assert_equivalent(
    prog: Program | str | Path,
    xs: "ArrayLike | Mapping[str, ArrayLike]",
    *,
    max_abs: float | None = None,
    rms: float | None = None,
    on: Sequence[str] = (),
) -> Verification:
    """Demand that the compiled C gives the bits of its twin at every step, here and ``on`` further targets.

    ``prog`` is a program, or the folder of one. ``xs`` are inputs as ``Program.verify`` takes them. ``max_abs`` and
    ``rms`` limit how far any output may be from the float model, in its own units. What was found is returned.

    Raises:
        AssertionError: that says which target differs and at how many steps, or which output is how far off.
        LnnccError: E04xx for data or a folder that do not suit, E07xx and E08xx where a target cannot run here.
    """
    program = prog if isinstance(prog, Program) else Program.load(prog)
    found = program.verify(xs, on)
    reason = failure(found, max_abs, rms)
    if reason is not None:
        raise AssertionError(str(reason))
    return found


def assert_current(prog: Program, folder: str | Path) -> None:
    """Demand that ``folder`` holds, byte for byte, what ``prog.save(folder)`` would write.

    So a model that was trained again, or another lnncc, cannot part from the C that the firmware builds.

    Raises:
        AssertionError: that names the files which differ or are missing.
    """
    stale = prog.build.stale(Path(folder))
    if stale:
        raise AssertionError(f"{folder} is not what this model compiles to: {', '.join(stale)}; compile it again")
