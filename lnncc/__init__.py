"""lnncc: liquid neural networks, from JAX to fixed-point C with the same bits on the desk and on the chip.

Names are imported on first use, so that ``import lnncc`` and ``lnncc --help`` are instant.
"""

import importlib
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lnncc import testing
    from lnncc.archive import Model, load, save
    from lnncc.compile import compile
    from lnncc.errors import LnnccError
    from lnncc.frontend import (
        from_equinox,
        from_linen,
        from_ncps,
        from_nnx,
        from_onnx,
        from_scan_body,
        load_params,
        trace,
    )
    from lnncc.program import Program

__all__ = [
    "LnnccError",
    "Model",
    "Program",
    "compile",
    "from_equinox",
    "from_linen",
    "from_ncps",
    "from_nnx",
    "from_onnx",
    "from_scan_body",
    "load",
    "load_params",
    "save",
    "testing",
    "trace",
]

_HOMES = {
    "LnnccError": "lnncc.errors",
    "Model": "lnncc.archive",
    "Program": "lnncc.program",
    "from_equinox": "lnncc.frontend",
    "from_linen": "lnncc.frontend",
    "from_ncps": "lnncc.frontend",
    "from_nnx": "lnncc.frontend",
    "from_onnx": "lnncc.frontend",
    "from_scan_body": "lnncc.frontend",
    "load": "lnncc.archive",
    "load_params": "lnncc.frontend",
    "save": "lnncc.archive",
    "trace": "lnncc.frontend",
}


class _Package(ModuleType):
    """``lnncc.compile`` is the function, also once the import system wants to put the module of that name there."""

    def __getattr__(self, name: str) -> object:
        if name == "testing":
            return importlib.import_module("lnncc.testing")
        if name not in _HOMES:
            raise AttributeError(f"module 'lnncc' has no attribute {name!r}")
        found = getattr(importlib.import_module(_HOMES[name]), name)
        setattr(self, name, found)
        return found

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *__all__})

    @property
    def compile(self) -> object:
        return importlib.import_module("lnncc.compile").compile

    @compile.setter
    def compile(self, module: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package
