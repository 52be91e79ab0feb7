"""The rows, a file a family; the folder is the registry. A file has ``CASES``: name of the row to ``Case``."""

import importlib
import pkgutil
from collections.abc import Mapping

from examples.every_cell.case import Case

_FAMILIES = [importlib.import_module(f"{__name__}.{info.name}") for info in pkgutil.iter_modules(__path__)]
CASES: Mapping[str, Case] = {name: case for family in _FAMILIES for name, case in family.CASES.items()}
