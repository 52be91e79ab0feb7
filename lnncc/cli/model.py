"""MODEL on the command line: a file that lnncc may open, or a name in the user's own code."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from lnncc import archive, frontend
from lnncc.archive import Model
from lnncc.cli.answer import note
from lnncc.cli.ncps import misplaced
from lnncc.cli.ncps import options as ncps_options
from lnncc.errors import LnnccError, Source
from lnncc.frontend import files

WEIGHTS = frozenset({".npz", ".safetensors", ".h5", ".keras"})
PARAMS = frozenset({".msgpack", ".eqx"})
BESIDE = ("params", "state", "inputs")  # what a module holds beside its step


def load(
    text: str, state: Mapping[str, str] | None = None, ncps: Sequence[str] = (), params: str | None = None
) -> Model:
    """The model that ``text`` means.

    ``state`` are the outputs by input that are states of an ONNX model, ``ncps`` options of weights of ncps as
    NAME=VALUE, ``params`` the file with the parameters of a step.

    Raises:
        LnnccError: E0342 options that do not belong to such a model, E0322 a pickle, E0330 nothing found, E0332 bare
            weights, E0333 no model, E0334 the user's code failed, E0341 states of a model that says them itself; and
            those of reading and tracing.
    """
    suffix = Path(text).suffix.lower()
    if ncps and suffix not in WEIGHTS:
        raise misplaced("--ncps", "weights of ncps", text)
    if params is not None and ":" not in text:
        raise misplaced("--params", "a step, pkg.module:step", text)
    if suffix == ".onnx":
        return _noted(frontend.from_onnx(_existing(text), state=state))
    if state is not None:
        raise _state_known(text)
    if suffix == ".lnn":
        return archive.load(_existing(text))
    if suffix in files.PICKLES:
        files.read(Path(text), {})  # refuses it by its name, and says how to convert it
    if suffix in WEIGHTS:
        return _noted(frontend.from_ncps(_existing(text), **ncps_options(ncps)))  # type: ignore[arg-type]  # checked there
    if suffix in PARAMS or _is_checkpoint(Path(text)):
        raise _bare_weights(text)
    module, colon, attribute = text.partition(":")
    if not colon or not all(part.isidentifier() for part in (module + "." + attribute).split(".")):
        raise _nothing(f"{text!r} is no model", "give a file model.lnn, or pkg.module:attribute of your own code")
    return _from_code(module, attribute, params)


def _is_checkpoint(path: Path) -> bool:
    """A folder, as orbax writes it; one of Python code is a package, of which an attribute should have been named."""
    return path.is_dir() and not any(path.glob("*.py"))


def _noted(model: Model) -> Model:
    """Says which states were found: a guess that is wrong should be seen."""
    ports = ("inputs", model.graph.inputs), ("states", model.graph.states), ("outputs", model.graph.outputs)
    note("; ".join(f"{what}: {', '.join(p.label for p in found) or 'none'}" for what, found in ports))
    return model


def _state_known(text: str) -> LnnccError:
    return LnnccError(
        "E0341", f"--state is for ONNX models; {text} says itself what its states are", helps=("leave it out",)
    )


def _existing(text: str) -> Path:
    if not Path(text).is_file():
        raise _nothing(f"there is no file {text}", "make one in Python: lnncc.save(model, 'model.lnn')")
    return Path(text)


def _nothing(title: str, *helps: str) -> LnnccError:
    return LnnccError("E0330", title, helps=helps)


def _bare_weights(text: str) -> LnnccError:
    return LnnccError(
        "E0332",
        f"{text} holds weights, which do not say what is computed with them",
        helps=(
            f"give the step, and them beside it: lnncc compile pkg.module:step --params {text}",
            f"or in Python: lnncc.compile(step, lnncc.load_params({text!r}), ...)",
        ),
    )


def _from_code(name: str, attribute: str, params: str | None) -> Model:
    note(f"importing your code: {name}")
    module = _imported(name)
    found: object = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise _nothing(f"module {name} has no attribute {attribute}", f"its file is {module.__file__}")
        found = getattr(found, part)
    if isinstance(found, Model):
        return _unparametrised(found, params, f"{name}:{attribute}")
    if not callable(found):
        raise _no_model(f"{name}:{attribute}", f"of type {type(found).__name__}")
    return _called(found, module, f"{name}:{attribute}", params)


def _imported(name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        with _your_code(name):
            return importlib.import_module(name)
    except LnnccError as error:
        cause = error.__cause__
        missing = cause.name if isinstance(cause, ModuleNotFoundError) else None
        if missing is not None and f"{name}.".startswith(f"{missing}."):
            looked = f"looked in {here} and in this Python's packages"
            raise _nothing(f"there is no module {name}", looked) from error
        raise


@contextmanager
def _your_code(what: str) -> Iterator[None]:
    """Around the user's own code: what it raises is E0334 at its own line, unless it is an error of ours already."""
    try:
        yield
    except LnnccError:
        raise
    except (Exception, SystemExit) as error:
        raise _user_error(what, error) from error


def _unparametrised(model: Model, params: str | None, what: str) -> Model:
    if params is not None:
        raise misplaced("--params", "a step", f"{what}, which has its parameters already")
    return model


def _called(found: Callable[..., object], module: ModuleType, what: str, file: str | None) -> Model:
    """A function without parameters makes the model; any other is a step, described by what stands beside it."""
    if not inspect.signature(found).parameters:
        with _your_code(what):
            made = found()
        if not isinstance(made, Model):
            raise _no_model(f"{what}()", f"of type {type(made).__name__}")
        return _unparametrised(made, file, f"{what}()")
    missing = [name for name in BESIDE if not hasattr(module, name) and (name != "params" or file is None)]
    if missing:
        raise _no_model(what, f"a function, whose module has no {', '.join(missing)}")
    params, state, inputs = (getattr(module, name, None) for name in BESIDE)
    if file is not None:
        params = frontend.load_params(file, params)
    return frontend.trace(found, params, state=state, inputs=inputs)


def _no_model(what: str, found: str) -> LnnccError:
    return LnnccError(
        "E0333",
        f"{what} is no model, but {found}",
        helps=(
            "give a lnncc.Model, or a function without parameters that returns one",
            "or a step(params, state, x, dt) in a module that also has `params`, `state` and `inputs`",
        ),
    )


def _user_error(what: str, error: BaseException) -> LnnccError:
    return LnnccError(
        "E0334",
        f"{what} failed: {type(error).__name__}: {' '.join(str(error).split())[:200]}",
        source=_place(error),
        helps=("lnncc ran your code to get the model; see all of it with --debug",),
    )


def _place(error: BaseException) -> Source | None:
    """The innermost line in a file below the current folder."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(Path.cwd())]
    if not frames:
        return None
    frame = frames[-1]
    return Source(frame.filename, frame.lineno or 0, (frame.colno or 0) + 1, (frame.end_colno or 0) + 1)
