"""Packages of extras: what is missing is said as an error of ours, where the package is first needed."""

from collections.abc import Iterator
from contextlib import contextmanager

from lnncc.errors import LnnccError


@contextmanager
def needs(package: str, extra: str = "mcu") -> Iterator[None]:
    """Around the imports of one package of an extra. Raises E0703 if it is not installed."""
    try:
        yield
    except ImportError as error:
        raise LnnccError(
            "E0703",
            f"the Python package {package} is missing",
            notes=(str(error),),
            helps=(f"pip install 'lnncc[{extra}]'",),
        ) from error
