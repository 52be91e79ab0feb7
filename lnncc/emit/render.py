"""Templates to text. jinja2 is used here alone, and a name that a template lacks is an error."""

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lnncc import share
from lnncc.emit import text


def render(template: str, **values: object) -> str:
    """``templates/<template>.j2`` with ``values``."""
    environment = Environment(
        loader=FileSystemLoader(share.folder("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(comment=text.comment, numbers=text.numbers, call=text.call, power=text.power)
    return environment.get_template(f"{template}.j2").render(**values)
