"""The files of a generated model."""

from lnncc import share
from lnncc.emit.render import render
from lnncc.plan.program import Plan

RUNTIME = ("lnn.h", "lnn_fx.h", "lnn_service.h")
UPDATE = "lnn_update.h"  # of models whose weights may change
ABI = 1  # of the runtime that the text was generated for; lnn.h says which one is there


def emit(plan: Plan) -> dict[str, str]:
    """Texts by name inside the folder: the model, and of the runtime what it uses."""
    files = {f"{plan.name}{end}": render(f"model{end}", plan=plan, abi=ABI) for end in (".h", ".c")}
    isa, kernels = list(plan.isa), list(plan.kernels)
    if plan.batch is not None:
        files |= {f"{plan.name}_batch{end}": render(f"batch{end}", plan=plan, abi=ABI) for end in (".h", ".c")}
        isa, kernels = isa + list(plan.batch.isa), kernels + list(plan.batch.kernels)
    runtime = share.folder("runtime")
    more = () if plan.image is None else (UPDATE,)
    for name in (*RUNTIME, *more, *share.words(isa), *(f"kernels/{k}.h" for k in kernels)):
        files[f"lnn/{name}"] = (runtime / name).read_text(encoding="utf-8")
    return files
