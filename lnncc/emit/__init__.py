"""From a plan to files: two templates, and the runtime that they call, word for word."""

from lnncc.emit.files import emit

__all__ = ["emit"]
