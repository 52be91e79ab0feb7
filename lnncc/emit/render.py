"""Templates to text. jinja2 is used here alone, and a name that a template lacks is an error."""

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lnncc import share
from lnncc.emit import text


def render(template: str, folders: Sequence[Path] = (), **values: object) -> str:
    """``<template>.j2`` with ``values``, of the first of ``folders`` that has it, or of ``templates``."""
    environment = Environment(
        loader=FileSystemLoader([*folders, share.folder("templates")]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(comment=text.comment, numbers=text.numbers, call=text.call, power=text.power)
    return environment.get_template(f"{template}.j2").render(**values)
