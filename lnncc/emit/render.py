"""Templates to text. jinja2 is used here alone, and a name that a template lacks is an error."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lnncc import share
from lnncc.emit import text


def render(template: str, folders: Sequence[Path] = (), **values: object) -> str:
    """``<template>.j2`` with ``values``, of the first of ``folders`` that has it, or of ``templates``."""
    return _texts((*folders, share.folder("templates"))).get_template(f"{template}.j2").render(**values)


def page(template: str, filters: Mapping[str, Callable[..., str]], **values: object) -> str:
    """``templates/<template>.j2`` as HTML: whatever text ``values`` hold, none of it becomes markup."""
    environment = _environment([share.folder("templates")], escapes=True)
    environment.filters.update(filters)
    return environment.get_template(f"{template}.j2").render(**values)


@functools.cache
def _texts(folders: tuple[Path, ...]) -> Environment:
    """Kept, since to read a template takes far longer than to fill it in: a build has some twenty texts."""
    environment = _environment(folders, escapes=False)
    environment.filters.update(comment=text.comment, numbers=text.numbers, call=text.call, power=text.power)
    return environment


def _environment(folders: Sequence[Path], *, escapes: bool) -> Environment:
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=escapes,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
