"""verdict: whether what was compared is good enough, as an error that says why it is not."""

from lnncc.errors import LnnccError
from lnncc.validate.compare import Verification


def failure(found: Verification, max_abs: float | None = None, rms: float | None = None) -> LnnccError | None:
    """E0601 if a bit differs, E0602 if an output errs by more than ``max_abs`` or ``rms``, in its units; else None."""
    if not found.bit_exact:
        counts = tuple(f"{name}: {count} of {found.steps} steps equal" for name, count in found.exact.items())
        return LnnccError(
            "E0601",
            "the compiled C does not compute what the twin computes",
            notes=counts,
            helps=("this is a bug of lnncc or of a compiler: please report it with the folder",),
        )
    limits = {"max_abs": max_abs, "rms": rms}
    given = {name: limit for name, limit in limits.items() if limit is not None}
    over = [
        (f"{label}: {_NAMES[name]} error {getattr(error, name):.3g}", limit)
        for label, error in found.errors.items()
        for name, limit in given.items()
        if not getattr(error, name) <= limit
    ]
    if not over:
        return None
    return LnnccError(
        "E0602",
        f"an output is further from the float model than {over[0][1]:g}",
        notes=tuple(text for text, _ in over),
        helps=("compile with tighter --range, with --calib of more typical data, or with --bits 16",),
    )


_NAMES = {"max_abs": "max", "rms": "RMS"}
