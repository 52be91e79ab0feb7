"""One data set a file; the folder is the registry."""

import importlib
import pkgutil
from collections.abc import Mapping

from examples.accuracy.task import Task


def _tasks() -> dict[str, Task]:
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return {task.name: task for module in modules for task in module.TASKS}


TASKS: Mapping[str, Task] = _tasks()
