"""Where in the user's own file a traced operation, an exception or a function stands."""

import functools
import inspect
import sysconfig
from collections.abc import Callable, Iterable
from pathlib import Path
from types import CodeType, TracebackType

import jax
import jaxlib

from lnncc.errors import Source
from lnncc.frontend import _jax_compat as compat

USER, LIBRARY, MACHINERY = range(3)
PACKAGE = Path(__file__).resolve().parents[1]
_MACHINERY = (*(f"{path}/" for package in (jax, jaxlib) for path in package.__path__), f"{PACKAGE}/frontend/")
_LIBRARY = (
    *(f"{sysconfig.get_paths()[key]}/" for key in ("stdlib", "platstdlib", "purelib", "platlib")),
    f"{PACKAGE}/",
    "<frozen",
)


def of_equation(equation: compat.Equation) -> Source | None:
    """The user's expression that was traced to ``equation``."""
    return _nearest(compat.frames(equation.source_info))


def of_exception(error: BaseException) -> Source | None:
    """The user's expression that raised ``error``."""
    return _nearest(reversed(list(_traceback_frames(error.__traceback__))))


def of_function(function: Callable[..., object]) -> Source | None:
    """The ``def`` line of ``function``, through decorators, partials and callable objects."""
    while isinstance(function, functools.partial):
        function = function.func
    function = inspect.unwrap(function)
    if not hasattr(function, "__code__"):
        function = getattr(type(function), "__call__", function)  # noqa: B004  # the method, not callability
    code = getattr(function, "__code__", None)
    return _definition(code) if isinstance(code, CodeType) else None


def is_machinery(file: str) -> bool:
    """Whether ``file`` belongs to JAX or to this front end."""
    return _rank(file) == MACHINERY


def _traceback_frames(traceback: TracebackType | None) -> Iterable[tuple[CodeType, int]]:
    while traceback is not None:
        yield traceback.tb_frame.f_code, traceback.tb_lasti
        traceback = traceback.tb_next


def _nearest(frames: Iterable[tuple[CodeType, int]]) -> Source | None:
    """The innermost frame of the user; failing that, of a library that is not JAX."""
    found = list(frames)
    for rank in (USER, LIBRARY):
        for code, instruction in found:
            if _rank(code.co_filename) == rank:
                return _place(code, instruction)
    return None


@functools.cache
def _rank(file: str) -> int:
    if file.startswith(_MACHINERY):
        return MACHINERY
    return LIBRARY if file.startswith(_LIBRARY) else USER


@functools.cache
def _place(code: CodeType, instruction: int) -> Source:
    """Columns as characters from 1; of an expression over several lines, those of its first line."""
    positions = list(code.co_positions())
    line, end_line, start, end = positions[max(instruction, 0) // 2]
    line = line or code.co_firstlineno
    if start is None or end is None:
        return Source(code.co_filename, line, 0, 0, code.co_name)
    text = _line(code.co_filename, line)
    if end_line != line:
        end = len(text.rstrip().encode())
    column, end_column = _characters(text, start), _characters(text, end)
    return Source(code.co_filename, line, column + 1, end_column + 1, code.co_name)


def _characters(text: str, offset: int) -> int:
    """The character index of a UTF-8 byte offset, as the interpreter counts columns."""
    return len(text.encode()[:offset].decode(errors="ignore")) if text else offset


@functools.cache
def _line(file: str, line: int) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").splitlines()[line - 1]
    except (OSError, IndexError, UnicodeDecodeError):
        return ""


def _definition(code: CodeType) -> Source:
    """The line of ``def``, which for a decorated function is below the first line of its code."""
    line = code.co_firstlineno
    while _line(code.co_filename, line).lstrip().startswith("@"):
        line += 1
    text = _line(code.co_filename, line)
    start = len(text) - len(text.lstrip())
    return Source(code.co_filename, line, start + 1, len(text.rstrip()) + 1, code.co_name)
